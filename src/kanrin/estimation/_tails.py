"""Tail probabilities of the tests: normal, chi-squared and F (incomplete gamma and beta functions)."""

from __future__ import annotations

import math

__all__ = ["chi_squared_tail", "f_tail", "normal_tail"]

_SMALL = 1e-300
_STOP = 1e-16
_MOST = 10_000


def normal_tail(z: float) -> float:
    """P(|N(0,1)| > |z|), two-sided."""
    return math.erfc(abs(z) / math.sqrt(2.0))


def chi_squared_tail(value: float, freedom: float) -> float:
    """P(chi-squared(freedom) > value)."""
    if value <= 0:
        return 1.0
    return _upper_gamma(freedom / 2.0, value / 2.0)


def f_tail(value: float, above: float, below: float) -> float:
    """P(F(above, below) > value)."""
    if value <= 0:
        return 1.0
    return _beta(below / 2.0, above / 2.0, below / (below + above * value))


def _upper_gamma(a: float, x: float) -> float:
    """Regularised upper incomplete gamma: series below a + 1, continued fraction above."""
    front = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1.0:
        term = total = 1.0 / a
        for n in range(1, _MOST):
            term *= x / (a + n)
            total += term
            if term < total * _STOP:
                break
        return 1.0 - total * front
    b = x + 1.0 - a
    c, d = 1.0 / _SMALL, 1.0 / b
    h = d
    for n in range(1, _MOST):
        an = -n * (n - a)
        b += 2.0
        d = 1.0 / (an * d + b or _SMALL)
        c = b + an / c or _SMALL
        h *= d * c
        if abs(d * c - 1.0) < _STOP:
            break
    return front * h


def _beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta I_x(a, b) by its continued fraction."""
    if x <= 0.0 or x >= 1.0:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - _beta(b, a, 1.0 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    c, d = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0) or _SMALL)
    h = d
    for m in range(1, _MOST):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1.0 / (1.0 + term * d or _SMALL)
            c = 1.0 + term / c or _SMALL
            h *= d * c
        if abs(d * c - 1.0) < _STOP:
            break
    return front * h / a
