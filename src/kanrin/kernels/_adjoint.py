"""Door: margins implied by prices (costs), and gradients through the inversion (adjoint),
(adjoint-supply).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, InputError, Ints, SolveError
from kanrin.kernels._boundary import numbers, whole
from kanrin.kernels._kept import Kept, native_part
from kanrin.kernels._markets import Markets
from kanrin.kernels._native import library, thread_count
from kanrin.kernels._shares import market_arrays
from kanrin.kernels._twin_adjoint import twin_adjoint, twin_adjoint_supply, twin_margins

__all__ = ["Adjoint", "adjoint", "adjoint_supply", "contract", "margins"]


@dataclass(frozen=True)
class Adjoint:
    """Derivatives of q(xi, c) by what agents and nests have, xi and c following by inversion and costs."""

    by_coefficient: Floats  # (A, K2) dq/dB_ik
    by_rho: Floats  # (G,) dq/drho_g; empty without nests
    multiplier: Floats  # (N,) lambda, L lambda = v (+ sum_i h_ij)
    by_alpha: Floats | None  # (A,) a_i = dq/dalpha_i at fixed utilities; None without supply


def adjoint(
    markets: Markets, delta: Floats, v: Floats, *, kept: Kept | None = None, threads: int = 0
) -> Adjoint:
    """Demand only (adjoint): v = dq/dxi (N,), at inverted delta (N,).

    For a GMM objective v = 2 Z_D (W g)_D; kept: of the
    inversion that found delta. `contract` makes dq/dSigma, dq/dPi of it. Raises InputError for
    arrays of another kind, SolveError naming a market whose ds/ddelta cannot be solved.
    """
    n = markets.product_count
    numbers("delta", delta, (n,))
    numbers("v", v, (n,))
    room = native_part(kept, markets, delta)
    team, core = thread_count(threads), library()
    if core is None:
        with _named("the adjoint system L lambda = v"):
            return Adjoint(*twin_adjoint(markets, delta, v), None)
    out = _room(markets)
    failed = np.zeros(markets.market_count, dtype=np.int64)
    core.adjoint(
        *market_arrays(markets), delta, v, out.by_coefficient, out.by_rho, out.multiplier, failed, room, team
    )
    _refuse(failed, "the adjoint system L lambda = v")
    return out


def margins(
    markets: Markets,
    delta: Floats,
    alpha: Floats,
    firms: Ints,
    wedge: Floats,
    *,
    kappa: Floats | None = None,
    kept: Kept | None = None,
    threads: int = 0,
) -> Floats:
    """eta (N,) = Delta^-1 wedge, Delta = -H o D, D = K(alpha); costs are then r p - eta (costs).

    alpha: (A,) price slopes dV/dp, utils per money; firms: (N,) ids from 0; wedge: r S/(1+v) (N,); kappa:
    (F, F) weight of g's profit in f's objective, None = separate firms. Raises InputError for arrays of
    another kind, SolveError for a market in which Delta is singular.
    """
    _check_supply(markets, delta, alpha, firms, kappa)
    numbers("wedge", wedge, (markets.product_count,))
    room = native_part(kept, markets, delta)
    team, core = thread_count(threads), library()
    what = "the margins Delta eta = r S/(1+v)"
    if core is None:
        with _named(what):
            return twin_margins(markets, delta, alpha, firms, wedge, kappa)
    eta, failed = np.empty_like(delta), np.zeros(markets.market_count, dtype=np.int64)
    core.margins(*market_arrays(markets), delta, alpha, firms, wedge, kappa, eta, failed, room, team)
    _refuse(failed, what)
    return eta


def adjoint_supply(
    markets: Markets,
    delta: Floats,
    v: Floats,
    v_omega: Floats,
    alpha: Floats,
    firms: Ints,
    eta: Floats,
    *,
    kappa: Floats | None = None,
    kept: Kept | None = None,
    threads: int = 0,
) -> Adjoint:
    """Demand and supply (adjoint-supply): v = dq/dxi, v_omega = dq/dc (N,), eta from `margins`.

    Prices enter utility by a column of x2: its row of `by_coefficient` holds the way through utility,
    `by_alpha` the direct way; both belong to a price coefficient. dq/dalpha = sum(by_alpha) - v'p for a
    linear price in X1.
    Raises as `adjoint` and `margins`.
    """
    n = markets.product_count
    _check_supply(markets, delta, alpha, firms, kappa)
    for name, array in (("v", v), ("v_omega", v_omega), ("eta", eta)):
        numbers(name, array, (n,))
    room = native_part(kept, markets, delta)
    team, core = thread_count(threads), library()
    what = "the adjoint systems Delta' u = v_omega, L lambda = v"
    if core is None:
        with _named(what):
            return Adjoint(*twin_adjoint_supply(markets, delta, v, v_omega, alpha, firms, eta, kappa))
    out, by_alpha = _room(markets), np.empty_like(alpha)
    failed = np.zeros(markets.market_count, dtype=np.int64)
    core.adjoint_supply(
        *market_arrays(markets), delta, v, v_omega, alpha, firms, eta, kappa,
        out.by_coefficient, out.by_rho, out.multiplier, by_alpha, failed, room, team,
    )  # fmt: skip
    _refuse(failed, what)
    return Adjoint(out.by_coefficient, out.by_rho, out.multiplier, by_alpha)


def contract(by_coefficient: Floats, draws: Floats) -> Floats:
    """dq/dSigma (K2, K2) or dq/dPi (K2, D) = (dq/dB) nu or d: by_coefficient (A, K2), draws (A, D)
    (adjoint).
    """
    if by_coefficient.ndim != 2 or draws.ndim != 2 or len(by_coefficient) != len(draws):
        raise InputError(f"one row of draws an agent is expected, {len(by_coefficient)}; got {draws.shape}")
    result: Floats = by_coefficient.T @ draws
    return result


def _check_supply(markets: Markets, delta: Floats, alpha: Floats, firms: Ints, kappa: Floats | None) -> None:
    numbers("delta", delta, (markets.product_count,))
    numbers("alpha", alpha, (markets.agent_count,))
    if kappa is not None:
        numbers("kappa", kappa, ("F", "F"))
        if kappa.shape[0] != kappa.shape[1]:
            raise InputError(f"kappa must be (F, F), a row and a column a firm; got {kappa.shape}")
    whole("firms", firms, (markets.product_count,), below=None if kappa is None else len(kappa))


def _room(markets: Markets) -> Adjoint:
    groups = 0 if markets.rho is None else markets.rho.size
    return Adjoint(
        np.empty_like(markets.coefficients), np.zeros(groups), np.empty(markets.product_count), None
    )


def _refuse(failed: Ints, what: str) -> None:
    if failed.any():
        bad = np.flatnonzero(failed)
        more = f" and {bad.size - 5} more" if bad.size > 5 else ""
        raise SolveError(
            f"{what} could not be solved in market {', '.join(map(str, bad[:5]))}{more}; usual causes are a "
            "product nobody buys and an outside share near zero: look at the shares there"
        )


class _named:
    """A singular matrix of a twin becomes the error of the house."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, np.linalg.LinAlgError):
            raise SolveError(
                f"{self.what} could not be solved; usual causes are a product nobody buys and an outside "
                "share near zero: look at the shares"
            ) from error
