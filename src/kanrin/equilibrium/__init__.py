"""Room: equilibrium. Multi-product makers set prices taxes, levies and dealers between them and the buyer.

A game is data; solving, costs, pass-through, line-ups, the certificate and the ledger are functions of it.
"""

from kanrin.equilibrium._capped import CappedSolution, certify_capped, solve_capped
from kanrin.equilibrium._caps import Cap, Rent
from kanrin.equilibrium._certificate import Certificate, certify_solution, deviation_gains
from kanrin.equilibrium._costs import RecoveredCosts, recover_costs, recover_many
from kanrin.equilibrium._firstorder import (
    FirstOrder,
    capital_gamma,
    capital_lambda,
    first_order,
    foc_jacobian,
    own_blocks,
    zeta_dense,
)
from kanrin.equilibrium._game import PriceGame
from kanrin.equilibrium._games import Games, solve_games
from kanrin.equilibrium._ledger import Ledger, ledger
from kanrin.equilibrium._lineups import Chord, Lineups, chord_at, solve_lineups
from kanrin.equilibrium._passthrough import PassThrough, pass_through
from kanrin.equilibrium._solve import PriceSolution, default_start, solve_prices

__all__ = [
    "Cap",
    "CappedSolution",
    "Certificate",
    "Chord",
    "FirstOrder",
    "Games",
    "Ledger",
    "Lineups",
    "PassThrough",
    "PriceGame",
    "PriceSolution",
    "RecoveredCosts",
    "Rent",
    "capital_gamma",
    "capital_lambda",
    "certify_capped",
    "certify_solution",
    "chord_at",
    "default_start",
    "deviation_gains",
    "first_order",
    "foc_jacobian",
    "ledger",
    "own_blocks",
    "pass_through",
    "recover_costs",
    "recover_many",
    "solve_capped",
    "solve_games",
    "solve_lineups",
    "solve_prices",
    "zeta_dense",
]
