"""How good such forecasts have been, in numbers and in words: `backtest` of plan.json (backtest)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kanrin.backtesting import AT_PRICE, LEVELS, Backtest, Score, read_results, with_market
from kanrin.lineup import Plan

__all__ = ["backtest_side", "backtest_words", "car_sentence", "score_sentence"]

_DRAWS = 64  # of the market's models left out: coverage is exact in them but for the parameters
_SCALE = "backtest.xi_scale"
_TOO_FEW = 10  # cars below which a group says little
AFTER = "after a factor was known"


def backtest_side(plan: Plan) -> dict[str, Any] | None:
    """What the case's backtest says, with the base market's models left out on this plan's demand; None
    without results."""
    about = plan.case.about
    if not about.backtest:
        return None
    result = with_market(
        read_results(plan.case.folder / about.backtest),
        plan.market,
        year=about.market_year,
        origin=about.origin,
        home=about.destination,
        scale=plan.book.number(_SCALE),
        draws=_DRAWS,
        seed=plan.seed,
    )
    return {
        "period": result.period,
        "source": result.source,
        "factor": result.factor,
        "factor_low": result.factor_low,
        "factor_high": result.factor_high,
        "factor_cars": result.factor_count,
        "factor_used": plan.book.number(_SCALE),
        "scores": result.to_rows(),
        "calibration": [
            {"data": s.data, "forecast": s.forecast, "group": s.group, "cars": s.count, "tenths": list(s.pit)}
            for s in result.scores
            if s.group in ("all", AFTER)
        ],
        "misses": [
            {"data": m.data, "name": m.name, "year": m.year, "sold_over_median": m.ratio}
            for m in result.misses
        ],
        "cars": [
            {"model": e.candidate.id, "sentence": car_sentence(result, _group_of(plan, j))}
            for j, e in enumerate(plan.entries.entries)
            if j in plan.chosen
        ],
        "words": backtest_words(result),
        "notes": list(result.notes),
    }


def _group_of(plan: Plan, j: int) -> str:
    """The kind of car among those that came that candidate j is most like."""
    car = plan.entries.entries[j].candidate
    sold_before = f"{car.brand} {car.model}" in plan.case.nameplates
    known = car.brand in plan.market.xi_model.labels.brand
    if sold_before:
        return "returning name"
    return "new name, brand known here" if known else "new name"


_LIKE = {
    "returning name": "cars whose name came back",
    "new name, brand known here": "new names of a brand known here",
    "new name": "new names",
    "all": "cars that came",
}


def car_sentence(result: Backtest, group: str) -> str:
    """One sentence on cars like this one: how often the 80 % interval held; all cars where these are few."""
    score = result.score("entries", AT_PRICE, group)
    if score is None or score.count < _TOO_FEW:
        group = "all"
        score = result.score("entries", AT_PRICE, group)
    if score is None:
        return "No car like this has been scored."
    held = score.at(0.8)
    return (
        f"Of {held.count} {_LIKE[group]} in {result.period}, the 80 % interval held {held.hits} "
        f"({_percent(held.share)} %) before its spread was multiplied by {result.factor:.2f}."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


def score_sentence(score: Score, what: str) -> str:
    """Coverage of one score in words, with the Wilson interval of the 80 %."""
    held = {level: score.at(level) for level in LEVELS}
    low, high = held[0.8].interval
    return (
        f"{what}: of {score.count} cars, {held[0.5].hits} fell inside the 50 % interval "
        f"({_percent(held[0.5].share)} %), {held[0.8].hits} inside the 80 % ({_percent(held[0.8].share)} %, "
        f"in the long run between {_percent(low)} and {_percent(high)}) and {held[0.9].hits} inside the 90 % "
        f"({_percent(held[0.9].share)} %)."
    )


def _skills(score: Score) -> str:
    """Better or worse than each reference, in words."""
    told = []
    for name, words in (
        ("brand", "the spread of the brand's own cars"),
        ("segment", "cars of the segment"),
        ("logit", "a plain logit fitted on the same market"),
    ):
        value = score.skill(name)
        if value is not None:
            told.append(f"{_percent(abs(value))} % {'better' if value >= 0 else 'worse'} than {words}")
    return f"By the ranked probability score of log sales the forecast is {_listed(told)}." if told else ""


def _counted(score: Score) -> str:
    held = score.at(0.8)
    return (
        f"Sales of only {held.count} models on sale now are counted, the others assumed within totals of "
        f"brands; of those counted {held.hits} lie inside the 80 % interval ({_percent(held.share)} %)."
    )


def _built_there(score: Score) -> str:
    held = score.at(0.8)
    low, high = held.interval
    return (
        f"Of {held.count} cars {score.group} and on sale now, each predicted from all others, {held.hits} "
        f"lie inside the 80 % interval ({_percent(held.share)} %, in the long run between "
        f"{_percent(low)} and {_percent(high)})."
    )


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def backtest_words(result: Backtest) -> list[str]:
    """Sentences: coverage of cars that came, out of sample with the factor; skill; what the plan does."""
    out = []
    came = result.score("entries", AT_PRICE, "all")
    if came is not None:
        out.append(
            score_sentence(came, f"Cars that came in {result.period}, each predicted from earlier years")
        )
    scaled = result.score("entries", f"{AT_PRICE}, scaled", AFTER)
    if scaled is not None:
        out.append(
            f"With the spread multiplied by what earlier years asked for, {scaled.at(0.8).hits} of the "
            f"{scaled.count} that came afterwards fell inside the 80 % interval "
            f"({_percent(scaled.at(0.8).share)} %)."
        )
    if came is not None:
        out.append(_skills(came))
    out += [
        _built_there(s) for s in result.scores if s.forecast == "left out" and s.group.startswith("built in ")
    ]
    out += [
        _counted(s)
        for s in result.scores
        if s.forecast == "left out" and s.group == "sales counted" and s.count
    ]
    used = result.factor if result.used_by_plan is None else result.used_by_plan
    out.append(
        f"This plan multiplies the spread of what buyers think of a new car by {used:.2f}; the backtest "
        "asks for "
        f"{result.factor:.2f} ({result.factor_low:.2f} to {result.factor_high:.2f}, {result.factor_count} "
        "cars)."
    )
    return [sentence for sentence in out if sentence]
