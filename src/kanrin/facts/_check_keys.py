"""Every key and id by which one record of a case points at another: keys, ports, plants, fitted parts."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from kanrin.base import OverrideError, UnknownName
from kanrin.facts._case import Case
from kanrin.facts._cells import known_keys
from kanrin.facts._check_names import unknown
from kanrin.facts._override import setting_number
from kanrin.facts._places import head_place, record_place
from kanrin.facts._tables import fields_of

__all__ = ["equipment_known", "keys_known", "outcomes_readable", "routes_join"]

FAMILIES = ("launch.", "deal.", "market.")  # what a claim may be about without naming a key
PATHWAY_KEYS = (
    "available_key",
    "cap_key",
    "fixed_cost_key",
    "unit_cost_key",
    "lead_time_key",
    "approval_key",
)
NEEDED = ("demand.market_size", "fx.usd_jpy")  # assumptions that reading a case takes for granted


def keys_known(case: Case) -> Iterator[str]:
    """Every key that a rule, pathway, requirement, event, claim or the head names is a key of the case."""
    way_out = "correct the key, or add it to a rule file or to assumptions.toml"
    known = set(known_keys(case))

    def check(place: str, where: str, key: str, among: Collection[str] = known) -> Iterator[str]:
        if key and key not in among:
            yield unknown(place, where, "key", key, among, way_out)

    for key, rule in case.rules.items():
        if rule.assume:
            place = record_place(case, "rules", key, "assume")
            yield from check(place, f"{key}: assume", rule.assume, case.assumptions)
    for name, pathway in case.pathways.items():
        named = [(column, getattr(pathway, column)) for column in PATHWAY_KEYS]
        named += [("limited_heading_key", key) for key in pathway.limited_heading_key.values()]
        for column, key in named:
            if key and key not in known:
                yield from check(record_place(case, "pathways", name, column), f"{name}: {column}", key)
    for name, cap in case.caps.items():
        for key in cap.limit:
            for candidate in case.candidates if "{candidate}" in key else ("",):
                yield from check(
                    record_place(case, "caps", name, "limit"), name, key.replace("{candidate}", candidate)
                )
    for name, gap in case.gaps.items():
        place = case.place("gaps", name)
        yield from check(place, "unit_cost_assumption_key", gap.unit_cost_assumption_key)
        yield from check(place, "rule_key", gap.rule_key, case.rules)
    for outcome in case.events:
        for key in outcome.settings:
            yield from check(case.place("events", outcome.name), "overrides", key)
    for name, claim in case.calendar.items():
        if not claim.about.startswith(FAMILIES):
            yield from check(case.place("calendar", name), "about", claim.about)
    review = case.about.review.get("key", "")
    if review and review not in known:
        yield from check(head_place(case, "review", "key"), "review", review)
    for key in NEEDED:
        if key not in case.assumptions:
            yield (
                f"{case.folder / 'assumptions.toml'}:1: {key} is missing; every case needs it: "
                "add it with value, low, high, unit and reason"
            )


def outcomes_readable(case: Case) -> Iterator[str]:
    """What an event would set is a number in the unit of its key."""
    for outcome in case.events:
        for key, value in outcome.settings.items():
            try:
                setting_number(case, key, value)
            except UnknownName:
                continue  # told by keys_known
            except OverrideError as error:
                yield f"{case.place('events', outcome.name)}: overrides: {error}; correct it in events.csv"


def routes_join(case: Case) -> Iterator[str]:
    """A route joins a port of export to a port of import; every plant of a candidate has a route."""
    for name, route in case.routes.items():
        for column, role in (("us_port", "export"), ("jp_port", "import")):
            port = getattr(route, column)
            place = case.place("routes", name)
            if port not in case.ports:
                yield unknown(
                    place, column, "port", port, case.ports, "correct the id, or add the port to ports.csv"
                )
            elif case.ports[port].role != role:
                yield (
                    f"{place}: {column}: {port} is a port of {case.ports[port].role}; "
                    f"expected a port of {role}: correct the id, or the role in ports.csv"
                )
    plants = {route.plant for route in case.routes.values()}
    for name, candidate in case.candidates.items():
        if candidate.plant not in plants:
            place = case.place("candidates", name)
            yield unknown(
                place, "plant", "plant in routes.csv", candidate.plant, plants, "add its routes to routes.csv"
            )


def equipment_known(case: Case) -> Iterator[str]:
    """A fitted part belongs to a candidate and a requirement; a pathway has its column of treatments."""
    for name, part in case.equipment.items():
        place, candidate, requirement = case.place("equipment", name), part.candidate, part.requirement
        if candidate not in case.candidates:
            yield unknown(place, "candidate", "model", candidate, case.candidates, "correct the id")
        if requirement not in case.gaps:
            yield unknown(place, "requirement", "requirement", requirement, case.gaps, "correct the id")
    treatments = fields_of(case, "gaps")
    for name in case.pathways:
        if name not in treatments:
            place = case.place("pathways", name)
            yield f"{place}: {name}: gaps.csv has no column {name!r}; name the pathway as its column there"
