"""Room: estimation. Demand and supply from market data: logit, nested logit, random coefficients, GMM.

Formulas as economists write them; data as a dict of arrays or a frame of pandas, polars or pyarrow; choices
as named objects. `estimate_logit` and `estimate_linear` are closed forms; `build_problem` then `estimate` is
GMM.
"""

from kanrin.demand import SavedEstimate, load_estimate
from kanrin.estimation._absorb import Absorber, build_absorber
from kanrin.estimation._choices import (
    BFGS,
    LBFGSB,
    Clustered,
    Continuous,
    Iterated,
    LinearCost,
    LogCost,
    Lognormal,
    OneStep,
    PriceOverIncome,
    Robust,
    TwoStep,
    Unadjusted,
)
from kanrin.estimation._entry_thresholds import EntryThresholds, entry_thresholds
from kanrin.estimation._estimate import estimate
from kanrin.estimation._estimate_words import check_words
from kanrin.estimation._first_stage import FirstStage
from kanrin.estimation._formula import Formula, parse_formula
from kanrin.estimation._instruments import Instruments, blp_instruments, differentiation_instruments
from kanrin.estimation._linear import LinearResults, estimate_linear, estimate_logit
from kanrin.estimation._market_fit import MarketFit
from kanrin.estimation._model import build_model
from kanrin.estimation._nodes import (
    MLHS,
    GaussHermite,
    Halton,
    MonteCarlo,
    Sobol,
    SparseGrid,
)
from kanrin.estimation._objective import Model, Point, evaluate
from kanrin.estimation._optimal import OptimalInstruments, optimal_instruments
from kanrin.estimation._own_agents import OwnAgents, lognormal_income
from kanrin.estimation._problem import Problem, Wedges, build_problem
from kanrin.estimation._profile import Profile, profile
from kanrin.estimation._progress import Progress, load_progress
from kanrin.estimation._results import EstimationResults
from kanrin.estimation._shares_in import laplace_shares
from kanrin.estimation._substitution import Substitution
from kanrin.estimation._table import Table, as_frame, as_table, read_csv
from kanrin.estimation._tables import CoefficientTable

__all__ = [
    "BFGS",
    "LBFGSB",
    "MLHS",
    "Absorber",
    "Clustered",
    "CoefficientTable",
    "Continuous",
    "EntryThresholds",
    "EstimationResults",
    "FirstStage",
    "Formula",
    "GaussHermite",
    "Halton",
    "Instruments",
    "Iterated",
    "LinearCost",
    "LinearResults",
    "LogCost",
    "Lognormal",
    "MarketFit",
    "Model",
    "MonteCarlo",
    "OneStep",
    "OptimalInstruments",
    "OwnAgents",
    "Point",
    "PriceOverIncome",
    "Problem",
    "Profile",
    "Progress",
    "Robust",
    "SavedEstimate",
    "Sobol",
    "SparseGrid",
    "Substitution",
    "Table",
    "TwoStep",
    "Unadjusted",
    "Wedges",
    "as_frame",
    "as_table",
    "blp_instruments",
    "build_absorber",
    "build_model",
    "build_problem",
    "check_words",
    "differentiation_instruments",
    "entry_thresholds",
    "estimate",
    "estimate_linear",
    "estimate_logit",
    "evaluate",
    "laplace_shares",
    "load_estimate",
    "load_progress",
    "lognormal_income",
    "optimal_instruments",
    "parse_formula",
    "profile",
    "read_csv",
]
