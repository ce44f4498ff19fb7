"""The central case: every input at its value, xi at its mean; its prices and waterfalls are printed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Bools, Floats, SolveError
from kanrin.demand import choice_probabilities, diversion_ratios, own_elasticities
from kanrin.equilibrium import (
    Cap,
    CappedSolution,
    Certificate,
    PriceGame,
    PriceSolution,
    certify_capped,
    certify_solution,
    solve_capped,
    solve_prices,
)
from kanrin.lineup._choose import Lineup
from kanrin.lineup._entry import Entries
from kanrin.lineup._games import point_game, point_start
from kanrin.lineup._group_caps import members_of
from kanrin.lineup._market import BaseMarket
from kanrin.lineup._terms import Terms, read_terms
from kanrin.rules import Reader

__all__ = ["Central", "solve_central"]


@dataclass(frozen=True)
class Central:
    """The central equilibrium with the chosen line-up. Arrays over J + C products, candidates last."""

    game: PriceGame
    offered: Bools  # (J + C,)
    solution: PriceSolution
    certificate: Certificate
    terms: Terms  # one draw: the values
    elasticity: Floats  # (J + C,) own-price, to the list price; NaN when not offered
    diversion: Floats  # (C, J) where buyers of an offered candidate would go (priced); NaN rows else
    outside_diversion: Floats  # (C,) to no car


def solve_central(
    read: Reader, market: BaseMarket, entries: Entries, lineup: Lineup, *, starts: int = 8, seed: int = 0
) -> Central:
    """Solve and certify the central case. Raises SolveError when the equilibrium is not found."""
    terms = read_terms(read, market, entries, 1)
    products = len(market.models)
    game = point_game(market, entries, terms.cost[0], terms.keep[0])
    offered = np.concatenate([np.ones(products, dtype=bool), np.array(lineup, dtype=bool)])
    start = point_start(market, terms.cost[0], terms.keep[0])
    solution = solve_prices(game, offered=offered, start=start)
    if not solution.converged:
        raise SolveError(
            f"central equilibrium not found: residual {solution.residual:.1e}; {solution.advice}"
        )
    on = np.flatnonzero(offered)
    held = _within_caps(market, entries, terms, game, offered, solution)
    if held is None:
        certificate = certify_solution(game, solution, offered=offered, starts=starts, seed=seed)
    else:
        solution, capped = held
        certificate = certify_capped(capped, starts=starts, seed=seed)[0]
    chosen = game.subset(offered)
    price = chosen.consumer_price(solution.price[on])
    probabilities, outside = choice_probabilities(chosen.delta, chosen.alpha, price)
    elasticity = np.full(offered.size, np.nan)
    elasticity[on] = own_elasticities(chosen.alpha, probabilities, chosen.weights, price)
    ratios = diversion_ratios(chosen.alpha, probabilities, outside, chosen.weights)
    diversion = np.full((len(lineup), products), np.nan)
    to_outside = np.full(len(lineup), np.nan)
    for row, j in enumerate(on):
        if j >= products:
            diversion[j - products] = ratios.inside[row, :products]
            to_outside[j - products] = ratios.outside[row]
    return Central(game, offered, solution, certificate, terms, elasticity, diversion, to_outside)


def _within_caps(
    market: BaseMarket, entries: Entries, terms: Terms, game: PriceGame, offered: Bools, free: PriceSolution
) -> tuple[PriceSolution, CappedSolution] | None:
    """The central case under its caps (caps); None where all are slack."""
    products, count = len(market.models), len(entries.entries)
    alone = terms.cap[0]
    if terms.second is not None:  # what is above the first way's cap may come by the second
        alone = np.where(terms.second.has, terms.second.cap[0], alone)
    limits = np.concatenate([alone, terms.group_cap[0]])
    sold = market.size * (members_of(entries.caps, count) @ free.shares[products:])
    if (sold <= limits).all():
        return None
    rows = np.zeros((len(limits), products + count))
    rows[:, products:] = members_of(entries.caps, count)
    rows = rows[:, offered]
    caps = [
        Cap(f"cap {k}", row, float(limit))
        for k, (row, limit) in enumerate(zip(rows, limits, strict=True))
        if np.isfinite(limit) and row.any()
    ]
    found = solve_capped(game.subset(offered), caps, sizes=market.size, start=free.price[offered])
    if not found.converged:
        raise SolveError(f"central equilibrium under caps not found: {found.advice}")

    def whole(values: Floats, missing: float) -> Floats:
        out = np.full(offered.shape, missing)
        out[offered] = values
        return out

    solution = PriceSolution(
        whole(found.price[0], np.nan), whole(found.consumer_price[0], np.nan), whole(found.shares[0], 0.0),
        1.0 - float(found.shares[0].sum()), whole(found.margin[0], np.nan), found.residual, found.steps, True,
        "converged",
    )  # fmt: skip
    return solution, found
