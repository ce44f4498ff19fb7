"""Room: simulation. Calibrated or estimated demand, and what mergers, taxes, tariffs and quotas do to it.

A market is data: a demand system, owners, costs, policies in force and how sellers compete. `calibrate_*`
makes one from prices, quantities and a few facts of substitution, `recover_market` from a demand system that
is known; `simulate` takes it through a list of changes.
"""

from kanrin.simulation._aids import AIDS
from kanrin.simulation._calibrate import FITTED, Calibration, Fitted
from kanrin.simulation._ces import CES
from kanrin.simulation._changes import (
    Change,
    CostChange,
    Divestiture,
    Entry,
    Exit,
    Merger,
    Stake,
    apply_change,
)
from kanrin.simulation._concentration import hhi
from kanrin.simulation._cournot import (
    CournotEquilibrium,
    CournotMarket,
    IsoelasticInverse,
    LinearInverse,
    recover_cournot,
    solve_cournot,
)
from kanrin.simulation._cournot_table import CournotSimulation, simulate_cournot
from kanrin.simulation._equilibrium import Equilibrium
from kanrin.simulation._estimated import estimated_market
from kanrin.simulation._evidence import Evidence, examine
from kanrin.simulation._families import (
    calibrate_aids,
    calibrate_ces,
    calibrate_linear,
    calibrate_logit,
    calibrate_nested_logit,
    calibrate_random_coefficients,
)
from kanrin.simulation._intervals import Spread, over_draws, over_estimate
from kanrin.simulation._labelled import (
    cost_table,
    diversion_table,
    elasticity_table,
    long_run_diversion_table,
    pass_through_table,
    screen_table,
    second_choice_table,
)
from kanrin.simulation._linear import Linear
from kanrin.simulation._logit import Logit
from kanrin.simulation._market import Conduct, Market, Quota, Rent
from kanrin.simulation._nested_logit import NestedLogit
from kanrin.simulation._nested_random import NestedRandomCoefficients
from kanrin.simulation._pass_through import long_run_diversion, pass_through
from kanrin.simulation._policies import (
    ConsumerPrice,
    DeductiveValue,
    FixedValue,
    PreTaxPrice,
    Remits,
    SpecificTax,
    Tariff,
    Tax,
)
from kanrin.simulation._random_coefficients import RandomCoefficients, mean_utilities
from kanrin.simulation._recover import margins_at, negative_costs, recover_market
from kanrin.simulation._response import (
    aggregate_elasticity,
    diversion_ratios,
    elasticities,
    own_elasticities,
    second_choices,
    willingness_to_pay,
)
from kanrin.simulation._sales import (
    CrossElasticity,
    DiversionRatio,
    MarketElasticity,
    Markup,
    OwnElasticity,
    Sales,
    markups,
)
from kanrin.simulation._screens import MergerScreen, screen_merger
from kanrin.simulation._simulate import Batch, Failure, Simulation, simulate, simulate_many
from kanrin.simulation._solve import as_price_game, solve
from kanrin.simulation._system import DemandSystem, Surplus
from kanrin.simulation._table import Table, matrix_table
from kanrin.simulation._welfare import Money, compensating_variation, money

__all__ = [
    "AIDS",
    "CES",
    "FITTED",
    "Batch",
    "Calibration",
    "Change",
    "Conduct",
    "ConsumerPrice",
    "CostChange",
    "CournotEquilibrium",
    "CournotMarket",
    "CournotSimulation",
    "CrossElasticity",
    "DeductiveValue",
    "DemandSystem",
    "DiversionRatio",
    "Divestiture",
    "Entry",
    "Equilibrium",
    "Evidence",
    "Exit",
    "Failure",
    "Fitted",
    "FixedValue",
    "IsoelasticInverse",
    "Linear",
    "LinearInverse",
    "Logit",
    "Market",
    "MarketElasticity",
    "Markup",
    "Merger",
    "MergerScreen",
    "Money",
    "NestedLogit",
    "NestedRandomCoefficients",
    "OwnElasticity",
    "PreTaxPrice",
    "Quota",
    "RandomCoefficients",
    "Remits",
    "Rent",
    "Sales",
    "Simulation",
    "SpecificTax",
    "Spread",
    "Stake",
    "Surplus",
    "Table",
    "Tariff",
    "Tax",
    "aggregate_elasticity",
    "apply_change",
    "as_price_game",
    "calibrate_aids",
    "calibrate_ces",
    "calibrate_linear",
    "calibrate_logit",
    "calibrate_nested_logit",
    "calibrate_random_coefficients",
    "compensating_variation",
    "cost_table",
    "diversion_ratios",
    "diversion_table",
    "elasticities",
    "elasticity_table",
    "estimated_market",
    "examine",
    "hhi",
    "long_run_diversion",
    "long_run_diversion_table",
    "margins_at",
    "markups",
    "matrix_table",
    "mean_utilities",
    "money",
    "negative_costs",
    "over_draws",
    "over_estimate",
    "own_elasticities",
    "pass_through",
    "pass_through_table",
    "recover_cournot",
    "recover_market",
    "screen_merger",
    "screen_table",
    "second_choice_table",
    "second_choices",
    "simulate",
    "simulate_cournot",
    "simulate_many",
    "solve",
    "solve_cournot",
    "willingness_to_pay",
]
