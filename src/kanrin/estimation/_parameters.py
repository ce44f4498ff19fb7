"""Nonlinear parameters: where each stands (Sigma, Pi, means, rho, alpha), its name, start and bounds.

The coefficients of agent i are B_i = C f_i with features f_i = (nodes, demographics, 1): Sigma, Pi and the
means of lognormal coefficients are the columns of C; a lognormal row is sign x exp of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kanrin.base import Bools, Floats, InputError, UnknownName

__all__ = ["Parameter", "Theta", "build_theta"]

_HIGHEST_RHO = 0.99
_RHO_START = 0.5
_SPREAD_START = 0.5
_NO_SPREAD = 1e-3  # utils: a spread below cannot be told from none


@dataclass(frozen=True)
class Parameter:
    """One nonlinear parameter. kind: "coefficient" (row of X2, feature), "alpha" (column of X1),
    "rho" (nest)."""

    name: str
    kind: str
    row: int
    feature: int
    start: float
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True)
class Theta:
    """The nonlinear parameters and what they act on."""

    parameters: tuple[Parameter, ...]
    rows: int  # K2
    features: int  # F
    signs: tuple[int, ...]  # (K2,) 0 normal, +1 or -1 lognormal
    spread: tuple[int, ...]  # columns of X2 with nodes
    nests: int  # G, 0 without

    @property
    def names(self) -> tuple[str, ...]:
        """(P,)"""
        return tuple(p.name for p in self.parameters)

    @property
    def start(self) -> Floats:
        """(P,)"""
        return np.array([p.start for p in self.parameters], dtype=np.float64)

    @property
    def low(self) -> Floats:
        """(P,)"""
        return np.array([p.low for p in self.parameters], dtype=np.float64)

    @property
    def high(self) -> Floats:
        """(P,)"""
        return np.array([p.high for p in self.parameters], dtype=np.float64)

    def of_kind(self, kind: str) -> Bools:
        """(P,) which parameters are of a kind."""
        return np.array([p.kind == kind for p in self.parameters], dtype=bool)

    def matrix(self, theta: Floats) -> Floats:
        """C (K2, F)."""
        out = np.zeros((self.rows, self.features))
        for value, p in zip(theta, self.parameters, strict=True):
            if p.kind == "coefficient":
                out[p.row, p.feature] = value
        return out

    def coefficients(self, theta: Floats, features: Floats) -> Floats:
        """B (A, K2) from features (A, F)."""
        out: Floats = features @ self.matrix(theta).T
        for k, sign in enumerate(self.signs):
            if sign:
                out[:, k] = sign * np.exp(np.minimum(out[:, k], 300.0))
        return np.ascontiguousarray(out)

    def alpha(self, theta: Floats) -> Floats:
        """Price coefficients of X1 that are searched (supply)."""
        return np.asarray(theta[self.of_kind("alpha")])

    def rho(self, theta: Floats) -> Floats:
        """(G,) by nest; one parameter serves all nests when its row is -1."""
        out = np.zeros(max(self.nests, 1))
        for value, p in zip(theta, self.parameters, strict=True):
            if p.kind == "rho":
                if p.row < 0:
                    out[:] = value
                else:
                    out[p.row] = value
        return out

    def spread_at_zero(self, x2: Floats, values: Floats) -> Bools:
        """(P,) spreads so small that xi has no slope in them; x2 (N, K2).

        xi is even in the spread of a coefficient: at zero its slope vanishes and no normal interval exists.
        """
        sizes = np.sqrt((x2**2).mean(axis=0))
        nodes = [p.feature for p in self.parameters if p.kind == "coefficient"]
        return np.array(
            [
                p.kind == "coefficient"
                and p.feature < len(self.spread)
                and nodes.count(p.feature) == 1
                and abs(value) * (1.0 if self.signs[p.row] else sizes[p.row]) < _NO_SPREAD
                for p, value in zip(self.parameters, values, strict=True)
            ],
            dtype=bool,
        )

    def bounded(self, bounds: Mapping[str, tuple[float | None, float | None]]) -> Theta:
        """With other bounds, by name of the parameter."""
        for name in bounds:
            if name not in self.names:
                raise UnknownName("parameter", name, self.names, "bounds go by the names of the parameters")
        made = []
        for p in self.parameters:
            if p.name not in bounds:
                made.append(p)
                continue
            low, high = bounds[p.name]
            new = replace(p, low=-np.inf if low is None else low, high=np.inf if high is None else high)
            if not new.low <= new.start <= new.high:
                raise InputError(
                    f"{p.name}: the start {p.start:g} lies outside its bounds {new.low:g} to {new.high:g}"
                )
            made.append(new)
        return replace(self, parameters=tuple(made))


def build_theta(
    *,
    x2_labels: Sequence[str],
    x2: Floats,
    demographic_labels: Sequence[str],
    lognormal: Mapping[int, int],
    over_income: tuple[int, int, str, float] | None,  # row, demographic column, name, start
    alpha_labels: Sequence[str],
    alpha_start: Sequence[float],
    nest_labels: Sequence[str],
    sigma: Any,
    pi: Any,
    mean: Mapping[str, float] | None,
    rho: Any,
) -> Theta:
    """Read the starts of Sigma, Pi, the means and rho; a zero stays zero. Raises InputError for
    wrong shapes."""
    k2 = len(x2_labels)
    free = [k for k in range(k2) if over_income is None or k != over_income[0]]
    starts_of = {"sigma": sigma, "pi": pi, "mean": mean, "rho": rho, "alpha": list(alpha_start)}
    for what, value in starts_of.items():
        _refuse_not_finite(what, value)
    plain = demographic_labels if over_income is None else demographic_labels[: over_income[1]]
    if pi is None and plain:
        raise InputError(
            f"demographics are named ({', '.join(plain)}) but not where pi starts; give a start for each "
            "interaction that is to be estimated, a zero stays zero"
        )
    root = _sigma_start(sigma, x2_labels, x2, free)
    spread = tuple(int(k) for k in np.flatnonzero((root != 0).any(axis=0)))
    slots = {k: n for n, k in enumerate(spread)}
    table = _pi_start(pi, x2_labels, demographic_labels)
    parameters = []
    for k in range(k2):
        for m in range(k + 1):
            if root[k, m] != 0:
                name = f"sigma[{x2_labels[k]}]" if k == m else f"sigma[{x2_labels[k]}, {x2_labels[m]}]"
                parameters.append(Parameter(name, "coefficient", k, slots[m], float(root[k, m])))
    offset = len(spread)
    for k in range(k2):
        for d, label in enumerate(demographic_labels):
            if over_income is not None and (k, d) == over_income[:2]:
                parameters.append(
                    Parameter(over_income[2], "coefficient", k, offset + d, over_income[3], high=0.0)
                )
            elif table[k, d] != 0:
                parameters.append(
                    Parameter(
                        f"pi[{x2_labels[k]}, {label}]", "coefficient", k, offset + d, float(table[k, d])
                    )
                )
    constant = offset + len(demographic_labels)
    starts = dict(mean or {})
    for name in starts:
        if name not in [x2_labels[k] for k in lognormal]:
            raise InputError(
                f"mean={{{name!r}: ..}}: only lognormal coefficients have a mean here; state it among X1"
            )
    for k in lognormal:
        start = float(starts.get(x2_labels[k], 0.0))
        parameters.append(Parameter(f"mean[{x2_labels[k]}]", "coefficient", k, constant, start))
    parameters += _rho_start(rho, nest_labels)
    parameters += [
        Parameter(label, "alpha", k, 0, float(start))
        for k, (label, start) in enumerate(zip(alpha_labels, alpha_start, strict=True))
    ]
    signs = tuple(lognormal.get(k, 0) for k in range(k2))
    return Theta(tuple(parameters), k2, constant + 1, signs, spread, len(nest_labels))


def _refuse_not_finite(what: str, value: Any) -> None:
    """Starts are finite numbers, alone, in a list or by name."""
    if value is None:
        return
    try:
        numbers = np.asarray(list(value.values()) if isinstance(value, Mapping) else value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what} starts at {value!r}; expected numbers") from None
    if not np.isfinite(numbers).all():
        raise InputError(f"{what} starts at {value!r}; expected finite numbers")


def _sigma_start(sigma: Any, labels: Sequence[str], x2: Floats, free: Sequence[int]) -> Floats:
    k2 = len(labels)
    out = np.zeros((k2, k2))
    if sigma is None:
        for k in free:
            size = float(x2[:, k].std())
            out[k, k] = _SPREAD_START / size if size > 1e-12 else _SPREAD_START
        return out
    if isinstance(sigma, Mapping):
        for name, value in sigma.items():
            pair = (name, name) if isinstance(name, str) else tuple(name)
            for part in pair:
                if part not in labels:
                    raise UnknownName("random coefficient", str(part), labels)
            k, m = sorted((labels.index(pair[0]), labels.index(pair[1])), reverse=True)
            out[k, m] = value
        return out
    given = np.asarray(sigma, dtype=np.float64)
    if given.ndim == 0:
        given = np.full(k2, float(given)) * np.isin(np.arange(k2), free)
    if given.shape == (len(free),) and len(free) < k2:
        whole = np.zeros(k2)
        whole[list(free)] = given
        given = whole
    if given.shape == (k2,):
        return np.diag(given)
    if given.shape != (k2, k2):
        raise InputError(
            f"sigma has shape {given.shape}; expected a number, {k2} of them or {k2} x {k2} for the random "
            f"coefficients {', '.join(labels)}"
        )
    if np.triu(given, 1).any():
        raise InputError(
            "sigma must be lower triangular (the root of the covariance): zeros above the diagonal"
        )
    return given


def _pi_start(pi: Any, rows: Sequence[str], columns: Sequence[str]) -> Floats:
    out = np.zeros((len(rows), len(columns)))
    if pi is None:
        return out
    if np.ndim(pi) == 0 and not isinstance(pi, Mapping):
        return np.full(out.shape, float(pi))
    if isinstance(pi, Mapping):
        for (row, column), value in pi.items():
            if row not in rows:
                raise UnknownName("random coefficient", row, rows)
            if column not in columns:
                raise UnknownName("demographic", column, columns)
            out[rows.index(row), columns.index(column)] = value
        return out
    given = np.asarray(pi, dtype=np.float64)
    if given.ndim == 1 and len(columns) == 1:
        given = given[:, None]
    if given.shape != out.shape:
        raise InputError(
            f"pi has shape {given.shape}; expected {out.shape}: {', '.join(rows)} by "
            f"{', '.join(columns) or 'no demographics (name them, demographics=...)'}"
        )
    return given


def _rho_start(rho: Any, nests: Sequence[str]) -> list[Parameter]:
    if not nests:
        if rho is not None:
            raise InputError("rho is given but no nest; name the nest column, nest='...'")
        return []
    if rho is None:
        rho = _RHO_START
    if isinstance(rho, Mapping):
        unknown = [str(name) for name in rho if str(name) not in nests]
        if unknown:
            raise UnknownName("nest", unknown[0], nests)
        values = [float(rho.get(name, _RHO_START)) for name in nests]
    elif np.ndim(rho) == 0:
        return [_one_rho("rho", -1, float(rho))]
    else:
        values = [float(v) for v in np.asarray(rho, dtype=np.float64)]
    if len(values) != len(nests):
        raise InputError(
            f"rho has {len(values)} numbers; expected one, or one for each nest: {', '.join(nests)}"
        )
    return [_one_rho(f"rho[{name}]", g, v) for g, (name, v) in enumerate(zip(nests, values, strict=True))]


def _one_rho(name: str, row: int, start: float) -> Parameter:
    if not 0 <= start < 1:
        raise InputError(f"{name} starts at {start}; expected at least 0 and below 1")
    return Parameter(name, "rho", row, 0, start, 0.0, max(_HIGHEST_RHO, start))
