"""What a line-up is worth on each draw: (delta-pi) by exact price equilibria on common random numbers.

For each draw: invert the base market at the drawn price coefficient (`reinvert`, so that every draw reproduces what was
sold), recover the costs, draw the candidates' xi, and solve the price game for every line-up asked about in one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits

from kanrin.base import Bools, Floats, Ints, SolveError
from kanrin.demand import choice_probabilities, consumer_surplus, invert_many
from kanrin.equilibrium import Chord, PriceGame, chord_at, recover_costs, solve_lineups, solve_prices
from kanrin.lineup._draws import Draws
from kanrin.lineup._entry import Entries, entry_fixed_cost, entry_wedges, programme_terms
from kanrin.lineup._market import MILLION, BaseMarket
from kanrin.rules import FX, Book, Reader, array_reader

_FEW = 48  # line-ups of one call up to which a borrowed Jacobian is cheaper than one of the draw's own

__all__ = ["Detail", "Progress", "Row", "Terms", "Valuation", "money_terms", "value_rows"]

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Terms:
    """Money per draw for D draws and C candidates, million JPY; everything but demand that a plan's worth rests on."""

    cost: Floats  # (D, C) c of (wedge-map)
    keep: Floats  # (D, C) r
    market_keep: Floats  # (D, J) r of the cars on sale
    levies: Floats  # (D, C) on the road, outside the game
    levy_rate: Floats  # (D, C) ad valorem levy on the pre-tax price, outside the game
    landed: Floats  # (D, C) landed cost up to PDI
    fixed: Floats  # (D, C) F at the first sale
    annuity: Floats  # (D,) years' worth of the programme
    spare: Floats  # (D, plants) vehicles a year a plant can add
    home_margin: Floats  # (D, C) forgone at home when a full plant sends a car abroad


@dataclass(frozen=True)
class Row:
    """One question: a line-up under one set of money terms."""

    offered: tuple[bool, ...]  # (C,)
    terms: int = 0  # which Terms


@dataclass(frozen=True)
class Detail:
    """What the market does under one row, on each draw."""

    share_change: Floats  # (D, J) of potential buyers, cars on sale
    price_change: Floats  # (D, J) million JPY pre-tax
    firm_gain: Floats  # (D, F) million JPY a year
    surplus: Floats  # (D,) million JPY a year, compensating variation of buyers
    surplus_by_agent: Floats  # (D, I) million JPY per buyer


@dataclass(frozen=True)
class Valuation:
    """Answers to R rows on D draws."""

    rows: tuple[Row, ...]
    gain: Floats  # (D, R) million JPY a year: the maker's profit change in the destination
    forgone: Floats  # (D, R) million JPY a year: home margin lost where a plant is full
    value: Floats  # (D, R) million JPY over the programme, fixed costs taken off
    units: Floats  # (D, R, C) vehicles a year
    price: Floats  # (D, R, C) million JPY pre-tax, NaN when not offered
    residual: float  # largest relative residual of any equilibrium
    failures: int  # equilibria that did not converge
    detail: Detail | None = field(default=None, repr=False)


def _plants(entries: Entries) -> tuple[tuple[str, ...], Ints]:
    plants = tuple(dict.fromkeys(e.candidate.plant for e in entries.entries))
    return plants, np.array([plants.index(e.candidate.plant) for e in entries.entries])


def money_terms(
    book: Book, market: BaseMarket, entries: Entries, draws: Draws, changed: Mapping[str, float] | None = None
) -> Terms:
    """Money terms of the candidates on all draws, with some keys held at a value of the caller's."""
    count = draws.count
    held = {key: np.full(count, value) for key, value in (changed or {}).items()}
    read = array_reader(book, {**draws.keys, **held})
    return read_terms(read, market, entries, count)


def read_terms(read: Reader, market: BaseMarket, entries: Entries, count: int) -> Terms:
    """`money_terms` over any reader of arrays or numbers."""

    def wide(value: float | Floats) -> Floats:
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (count,))

    found = [entry_wedges(read, e) for e in entries.entries]
    e_rate = read(FX)
    share = read("us.home_contribution_margin_share")
    home = [wide(share * read(f"candidate.{e.candidate.id}.msrp_usd") * e_rate) for e in entries.entries]
    plants, _ = _plants(entries)
    first = {p: next(e.candidate.id for e in entries.entries if e.candidate.plant == p) for p in plants}
    spare = [
        wide((1.0 - read("us.plant_utilisation")) * read(f"candidate.{first[p]}.plant_capacity"))
        for p in plants
    ]
    dealer, importer = wide(read("jp.dealer_margin")), wide(read("rival.distributor_margin"))
    abroad = market.keep < market.keep.max() - 1e-12
    market_keep = (1.0 - dealer)[:, None] * np.where(abroad[None, :], (1.0 - importer)[:, None], 1.0)
    annuity, _ = programme_terms(read)

    def table(values: Sequence[float | Floats], unit: float = 1.0) -> Floats:
        return np.stack([wide(v) for v in values], axis=1) / unit

    return Terms(
        cost=table([w.cost for w in found], MILLION),
        keep=table([w.keep for w in found]),
        market_keep=market_keep,
        levies=table([w.levies for w in found], MILLION),
        levy_rate=table([w.levy_rate for w in found]),
        landed=table([w.landed.landed_cost for w in found], MILLION),
        fixed=table([entry_fixed_cost(read, e) for e in entries.entries], MILLION),
        annuity=wide(annuity),
        spare=np.maximum(0.0, table(spare)),
        home_margin=table(home, MILLION),
    )


def value_rows(
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    terms: Sequence[Terms],
    rows: Sequence[Row],
    maker: int,
    *,
    xi_shift: float = 0.0,
    detail_row: int | None = None,
    workers: int = 2,
    progress: Progress | None = None,
    what: str = "line-ups",
) -> Valuation:
    """Value R rows on all draws; `maker` is the index of the maker among the firms.

    `xi_shift` moves the candidates' xi by that many of its standard deviations (selection). `detail_row` asks for the
    market's side of one row. Draws run on `workers` threads; the answer does not depend on their number. Raises SolveError
    when a draw's shares cannot be inverted.
    """
    alphas = draws.theta[:, market.estimate.order.index("alpha")]
    slopes = market.slopes(alphas)
    inverted = invert_many(
        market.shares, market.list_price, slopes, market.agents.weights, start=market.inversion.delta
    )
    if not inverted.converged.all():
        d = int(np.argmin(inverted.converged))
        raise SolveError(
            f"draw {d}: shares not inverted, residual {inverted.residual[d]:.1e}; try another seed or a larger market"
        )
    taste = [market.estimate.order.index(n) for n in market.estimate.beta_names]
    beta = draws.theta[:, taste]
    xi_hat = inverted.delta - beta @ market.attributes.T
    xi_new = entries.forecast.draws(xi_hat, draws.normals) + xi_shift * entries.forecast.sd
    delta_new = beta @ entries.attributes.T + xi_new
    near = _neighbour(market, entries, terms[0])
    work = _Work(
        market, entries, terms, tuple(rows), maker, slopes, inverted.delta, delta_new, detail_row, *near
    )
    with threadpool_limits(limits=1, user_api="blas"):
        answers = _run(work, draws.count, workers, progress, what)
    stack = {name: np.stack([getattr(a, name) for a in answers]) for name in ("gain", "units", "price")}
    forgone, value = _money(entries, terms, work.rows, stack["gain"], stack["units"])
    detail = None
    if detail_row is not None:
        detail = Detail(*(np.stack([a.detail[k] for a in answers]) for k in range(5)))  # type: ignore[index]
    return Valuation(
        work.rows, stack["gain"], forgone, value, stack["units"], stack["price"],
        max(a.residual for a in answers), sum(a.failures for a in answers), detail,
    )  # fmt: skip


@dataclass(frozen=True)
class _Work:
    market: BaseMarket
    entries: Entries
    terms: Sequence[Terms]
    rows: tuple[Row, ...]
    maker: int
    slopes: Floats  # (D, I)
    delta: Floats  # (D, J)
    delta_new: Floats  # (D, C)
    detail_row: int | None
    chord: Chord
    near: Floats  # (C,) candidates' prices where the chord was taken, million JPY pre-tax
    near_cost: Floats  # (C,) their cost over keep there

    def groups(self) -> list[list[int]]:
        """Rows that share every keep of the game, and so can be solved together."""
        by_keep: list[tuple[Terms, list[int]]] = []
        for k, row in enumerate(self.rows):
            mine = self.terms[row.terms]
            for other, members in by_keep:
                if np.array_equal(other.keep, mine.keep) and np.array_equal(
                    other.market_keep, mine.market_keep
                ):
                    members.append(k)
                    break
            else:
                by_keep.append((mine, [k]))
        return [members for _, members in by_keep]


@dataclass(frozen=True)
class _Answer:
    gain: Floats  # (R,)
    units: Floats  # (R, C)
    price: Floats  # (R, C)
    residual: float
    failures: int
    detail: tuple[Floats, Floats, Floats, Floats, Floats] | None


def _run(work: _Work, count: int, workers: int, progress: Progress | None, what: str) -> list[_Answer]:
    groups = work.groups()
    answers: list[_Answer | None] = [None] * count
    done = 0
    if progress:
        progress(0, count, what)
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        pending: dict[Future[_Answer], int] = {pool.submit(_draw, work, groups, d): d for d in range(count)}
        try:
            while pending:
                finished, _ = wait(pending, return_when=FIRST_COMPLETED, timeout=0.5)
                for future in finished:
                    answers[pending.pop(future)] = future.result()
                    done += 1
                if progress and finished:
                    progress(done, count, what)
        except BaseException:
            for future in pending:
                future.cancel()
            raise
    return [a for a in answers if a is not None]


def _draw(work: _Work, groups: list[list[int]], d: int) -> _Answer:
    market, rows = work.market, work.rows
    products = len(market.models)
    candidates = len(work.entries.entries)
    gain, units = np.zeros(len(rows)), np.zeros((len(rows), candidates))
    price = np.full((len(rows), candidates), np.nan)
    residual, failures = 0.0, 0
    detail: tuple[Floats, Floats, Floats, Floats, Floats] | None = None
    for every in groups:
        members = [
            k for k in every if any(rows[k].offered) or k == work.detail_row
        ]  # an empty line-up changes nothing
        if not members:
            continue
        terms = work.terms[rows[members[0]].terms]
        game, own_cost, base_gain = _game(work, terms, d)
        offered = np.ones((len(members), products + candidates), dtype=bool)
        offered[:, products:] = [rows[k].offered for k in members]
        cost = np.empty(offered.shape)
        cost[:, :products] = own_cost
        cost[:, products:] = [work.terms[rows[k].terms].cost[d] for k in members]
        start = np.concatenate([market.price, work.near + terms.cost[d] / terms.keep[d] - work.near_cost])
        few = len(members) <= _FEW
        found = solve_lineups(game, offered, cost, start=start, chord=work.chord if few else None)
        gain[members] = market.size * (found.profit[:, work.maker] - base_gain[work.maker])
        gain[[k for k in members if not any(rows[k].offered)]] = 0.0
        units[members] = market.size * found.shares[:, products:]
        price[members] = found.price[:, products:]
        residual = max(residual, float(found.residual.max()))
        failures += int((~found.converged).sum())
        if work.detail_row in members:
            at = members.index(work.detail_row)
            detail = _detail(work, game, d, found.price[at], found.shares[at], found.profit[at], base_gain)
    return _Answer(gain, units, price, residual, failures, detail)


def _neighbour(market: BaseMarket, entries: Entries, terms: Terms) -> tuple[Chord, Floats, Floats]:
    """The market at its point estimate with every candidate on sale, whose Jacobian serves all draws."""
    cost, keep = terms.cost.mean(axis=0), terms.keep.mean(axis=0)
    index = {name: k for k, name in enumerate(market.firms)}
    game = PriceGame(
        delta=np.concatenate([market.inversion.delta, entries.attributes @ market.estimate.beta + entries.forecast.mean]),
        alpha=market.slopes(market.estimate.alpha), weights=market.agents.weights,
        cost=np.concatenate([market.costs.cost, cost]), keep=np.concatenate([market.keep, keep]),
        ad_valorem=np.asarray(market.tax), levies=np.asarray(0.0),
        firms=np.concatenate([market.firm_of, [index[e.candidate.firm] for e in entries.entries]]),
    )  # fmt: skip
    typical = 1.0 - float(np.median(market.costs.margin / (market.keep * market.price)))
    found = solve_prices(game, start=np.concatenate([market.price, cost / keep / typical]))
    return chord_at(game, found.price), found.price[len(market.models) :], cost / keep


def _game(work: _Work, terms: Terms, d: int) -> tuple[PriceGame, Floats, Floats]:
    """The price game of a draw, the recovered costs (J,) and the firms' profit per potential buyer as it is."""
    market = work.market
    costs = recover_costs(
        delta=work.delta[d], alpha=work.slopes[d], weights=market.agents.weights, price=market.price,
        firms=market.firm_of, keep=terms.market_keep[d], ad_valorem=market.tax,
    )  # fmt: skip
    index = {name: k for k, name in enumerate(market.firms)}
    firms = np.concatenate([market.firm_of, [index[e.candidate.firm] for e in work.entries.entries]])
    game = PriceGame(
        delta=np.concatenate([work.delta[d], work.delta_new[d]]), alpha=work.slopes[d], weights=market.agents.weights,
        cost=np.concatenate([costs.cost, terms.cost[d]]), keep=np.concatenate([terms.market_keep[d], terms.keep[d]]),
        ad_valorem=np.asarray(market.tax), levies=np.asarray(0.0), firms=firms,
    )  # fmt: skip
    now = np.bincount(market.firm_of, weights=costs.margin * market.shares, minlength=len(market.firms))
    return game, costs.cost, now


def _detail(
    work: _Work, game: PriceGame, d: int, price: Floats, shares: Floats, profit: Floats, now: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    market = work.market
    products = len(market.models)
    sold: Bools = np.isfinite(price)
    after = consumer_surplus(
        game.delta[sold], game.alpha, game.consumer_price(np.where(sold, price, 0.0))[sold]
    )
    before = consumer_surplus(work.delta[d], game.alpha, market.list_price)
    by_agent: Floats = after - before
    surplus = np.asarray(market.size * float(by_agent @ market.agents.weights))
    firm_gain: Floats = market.size * (profit[: len(now)] - now)
    return shares[:products] - market.shares, price[:products] - market.price, firm_gain, surplus, by_agent


def _money(
    entries: Entries, terms: Sequence[Terms], rows: Sequence[Row], gain: Floats, units: Floats
) -> tuple[Floats, Floats]:
    """Home margin forgone a year and the programme's worth, (D, R) each."""
    plants, plant_of = _plants(entries)
    forgone, value = np.zeros(gain.shape), np.zeros(gain.shape)
    for r, row in enumerate(rows):
        t = terms[row.terms]
        for k in range(len(plants)):
            at = plant_of == k
            sent = units[:, r, at].sum(axis=1)
            excess = np.maximum(0.0, sent - t.spare[:, k])
            weighted = (units[:, r, at] * t.home_margin[:, at]).sum(axis=1)
            forgone[:, r] += excess * weighted / np.where(sent > 0, sent, 1.0)
        fixed = t.fixed @ np.array(row.offered, dtype=np.float64)
        value[:, r] = t.annuity * (gain[:, r] - forgone[:, r]) - fixed
    return forgone, value


def probabilities_at(market: BaseMarket) -> tuple[Floats, Floats]:
    """Choice probabilities (J, I) and outside (I,) of the base market at the point estimate."""
    return choice_probabilities(
        market.inversion.delta, market.slopes(market.estimate.alpha), market.list_price
    )
