"""Room: kernels. The only door to compiled code: arrays in, arrays out, no rule of any domain.

Each kernel has a twin in NumPy that states the formula, checks it, and runs where nothing was compiled or
where KANRIN_NATIVE=0. Arrays must be float64 (ids int64, masks bool), C-contiguous and finite; they are not
copied.
Native kernels run without the interpreter's lock, one market or row a thread; results do not depend on
threads.
"""

from kanrin.kernels._adjoint import Adjoint, adjoint, adjoint_supply, contract, margins
from kanrin.kernels._inversion import Inverted, invert, logit_start
from kanrin.kernels._kept import Kept
from kanrin.kernels._markets import Markets
from kanrin.kernels._native import about, is_native
from kanrin.kernels._prices import Nearby, PriceRows, price_rows
from kanrin.kernels._shares import Choices, choices, shares

__all__ = [
    "Adjoint",
    "Choices",
    "Inverted",
    "Kept",
    "Markets",
    "Nearby",
    "PriceRows",
    "about",
    "adjoint",
    "adjoint_supply",
    "choices",
    "contract",
    "invert",
    "is_native",
    "logit_start",
    "margins",
    "price_rows",
    "shares",
]
