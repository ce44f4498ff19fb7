"""From a plan to plan.json: every number and sentence that the brief, the terminal and others read."""

from __future__ import annotations

import shlex
from datetime import date
from typing import Any

import numpy as np

from kanrin.answer._decision import (
    central_list_price,
    decision,
    interval,
    money_sentence,
    plan_waterfall,
    support_sentences,
)
from kanrin.answer._law import calendar, pending, rules_in_force
from kanrin.answer._market_side import bridge, market_side
from kanrin.answer._register import assumptions, counts, figures, sources
from kanrin.answer._rounding import plain
from kanrin.answer._turn import sensitivity
from kanrin.answer._words import chance, count, listed, short_name, spread, yen
from kanrin.base import InputError
from kanrin.base._version import __version__
from kanrin.cost import Waterfall
from kanrin.facts import Candidate
from kanrin.lineup import Plan
from kanrin.lineup._choose import paired_difference
from kanrin.trade import Balance, balance, held_fixed

__all__ = ["compose"]

_MILLION = 1e6
SCHEMA_ID = "https://kanrin.invalid/schema/plan-1.json"
NOTICE = (
    "This is information, not advice. Its figures rest on cited facts, on estimates with error and on named assumptions; "
    "check those that matter to you before you act."
)


def compose(plan: Plan, review: dict[str, Any] | None = None) -> dict[str, Any]:
    """The content of plan.json for a plan; `review` is what would change if the open question were settled.

    Floats carry ten significant digits: same inputs and seed give the same bytes.
    """
    falls = {plan.entries.entries[j].candidate.id: plan_waterfall(plan, j) for j in plan.chosen}
    rows = [decision(plan, j, falls[plan.entries.entries[j].candidate.id]) for j in plan.chosen]
    traded = balance(plan)
    market = market_side(plan)
    used = (
        set(plan.used)
        | set(traded.keys)
        | {line.key for f in falls.values() for line in f.lines if _is_key(plan, line.key)}
    )
    total = _total(plan)
    made = _made(plan, rows, total, traded)
    register = figures(plan, used, falls, made)
    law = rules_in_force(plan.book, used)
    waiting = pending(plan.book)
    said = calendar(plan.book)
    outside = [f"{r['name']}: {s}" for r in rows for s in r["outside_support"]]
    ids = [f["source"] for f in register.values()] + [
        r["source"] for r in [*law, *waiting, *said] if r.get("used", True)
    ]
    ids += [g["source"] for r in rows for g in r["certification"]["gaps"]]
    ids += [m.units_source for m in plan.market.models] + [m.price_source for m in plan.market.models]
    ids += [plan.market.estimate.origin, *(n.source for n in plan.case.nameplates.values())]
    cert = plan.central.certificate
    made_up: dict[str, Any] = {
        "schema": SCHEMA_ID,
        "kanrin": {"version": __version__},
        "question": _question(plan),
        "answer": _answer(plan, total),
        "decision": rows,
        "total": total,
        "bridge": bridge(plan),
        "alternatives": _alternatives(plan),
        "rejected": _rejected(plan),
        "market": market,
        "trade": _trade(plan, traded),
        "sensitivity": sensitivity(plan),
        "waterfalls": {name: fall.to_rows() for name, fall in falls.items()},
        "rules": law,
        "pending": waiting,
        "review": review,
        "calendar": said,
        "belief": {
            "counts": counts(plan, used),
            "variance_shares": [{"group": k, "share": v} for k, v in plan.variance.items()],
            "outside_support": outside,
        },
        "certificate": {
            "max_foc_residual": cert.max_foc_residual, "second_order_ok": cert.second_order_ok, "starts": cert.starts,
            "starts_agreeing": cert.starts_agreeing, "largest_deviation_gain": cert.largest_deviation_gain,
            "min_abs_alpha": cert.min_abs_alpha, "outside_share": cert.outside_share,
            "batch_max_residual": plan.valuation.residual, "batch_failures": plan.valuation.failures,
        },
        "estimate": {
            "title": plan.market.estimate.title, "origin": plan.market.estimate.origin, "period": plan.market.estimate.period,
            "alpha": plan.market.estimate.alpha, "xi_components": plan.market.xi_model.components,
        },
        "figures": register,
        "assumptions": assumptions(plan, used),
        "sources": sources(plan, ids),
        "warnings": _warnings(plan, rows, used, market),
        "notice": NOTICE,
        "citation": (
            f"Kanrin {__version__}, case {plan.case.name} ({plan.case.about.title}), plan of {plan.maker} for {plan.book.on} "
            f"as known on {plan.book.known_on}, run {plan.run_id}, seed {plan.seed}."
        ),
    }  # fmt: skip
    out: dict[str, Any] = plain(made_up)
    return out


def _is_key(plan: Plan, key: str) -> bool:
    if not key:
        return False
    try:
        plan.book.figure(key)
    except InputError:
        return False
    return True


def _command(plan: Plan) -> str:
    s = plan.settings
    words = ["kanrin", "plan", plan.case.name, "--on", str(s["on"])]
    if s["known_on"] != s["on"]:
        words += ["--known-on", str(s["known_on"])]
    words += ["--maker", plan.maker, "--candidates", ",".join(str(c) for c in s["candidates"])]  # type: ignore[attr-defined]
    for key, value in plan.case.overrides.items():
        words += ["--set", f"{key}={value:.12g}" if isinstance(value, float) else f"{key}={value}"]
    for model, names in s["comparables"].items():  # type: ignore[attr-defined]
        for name in names:
            words += ["--comparable", f"{model}={name}"]
    if s["end_of_law"] != "refuse":
        words += ["--end-of-law", str(s["end_of_law"])]
    words += ["--draws", str(s["draws"]), "--seed", str(s["seed"])]
    return shlex.join(words)


def _question(plan: Plan) -> dict[str, Any]:
    about, s = plan.case.about, plan.settings
    return {
        "case": plan.case.name, "case_title": about.title, "on": plan.book.on.isoformat(),
        "known_on": plan.book.known_on.isoformat(), "maker": plan.maker, "seed": plan.seed, "draws": plan.draws.count,
        "candidates": list(s["candidates"]), "overrides": {k: v for k, v in plan.case.overrides.items()},  # type: ignore[call-overload]
        "comparables": s["comparables"], "end_of_law": s["end_of_law"], "run_id": plan.run_id, "command": _command(plan),
        "sentence": f"Which of its {about.origin_adjective} cars should {plan.maker} sell in {about.destination_name}, "
        f"under the law in force on {plan.book.on}?",
    }  # fmt: skip


def _total(plan: Plan) -> dict[str, Any]:
    v = plan.valuation
    units, value = v.units[:, 0].sum(axis=1), v.value[:, 0]
    loss = float((value < 0).mean()) if plan.chosen else 0.0
    fixed = float((plan.terms.fixed @ np.array(plan.lineup, dtype=np.float64)).mean()) * _MILLION
    return {
        "units": interval(units),
        "profit_jpy": interval(value, _MILLION),
        "probability_of_loss": loss,
        "probability_of_loss_se": float(np.sqrt(loss * (1 - loss) / len(value))),
        "profit_se_jpy": float(value.std(ddof=1) / np.sqrt(len(value))) * _MILLION,
        "annual_profit_jpy": interval(v.gain[:, 0] - v.forgone[:, 0], _MILLION),
        "fixed_costs_jpy": fixed,
        "years": plan.book.number("plan.horizon_years"),
        "discount_rate": plan.book.number("capital.discount_rate"),
        "break_even_jpy_per_usd": next((list(b.roots) for b in plan.break_evens if b.model is None), []),
    }  # fmt: skip


def _names(plan: Plan, at: tuple[int, ...]) -> list[str]:
    cars = [plan.entries.entries[j].candidate for j in at]
    brands = {c.brand for c in cars}
    return [short_name(c.name, c.brand) if len(brands) == 1 else c.name for c in cars]


def _answer(plan: Plan, total: dict[str, Any]) -> str:
    if not plan.chosen:
        return "Bring nothing over: no line-up of these cars is expected to earn its fixed costs."
    units, profit = total["units"], total["profit_jpy"]
    names = listed([f"the {n}" for n in _names(plan, plan.chosen)])
    return (
        f"Bring over {names}: {count(units['mean'])} cars a year {spread(units['p10'], units['p90'])}, worth "
        f"{money_sentence(profit['mean'], profit['p10'], profit['p90'])} over {total['years']:g} years, with "
        f"{chance(total['probability_of_loss'])} of a loss."
    )


def _alternatives(plan: Plan) -> list[dict[str, Any]]:
    v = plan.valuation
    rows = []
    for r, row in enumerate(v.rows):
        if row.offered == plan.lineup:
            continue
        gap, se = paired_difference(v.value[:, 0], v.value[:, r])
        at = tuple(k for k, on in enumerate(row.offered) if on)
        profit = interval(v.value[:, r], _MILLION)
        rows.append(
            {
                "models": [plan.entries.entries[j].candidate.id for j in at],
                "names": _names(plan, at),
                "units_mean": float(v.units[:, r].sum(axis=1).mean()),
                "profit_jpy": {k: profit[k] for k in ("mean", "p10", "p90")},
                "gives_up_jpy": gap * _MILLION,
                "gives_up_se_jpy": se * _MILLION,
                "note": _difference(plan, row.offered, gap, se),
            }
        )
    rows.sort(key=lambda a: (-a["profit_jpy"]["mean"], len(a["models"])))
    nothing = [a for a in rows if not a["models"]]
    best = [a for a in rows if a["models"]][:5]
    return best + nothing


def _difference(plan: Plan, other: tuple[bool, ...], gap: float, se: float) -> str:
    if not any(other):
        return "bring nothing over"
    gained = tuple(k for k, on in enumerate(other) if on and not plan.lineup[k])
    lost = tuple(k for k, on in enumerate(other) if not on and plan.lineup[k])
    words = []
    if gained:
        words.append("adds " + listed([f"the {n}" for n in _names(plan, gained)]))
    if lost:
        words.append("leaves " + listed([f"the {n}" for n in _names(plan, lost)]))
    if abs(gap) < 2 * se:
        words.append("not told apart from the plan by these draws")
    return "; ".join(words)


def _rejected(plan: Plan) -> list[dict[str, Any]]:
    rows = []
    v = plan.valuation
    for j, entry in enumerate(plan.entries.entries):
        if plan.lineup[j]:
            continue
        added = v.value[:, plan.without(j)] - v.value[:, 0]
        units = float(v.units[:, plan.without(j), j].mean())
        rows.append(
            {
                "model": entry.candidate.id, "name": _full(entry.candidate), "reason": _why_not(plan, j, float(added.mean()), units),
                "profit_if_added_jpy": float(added.mean()) * _MILLION, "units_if_added": units,
            }
        )  # fmt: skip
    rows += [
        {
            "model": car.id,
            "name": _full(car),
            "reason": reason,
            "profit_if_added_jpy": None,
            "units_if_added": None,
        }
        for car, reason in plan.left_out
    ]
    return rows


def _full(car: Candidate) -> str:
    return f"{car.name} ({car.grade})" if car.grade else car.name


def _why_not(plan: Plan, j: int, added: float, units: float) -> str:
    entry = plan.entries.entries[j]
    fixed = float(plan.terms.fixed[:, j].mean())
    r = plan.without(j)
    gain = float((plan.valuation.gain[:, r] - plan.valuation.gain[:, 0]).mean())
    words = (
        f"Added to the plan it would sell {count(units)} cars a year and earn {yen(gain * _MILLION)} a year after the sales it "
        f"takes from the maker's other cars, against {yen(fixed * _MILLION)} of fixed costs: {yen(added * _MILLION)} over the programme."
    )
    outside = support_sentences(plan, entry)
    if outside:
        words += f" Outside what the market has seen: {outside[0]}."
    return words


def _trade(plan: Plan, b: Balance) -> dict[str, Any]:
    change = interval(b.total)
    parts = [
        ("Cars exported, FAS", b.exports, "transfer price alongside the ship"),
        (
            "U.S.-built cars already sold there, displaced",
            b.displaced_us_built,
            "Jeep, BMW X models and others",
        ),
        ("U.S. parts no longer shipped into displaced Japan-built cars", b.parts_lost, ""),
        ("Imports that fill sales lost at home", b.backfill, "only where a plant is full"),
        ("Japanese parts inside the exported cars", b.foreign_parts, "content by value, NHTSA labels"),
    ]
    fact = plan.case.facts["trade.us_goods_deficit_with_japan_usd"]
    return {
        "balance_change_usd": {k: change[k] for k in ("mean", "p10", "p90")},
        "share_of_deficit": b.share_of_deficit,
        "deficit_usd": b.deficit,
        "deficit_source": fact.source,
        "deficit_period": fact.period,
        "parts": [{"line": line, "amount_usd": float(x.mean()), "note": note} for line, x, note in parts],
        "japan_books_jpy": {
            "imports_change_cif_jpy": float(b.imports_cif_jpy.mean()),
            "imports_from_third_countries_change_cif_jpy": float(b.third_imports_jpy.mean()),
        },
        "units_by_origin": b.units_by_origin,
        "outside_units": b.outside_units,
        "value_added": {k: f"{v:.0%}" for k, v in b.content.items()},
        "held_fixed": list(held_fixed()),
    }


def _made(
    plan: Plan, rows: list[dict[str, Any]], total: dict[str, Any], b: Balance
) -> dict[str, dict[str, Any]]:
    """Results as figures of the register, with what they come from."""
    inputs = ["fx.usd_jpy", "us.variable_cost_factor", "jp.dealer_margin", "jp.distributor_margin"]

    def figure(value: float, unit: str, label: str, chain: list[str], note: str = "") -> dict[str, Any]:
        return {"value": value, "unit": unit, "kind": "estimate", "source": plan.market.estimate.origin, "label": label,
                "note": note, "chain": chain}  # fmt: skip

    found: dict[str, dict[str, Any]] = {}
    for r in rows:
        at = f"decision.{r['model']}"
        cell = f"candidate.{r['model']}.msrp_usd"
        found[f"{at}.units"] = figure(
            r["units"]["mean"], "vehicles per year", f"{r['name']}, cars a year", [f"{at}.price_jpy"]
        )
        found[f"{at}.price_jpy"] = figure(
            r["price_jpy"], "JPY per vehicle", f"{r['name']}, price on the road", [f"waterfall.{r['model']}.on_the_road", cell, *inputs],
            "equilibrium price of the central case",
        )  # fmt: skip
        found[f"{at}.profit_jpy"] = figure(
            r["profit_jpy"]["mean"], "JPY", f"{r['name']}, what the plan would lose without it",
            [f"{at}.units", "plan.horizon_years", "capital.discount_rate"],
        )  # fmt: skip
    found["total.units"] = figure(
        total["units"]["mean"],
        "vehicles per year",
        "cars a year",
        [f"decision.{r['model']}.units" for r in rows],
    )
    found["total.profit_jpy"] = figure(
        total["profit_jpy"]["mean"], "JPY", "worth of the plan over its years, discounted",
        ["total.units", "plan.horizon_years", "capital.discount_rate", "launch.marketing_jpy_per_model"],
    )  # fmt: skip
    found["trade.balance_change_usd"] = figure(
        float(b.total.mean()),
        "USD per year",
        "change of the bilateral balance",
        ["total.units", "us.maker_ex_works_factor"],
    )
    return found


def _warnings(plan: Plan, rows: list[dict[str, Any]], used: set[str], market: dict[str, Any]) -> list[str]:
    book = plan.book
    out = list(book.regime.warnings(used))
    for key, value in plan.case.overrides.items():
        out.append(
            f"{key} was set by the user to {value:g}."
            if isinstance(value, float)
            else f"{key} was set by the user."
        )
    for r in rows:
        out += [f"{r['name']}: {w}" for w in r["warnings"]]
        out += [
            f"{r['name']}: outside what the market has seen: {s}; its forecast is an extrapolation."
            for s in r["outside_support"]
        ]
    if plan.valuation.failures:
        out.append(
            f"{plan.valuation.failures} equilibria of the fresh draws did not converge; they are kept and marked."
        )
    if market["negative_costs"]:
        out.append("Recovered costs below zero: " + "; ".join(market["negative_costs"]) + ".")
    if book.on > plan.case.about.compiled:
        out.append(f"The day asked about lies after the case was compiled ({plan.case.about.compiled}).")
    doubtful = [r["name"] for r in rows if r["probability_of_loss"] > 0.5]
    if doubtful:
        out.append(
            f"More often than not {listed(doubtful)} would not earn {'its' if len(doubtful) == 1 else 'their'} fixed costs; the "
            "mean is carried by the best draws. A smaller first step is worth a look."
        )
    if plan.chosen:
        out.append(
            "Cars on sale had a quality worth launching, so a candidate's forecast is on the optimistic side: half a standard "
            "deviation less quality is shown beside each model."
        )
        approvals = [
            e
            for j, e in enumerate(plan.entries.entries)
            if plan.lineup[j] and e.choice.option.pathway.approval_key
        ]
        if approvals:
            p = book.number(approvals[0].choice.option.pathway.approval_key)
            out.append(
                f"The figures hold if certification is granted; the authority may refuse (assumed chance of approval {p:.0%} a model)."
            )
    return list(dict.fromkeys(out))


def review_summary(plan: Plan, settled: Plan, label: str, on: date) -> dict[str, Any]:
    """What would change if the open question of the case were settled: both answers side by side."""
    before, after = _total(plan), _total(settled)
    same = {plan.entries.entries[j].candidate.id for j in plan.chosen}
    then = {settled.entries.entries[j].candidate.id for j in settled.chosen}
    gain = after["profit_jpy"]["mean"] - before["profit_jpy"]["mean"]
    if not then:
        change = "even then nothing is brought over"
    elif then == same:
        change = "the same cars come, " + ("cheaper" if gain > 0 else "at no lower cost")
    else:
        change = "the plan becomes " + listed([f"the {n}" for n in _names(settled, settled.chosen)])
    text = (
        f"On {on} the {label} was not in force, so it is not used. If it were: {change}; "
        f"{count(after['units']['mean'])} cars a year instead of {count(before['units']['mean'])}, worth "
        f"{yen(after['profit_jpy']['mean'])} instead of {yen(before['profit_jpy']['mean'])} over the programme "
        f"(on {settled.draws.count} draws)."
    )
    return {
        "text": text,
        "answer_if_in_force": {
            "answer": _answer(settled, after),
            "models": sorted(then),
            "total": after,
            "pathways": {
                settled.entries.entries[j].candidate.id: settled.entries.entries[j].choice.option.pathway.name
                for j in settled.chosen
            },
        },
    }


def central_prices(plan: Plan) -> dict[str, float]:
    """List prices of the chosen models in the central case, JPY."""
    return {plan.entries.entries[j].candidate.id: central_list_price(plan, j) for j in plan.chosen}


def waterfalls(plan: Plan) -> dict[str, Waterfall]:
    """Waterfalls of the chosen models."""
    return {plan.entries.entries[j].candidate.id: plan_waterfall(plan, j) for j in plan.chosen}
