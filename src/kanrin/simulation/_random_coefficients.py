"""Random-coefficients logit with given buyers (BLP 1995), on the shares of `kanrin.demand`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from kanrin.base import Floats, InputError, SolveError
from kanrin.demand import (
    choice_probabilities,
    delta_jacobian,
    invert_shares,
    log_probabilities,
    shares_by_price,
)
from kanrin.simulation._system import Surplus, vector

__all__ = ["RandomCoefficients", "mean_utilities"]

_STEPS = 200
_LONGEST_STEP = 3.0  # utils, (newton)
_CLOSE = 1e-13


@dataclass(frozen=True)
class RandomCoefficients:
    """V_ij = delta_j + mu_ij + alpha_i p_j with an outside good of utility 0 (utility), (price-index).

    Raises InputError for a slope that is not below zero, weights that do not sum to one, or wrong shapes.
    """

    alpha: Floats  # (I,) utils per unit of money, < 0
    delta: Floats  # (J,) utils, mean utility without the price effect
    weights: Floats  # (I,) sum one
    mu: Floats | None = None  # (J, I) utils, tastes for characteristics other than price; None: none
    market_size: float = 1.0  # potential buyers

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "delta", vector("delta", self.delta))
        for name in ("alpha", "weights"):
            value = np.array(getattr(self, name), dtype=np.float64)
            value.setflags(write=False)
            put(self, name, value)
        if self.alpha.ndim != 1 or self.alpha.size == 0 or self.alpha.shape != self.weights.shape:
            raise InputError(
                f"alpha and weights must both be (I,), I > 0; got {self.alpha.shape} and {self.weights.shape}"
            )
        if not (np.isfinite(self.alpha) & (self.alpha < 0.0)).all():
            i = int(np.argmax(np.where(np.isfinite(self.alpha), self.alpha, np.inf)))
            raise InputError(
                f"alpha of agent {i} is {self.alpha[i]:.4g}; expected every price slope below zero: use "
                "alpha * price / income, or a log-normal slope"
            )
        if not (self.weights >= 0.0).all() or abs(float(self.weights.sum()) - 1.0) > 1e-9:
            raise InputError(f"weights must be >= 0 and sum to one; they sum to {self.weights.sum():.12g}")
        if self.mu is not None:
            mu = np.array(self.mu, dtype=np.float64)
            if mu.shape != (self.delta.size, self.alpha.size) or not np.isfinite(mu).all():
                raise InputError(
                    f"mu must be finite, ({self.delta.size}, {self.alpha.size}), a row a product and a "
                    f"column an agent; got {mu.shape}"
                )
            mu.setflags(write=False)
            put(self, "mu", mu)
        if not (np.isfinite(self.market_size) and self.market_size > 0.0):
            raise InputError(f"market_size is {self.market_size:.6g}; expected buyers above zero")

    has_outside = True

    @property
    def product_count(self) -> int:
        """J."""
        return int(self.delta.size)

    def probabilities(self, price: Floats) -> tuple[Floats, Floats]:
        """s_ij (J, I) and s_i0 (I,), (rc-shares)."""
        return _probabilities(self.delta, self.alpha, self.mu, price)

    def shares(self, price: Floats) -> Floats:
        """s_j (J,) of potential buyers (rc-shares)."""
        result: Floats = self.probabilities(price)[0] @ self.weights
        return result

    def quantities(self, price: Floats) -> Floats:
        """q_j = M s_j (J,)."""
        return self.market_size * self.shares(price)

    def by_price(self, price: Floats) -> Floats:
        """D (J, J), (ds-dp)."""
        return self.market_size * shares_by_price(self.alpha, self.probabilities(price)[0], self.weights)

    def own_effect(self, price: Floats) -> Floats:
        """Lambda_j = M sum_i w_i alpha_i s_ij (J,), (Lambda)."""
        result: Floats = self.market_size * (self.probabilities(price)[0] @ (self.weights * self.alpha))
        return result

    def curvature(self, price: Floats, weights: Floats) -> Floats:
        """T (J, J), (foc-jac)."""
        s, _ = self.probabilities(price)
        second = s * (self.weights * self.alpha**2)
        own, objective = np.diag(weights), weights @ s
        t = (2.0 * second * objective) @ s.T - (own[:, None] + weights) * (second @ s.T)
        t[np.diag_indices_from(t)] += (second * (own[:, None] - objective)).sum(axis=1)
        result: Floats = self.market_size * t
        return result

    def surplus_by_agent(self, price: Floats) -> Floats:
        """CS_i = log(1 + sum_k e^V_ik)/(-alpha_i) (I,), money a buyer, up to a constant (cs)."""
        delta, alpha = _leading(self.delta, self.alpha, self.mu)
        inclusive = log_probabilities(delta, alpha, np.asarray(price))[1]
        result: Floats = inclusive.reshape(-1) / -self.alpha
        return result

    def compensating_variation(
        self, before: Floats, after: Floats, changed: Self | None = None, *, surplus: Surplus = Surplus.EXACT
    ) -> float:
        """M sum_i w_i (CS_i before - after), money, harm positive (cs)."""
        then = self if changed is None else changed
        lost = self.surplus_by_agent(before) - then.surplus_by_agent(after)
        return float(self.market_size * (self.weights @ lost))

    def subset(self, offered: Floats) -> Self:
        """Without the products not offered."""
        on_sale = np.asarray(offered, dtype=bool)
        return replace(self, delta=self.delta[on_sale], mu=None if self.mu is None else self.mu[on_sale])

    def joined(self, mean_value: float, taste: Floats | None = None) -> Self:
        """With one product more, last; taste: its row of mu (I,), needed where the system has mu."""
        if self.mu is None:
            if taste is not None:
                raise InputError("this demand has no mu; leave out the taste of the new product")
            return replace(self, delta=np.append(self.delta, mean_value))
        if taste is None or np.shape(taste) != self.alpha.shape:
            raise InputError(f"a new product needs its row of mu, ({self.alpha.size},): give taste=")
        return replace(self, delta=np.append(self.delta, mean_value), mu=np.vstack([self.mu, taste]))


def _leading(delta: Floats, alpha: Floats, mu: Floats | None) -> tuple[Floats, Floats]:
    """Agents in the leading dimension when each has his own utilities: (I, J) and (I, 1)."""
    return (delta, alpha) if mu is None else (delta + mu.T, alpha[:, None])


def _probabilities(delta: Floats, alpha: Floats, mu: Floats | None, price: Floats) -> tuple[Floats, Floats]:
    base, slope = _leading(delta, alpha, mu)
    inside, outside = choice_probabilities(base, slope, np.asarray(price))
    return (inside, outside) if mu is None else (inside[..., 0].T, outside[..., 0])


def mean_utilities(
    shares: Floats, price: Floats, alpha: Floats, weights: Floats, mu: Floats | None = None
) -> Floats:
    """delta (J,) with s(delta) = S (inversion), (newton); InputError, SolveError as kanrin.demand's.

    shares: (J,) of potential buyers; price: (J,) money; alpha, weights: (I,); mu: (J, I) utils.
    """
    if mu is None:
        return invert_shares(shares, price, alpha, weights).delta
    start = invert_shares(shares, price, alpha, weights).delta
    delta = start - np.log(np.exp(mu) @ weights)
    size = np.inf
    for _ in range(_STEPS):
        s_ij, _ = _probabilities(delta, alpha, mu, price)
        s = s_ij @ weights
        with np.errstate(divide="ignore"):
            residual = np.log(shares) - np.log(s)
        before, size = size, float(np.abs(residual).max())
        if size < _CLOSE or (size < 10.0 * _CLOSE and size > 0.5 * before):
            return delta
        if not np.isfinite(size):
            break
        step = np.linalg.solve(delta_jacobian(s_ij, weights), s * residual)
        delta = delta + step * min(1.0, _LONGEST_STEP / float(np.abs(step).max()))
    raise SolveError(
        f"shares not inverted after {_STEPS} steps; largest |log S - log s| is {size:.2e}; usual causes are "
        "prices in another unit than alpha, or a spread so wide that no buyer is near: check both"
    )
