"""OLS and two-stage least squares: classical, robust and clustered errors, strength of the first stage.

Also the logit and the nested logit in closed form: log S_j - log S_0 = x_j beta + rho log S_{j|g} + xi_j
(Berry 1994), rho the coefficient of the log share within the nest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, InputError, UnknownName
from kanrin.estimation._absorb import Absorber, build_absorber
from kanrin.estimation._choices import Clustered, Errors, Robust, Unadjusted
from kanrin.estimation._design import Design, build_design, evaluate
from kanrin.estimation._first_stage import (
    WEAK_F,
    FirstStage,
    endogeneity,
    first_stages,
    overidentification,
    score_covariance,
)
from kanrin.estimation._formula import Formula, parse_formula
from kanrin.estimation._instruments import Instruments
from kanrin.estimation._shares_in import checked_shares, outside_shares, within_shares
from kanrin.estimation._table import Codes, Table, as_table
from kanrin.estimation._tables import CoefficientTable, number

__all__ = ["LinearResults", "estimate_linear", "estimate_logit"]

_COLLINEAR = 1e-10  # relative to the column
InstrumentSpec = str | Instruments | Sequence["str | Instruments"]


@dataclass(frozen=True)
class LinearResults:
    """Estimates of a linear model. `residuals` (N,) have the order of the data's rows."""

    title: str
    names: tuple[str, ...]
    values: Floats  # (K,)
    covariance: Floats  # (K, K)
    residuals: Floats  # (N,)
    fitted: Floats  # (N,) effects included
    observations: int
    freedom: int  # residual degrees of freedom
    r2: float
    adjusted_r2: float
    within_r2: float
    error_sd: float
    absorbed: Absorber
    errors_kind: str
    first_stages: tuple[FirstStage, ...]
    overidentification: tuple[float, int, float] | None  # J, degrees, p
    endogeneity: tuple[float, int, float] | None  # Wu-Hausman F, degrees, p
    cragg_donald: float | None
    kind: str = "dict"

    @property
    def errors(self) -> Floats:
        """(K,) standard errors."""
        return np.asarray(np.sqrt(np.maximum(np.diagonal(self.covariance), 0.0)))

    def __getitem__(self, name: str) -> float:
        """Estimate by name."""
        return float(self.values[self._index(name)])

    def error(self, name: str) -> float:
        """Standard error by name."""
        return float(self.errors[self._index(name)])

    def _index(self, name: str) -> int:
        if name not in self.names:
            raise UnknownName("coefficient", name, self.names)
        return self.names.index(name)

    @property
    def table(self) -> CoefficientTable:
        """The estimates as a table, in text, Markdown, LaTeX, HTML or a frame."""
        statistics = {
            "Observations": f"{self.observations:,}",
            "R2": f"{self.r2:.4f}" + (f" (within {self.within_r2:.4f})" if self.absorbed.codes else ""),
            "Errors": self.errors_kind,
        }
        if self.absorbed.codes:
            singles = sum(self.absorbed.singletons)
            statistics["Absorbed"] = f"{' + '.join(self.absorbed.names)}, {self.absorbed.rank} parameters" + (
                f"; {singles} levels with one row" if singles else ""
            )
        for stage in self.first_stages:
            statistics[f"First stage, {stage.variable}"] = (
                f"F({stage.freedom[0]}, {stage.freedom[1]}) {stage.F:.1f}, robust {stage.robust_F:.1f}, "
                f"effective {stage.effective_F:.1f}, partial R2 {stage.partial_r2:.3f}"
            )
        if self.overidentification:
            value, degrees, p = self.overidentification
            statistics["Over-identification"] = f"J({degrees}) {number(value)}, p {p:.3f}"
        weak = [stage.variable for stage in self.first_stages if stage.is_weak]
        notes = (f"instruments are weak (F below {WEAK_F:g}) for {', '.join(weak)}",) if weak else ()
        return CoefficientTable(
            self.title, self.names, self.values, self.errors, statistics, notes, kind=self.kind
        )

    def summary(self) -> str:
        """The table as text."""
        return self.table.to_text()

    def __repr__(self) -> str:
        values = ", ".join(f"{n} {number(v)}" for n, v in list(zip(self.names, self.values, strict=True))[:6])
        more = ", .." if len(self.names) > 6 else ""
        return f"LinearResults({self.title}, {self.observations:,} observations: {values}{more})"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return self.table.to_html()


def instrument_matrix(spec: InstrumentSpec | None, table: Table) -> tuple[Floats, tuple[str, ...]]:
    """Excluded instruments (N, L) with labels, from column names, formulas, or `Instruments`.

    Raises InputError for instruments of another number of rows, or that are zero throughout.
    """
    parts = [] if spec is None else [spec] if isinstance(spec, str | Instruments) else list(spec)
    columns: list[Floats] = []
    labels: list[str] = []
    for part in parts:
        if isinstance(part, Instruments):
            if len(part.matrix) != table.rows:
                raise InputError(f"instruments have {len(part.matrix)} rows, {table.title} has {table.rows}")
            columns.append(part.matrix)
            labels += part.labels
        else:
            text = part if part in table.columns else None
            if text is not None:
                columns.append(table.numbers(text, "the instruments")[:, None])
                labels.append(text)
            else:
                design = build_design(f"0 + {part}", table, role="instrument")
                columns.append(design.matrix)
                labels += design.labels
    matrix: Floats = np.hstack(columns) if columns else np.zeros((table.rows, 0))
    empty = [label for k, label in enumerate(labels) if not matrix[:, k].any()]
    if empty:
        raise InputError(f"instruments that are zero in every row: {', '.join(empty)}; leave them out")
    if not np.isfinite(matrix).all():
        k = int(np.argmin(np.isfinite(matrix).all(axis=0)))
        raise InputError(
            f"instrument {labels[k]} has missing or infinite values; fill or drop these rows first"
        )
    return matrix, tuple(labels)


def refuse_collinear(matrix: Floats, labels: Sequence[str], what: str) -> None:
    """Raise InputError naming the columns that are sums of earlier ones."""
    if matrix.shape[1] > matrix.shape[0]:
        raise InputError(f"{matrix.shape[1]} {what} and {matrix.shape[0]} rows; use fewer")
    found = dependent_columns(matrix)
    if found:
        names = ", ".join(labels[k] for k in found)
        raise InputError(
            f"{what} are linearly dependent: {names} can be made from the others (or from the "
            "absorbed effects); "
            "leave it out"
        )


def dependent_columns(matrix: Floats, scale: Floats | None = None) -> list[int]:
    """Columns that the earlier ones make up (Gram-Schmidt, twice); `scale` is the size before any
    absorption."""
    basis: list[Floats] = []
    found = []
    size = np.linalg.norm(matrix, axis=0) if scale is None else scale
    for k in range(matrix.shape[1]):
        left = matrix[:, k].copy()
        if basis:
            stack = np.array(basis)
            for _ in range(2):
                left -= (stack @ left) @ stack
        norm = float(np.linalg.norm(left))
        if norm <= _COLLINEAR * float(size[k]) or norm == 0:
            found.append(k)
        else:
            basis.append(left / norm)
    return found


def estimate_linear(
    data: object,
    outcome: str,
    formula: str,
    *,
    endogenous: Sequence[str] = (),
    instruments: InstrumentSpec | None = None,
    errors: Errors | None = None,
    title: str = "",
) -> LinearResults:
    """OLS, or 2SLS when `endogenous` columns and excluded `instruments` are named.

    outcome: a column or an expression such as "log(price)"; formula: regressors and absorbed effects; errors:
    Robust() (HC1) when not given. Raises InputError for collinear regressors, too few instruments, columns
    that are missing, constant or not numeric.
    """
    table = as_table(data)
    node = parse_formula(outcome).terms
    if len(node) != 1 or len(node[0].factors) != 1:
        raise InputError(f"outcome {outcome!r}: one column or one expression is expected, such as log(price)")
    y = np.asarray(evaluate(node[0].factors[0].node, table, "outcome"), dtype=np.float64)
    design = build_design(formula, table)
    kind = "2SLS" if endogenous else "OLS"
    return _estimate(
        table, y, design, design.uses(tuple(endogenous)), instruments, errors, title or f"{kind}: {outcome}"
    )


def estimate_logit(
    data: object,
    formula: str,
    *,
    shares: str,
    market: str,
    price: str | None = None,
    instruments: InstrumentSpec | None = None,
    nest: str | None = None,
    endogenous: Sequence[str] = (),
    errors: Errors | None = None,
    title: str = "",
) -> LinearResults:
    """Logit, or nested logit with `nest`, in closed form: OLS, or 2SLS with `instruments`.

    shares: S_j of potential buyers, above zero, less than one in sum by market; formula: price and
    characteristics; with instruments every regressor made of `price` (and of the columns in `endogenous`) and
    the log share within the nest, called `rho`, are instrumented. Raises InputError for bad shares (market
    and rows named), see `estimate_linear` for the rest. Source: Berry 1994, MODEL 2.5 start.
    """
    table = as_table(data)
    markets = table.codes(market, use="the markets")
    observed = checked_shares(table.numbers(shares, "the shares"), markets, shares)
    y = np.log(observed) - np.log(outside_shares(observed, markets))
    design = build_design(formula, table)
    moved = tuple(endogenous) + ((price,) if price else ())
    if instruments is not None and not moved and nest is None:
        raise InputError("instruments are given but no endogenous column: name the price, price='...'")
    is_endogenous = (
        design.uses(moved) if instruments is not None else np.zeros(len(design.labels), dtype=bool)
    )
    if nest is not None:
        within = np.log(within_shares(observed, markets, table.codes(nest, use="the nests")))
        if float(np.ptp(within)) < 1e-12:
            raise InputError(
                f"nests {nest!r}: every nest holds one product a market, so rho is not "
                "identified; use the logit"
            )
        design = Design(
            design.formula,
            np.column_stack([design.matrix, within]),
            (*design.labels, "rho"),
            (*design.names, ()),
            design.absorbed,
        )
        is_endogenous = np.append(is_endogenous, instruments is not None)
    name = "Nested logit" if nest else "Logit"
    how = "2SLS" if instruments is not None else "OLS"
    return _estimate(table, y, design, is_endogenous, instruments, errors, title or f"{name}, {how}")


def _estimate(
    table: Table,
    y: Floats,
    design: Design,
    endogenous: np.ndarray,
    instruments: InstrumentSpec | None,
    errors: Errors | None,
    title: str,
) -> LinearResults:
    errors = Robust() if errors is None else errors
    absorber = absorber_of(design.formula, design.absorbed)
    excluded, excluded_labels = instrument_matrix(instruments, table)
    x = absorber.residuals(design.matrix)
    if not design.labels:
        raise InputError(f"formula {design.formula.text!r} has no regressors to estimate")
    gone = dependent_columns(x, np.linalg.norm(design.matrix, axis=0))
    if gone:
        names = ", ".join(design.labels[k] for k in gone)
        raise InputError(
            f"regressors are linearly dependent: {names} can be made from the others or the "
            "absorbed effects; "
            "leave it out"
        )
    if int(endogenous.sum()) > len(excluded_labels):
        which = ", ".join(label for label, e in zip(design.labels, endogenous, strict=True) if e)
        raise InputError(
            f"{int(endogenous.sum())} endogenous regressors ({which}) and {len(excluded_labels)} excluded "
            "instruments; at least one for each is needed: add instruments= columns"
        )
    if excluded_labels and not endogenous.any():
        raise InputError("instruments are given but no regressor is endogenous: name them, endogenous=[...]")
    exogenous = x[:, ~endogenous]
    z = np.column_stack([exogenous, absorber.residuals(excluded)]) if endogenous.any() else x
    if endogenous.any():
        labels = [*(n for n, e in zip(design.labels, endogenous, strict=True) if not e), *excluded_labels]
        size = np.linalg.norm(np.column_stack([design.matrix[:, ~endogenous], excluded]), axis=0)
        bad = dependent_columns(z, size)
        if bad:
            names = ", ".join(labels[k] for k in bad)
            raise InputError(
                f"instruments are linearly dependent: {names} can be made from the others; leave it out"
            )
    cluster = table.codes(errors.column, use="the clusters") if isinstance(errors, Clustered) else None
    return _fit(table.kind, y, absorber, x, z, endogenous, design, errors, cluster, title)


def absorber_of(formula: Formula, effects: tuple[Codes, ...]) -> Absorber:
    """The absorber of a formula's effects."""
    return build_absorber([":".join(effect) for effect in formula.absorbed], effects)


def _fit(
    kind: str,
    y: Floats,
    absorber: Absorber,
    x: Floats,
    z: Floats,
    endogenous: np.ndarray,
    design: Design,
    errors: Errors,
    cluster: Codes | None,
    title: str,
) -> LinearResults:
    rows, width = x.shape
    y_within = absorber.residuals(y)
    basis = np.linalg.qr(z)[0]
    hat = basis @ (basis.T @ x) if endogenous.any() else x
    if dependent_columns(hat, np.linalg.norm(x, axis=0)):
        raise InputError(
            "the instruments do not tell the endogenous regressors apart (rank condition); add others"
        )
    bread = np.linalg.inv(hat.T @ hat)
    target = basis @ (basis.T @ y_within) if endogenous.any() else y_within
    values: Floats = np.asarray(np.linalg.lstsq(hat, target, rcond=None)[0], dtype=np.float64)
    residual = y_within - x @ values
    parameters = width + absorber.rank
    freedom = rows - parameters
    if freedom < 1:
        raise InputError(f"{rows} rows cannot carry {parameters} parameters; absorb or estimate fewer")
    covariance = bread @ score_covariance(hat, residual, errors, cluster, parameters) @ bread
    has_constant = design.formula.intercept or bool(absorber.codes)
    centred = y - y.mean() if has_constant else y
    total, left = float(centred @ centred), float(residual @ residual)
    r2 = 1 - left / total if total > 0 else 0.0
    within = float(y_within @ y_within) if absorber.codes else total
    stages, cragg = first_stages(x, z, endogenous, design.labels, errors, cluster, absorber.rank)
    over = overidentification(z, residual, endogenous, errors, cluster, rows)
    return LinearResults(
        title, design.labels, values, (covariance + covariance.T) / 2, residual, y - residual, rows, freedom,
        r2, 1 - (1 - r2) * (rows - int(has_constant)) / freedom,
        1 - left / within if within > 0 else 0.0, float(np.sqrt(left / freedom)), absorber,
        errors_words(errors), stages, over,
        endogeneity(x, z, y_within, endogenous, freedom), cragg, kind,
    )  # fmt: skip


def errors_words(errors: Errors, linear: bool = True) -> str:
    """The kind of errors in words."""
    if isinstance(errors, Unadjusted):
        return "classical" if linear else "unadjusted"
    if isinstance(errors, Clustered):
        return f"clustered by {errors.column}"
    return "robust (HC1)" if linear and errors.small_sample else "robust"
