"""The six beers of `tariff_cases`: our answer to every given id, from the public functions of the room."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np

from kanrin.simulation import (
    FITTED,
    Calibration,
    Conduct,
    CournotMarket,
    LinearInverse,
    Logit,
    Market,
    Merger,
    Quota,
    Sales,
    Simulation,
    Surplus,
    Tariff,
    calibrate_aids,
    calibrate_ces,
    calibrate_linear,
    calibrate_logit,
    markups,
    recover_market,
    simulate,
    simulate_cournot,
)

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "tariff_cases"
LOGIT_ALPHA = -59.8076130306603  # inputs: the README says why they are not refitted
MERGER_ALPHA = -63.389283582578
SIM_ALPHA = -48.0457
FOREIGN = ("OTHER-LITE", "OTHER-REG")
ENDINGS = {"OLD STYLE": "OLD", "MILLER-LITE": "LITE"}  # of the ids


def rows(name: str) -> list[dict[str, str]]:
    """A table of the folder."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sales() -> Sales:
    """The six beers as observed."""
    table = rows("inputs.csv")
    columns = {c: [r[c] for r in table] for c in table[0]}
    return Sales.from_table(columns)


def known_markups():
    """The six margins over price."""
    table = rows("inputs.csv")
    return markups([r["product"] for r in table], [float(r["margin"]) for r in table])


def simulated_market() -> Market:
    """`sim`: alpha and mean values as inputs, market size one, no outside good."""
    beers = sales()
    delta = np.array([float(r["sim_meanval"]) for r in rows("inputs.csv")])
    return recover_market(
        Logit(SIM_ALPHA, delta, 1.0, has_outside=False), beers.price, beers.products, beers.owners
    )


def cases() -> dict[str, tuple[Simulation, Calibration | None]]:
    """Every case with given answers, solved."""
    beers, tariff = sales(), Tariff(0.10, FOREIGN)
    by_logit = calibrate_logit(beers, alpha=LOGIT_ALPHA)
    by_ces = calibrate_ces(beers, targets=known_markups())
    by_aids = calibrate_aids(beers, targets=known_markups())
    by_merger = calibrate_logit(beers, alpha=MERGER_ALPHA)
    return {
        "logit_t0.100": (simulate(by_logit.market, tariff), by_logit),
        "ces_t0.100": (simulate(by_ces.market, tariff), by_ces),
        "aids_t0.100": (simulate(by_aids.market, tariff), by_aids),
        "sim_t0.100": (simulate(simulated_market(), tariff), None),
        "merger_logit": (simulate(by_merger.market, Merger("BUD", "OLD STYLE")), by_merger),
    }


def answers(case: str, found: Simulation, how: Calibration | None) -> dict[str, float]:
    """Ours, by the ids of `given.csv`."""
    out = {}
    for name, price in found.products()["price after"].items():
        out[f"tc.{case}.price.{ENDINGS.get(name, name)}"] = float(price)
    out[f"tc.{case}.CV"] = found.compensating_variation(Surplus.PACKAGES)
    out[f"tc.{case}.revenue"] = found.treasury_change()
    out[f"tc.{case}.net_total_harm"] = found.net_total_harm(Surplus.PACKAGES)
    if how is not None:
        out |= {f"tc.{case}.{name.replace(' ', '_')}": value for name, value in how.parameters.items()}
    return out


def shares(case: str, found: Simulation) -> tuple[np.ndarray, np.ndarray]:
    """Before and after as the packages print them: AIDS of revenue, CES of units, outside good at 1."""
    out = []
    for end in (found.before, found.after):
        q, demand = end.quantities, end.market.demand
        if case.startswith("aids"):
            spent = end.consumer_price * q
            out.append(spent / spent.sum())
        elif case.startswith("ces"):
            outside = demand.budget * (1.0 - demand.expenditure_shares(end.consumer_price).sum())
            out.append(q / (q.sum() + outside))
        else:
            out.append(q / q.sum())
    return out[0], out[1]


def _told(found: Simulation) -> dict[str, float]:
    assert found.converged, found.advice
    out = {f"price after, {n}": float(p) for n, p in found.products()["price after"].items()}
    out["compensating variation"] = found.compensating_variation()
    by_packages = found.compensating_variation(Surplus.PACKAGES)
    if by_packages != out["compensating variation"]:
        out["the same by the packages' formula"] = by_packages
    if found.after.market.policies:
        out["treasury"] = found.treasury_change()
    return out


def further() -> dict[str, dict[str, float]]:
    """Cases of the specification without a given answer."""
    beers, known = sales(), known_markups()
    tenth = replace(beers, policies=(Tariff(0.10, FOREIGN),))
    small = replace(beers, conduct=Conduct.MONOPOLISTIC_COMPETITION)
    auction = replace(beers, conduct=Conduct.SECOND_SCORE)
    quarter, tariff, merger = Tariff(0.25, FOREIGN), Tariff(0.10, FOREIGN), Merger("BUD", "OLD STYLE")
    fitted = calibrate_logit(beers, outside_share=FITTED, targets=known)
    quota = simulate(fitted.market, Quota(FOREIGN, fraction=0.8))
    out = {
        "logit, tariff 10 % to 25 %": _told(
            simulate(calibrate_logit(tenth, alpha=LOGIT_ALPHA).market, quarter)
        ),
        "CES, tariff 10 % to 25 %": _told(simulate(calibrate_ces(tenth, targets=known).market, quarter)),
        "AIDS, tariff 10 % to 25 %": _told(simulate(calibrate_aids(tenth, targets=known).market, quarter)),
        "logit with outside good fitted, tariff 10 %": fitted.parameters
        | _told(simulate(fitted.market, tariff)),
        "logit with outside good fitted, quotas of 80 %": _told(quota)
        | {f"shadow price, {n}": float(v) for n, v in zip(FOREIGN, quota.after.shadow_price, strict=True)},
        "monopolistic competition, logit, tariff 10 %": _of(calibrate_logit(small, targets=known), tariff),
        "monopolistic competition, CES, tariff 10 %": _of(
            calibrate_ces(small, outside_over_inside=0.0, targets=known), tariff
        ),
        "second-score auction, logit, tariff 10 %": _of(calibrate_logit(auction, targets=known), tariff),
        "BUD buys OLD STYLE, CES": _told(simulate(calibrate_ces(beers, targets=known).market, merger)),
        "BUD buys OLD STYLE, linear": _of(calibrate_linear(beers, targets=known), merger),
        "BUD buys OLD STYLE, AIDS": _told(simulate(calibrate_aids(beers, targets=known).market, merger)),
    }
    return out | {"Cournot, cost of plant 1 times 1.75": _cournot()}


def _of(how: Calibration, change) -> dict[str, float]:
    return how.parameters | _told(simulate(how.market, change))


def cournot_market() -> CournotMarket:
    """Five single-plant firms, price 10 - Q/4, cost q^2/(2k)."""
    table = rows("cournot_inputs.csv")
    names = [r["plant"] for r in table]
    k = np.array([float(r["capacity_coef"]) for r in table])
    return CournotMarket(LinearInverse(10.0, 0.25), names, names, rise=1.0 / k)


def _cournot() -> dict[str, float]:
    before = cournot_market()
    found = simulate_cournot(before, before.with_factor(["1"], 1.75))
    assert found.converged
    quantities = {f"quantity after, {n}": float(q) for n, q in found.plants()["quantity after"].items()}
    return quantities | {
        "price after": found.after.consumer_price,
        "compensating variation": found.compensating_variation(),
    }
