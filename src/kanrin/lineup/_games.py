"""The price games of a draw: every line-up asked about, solved in one batch on its own market (delta-pi).

Products are the J cars on sale followed by the C candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Bools, Floats, Ints
from kanrin.demand import consumer_surplus
from kanrin.equilibrium import Chord, PriceGame, chord_at, recover_costs, solve_prices
from kanrin.kernels import is_native
from kanrin.lineup._caps import solve_within_caps
from kanrin.lineup._entry import Entries
from kanrin.lineup._market import BaseMarket
from kanrin.lineup._terms import Terms
from kanrin.lineup._valuation import Detail, Row

__all__ = ["Answer", "Neighbour", "Work", "neighbour", "point_game", "point_start", "solve_draw"]

_FEW = (
    48  # line-ups of a call up to which NumPy does better with a borrowed Jacobian than one of the draw's own
)


@dataclass(frozen=True)
class Neighbour:
    """The market at its point estimate with every candidate on sale: where all draws start from."""

    chord: Chord
    price: Floats  # (C,) candidates' prices there, million JPY pre-tax
    cost: Floats  # (C,) their cost over keep there, million JPY


@dataclass(frozen=True)
class Work:
    """What every draw of one valuation needs."""

    market: BaseMarket
    entries: Entries
    terms: Sequence[Terms]
    rows: tuple[Row, ...]
    maker: int
    slopes: Floats  # (D, I)
    delta: Floats  # (D, J)
    delta_new: Floats  # (D, C)
    detail_row: int | None
    near: Neighbour

    def groups(self) -> list[list[int]]:
        """Rows that share every keep of the game, and so can be solved together."""
        by_keep: list[tuple[Terms, list[int]]] = []
        for k, row in enumerate(self.rows):
            mine = self.terms[row.terms]
            for other, members in by_keep:
                same_new = np.array_equal(other.keep, mine.keep)
                if same_new and np.array_equal(other.market_keep, mine.market_keep):
                    members.append(k)
                    break
            else:
                by_keep.append((mine, [k]))
        return [members for _, members in by_keep]


@dataclass(frozen=True)
class Answer:
    """Answers to R rows on one draw."""

    gain: Floats  # (R,) million JPY a year
    units: Floats  # (R, C) vehicles a year
    price: Floats  # (R, C) million JPY pre-tax, NaN when not offered
    shadow: Floats  # (R, C) shadow price of a cap, million JPY per car; zero where it is slack
    residual: float  # largest relative residual
    failures: int
    detail: Detail | None  # of the row asked for, without the axis of draws


def _firms(market: BaseMarket, entries: Entries) -> Ints:
    """(J + C,) index of each product's firm."""
    index = {name: k for k, name in enumerate(market.firms)}
    return np.concatenate([market.firm_of, [index[e.candidate.firm] for e in entries.entries]])


def point_game(market: BaseMarket, entries: Entries, cost: Floats, keep: Floats) -> PriceGame:
    """The price game at the point estimate, xi at its mean; `cost` and `keep` are the candidates', (C,)."""
    delta_new = entries.attributes @ market.estimate.beta + entries.xi_mean
    return PriceGame(
        delta=np.concatenate([market.inversion.delta, delta_new]),
        alpha=market.slopes(market.estimate.alpha),
        weights=market.agents.weights,
        cost=np.concatenate([market.costs.cost, cost]),
        keep=np.concatenate([market.keep, keep]),
        ad_valorem=np.asarray(market.tax),
        levies=np.asarray(0.0),
        firms=_firms(market, entries),
    )


def point_start(market: BaseMarket, cost: Floats, keep: Floats) -> Floats:
    """(J + C,) first prices: those of the market, and the candidates' costs at the market's median markup."""
    typical = 1.0 - float(np.median(market.costs.margin / (market.keep * market.price)))
    return np.concatenate([market.price, cost / keep / typical])


def neighbour(market: BaseMarket, entries: Entries, terms: Terms) -> Neighbour:
    """The point estimate at the mean of the terms, whose Jacobian serves all draws."""
    cost, keep = terms.cost.mean(axis=0), terms.keep.mean(axis=0)
    game = point_game(market, entries, cost, keep)
    found = solve_prices(game, start=point_start(market, cost, keep))
    return Neighbour(chord_at(game, found.price), found.price[len(market.models) :], cost / keep)


def solve_draw(work: Work, groups: list[list[int]], d: int) -> Answer:
    """All rows on draw d; equilibria that are not found are kept and counted."""
    market, rows = work.market, work.rows
    products = len(market.models)
    candidates = len(work.entries.entries)
    gain, units = np.zeros(len(rows)), np.zeros((len(rows), candidates))
    price = np.full((len(rows), candidates), np.nan)
    shadow = np.zeros((len(rows), candidates))
    residual, failures = 0.0, 0
    detail: Detail | None = None
    for every in groups:
        # an empty line-up changes nothing
        members = [k for k in every if any(rows[k].offered) or k == work.detail_row]
        if not members:
            continue
        terms = work.terms[rows[members[0]].terms]
        game, own_cost, base_gain = _draw_game(work, terms, d)
        offered = np.ones((len(members), products + candidates), dtype=bool)
        offered[:, products:] = [rows[k].offered for k in members]
        cost = np.empty(offered.shape)
        cost[:, :products] = own_cost
        cost[:, products:] = [work.terms[rows[k].terms].cost[d] for k in members]
        near = work.near
        start = np.concatenate([market.price, near.price + terms.cost[d] / terms.keep[d] - near.cost])
        chord = near.chord if is_native() or len(members) <= _FEW else None
        caps = np.array([work.terms[rows[k].terms].cap[d] for k in members]) / market.size
        found, shadow[members] = solve_within_caps(game, offered, cost, caps, start, chord)
        gain[members] = market.size * (found.profit[:, work.maker] - base_gain[work.maker])
        gain[[k for k in members if not any(rows[k].offered)]] = 0.0
        units[members] = market.size * found.shares[:, products:]
        price[members] = found.price[:, products:]
        residual = max(residual, float(found.residual.max()))
        failures += int((~found.converged).sum())
        if work.detail_row in members:
            at = members.index(work.detail_row)
            detail = _detail(work, game, d, found.price[at], found.shares[at], found.profit[at], base_gain)
    return Answer(gain, units, price, shadow, residual, failures, detail)


def _draw_game(work: Work, terms: Terms, d: int) -> tuple[PriceGame, Floats, Floats]:
    """The game of a draw, recovered costs (J,) and the firms' profit per potential buyer as it is (F,)."""
    market = work.market
    costs = recover_costs(
        delta=work.delta[d],
        alpha=work.slopes[d],
        weights=market.agents.weights,
        price=market.price,
        firms=market.firm_of,
        keep=terms.market_keep[d],
        ad_valorem=market.tax,
    )
    game = PriceGame(
        delta=np.concatenate([work.delta[d], work.delta_new[d]]),
        alpha=work.slopes[d],
        weights=market.agents.weights,
        cost=np.concatenate([costs.cost, terms.cost[d]]),
        keep=np.concatenate([terms.market_keep[d], terms.keep[d]]),
        ad_valorem=np.asarray(market.tax),
        levies=np.asarray(0.0),
        firms=_firms(market, work.entries),
    )
    earned = costs.margin * market.shares
    now = np.bincount(market.firm_of, weights=earned, minlength=len(market.firms)).astype(np.float64)
    return game, costs.cost, now


def _detail(
    work: Work, game: PriceGame, d: int, price: Floats, shares: Floats, profit: Floats, now: Floats
) -> Detail:
    market = work.market
    products = len(market.models)
    sold: Bools = np.isfinite(price)
    consumer_price = game.consumer_price(np.where(sold, price, 0.0))[sold]
    after = consumer_surplus(game.delta[sold], game.alpha, consumer_price)
    before = consumer_surplus(work.delta[d], game.alpha, market.list_price)
    by_agent: Floats = after - before
    return Detail(
        share_change=shares[:products] - market.shares,
        price_change=price[:products] - market.price,
        firm_gain=market.size * (profit[: len(now)] - now),
        surplus=np.asarray(market.size * float(by_agent @ market.agents.weights)),
        surplus_by_agent=by_agent,
    )
