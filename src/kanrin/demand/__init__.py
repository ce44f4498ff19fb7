"""Room: demand. Random-coefficients logit: read an estimate, invert shares, derivatives, surplus.

Arrays in, new arrays out; prices in any one unit of money (the estimate says which); slopes are below zero.
"""

from kanrin.demand._agent_file import read_agents
from kanrin.demand._agents import Agents, lognormal_income_agents, own_agents
from kanrin.demand._attributes import (
    ATTRIBUTES,
    OutOfRange,
    Recipe,
    Support,
    attribute_matrix,
    box_volume_m3,
    electricity_from_equivalent,
    litres_per_100km,
    power_to_weight_ps_per_kg,
    price_million_real,
    support,
)
from kanrin.demand._derivatives import (
    Diversion,
    aggregate_elasticity,
    delta_jacobian,
    diversion_ratios,
    elasticities,
    own_elasticities,
    second_choices,
    shares_by_price,
    weighted_kernel,
)
from kanrin.demand._estimate import PRICE_DEFINITIONS, PRICE_FORMS, Estimate
from kanrin.demand._estimate_file import load_estimate, read_estimate
from kanrin.demand._estimate_page import FORMAT_VERSION
from kanrin.demand._forecast import (
    PARTS,
    Candidate,
    NameplateHistory,
    Nameplates,
    XiForecast,
    forecast,
    selection_shifts,
)
from kanrin.demand._inversion import Inversion, InversionBatch, invert_many, invert_shares
from kanrin.demand._newmodel import (
    CarLabels,
    EffectPrior,
    LeaveOneOut,
    XiModel,
    fit_xi_model,
    leave_one_out,
    level_effects,
)
from kanrin.demand._planned_estimate import planned_estimate
from kanrin.demand._saved_estimate import COST, PlanWords, PriceWords, SavedEstimate
from kanrin.demand._shares import choice_probabilities, log_probabilities, shares
from kanrin.demand._surplus import compensating_variation, consumer_surplus, lowest_alpha_share

__all__ = [
    "ATTRIBUTES",
    "COST",
    "FORMAT_VERSION",
    "PARTS",
    "PRICE_DEFINITIONS",
    "PRICE_FORMS",
    "Agents",
    "Candidate",
    "CarLabels",
    "Diversion",
    "EffectPrior",
    "Estimate",
    "Inversion",
    "InversionBatch",
    "LeaveOneOut",
    "NameplateHistory",
    "Nameplates",
    "OutOfRange",
    "PlanWords",
    "PriceWords",
    "Recipe",
    "SavedEstimate",
    "Support",
    "XiForecast",
    "XiModel",
    "aggregate_elasticity",
    "attribute_matrix",
    "box_volume_m3",
    "choice_probabilities",
    "compensating_variation",
    "consumer_surplus",
    "delta_jacobian",
    "diversion_ratios",
    "elasticities",
    "electricity_from_equivalent",
    "fit_xi_model",
    "forecast",
    "invert_many",
    "invert_shares",
    "leave_one_out",
    "level_effects",
    "litres_per_100km",
    "load_estimate",
    "log_probabilities",
    "lognormal_income_agents",
    "lowest_alpha_share",
    "own_agents",
    "own_elasticities",
    "planned_estimate",
    "power_to_weight_ps_per_kg",
    "price_million_real",
    "read_agents",
    "read_estimate",
    "second_choices",
    "selection_shifts",
    "shares",
    "shares_by_price",
    "support",
    "weighted_kernel",
]
