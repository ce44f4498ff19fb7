"""What a simulation is made of, as the tables of its specification."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from kanrin.facts import Record

__all__ = [
    "AnyChange",
    "AnyPolicy",
    "AnyTarget",
    "BaseSpec",
    "CalibrationSpec",
    "CostChangeSpec",
    "CrossTarget",
    "DiversionTarget",
    "DivestitureSpec",
    "EntrySpec",
    "EstimateSource",
    "ExitSpec",
    "MarketTarget",
    "MergerSpec",
    "ProductTarget",
    "QuotaSpec",
    "RateSpec",
    "SimulateSpec",
    "SpecificSpec",
    "StakeSpec",
]

Name = Annotated[str, Field(min_length=1)]
Names = tuple[Name, ...]
Given = float | Literal["fitted"]
Remitted = Literal["maker", "buyer"]


class EstimateSource(Record):
    """`[estimate]`: a specification of an estimate, and the file it was saved to."""

    spec: Name
    file: Name | None = None  # None: estimated anew
    markets: tuple[str | int, ...] = ()  # none: all
    market_size: Annotated[float, Field(gt=0)] | None = None
    draws: Annotated[int, Field(ge=0, le=10_000)] = 0
    seed: Annotated[int, Field(ge=0)] = 1


class ProductTarget(Record):
    """What is known of one product: its markup (share of price) or own elasticity."""

    kind: Literal["markup", "own-elasticity"]
    product: Name
    value: float


class CrossTarget(Record):
    """The elasticity of one quantity by another product's price."""

    kind: Literal["cross-elasticity"]
    quantity_of: Name
    price_of: Name
    value: float


class DiversionTarget(Record):
    """The part of lost buyers who go to another product, or without `to` to none of these."""

    kind: Literal["diversion"]
    leaving: Name
    to: Name | None = None
    value: float


class MarketTarget(Record):
    """The elasticity of total quantity when all prices rise together."""

    kind: Literal["market-elasticity"]
    value: float


AnyTarget = ProductTarget | CrossTarget | DiversionTarget | MarketTarget


class CalibrationSpec(Record):
    """`[calibration]`: a table of products and a family of demand; what is not given is fitted."""

    family: Literal["logit", "nested-logit", "ces", "aids", "linear", "random-coefficients"]
    file: Name
    product: Name = "product"
    owner: Name = "owner"
    price: Name = "price"
    quantity: Name | None = None
    share: Name | None = None  # of potential buyers; the rest is the outside share
    market_size: Annotated[float, Field(gt=0)] | None = None
    nest: Name | None = None
    markup: Name | None = None
    keep: Name | float = 1.0
    alpha: Given | None = None
    rho: Given | None = None
    outside_share: Given | None = None
    gamma: Given | None = None
    outside_over_inside: Given | None = None
    slope: Given | None = None
    market_elasticity: Given | None = None
    log_income_sd: Annotated[float, Field(ge=0)] | None = None
    nodes: Annotated[int, Field(ge=1)] = 7
    targets: tuple[Annotated[AnyTarget, Field(discriminator="kind")], ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> CalibrationSpec:
        if (self.quantity is None) == (self.share is None):
            raise ValueError("expected quantity or share (of potential buyers); name one of the two columns")
        if self.share is not None and self.outside_share is not None:
            raise ValueError("share leaves the outside share to be one less their sum; remove outside_share")
        if self.share is not None and self.family in ("ces", "aids", "linear"):
            raise ValueError(f"share of potential buyers has no meaning in {self.family}; name quantity")
        if self.family == "nested-logit" and self.share is None and self.outside_share is None:
            raise ValueError(
                "outside_share is missing; give a number, 'fitted', or share in quantity's place"
            )
        if self.market_size is not None and self.share is None:
            raise ValueError("market_size turns share into units; quantity is in units already: remove it")
        if (self.nest is None) == (self.family == "nested-logit"):
            raise ValueError("nest (a column) and family = 'nested-logit' belong together; give both or none")
        if (self.log_income_sd is None) == (self.family == "random-coefficients"):
            raise ValueError(
                "log_income_sd (spread of log income) and family = 'random-coefficients' belong together; "
                "give both or none"
            )
        takes = {
            "logit": {"alpha", "outside_share"},
            "nested-logit": {"alpha", "rho", "outside_share"},
            "ces": {"gamma", "outside_over_inside"},
            "aids": {"slope", "market_elasticity"},
            "linear": {"slope"},
            "random-coefficients": {"alpha", "outside_share"},
        }[self.family]
        for name in ("alpha", "rho", "outside_share", "gamma", "outside_over_inside", "slope"):
            if getattr(self, name) is not None and name not in takes:
                raise ValueError(
                    f"{name} is no parameter of {self.family}, which has {', '.join(sorted(takes))}; "
                    "remove it"
                )
        if self.market_elasticity is not None and "market_elasticity" not in takes:
            raise ValueError(
                "market_elasticity is a parameter of aids; for others add a target of kind "
                "'market-elasticity'"
            )
        return self


class Selected(Record):
    """Products by name or by owner; without either, all."""

    products: Names | None = None
    owners: Names | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Selected:
        if self.products is not None and self.owners is not None:
            raise ValueError("name products or owners; remove one of the two")
        return self


class BaseSpec(Record):
    """What a rate is a share of."""

    kind: Literal["consumer-price", "pre-tax-price", "fixed-value", "deductive-value"]
    amount: float | dict[str, float] | None = None
    usual_margin: float = 0.0
    costs: float = 0.0

    @model_validator(mode="after")
    def _amount(self) -> BaseSpec:
        if (self.kind == "fixed-value") != (self.amount is not None):
            raise ValueError(
                "amount (money a unit) and kind = 'fixed-value' belong together; give both or none"
            )
        return self


class RateSpec(Selected):
    """A tariff or tax: a rate on a base."""

    kind: Literal["tariff", "tax"]
    rate: float
    base: BaseSpec | None = None
    remitted_by: Remitted | None = None
    name: Name | None = None


class SpecificSpec(Selected):
    """An amount a unit."""

    kind: Literal["specific-tax"]
    amount: float
    remitted_by: Remitted = "maker"
    name: Name = "specific tax"


AnyPolicy = RateSpec | SpecificSpec


class MergerSpec(Record):
    """One owner takes over another; costs of both fall by a fraction."""

    kind: Literal["merger"]
    owner: Name
    takes_over: Name
    cost_saving: float = 0.0


class DivestitureSpec(Record):
    """Products handed to another owner."""

    kind: Literal["divestiture"]
    products: Annotated[Names, Field(min_length=1)]
    to: Name


class StakeSpec(Record):
    """The holder counts another's profit with a weight."""

    kind: Literal["stake"]
    holder: Name
    held: Name
    weight: float


class CostChangeSpec(Selected):
    """Unit costs times a factor, plus an amount."""

    kind: Literal["cost"]
    factor: Annotated[float, Field(gt=0)] = 1.0
    amount: float = 0.0


class QuotaSpec(Selected):
    """A cap, a fraction of quantities before or units."""

    kind: Literal["quota"]
    fraction: float | None = None
    quantity: float | None = None
    each: bool = True
    rent: Literal["maker", "treasury", "importer"] = "maker"
    name: Name = "quota"

    @model_validator(mode="after")
    def _level(self) -> QuotaSpec:
        if (self.fraction is None) == (self.quantity is None):
            raise ValueError(
                "expected fraction (of quantities before) or quantity (units); give one of the two"
            )
        return self


class EntrySpec(Record):
    """A new product, liked as one on sale, or by a mean value of its own."""

    kind: Literal["entry"]
    product: Name
    owner: Name
    cost: float
    like: Name | None = None
    mean_value: float | None = None

    @model_validator(mode="after")
    def _liking(self) -> EntrySpec:
        if self.like is None and self.mean_value is None:
            raise ValueError(
                "expected like (a product on sale) or mean_value (utils without the price effect)"
            )
        return self


class ExitSpec(Selected):
    """Products taken off the market."""

    kind: Literal["exit"]

    @model_validator(mode="after")
    def _some(self) -> ExitSpec:
        if self.products is None and self.owners is None:
            raise ValueError("name products or owners; a market without products has no equilibrium")
        return self


AnyChange = (
    MergerSpec
    | DivestitureSpec
    | StakeSpec
    | CostChangeSpec
    | QuotaSpec
    | EntrySpec
    | ExitSpec
    | RateSpec
    | SpecificSpec
)


class SimulateSpec(Record):
    """A whole specification of a simulation."""

    title: str = ""
    estimate: EstimateSource | None = None
    calibration: CalibrationSpec | None = None
    conduct: Literal["bertrand", "monopolistic-competition", "second-score"] = "bertrand"
    surplus: Literal["exact", "packages"] = "exact"
    fixed_prices: Names = ()
    policies: tuple[Annotated[AnyPolicy, Field(discriminator="kind")], ...] = ()
    changes: Annotated[tuple[Annotated[AnyChange, Field(discriminator="kind")], ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_source(self) -> SimulateSpec:
        if (self.estimate is None) == (self.calibration is None):
            raise ValueError("expected [estimate] or [calibration]; give one of the two tables")
        return self
