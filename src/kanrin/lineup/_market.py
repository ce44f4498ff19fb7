"""The base market as a price game: what sold, inverted, with the costs that make its prices optimal.

Money in the kernels is million JPY of the market's year. The estimate's price is the list price,
consumption tax included and levies left out (price-data); so levies ride outside the game and are added on
the road.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from kanrin.base import Floats, InputError, Ints
from kanrin.demand import (
    Agents,
    CarLabels,
    EffectPrior,
    Estimate,
    Inversion,
    Recipe,
    XiModel,
    attribute_matrix,
    electricity_from_equivalent,
    fit_xi_model,
    invert_shares,
    lognormal_income_agents,
    read_agents,
)
from kanrin.equilibrium import RecoveredCosts, recover_costs
from kanrin.facts import Candidate, MarketModel
from kanrin.lineup._demand_estimate import fitting_estimate
from kanrin.rules import Book, Reader

__all__ = ["BaseMarket", "build_market", "candidate_columns", "recipe_of"]

MILLION = 1e6
DEMAND_SHEET = (
    "length_mm",
    "width_mm",
    "height_mm",
    "kerb_weight_kg",
    "power_kw",
    "wltc_km_per_l_estimate",
    "seats",
)  # columns of a car's sheet that feed demand
LEFT_HAND_DRIVE = "demand.left_hand_drive_utils"  # few cars show it: enters with a belief (shrink)
_NINETY = 1.6448536269514722  # standard normal quantile: low and high hold 90 percent


@dataclass(frozen=True)
class BaseMarket:
    """The market of the base year and its demand at the point estimate; J models in the table's order."""

    models: tuple[MarketModel, ...]
    firms: tuple[str, ...]  # names of the price setters, F
    firm_of: Ints  # (J,) index into firms
    size: float  # potential buyers a year
    units: Floats  # (J,) vehicles a year
    list_price: Floats  # (J,) million JPY, consumption tax included, without levies
    tax: float  # consumption tax rate
    keep: Floats  # (J,) part of the pre-tax price that reaches the maker
    agents: Agents
    estimate: Estimate
    recipe: Recipe
    attributes: Floats  # (J, K) in the order of estimate.beta_names
    inversion: Inversion
    xi_model: XiModel
    costs: RecoveredCosts
    rows: Mapping[str, int] = field(repr=False)  # model id -> row

    @property
    def shares(self) -> Floats:
        """(J,) shares of potential buyers."""
        out: Floats = self.units / self.size
        return out

    @property
    def price(self) -> Floats:
        """(J,) pre-tax retail price, million JPY."""
        out: Floats = self.list_price / (1.0 + self.tax)
        return out

    def slopes(self, alpha: float | Floats) -> Floats:
        """Price slopes per million JPY of the market's year; `alpha` is per million JPY of the estimate's."""
        return self.agents.alpha(np.asarray(alpha) / self.recipe.deflator)


def recipe_of(read: Reader) -> Recipe:
    """What turns today's sheets into the units of the estimate, from the case's keys."""
    return Recipe(
        deflator=float(read("demand.deflator_2016_2025")),
        jc08_over_wltc_litres=float(read("demand.jc08_over_wltc_litres")),
        electricity_jpy_per_kwh=float(read("demand.electricity_jpy_per_kwh")),
        petrol_jpy_per_litre=float(read("demand.petrol_jpy_per_litre")),
    )


def _market_columns(models: tuple[MarketModel, ...]) -> dict[str, Floats]:
    nan = float("nan")
    return {
        "length_mm": np.array([m.length_mm for m in models]),
        "width_mm": np.array([m.width_mm for m in models]),
        "height_mm": np.array([m.height_mm for m in models]),
        "kerb_weight_kg": np.array([m.kerb_weight_kg for m in models]),
        "power_kw": np.array([m.power_kw for m in models]),
        "seats": np.array([float(m.seats) for m in models]),
        "is_kei": np.array([float(m.vehicle_class == "kei") for m in models]),
        "fuel_economy_km_per_l": np.array([m.fuel_economy_km_per_l or nan for m in models]),
        "electricity_wh_per_km": np.array([m.electricity_wh_per_km or nan for m in models]),
    }


def candidate_columns(candidates: tuple[Candidate, ...]) -> dict[str, Floats]:
    """Car sheets of candidates in the columns of the attribute recipe."""
    nan = float("nan")
    electric = np.array([c.powertrain == "battery_electric" for c in candidates])
    wltc = np.array([c.wltc_km_per_l_estimate for c in candidates])
    return {
        "length_mm": np.array([c.length_mm for c in candidates]),
        "width_mm": np.array([c.width_mm for c in candidates]),
        "height_mm": np.array([c.height_mm for c in candidates]),
        "kerb_weight_kg": np.array([c.kerb_weight_kg for c in candidates]),
        "power_kw": np.array([c.power_kw for c in candidates]),
        "seats": np.array([float(c.seats) for c in candidates]),
        "is_kei": np.zeros(len(candidates)),
        "fuel_economy_km_per_l": np.where(electric, nan, wltc),
        "electricity_wh_per_km": np.where(electric, electricity_from_equivalent(wltc), nan),
    }


def build_market(book: Book, read: Reader, estimate: Path | Estimate | None = None) -> BaseMarket:
    """Read, invert and recover the base market of a case. `read` gives bare numbers and may remember keys.

    estimate: another than the case names. Raises CaseError for a faulty estimate file or one that does not
    fit the case, SolveError when the shares cannot be inverted.
    """
    case = book.case
    estimate = fitting_estimate(case, estimate)
    models = tuple(case.market.values())
    firms = tuple(dict.fromkeys([m.firm for m in models] + [c.firm for c in case.candidates.values()]))
    index = {name: k for k, name in enumerate(firms)}
    home = {m.firm for m in models if m.built_in == case.about.destination}
    dealer, importer = float(read("jp.dealer_margin")), float(read("rival.distributor_margin"))
    keep = np.array([(1 - dealer) * (1.0 if m.firm in home else 1 - importer) for m in models])
    size = float(read("demand.market_size"))
    recipe = recipe_of(read)
    own = case.folder / case.about.agents
    agents = (
        read_agents(own)
        if case.about.agents
        else lognormal_income_agents(estimate.log_income_sd, estimate.nodes)
    )
    sold = sum(m.units for m in models)
    if not size > sold:
        raise InputError(
            f"demand.market_size is {size:,.0f}; expected more potential buyers than the {sold:,} cars "
            f"sold: the default "
            "is the number of households"
        )
    list_price = np.array([m.price_jpy for m in models]) / MILLION
    units = np.array([float(m.units) for m in models])
    tax = float(read("jp.consumption_tax.rate"))
    alpha = agents.alpha(estimate.alpha / recipe.deflator)
    inversion = invert_shares(
        units / size, list_price, alpha, agents.weights, name=f"{case.name} {case.about.market_year}"
    )
    attributes = attribute_matrix(estimate.beta_names, _market_columns(models), recipe)
    labels = CarLabels(
        tuple(m.brand for m in models),
        tuple(m.body for m in models),
        tuple(m.powertrain for m in models),
        np.array([m.drive == "left" for m in models]),
        np.array([m.built_in != case.about.destination for m in models]),
    )
    xi = inversion.delta - attributes @ estimate.beta
    xi_model = fit_xi_model(xi, labels, priors=_priors(book, float(read(LEFT_HAND_DRIVE))))
    firm_of = np.array([index[m.firm] for m in models])
    costs = recover_costs(
        delta=inversion.delta,
        alpha=alpha,
        weights=agents.weights,
        price=list_price / (1 + tax),
        firms=firm_of,
        keep=keep,
        ad_valorem=tax,
    )
    return BaseMarket(
        models=models,
        firms=firms,
        firm_of=firm_of,
        size=size,
        units=units,
        list_price=list_price,
        tax=tax,
        keep=keep,
        agents=agents,
        estimate=estimate,
        recipe=recipe,
        attributes=attributes,
        inversion=inversion,
        xi_model=xi_model,
        costs=costs,
        rows={m.id: k for k, m in enumerate(models)},
    )


def _priors(book: Book, mean: float) -> dict[str, EffectPrior]:
    """The belief about left-hand drive: its mean, and a spread such that low and high hold 90 percent."""
    figure = book.figure(LEFT_HAND_DRIVE)
    low, high = (figure.value if x is None else x for x in (figure.low, figure.high))
    spread = (high - low) / (2 * _NINETY)
    return {"left_hand_drive": EffectPrior(mean, spread)} if spread > 0 else {}


def rebuild_at_belief(book: Book, market: BaseMarket, mean: float) -> BaseMarket:
    """The same market with another belief about left-hand drive."""
    old = market.xi_model
    return replace(market, xi_model=fit_xi_model(old.xi, old.labels, priors=_priors(book, mean)))


def rebuild_at_size(market: BaseMarket, size: float) -> BaseMarket:
    """The same market with another number of potential buyers: inverted and recovered anew."""
    alpha = market.slopes(market.estimate.alpha)
    inversion = invert_shares(
        market.units / size, market.list_price, alpha, market.agents.weights, name="market resized"
    )
    costs = recover_costs(
        delta=inversion.delta,
        alpha=alpha,
        weights=market.agents.weights,
        price=market.price,
        firms=market.firm_of,
        keep=market.keep,
        ad_valorem=market.tax,
    )
    return replace(market, size=size, inversion=inversion, costs=costs)
