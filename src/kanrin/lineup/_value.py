"""What a line-up is worth on each draw: (delta-pi) by exact price equilibria on common random numbers.

For each draw: invert the base market at the drawn price coefficient (`reinvert`, so that every draw
reproduces what was sold), recover the costs, draw the candidates' xi, and solve the price game for every
line-up asked about. Draws are taken some at a time, so that memory does not grow with draws times line-ups.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from queue import SimpleQueue
from threading import Event, Thread

import numpy as np
from threadpoolctl import threadpool_limits

from kanrin.base import Bools, Floats, SolveError
from kanrin.demand import invert_many
from kanrin.lineup._bound import Box
from kanrin.lineup._draws import Draws
from kanrin.lineup._entry import Entries
from kanrin.lineup._games import Answer, Work, neighbour, solve_draws
from kanrin.lineup._market import BaseMarket
from kanrin.lineup._recourse import recourse
from kanrin.lineup._terms import Terms, plants_of
from kanrin.lineup._valuation import Detail, Row, Valuation

__all__ = [
    "Inverted",
    "Progress",
    "invert_draws",
    "maker_worths",
    "mean_worth",
    "mean_worth_and_box",
    "value_rows",
    "work_of",
]

Progress = Callable[[int, int, str], None]
_ROWS_AT_ONCE = 1024  # equilibria of one piece of work: a few milliseconds each core, a few MB
_DRAWS_AT_ONCE = 32
_RECOURSE_ROWS = 128  # line-ups with second ways whose draws are kept at once


@dataclass(frozen=True)
class Inverted:
    """The base market at the price coefficient of every draw."""

    slopes: Floats  # (D, I) utils per million JPY
    delta: Floats  # (D, J) utils

    def first(self, count: int) -> Inverted:
        """Of the first draws."""
        return Inverted(self.slopes[:count], self.delta[:count])


def invert_draws(market: BaseMarket, draws: Draws) -> Inverted:
    """Mean utilities that reproduce what was sold, draw by draw (`reinvert`). Raises SolveError."""
    slopes = market.slopes(draws.theta[:, market.estimate.order.index("alpha")])
    inverted = invert_many(
        market.shares, market.list_price, slopes, market.agents.weights, start=market.inversion.delta
    )
    if not inverted.converged.all():
        d = int(np.argmin(inverted.converged))
        raise SolveError(
            f"draw {d}: shares not inverted, residual {inverted.residual[d]:.1e}; "
            "try another seed or a larger market"
        )
    return Inverted(slopes, inverted.delta)


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
    inverted: Inverted | None = None,
    workers: int = 2,
    progress: Progress | None = None,
    what: str = "line-ups",
) -> Valuation:
    """Value R rows on all draws; `maker` is the index of the maker among the firms.

    `terms` holds one set of money terms or more, and each row says which is its own. `xi_shift` further
    moves the candidates' xi by that many of its standard deviations (selection). `detail_row` asks for the
    market's side of one row; `inverted` saves inverting the same market on the same draws again. Draws run
    on `workers` threads; the answer does not depend on their number. Raises SolveError when a draw's shares
    cannot be inverted.
    """
    if any(t.second is not None for t in terms):
        return _with_recourse(
            market,
            entries,
            draws,
            terms,
            rows,
            maker,
            xi_shift,
            detail_row,
            inverted,
            workers,
            progress,
            what,
        )
    work = work_of(market, entries, draws, terms, rows, maker, xi_shift, detail_row, inverted)
    with (
        threadpool_limits(limits=1, user_api="blas"),
        closing(_answers(work, draws.count, workers, progress, what)) as pieces,
    ):
        answers = [answer for _, answer in pieces]
    stack = {
        name: np.concatenate([getattr(a, name) for a in answers])
        for name in ("gain", "units", "price", "shadow", "group_shadow")
    }
    forgone, value = _money(entries, terms, work.rows, stack["gain"], stack["units"], slice(None))
    details = [a.detail for a in answers if a.detail is not None]
    return Valuation(
        rows=work.rows,
        gain=stack["gain"],
        forgone=forgone,
        value=value,
        units=stack["units"],
        price=stack["price"],
        shadow=stack["shadow"],
        residual=max(a.residual for a in answers),
        failures=sum(a.failures for a in answers),
        detail=_joined(details) if details else None,
        group_shadow=stack["group_shadow"],
    )


def mean_worth(
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    terms: Sequence[Terms],
    rows: Sequence[Row],
    maker: int,
    *,
    inverted: Inverted | None = None,
    workers: int = 2,
    progress: Progress | None = None,
    what: str = "line-ups",
    keep: Floats | None = None,
) -> Floats:
    """Means over the draws of the rows' worth (R,), million JPY, as `value_rows`; nothing else is kept.

    `keep` (D, R), when given, is filled with the worth on each draw.
    """
    if any(t.second is not None for t in terms):
        inverted = invert_draws(market, draws) if inverted is None else inverted
        found = []
        for k in range(0, len(rows), _RECOURSE_ROWS):
            value = value_rows(
                market, entries, draws, terms, rows[k : k + _RECOURSE_ROWS], maker,
                inverted=inverted, workers=workers, progress=progress, what=what,
            ).value  # fmt: skip
            found.append(value.mean(axis=0))
            if keep is not None:
                keep[:, k : k + _RECOURSE_ROWS] = value
        return np.concatenate(found)
    work = work_of(market, entries, draws, terms, rows, maker, 0.0, None, inverted)
    total = np.zeros(len(work.rows))
    with (
        threadpool_limits(limits=1, user_api="blas"),
        closing(_answers(work, draws.count, workers, progress, what)) as pieces,
    ):
        for which, answer in pieces:
            worth = _money(entries, terms, work.rows, answer.gain, answer.units, which)[1]
            total += worth.sum(axis=0)
            if keep is not None:
                keep[which] = worth
    return np.asarray(total / draws.count)


def mean_worth_and_box(work: Work, *, workers: int = 2) -> tuple[Floats, Box]:
    """Means over the draws of the rows' worth (R,), and the box of the cars' prices over the rows."""
    total = np.zeros(len(work.rows))
    asked = replace(work, extremes=True)
    low, high = [], []
    with closing(_answers(asked, len(work.slopes), workers, None, "")) as pieces:
        for which, answer in pieces:
            total += _money(work.entries, work.terms, work.rows, answer.gain, answer.units, which)[1].sum(0)
            low.append(answer.low)
            high.append(answer.high)
    return total / len(work.slopes), Box(np.concatenate(low), np.concatenate(high))


def maker_worths(
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    terms: Sequence[Terms],
    rows: Sequence[Row],
    makers: Sequence[int],
    *,
    inverted: Inverted | None = None,
    workers: int = 2,
    progress: Progress | None = None,
    what: str = "line-ups of all makers",
) -> Floats:
    """Worth of rows to each of some makers, (D, R, F) million JPY: each row's market is solved once.

    The candidates may be of several makers. Each maker bears the fixed costs of its own cars and the home
    margin its own cars forgo; where makers share a plant, its excess is theirs by the cars they send.
    """
    work = work_of(market, entries, draws, terms, rows, makers[0], 0.0, None, inverted)
    work = replace(work, makers=tuple(makers))
    firms = np.array([market.firms.index(e.candidate.firm) for e in entries.entries])
    found = []
    with closing(_answers(work, draws.count, workers, progress, what)) as pieces:
        for which, a in pieces:
            worth = [
                _money(entries, terms, work.rows, a.gains[:, :, f], a.units, which, firms == maker)[1]
                for f, maker in enumerate(makers)
            ]
            found.append(np.stack(worth, axis=2))
    return np.concatenate(found)


def _with_recourse(
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    terms: Sequence[Terms],
    rows: Sequence[Row],
    maker: int,
    xi_shift: float,
    detail_row: int | None,
    inverted: Inverted | None,
    workers: int,
    progress: Progress | None,
    what: str,
) -> Valuation:
    """`value_rows` where cars have second ways: each draw at the best of them."""
    base = invert_draws(market, draws) if inverted is None else inverted
    wide = recourse(rows, terms)

    def valued(rows: Sequence[Row], terms: Sequence[Terms], detail: int | None) -> Valuation:
        return value_rows(
            market, entries, draws, terms, rows, maker, xi_shift=xi_shift, detail_row=detail, inverted=base,
            workers=workers, progress=progress, what=what,
        )  # fmt: skip

    found, best = wide.fold(valued(wide.rows, wide.terms, None))
    if detail_row is None:
        return found
    mixed = wide.at(detail_row, best[:, detail_row])
    detail = valued([replace(rows[detail_row], terms=0)], [mixed], 0).detail
    return replace(found, detail=detail)


def work_of(
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    terms: Sequence[Terms],
    rows: Sequence[Row],
    maker: int,
    xi_shift: float,
    detail_row: int | None,
    inverted: Inverted | None,
) -> Work:
    """What the draws of one valuation need: the market inverted, the candidates' mean utilities."""
    base = invert_draws(market, draws) if inverted is None else inverted
    taste = [market.estimate.order.index(n) for n in market.estimate.beta_names]
    beta = draws.theta[:, taste]
    xi_hat = base.delta - beta @ market.attributes.T
    xi_new = entries.forecast.draws(xi_hat, draws.normals) + (entries.shift + xi_shift) * entries.forecast.sd
    delta_new = beta @ entries.attributes.T + xi_new
    near = neighbour(market, entries, terms[0])
    return Work(
        market, entries, terms, tuple(rows), maker, base.slopes, base.delta, delta_new, detail_row, near
    )


def _joined(details: Sequence[Detail]) -> Detail:
    return Detail(**{f.name: np.concatenate([getattr(x, f.name) for x in details]) for f in fields(Detail)})


def _answers(
    work: Work, count: int, workers: int, progress: Progress | None, what: str
) -> Generator[tuple[slice, Answer], None, None]:
    """The draws' answers in order, some draws at a time, on threads that take the next until none is left.

    Answers come back over a queue: waiting on it holds no lock that a thread needs, so that an interrupt
    cannot leave one waiting for ever, as it can in `concurrent.futures.wait`. Pieces are short: an interrupt
    waits for those under way only.
    """
    groups = work.groups()
    at_once = max(1, min(_DRAWS_AT_ONCE, _ROWS_AT_ONCE // max(1, len(work.rows))))
    pieces = [slice(d, min(d + at_once, count)) for d in range(0, count, at_once)]
    answers: dict[int, Answer] = {}
    waiting: SimpleQueue[tuple[int, Answer | BaseException]] = SimpleQueue()
    left, stop = iter(range(len(pieces))), Event()

    def piece_by_piece() -> None:
        for k in left:  # the step of a range is one step of the interpreter: no piece is taken twice
            if stop.is_set():
                return
            try:
                waiting.put((k, solve_draws(work, groups, pieces[k])))
            except BaseException as error:
                waiting.put((k, error))
                return

    threads = [Thread(target=piece_by_piece, daemon=True) for _ in range(max(1, min(workers, len(pieces))))]
    try:
        if progress:
            progress(0, count, what)
        for thread in threads:
            thread.start()
        for k, which in enumerate(pieces):
            while k not in answers:
                place, found = waiting.get()
                if isinstance(found, BaseException):
                    raise found
                answers[place] = found
            if progress:
                progress(which.stop, count, what)
            yield which, answers.pop(k)
    finally:
        stop.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()


def _money(
    entries: Entries,
    terms: Sequence[Terms],
    rows: Sequence[Row],
    gain: Floats,
    units: Floats,
    which: slice,
    own: Bools | None = None,
) -> tuple[Floats, Floats]:
    """Home margin forgone a year and the programme's worth, (n, R) each, on the draws `which`.

    `own` (C,) marks the cars of one maker where there are several: it bears what its own cost.
    """
    plants, plant_of = plants_of(entries)
    forgone, value = np.zeros(gain.shape), np.zeros(gain.shape)
    mask = np.ones(units.shape[2]) if own is None else own.astype(np.float64)
    offered = np.array([row.offered for row in rows], dtype=np.float64) * mask
    by_terms = np.array([row.terms for row in rows])
    for k in dict.fromkeys(by_terms.tolist()):
        t, mine = terms[k], np.flatnonzero(by_terms == k)
        sold = units[:, mine]
        lost = np.zeros((len(gain), mine.size))
        for plant in range(len(plants)):
            at = plant_of == plant
            sent = sold[:, :, at].sum(axis=2)
            excess = np.maximum(0.0, sent - t.spare[which, plant, None])
            weighted = (sold[:, :, at] * (mask * t.home_margin[which])[:, None, at]).sum(axis=2)
            lost += excess * weighted / np.where(sent > 0, sent, 1.0)
        forgone[:, mine] = lost
        value[:, mine] = t.annuity[which, None] * (gain[:, mine] - lost) - t.fixed[which] @ offered[mine].T
    return forgone, value
