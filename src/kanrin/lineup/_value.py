"""What a line-up is worth on each draw: (delta-pi) by exact price equilibria on common random numbers.

For each draw: invert the base market at the drawn price coefficient (`reinvert`, so that every draw
reproduces what was sold), recover the costs, draw the candidates' xi, and solve the price game for every
line-up asked about in one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from queue import SimpleQueue
from threading import Event, Thread

import numpy as np
from threadpoolctl import threadpool_limits

from kanrin.base import Floats, SolveError
from kanrin.demand import invert_many
from kanrin.lineup._draws import Draws
from kanrin.lineup._entry import Entries
from kanrin.lineup._games import Answer, Work, neighbour, solve_draw
from kanrin.lineup._market import BaseMarket
from kanrin.lineup._terms import Terms, plants_of
from kanrin.lineup._valuation import Detail, Row, Valuation

__all__ = ["Progress", "value_rows"]

Progress = Callable[[int, int, str], None]


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

    `terms` holds one set of money terms or more, and each row says which is its own. `xi_shift` further
    moves the candidates' xi by that many of its standard deviations (selection). `detail_row` asks for the
    market's side of one row. Draws run on `workers` threads; the answer does not depend on their number.
    Raises SolveError when a draw's shares cannot be inverted.
    """
    alphas = draws.theta[:, market.estimate.order.index("alpha")]
    slopes = market.slopes(alphas)
    inverted = invert_many(
        market.shares, market.list_price, slopes, market.agents.weights, start=market.inversion.delta
    )
    if not inverted.converged.all():
        d = int(np.argmin(inverted.converged))
        raise SolveError(
            f"draw {d}: shares not inverted, residual {inverted.residual[d]:.1e}; "
            "try another seed or a larger market"
        )
    taste = [market.estimate.order.index(n) for n in market.estimate.beta_names]
    beta = draws.theta[:, taste]
    xi_hat = inverted.delta - beta @ market.attributes.T
    xi_new = entries.forecast.draws(xi_hat, draws.normals) + (entries.shift + xi_shift) * entries.forecast.sd
    delta_new = beta @ entries.attributes.T + xi_new
    near = neighbour(market, entries, terms[0])
    work = Work(
        market, entries, terms, tuple(rows), maker, slopes, inverted.delta, delta_new, detail_row, near
    )
    with threadpool_limits(limits=1, user_api="blas"):
        answers = _run(work, draws.count, workers, progress, what)
    stack = {
        name: np.stack([getattr(a, name) for a in answers]) for name in ("gain", "units", "price", "shadow")
    }
    forgone, value = _money(entries, terms, work.rows, stack["gain"], stack["units"])
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
        detail=_stacked(details) if details else None,
    )


def _stacked(details: Sequence[Detail]) -> Detail:
    return Detail(**{f.name: np.stack([getattr(x, f.name) for x in details]) for f in fields(Detail)})


def _run(work: Work, count: int, workers: int, progress: Progress | None, what: str) -> list[Answer]:
    """All draws, on threads that take the next draw until none is left.

    Answers come back over a queue: waiting on it holds no lock that a thread needs, so that an interrupt
    cannot leave one waiting for ever, as it can in `concurrent.futures.wait`.
    """
    groups = work.groups()
    answers: dict[int, Answer] = {}
    waiting: SimpleQueue[tuple[int, Answer | BaseException]] = SimpleQueue()
    left, stop = iter(range(count)), Event()

    def draw_by_draw() -> None:
        for d in left:  # the step of a range is one step of the interpreter: no draw is taken twice
            if stop.is_set():
                return
            try:
                waiting.put((d, solve_draw(work, groups, d)))
            except BaseException as error:
                waiting.put((d, error))
                return

    threads = [Thread(target=draw_by_draw, daemon=True) for _ in range(max(1, min(workers, count)))]
    try:
        if progress:
            progress(0, count, what)
        for thread in threads:
            thread.start()
        while len(answers) < count:
            d, found = waiting.get()
            if isinstance(found, BaseException):
                raise found
            answers[d] = found
            if progress:
                progress(len(answers), count, what)
    finally:
        stop.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()
    return [answers[d] for d in range(count)]


def _money(
    entries: Entries, terms: Sequence[Terms], rows: Sequence[Row], gain: Floats, units: Floats
) -> tuple[Floats, Floats]:
    """Home margin forgone a year and the programme's worth, (D, R) each."""
    plants, plant_of = plants_of(entries)
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
