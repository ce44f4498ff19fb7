"""The price games of some draws: every line-up asked about, in one batch on each draw's market (delta-pi).

Products are the J cars on sale followed by the C candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Bools, Floats, Ints
from kanrin.demand import consumer_surplus
from kanrin.equilibrium import Chord, Games, PriceGame, chord_at, recover_many, solve_games
from kanrin.kernels import is_native
from kanrin.lineup._caps import solve_within_caps
from kanrin.lineup._entry import Entries
from kanrin.lineup._group_caps import bought, members_of
from kanrin.lineup._market import BaseMarket
from kanrin.lineup._path import Path, path_through
from kanrin.lineup._terms import Terms
from kanrin.lineup._valuation import Detail, Row

__all__ = [
    "Answer",
    "Neighbour",
    "Work",
    "draw_games",
    "neighbour",
    "point_game",
    "point_start",
    "solve_draws",
]


@dataclass(frozen=True)
class Neighbour:
    """The market at its point estimate with every candidate on sale: where all draws start from."""

    chord: Chord | None
    price: Floats  # (C,) candidates' prices there, million JPY pre-tax
    cost: Floats  # (C,) their cost over keep there, million JPY


@dataclass(frozen=True)
class Group:
    """Rows that share every keep of the game, and so can be solved together."""

    members: Ints  # (R',) rows
    path: Path  # through them


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
    makers: tuple[int, ...] = ()  # whose profit changes are wanted, beside the maker's
    extremes: bool = False  # whether the lowest and highest prices over the rows are wanted

    def groups(self) -> list[Group]:
        """The rows that ask something, by what sellers keep; an empty line-up changes nothing."""
        by_keep: list[tuple[Terms, list[int]]] = []
        for k, row in enumerate(self.rows):
            if not any(row.offered) and k != self.detail_row:
                continue
            mine = self.terms[row.terms]
            for other, members in by_keep:
                same_new = np.array_equal(other.keep, mine.keep)
                if same_new and np.array_equal(other.market_keep, mine.market_keep):
                    members.append(k)
                    break
            else:
                by_keep.append((mine, [k]))
        return [
            Group(np.array(members), path_through([self.rows[k] for k in members], self.terms))
            for _, members in by_keep
        ]


@dataclass(frozen=True)
class Answer:
    """Answers to R rows on n draws."""

    gain: Floats  # (n, R) million JPY a year
    units: Floats  # (n, R, C) vehicles a year
    price: Floats  # (n, R, C) million JPY pre-tax, NaN when not offered
    shadow: Floats  # (n, R, C) shadow price of a cap, million JPY per car; zero where it is slack
    group_shadow: Floats  # (n, R, K) of the caps on several cars
    residual: float  # largest relative residual
    failures: int
    detail: Detail | None  # of the row asked for, n draws
    gains: Floats  # (n, R, F) million JPY a year, of the makers asked for
    low: Floats  # (n, J + C) lowest price over the rows that offer a car, million JPY pre-tax; n = 0 unasked
    high: Floats  # (n, J + C) highest; infinite, as the lowest, for a car that no row offers


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
    """The point estimate at the mean of the terms; without compiled kernels its Jacobian serves all draws."""
    cost, keep = terms.cost.mean(axis=0), terms.keep.mean(axis=0)
    game = point_game(market, entries, cost, keep)
    every = np.ones((1, game.product_count), dtype=bool)
    found = solve_games(Games.of(game), every, game.cost[None].copy(), point_start(market, cost, keep)[None])
    chord = None if is_native() else chord_at(game, found.price[0])
    return Neighbour(chord, found.price[0, len(market.models) :], cost / keep)


def solve_draws(work: Work, groups: Sequence[Group], draws: slice) -> Answer:
    """All rows on some draws; equilibria that are not found are kept and counted."""
    market, rows = work.market, work.rows
    count, products = len(work.slopes[draws]), len(market.models)
    candidates = len(work.entries.entries)
    gain, units = np.zeros((count, len(rows))), np.zeros((count, len(rows), candidates))
    price = np.full((count, len(rows), candidates), np.nan)
    shadow = np.zeros((count, len(rows), candidates))
    gains = np.zeros((count, len(rows), len(work.makers)))
    low, high = (
        np.tile(np.concatenate([market.price, np.full(candidates, far)]), (count * work.extremes, 1))
        for far in (np.inf, -np.inf)
    )
    members, sold_by = members_of(work.entries.caps, candidates), bought(work.entries.caps)
    group_shadow = np.zeros((count, len(rows), len(work.entries.caps)))
    residual, failures = 0.0, 0
    detail: Detail | None = None
    for group in groups:
        solved = [rows[k] for k in group.members[group.path.order]]
        terms = [work.terms[row.terms] for row in solved]
        games, own_cost, earned = draw_games(work, terms[0], draws)
        offered = np.ones((len(solved), products + candidates), dtype=bool)
        offered[:, products:] = [row.offered for row in solved]
        cost = np.empty((count, len(solved), products + candidates))
        cost[:, :, :products] = own_cost[:, None, :]
        for r, t in enumerate(terms):
            cost[:, r, products:] = t.cost[draws]
        near, first = work.near, terms[0]
        start = np.empty((count, products + candidates))
        start[:, :products] = market.price
        start[:, products:] = near.price + first.cost[draws] / first.keep[draws] - near.cost
        caps = np.stack([np.hstack([t.cap[draws], t.group_cap[draws]]) for t in terms], axis=1) / market.size
        found, steered = solve_within_caps(
            games, offered, cost.reshape(-1, products + candidates), caps.reshape(-1, len(members)), start,
            members=members, nearby=group.path.nearby, chord=near.chord,
        )  # fmt: skip
        here = group.path.answer
        shape = (count, len(solved))
        profit, sold, asked, steered = (
            a.reshape(*shape, -1) for a in (found.profit, found.shares, found.price, steered)
        )
        gain[:, group.members] = market.size * (profit[:, here, work.maker] - earned[:, None, work.maker])
        gains[:, group.members] = market.size * (
            profit[:, here][:, :, list(work.makers)] - earned[:, None, list(work.makers)]
        )
        if work.extremes:
            low = np.fmin(low, np.fmin.reduce(asked, axis=1))
            high = np.fmax(high, np.fmax.reduce(asked, axis=1))
        units[:, group.members] = market.size * sold[:, here, products:]
        price[:, group.members] = asked[:, here, products:]
        shadow[:, group.members] = steered[:, here, :candidates]
        group_shadow[:, group.members] = steered[:, here, candidates:]
        if sold_by.any():  # licences the maker has to buy
            paid = (sold[:, here, products:] @ members[candidates:].T) * steered[:, here, candidates:]
            gain[:, group.members] -= market.size * (paid @ sold_by)
            profit[:, here, work.maker] -= paid @ sold_by
        residual = max(residual, float(found.residual.max()))
        failures += int((~found.converged).reshape(shape)[:, here].sum())
        if work.detail_row is not None and work.detail_row in group.members:
            at = int(here[np.flatnonzero(group.members == work.detail_row)[0]])
            detail = _detail(work, games, draws, asked[:, at], sold[:, at], profit[:, at], earned)
    empty = [k for k, row in enumerate(rows) if not any(row.offered)]
    gain[:, empty], gains[:, empty] = 0.0, 0.0
    return Answer(gain, units, price, shadow, group_shadow, residual, failures, detail, gains, low, high)


def draw_games(work: Work, terms: Terms, draws: slice) -> tuple[Games, Floats, Floats]:
    """The games of some draws, recovered costs (n, J) and the firms' profit per potential buyer as it is
    (n, F).
    """
    market = work.market
    cost, margin = recover_many(
        work.delta[draws], work.slopes[draws], market.agents.weights, market.price, market.firm_of,
        terms.market_keep[draws], market.tax,
    )  # fmt: skip
    firms = _firms(market, work.entries)
    games = Games(
        delta=np.concatenate([work.delta[draws], work.delta_new[draws]], axis=1),
        alpha=work.slopes[draws],
        weights=market.agents.weights,
        keep=np.concatenate([terms.market_keep[draws], terms.keep[draws]], axis=1),
        ad_valorem=np.full(firms.size, market.tax),
        levies=np.zeros(firms.size),
        firms=firms,
    )
    earned: Floats = np.stack(
        [
            np.bincount(market.firm_of, weights=m, minlength=len(market.firms)).astype(np.float64)
            for m in margin * market.shares
        ]
    )
    return games, cost, earned


def _detail(
    work: Work, games: Games, draws: slice, price: Floats, shares: Floats, profit: Floats, now: Floats
) -> Detail:
    market = work.market
    products = len(market.models)
    sold: Bools = np.isfinite(price)
    consumer_price = (1.0 + games.ad_valorem) * np.where(sold, price, 0.0) + games.levies
    by_agent = np.empty(games.alpha.shape)
    for d, alpha in enumerate(games.alpha):
        on = sold[d]
        after = consumer_surplus(games.delta[d, on], alpha, consumer_price[d, on])
        by_agent[d] = after - consumer_surplus(work.delta[draws][d], alpha, market.list_price)
    return Detail(
        share_change=shares[:, :products] - market.shares,
        price_change=price[:, :products] - market.price,
        firm_gain=market.size * (profit[:, : now.shape[1]] - now[:, : profit.shape[1]]),
        surplus=market.size * (by_agent @ market.agents.weights),
        surplus_by_agent=by_agent,
    )
