"""What the market does: whose cars are displaced, which prices move, what buyers and the treasury gain."""

from __future__ import annotations

from typing import Any

import numpy as np

from kanrin.answer._interval import MILLION, interval
from kanrin.answer._words import model_name
from kanrin.base import Bools, Floats
from kanrin.demand import aggregate_elasticity, choice_probabilities, lowest_alpha_share, own_elasticities
from kanrin.lineup import Plan

__all__ = ["bridge", "market_side"]

_SHOWN = 8


def market_side(plan: Plan) -> dict[str, Any]:
    """The `market` part of plan.json; means over the fresh draws, a year."""
    market, detail = plan.market, plan.valuation.detail
    assert detail is not None
    change = market.size * detail.share_change.mean(axis=0)
    own = market.firm_of == plan.maker_index
    new = plan.valuation.units[:, 0]
    outside = -(float(new.sum(axis=1).mean()) + float(change.sum()))
    moved = detail.price_change.mean(axis=0) * (1 + market.tax) * MILLION
    names = [model_name(m.brand, m.model) for m in market.models]
    firms: list[dict[str, Any]] = []
    for f, name in enumerate(market.firms):
        units = float(change[market.firm_of == f].sum())
        if f == plan.maker_index:
            units += float(new.sum(axis=1).mean())
        firms.append(
            {
                "firm": name,
                "units_change": units,
                "profit_change_jpy": float(detail.firm_gain[:, f].mean()) * MILLION,
            }
        )
    firms.sort(key=lambda r: (-abs(r["profit_change_jpy"]), r["firm"]))
    alpha = market.slopes(market.estimate.alpha)
    inside, no_car = choice_probabilities(market.inversion.delta, alpha, market.list_price)
    elasticity = own_elasticities(alpha, inside, market.agents.weights, market.list_price)
    weights = market.agents.weights
    gained = detail.surplus_by_agent.mean(axis=0)
    p5, median, p95 = np.quantile(elasticity, (0.05, 0.5, 0.95))
    return {
        "own_units_lost": float(-change[own].sum()),
        "rivals_units_lost": float(-change[~own].sum()),
        "outside_units_gained_from": -outside,
        "own_lost": [{"model": names[k], "units": float(-change[k])} for k in _top(-change, own)],
        "rivals_lost": [
            {"model": names[k], "firm": market.models[k].firm, "units": float(-change[k])}
            for k in _top(-change, ~own)
        ],
        "firms": [r for r in firms if abs(r["profit_change_jpy"]) >= 1.0][:_SHOWN],
        "prices_moved": [
            {"model": names[k], "firm": market.models[k].firm, "change_jpy": float(moved[k])}
            for k in np.argsort(-np.abs(moved), kind="stable")[:_SHOWN]
            if abs(moved[k]) >= 1.0
        ],
        "consumer_surplus_jpy": interval(detail.surplus, MILLION),
        "consumer_surplus_lowest_alpha_share": lowest_alpha_share(
            np.zeros(len(gained)), gained, alpha, weights
        ),
        "tax_revenue_jpy": _tax(plan) * MILLION,
        "elasticities": {
            "median_own": float(median),
            "p5": float(p5),
            "p95": float(p95),
            "aggregate": float(aggregate_elasticity(alpha, inside, no_car, weights, market.list_price)),
        },
        "market_size": market.size,
        "negative_costs": [f"{names[k]}: recovered cost below zero" for k in market.costs.negative],
        "inversion_residual": market.inversion.residual,
    }


def _top(values: Floats, among: Bools) -> list[int]:
    """Models with the largest values above half a car."""
    order = [int(k) for k in np.argsort(-values, kind="stable") if among[k] and values[k] > 0.5]
    return order[:_SHOWN]


def _tax(plan: Plan) -> float:
    """Mean change of consumption tax a year, million JPY."""
    market, v = plan.market, plan.valuation
    assert v.detail is not None
    new = np.nansum(v.units[:, 0] * np.where(np.isfinite(v.price[:, 0]), v.price[:, 0], 0.0), axis=1)
    sold = market.size * (market.shares + v.detail.share_change)
    before = float(market.units @ market.price)
    after = (sold * (market.price + v.detail.price_change)).sum(axis=1)
    return float(market.tax * (new + after - before).mean())


def bridge(plan: Plan) -> list[dict[str, Any]]:
    """(delta-pi) as a bridge, JPY over the programme: new sales, lost own sales, home market, fixed costs."""
    v, terms = plan.valuation, plan.terms
    annuity = terms.annuity
    margin = np.where(np.isfinite(v.price[:, 0]), terms.keep * np.nan_to_num(v.price[:, 0]) - terms.cost, 0.0)
    new = (annuity * (v.units[:, 0] * margin).sum(axis=1)).mean() * MILLION
    gain = (annuity * v.gain[:, 0]).mean() * MILLION
    home = (annuity * v.forgone[:, 0]).mean() * MILLION
    fixed = (terms.fixed @ np.array(plan.lineup, dtype=np.float64)).mean() * MILLION
    total = v.value[:, 0].mean() * MILLION
    if not plan.chosen:
        return []
    return [
        {
            "step": "New sales",
            "amount_jpy": float(new),
            "note": "unit margin times cars, over the programme, discounted",
        },
        {
            "step": "Lost own sales",
            "amount_jpy": float(gain - new),
            "note": "the maker's other cars in the market, prices and volumes",
        },
        {"step": "Home market", "amount_jpy": float(-home), "note": "margin forgone where the plant is full"},
        {
            "step": "Fixed costs",
            "amount_jpy": float(-fixed),
            "note": "certification, localisation, marketing, training and parts",
        },
        {"step": "Total", "amount_jpy": float(total), "note": ""},
    ]
