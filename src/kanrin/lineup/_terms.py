"""Money of a plan on each draw: unit costs, wedges, fixed costs, annuity, room in the plants (wedge-map).

Read off the book of the case over the drawn keys, so that demand is all that is left to a valuation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, InputError, Ints
from kanrin.certify import cap, fixed_cost, lead_time
from kanrin.cost import wedges
from kanrin.lineup._draws import Draws
from kanrin.lineup._entry import Entries, Entry
from kanrin.lineup._group_caps import limit_of
from kanrin.lineup._market import MILLION, BaseMarket
from kanrin.lineup._second import Second, read_second
from kanrin.rules import FX, Book, Reader, array_reader

__all__ = ["Terms", "annuity", "first_sale", "money_terms", "plants_of", "read_terms"]

TOOLING, TOOLING_MONTHS = "rhd.tooling_usd_per_model", "rhd.lead_time_months"


@dataclass(frozen=True)
class Terms:
    """Money per draw for D draws and C candidates, million JPY: what a plan's worth rests on but demand."""

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
    cap: Floats  # (D, C) vehicles a year the certification admits; infinite without a cap
    group_cap: Floats  # (D, K) vehicles a year of the caps on several cars
    second: Second | None = None  # second ways, where a car has one


def plants_of(entries: Entries) -> tuple[tuple[str, ...], Ints]:
    """The plants of the candidates in order of first mention, and each candidate's index into them, (C,)."""
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
    """`money_terms` over any reader of numbers or of arrays (D,), D = `count`.

    A tracker notes the keys read here.
    """

    def wide(value: float | Floats) -> Floats:
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (count,))

    found = [wedges(read, e.shipment) for e in entries.entries]
    e_rate = read(FX)
    share = read("us.home_contribution_margin_share")
    home = [wide(share * read(f"candidate.{e.candidate.id}.msrp_usd") * e_rate) for e in entries.entries]
    plants, _ = plants_of(entries)
    first = {p: next(e.candidate.id for e in entries.entries if e.candidate.plant == p) for p in plants}
    spare = [
        wide((1.0 - read("us.plant_utilisation")) * read(f"candidate.{first[p]}.plant_capacity"))
        for p in plants
    ]
    dealer, importer = wide(read("jp.dealer_margin")), wide(read("rival.distributor_margin"))
    abroad = market.keep < market.keep.max() - 1e-12
    annuity = annuity_factor(read)
    market_keep = (1.0 - dealer)[:, None] * np.where(abroad[None, :], (1.0 - importer)[:, None], 1.0)

    def table(values: Sequence[float | Floats], unit: float = 1.0) -> Floats:
        return np.stack([wide(v) for v in values], axis=1) / unit

    return Terms(
        cost=table([w.cost for w in found], MILLION),
        keep=table([w.keep for w in found]),
        market_keep=market_keep,
        levies=table([w.levies for w in found], MILLION),
        levy_rate=table([w.levy_rate for w in found]),
        landed=table([w.landed.landed_cost for w in found], MILLION),
        fixed=table([launch_cost(read, e) for e in entries.entries], MILLION),
        annuity=wide(annuity),
        spare=np.maximum(0.0, table(spare)),
        home_margin=table(home, MILLION),
        cap=table([_most(read, e) for e in entries.entries]),
        second=read_second(read, entries.entries, count),
        group_cap=(
            table([limit_of(read, g) for g in entries.caps]) if entries.caps else np.zeros((count, 0))
        ),
    )


def annuity_factor(read: Reader) -> float | Floats:
    """A: present value at the first sale of one yen a year over the programme, in years; a number or (D,).

    A = (1 - (1 + rho)^-T) / ln(1 + rho), sales spread evenly over T years.
    """
    years, rate = read("plan.horizon_years"), read("capital.discount_rate")
    if not np.all(np.asarray(years) > 0.0):
        raise InputError("plan.horizon_years: expected more than 0 years of sale; --set plan.horizon_years=4")
    return annuity(years, rate)


def annuity(years: float | Floats, rate: float | Floats) -> float | Floats:
    """(1 - (1 + rate)^-years) / ln(1 + rate): one yen a year, spread evenly; `years` at rate nil."""
    rate = np.asarray(rate, dtype=np.float64)
    safe = np.where(rate == 0.0, 1.0, rate)
    factor = np.where(rate == 0.0, years, (1.0 - (1.0 + safe) ** (-np.asarray(years))) / np.log1p(safe))
    return float(factor) if factor.ndim == 0 else factor


def _most(read: Reader, entry: Entry) -> float | Floats:
    """Cars a year the certification of a car admits."""
    limit = cap(read, entry.choice.option)
    return np.inf if limit is None else limit


def launch_cost(read: Reader, entry: Entry) -> float | Floats:
    """F of a car, JPY at the first sale: certification, localisation, marketing, training and parts.

    Certification, and the tools of right-hand drive where no plant has them, are spent a lead time before the
    first sale and carry interest until then.
    """
    rate = read("capital.discount_rate")
    months = lead_time(read, entry.choice.option)
    certification = fixed_cost(read, entry.choice.option) * (1.0 + rate) ** (months / 12.0)
    launch = (
        read("launch.localisation_jpy_per_model")
        + read("launch.marketing_jpy_per_model")
        + read("launch.training_parts_jpy_per_model")
    )
    if entry.tooled:
        tools = read(TOOLING) * read(FX)
        launch = launch + tools * (1.0 + rate) ** (read(TOOLING_MONTHS) / 12.0)
    total: float | Floats = certification + launch
    return total


def first_sale(read: Reader, entry: Entry) -> float | Floats:
    """Months from the day of the plan to the first sale of a car; certification fills the last of them."""
    months: float | Floats = lead_time(read, entry.choice.option)
    return np.maximum(months, read(TOOLING_MONTHS)) if entry.tooled else months
