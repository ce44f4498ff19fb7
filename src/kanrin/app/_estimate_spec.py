"""What an estimation is made of, as the tables of its specification."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from kanrin.facts import Record

__all__ = [
    "AgentsFile",
    "BuiltInstruments",
    "DataSpec",
    "DrawnAgents",
    "EstimateSpec",
    "GridAgents",
    "IncomeAgents",
    "InstrumentsSpec",
    "SparseAgents",
]

Column = Annotated[str, Field(min_length=1)]
Positive = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]


class DataSpec(Record):
    """`[data]`: the file, and which column is what."""

    file: Column
    market: Column
    price: Column
    share: Column | None = None
    units: Column | None = None
    market_size: Column | float | None = None
    zeros: Literal["refuse", "laplace"] = "refuse"
    product: Column | None = None
    firm: Column | None = None
    nest: Column | None = None

    @model_validator(mode="after")
    def _one_measure(self) -> DataSpec:
        counted = self.units is not None or self.market_size is not None
        if (self.share is not None) == counted:
            raise ValueError("expected share, or units and market_size; give one of the two")
        if counted and (self.units is None or self.market_size is None):
            raise ValueError("units and market_size (potential buyers) belong together; add the other")
        if self.zeros == "laplace" and not isinstance(self.market_size, str):
            raise ValueError("zeros = 'laplace' needs units and a column of potential buyers; name them")
        return self


class ModelSpec(Record):
    """`[model]`: formulas, and how the price and cost enter."""

    linear: Column
    random: Column | None = None
    demographics: Column | None = None
    costs: Column | None = None
    cost_form: Literal["log", "linear"] = "log"
    cost_bounds: tuple[float, float] | None = None
    price_form: Literal["linear", "lognormal", "over-income"] = "linear"
    income: Column = "income"
    lognormal: dict[str, Literal[-1, 1]] = Field(default_factory=dict)
    endogenous: tuple[Column, ...] = ()


class BuiltInstruments(Record):
    """`[[instruments.built]]`: sums over rivals' and own other products."""

    kind: Literal["blp", "differentiation-local", "differentiation-quadratic"]
    of: Column
    within_nest: bool = False
    count: bool = False
    interactions: bool = False

    @model_validator(mode="after")
    def _fits(self) -> BuiltInstruments:
        if self.kind == "blp" and self.interactions:
            raise ValueError("interactions belong to differentiation instruments; remove it")
        if self.kind != "blp" and self.count:
            raise ValueError("count belongs to blp instruments; remove it")
        return self


class InstrumentsSpec(Record):
    """`[instruments]` and `[supply_instruments]`: columns or formulas, and built ones."""

    columns: tuple[Column, ...] = ()
    built: tuple[BuiltInstruments, ...] = ()


class GridAgents(Record):
    """Product Gauss-Hermite rule."""

    rule: Literal["gauss-hermite"]
    nodes: Positive = 7


class SparseAgents(Record):
    """Sparse grid."""

    rule: Literal["sparse-grid"]
    level: Positive = 5


class DrawnAgents(Record):
    """Random and quasi-random draws."""

    rule: Literal["halton", "sobol", "mlhs", "monte-carlo"]
    agents: Positive = 500
    seed: Seed = 0
    common: bool = False


class IncomeAgents(Record):
    """Log-normal incomes by quadrature."""

    rule: Literal["lognormal-income"]
    log_income_sd: Annotated[float, Field(gt=0)]
    nodes: Positive = 13
    median: Annotated[float, Field(gt=0)] = 1.0


class AgentsFile(Record):
    """A table of one's own agents."""

    rule: Literal["file"]
    file: Column
    market: Column | None = None
    weights: Column | None = None
    nodes: tuple[Column, ...] = ()
    rest_never_buys: bool = False


Agents = Annotated[
    GridAgents | SparseAgents | DrawnAgents | IncomeAgents | AgentsFile, Field(discriminator="rule")
]


class EstimationSpec(Record):
    """`[estimation]`: weights of the moments, errors and search."""

    weighting: Literal["one-step", "two-step", "iterated", "continuous"] = "two-step"
    errors: Literal["robust", "clustered", "unadjusted"] = "robust"
    cluster: Column | None = None
    tries: Positive = 1
    seed: Seed = 0
    search: Literal["l-bfgs-b", "bfgs"] = "l-bfgs-b"
    slope: Annotated[float, Field(gt=0)] | None = None
    steps: Positive | None = None

    @model_validator(mode="after")
    def _clusters(self) -> EstimationSpec:
        if (self.errors == "clustered") != (self.cluster is not None):
            raise ValueError("errors = 'clustered' and cluster (a column) belong together; give both or none")
        return self


class StartsSpec(Record):
    """`[starts]`: where the search begins; a spread or interaction that starts at zero stays zero."""

    sigma: float | dict[str, float] | None = None
    pi: dict[str, dict[str, float]] | None = None
    mean: dict[str, float] | None = None
    alpha: float | dict[str, float] | None = None
    rho: float | dict[str, float] | None = None


class WedgesSpec(Record):
    """`[wedges]`: between what buyers pay and what makers receive, columns or numbers."""

    ad_valorem: Column | float = 0.0
    levies: Column | float = 0.0
    keep: Column | float = 1.0


class SaveSpec(Record):
    """`[save]`: words for the estimate file; a plan needs price_unit, and attributes of a car sheet."""

    market: str = ""
    period: str = ""
    origin: str = ""
    note: str = ""
    price_unit: str = ""
    price_definition: Literal["list", "consumer"] = "list"
    rename: dict[str, str] = Field(default_factory=dict)
    left_to_xi: tuple[Column, ...] = ()
    log_income_sd: float | None = None
    nodes: Positive | None = None


class EstimateSpec(Record):
    """A whole specification of an estimate."""

    title: str = ""
    data: DataSpec
    model: ModelSpec
    instruments: InstrumentsSpec = InstrumentsSpec()
    supply_instruments: InstrumentsSpec = InstrumentsSpec()
    agents: Agents | None = None
    estimation: EstimationSpec = EstimationSpec()
    starts: StartsSpec = StartsSpec()
    bounds: dict[str, tuple[float, float]] = Field(default_factory=dict)
    kappa: dict[str, dict[str, float]] = Field(
        default_factory=dict
    )  # setter: whose profit it counts, how far
    wedges: WedgesSpec = WedgesSpec()
    save: SaveSpec = SaveSpec()
