"""From a formula and a table to a matrix of regressors with labels, and its slope in price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kanrin.base import Bools, Floats, InputError, UnknownName
from kanrin.estimation._formula import (
    Call,
    Factor,
    Formula,
    Name,
    Node,
    Number,
    Operation,
    Term,
    Text,
    parse_formula,
)
from kanrin.estimation._table import Codes, Table

__all__ = ["Design", "build_design", "price_slopes"]

_STEP = 1e-30  # complex step: no subtraction, so as small as one likes
_FLAT = 1e-12  # relative spread below which a column is a constant


@dataclass(frozen=True)
class Design:
    """Regressors of a formula: matrix (N, K), a label a column, the columns of the data each is made of."""

    formula: Formula
    matrix: Floats  # (N, K)
    labels: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    absorbed: tuple[Codes, ...]

    def uses(self, columns: tuple[str, ...]) -> Bools:
        """(K,) whether a regressor is made of one of these columns."""
        return np.array([bool(set(names) & set(columns)) for names in self.names], dtype=bool)


def build_design(formula: str | Formula, table: Table, *, role: str = "", check: bool = True) -> Design:
    """Evaluate a formula on a table. `check` refuses columns that do not vary.

    Raises UnknownName for a column that does not exist (with its place in the formula), InputError for a
    column that has missing values, is not numeric or does not vary.
    """
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    _check_names(parsed, table, role)
    made = _evaluate_terms(parsed, table, role)
    matrix: Floats = np.column_stack([m.values for m in made]) if made else np.zeros((table.rows, 0))
    labels = tuple(m.label for m in made)
    if check and table.rows > 1:
        _refuse_constants(matrix, labels, parsed)
    absorbed = tuple(
        table.codes(*effect, use=f"the absorbed effect {':'.join(effect)}") for effect in parsed.absorbed
    )
    return Design(parsed, matrix, labels, tuple(m.names for m in made), absorbed)


def price_slopes(formula: Formula, table: Table, price: str) -> Floats:
    """(N, K) derivative of each regressor in the price column, exact by a complex step."""
    dummies = [f for term in formula.terms for f in term.factors if f.is_dummies and price in f.names]
    if dummies:
        raise InputError(f"C({price}): the price cannot be turned into dummies in a model of demand or cost")
    moved = table.join({price: table.numbers(price) + 1j * _STEP})
    made = _evaluate_terms(formula, moved, "")
    return np.column_stack([np.imag(m.values) / _STEP for m in made]) if made else np.zeros((table.rows, 0))


@dataclass(frozen=True)
class _Column:
    label: str
    names: tuple[str, ...]
    values: NDArray[Any]  # (N,), complex under the complex step


def _evaluate_terms(formula: Formula, table: Table, role: str) -> list[_Column]:
    """The columns of a formula. Dummies leave out their base level once a constant is covered."""
    out = [_Column("1", (), np.ones(table.rows))] if formula.intercept else []
    plain = {term.label for term in formula.terms}
    covered = formula.intercept or bool(formula.absorbed)
    for term in formula.terms:
        made = [_Column("", term.names, np.ones(table.rows))]
        for factor in term.factors:
            if factor.is_dummies:
                alone = len(term.factors) == 1
                keep_all = not covered if alone else _rest(term, factor) not in plain
                covered = covered or alone
                parts = _dummies(factor, table, keep_all)
            else:
                parts = [(factor.label, evaluate(factor.node, table, role))]
            made = [
                _Column(f"{left.label}:{label}" if left.label else label, term.names, left.values * right)
                for left in made
                for label, right in parts
            ]
        out += made
    return out


def _rest(term: Term, factor: Factor) -> str:
    return ":".join(other.label for other in term.factors if other is not factor)


def _check_names(formula: Formula, table: Table, role: str) -> None:
    places = formula.places
    for name in formula.names:
        if name not in table.columns:
            where = f"at column {places[name]} of " if name in places else "in "
            what = f"the {role} formula" if role else "the formula"
            raise UnknownName("column", name, table.columns, f"(it stands {where}{what} {formula.text!r})")


def _dummies(factor: Factor, table: Table, keep_all: bool) -> list[tuple[str, Floats]]:
    column = factor.names[0]
    found = table.codes(column, use=factor.label)
    words = [_level(level) for level in found.levels]
    base = 0
    if factor.base is not None:
        if factor.base not in words:
            raise UnknownName(f"level of {column}", factor.base, words)
        base = words.index(factor.base)
    if found.count < 2:
        raise InputError(f"C({column}): the column has one level only, {words[0]!r}; leave the term out")
    return [
        (f"C({column})[{word}]", (found.codes == k).astype(np.float64))
        for k, word in enumerate(words)
        if (keep_all and factor.base is None) or k != base
    ]


def _level(level: object) -> str:
    if isinstance(level, float | np.floating) and float(level).is_integer():
        return str(int(level))
    return str(level)


def _refuse_constants(matrix: Floats, labels: tuple[str, ...], formula: Formula) -> None:
    has_constant = formula.intercept or bool(formula.absorbed)
    for k, label in enumerate(labels):
        column = matrix[:, k]
        size = float(np.abs(column).max(initial=0.0))
        if label != "1" and float(np.ptp(column)) <= _FLAT * size:
            covered = "the absorbed effects" if formula.absorbed else "the constant"
            what = f"is the same ({column[0]:.6g}) in every row, which {covered} already covers"
            if size == 0 or has_constant:
                raise InputError(
                    f"regressor {label!r} {'is zero in every row' if size == 0 else what}; leave it out of "
                    f"{formula.text!r}"
                )


def evaluate(node: Node, table: Table, role: str) -> Any:
    """Value of an expression, (N,) or a number; complex columns stay complex."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Text):
        return node.value
    if isinstance(node, Name):
        held = table.columns.get(node.name)
        if held is not None and held.dtype.kind == "c":
            return held
        return table.numbers(node.name, f"the {role} formula" if role else "the formula")
    if isinstance(node, Call):
        return _call(node, table, role)
    if node.sign in (">", "<", ">=", "<=", "==", "!="):
        return _compare(node, table, role)
    right = evaluate(node.right, table, role)
    if node.left is None:
        return -right if node.sign == "-" else right
    left = evaluate(node.left, table, role)
    if node.sign == "/":
        _refuse(np.asarray(right) == 0, "a division by zero", node, table)
        return left / right
    if node.sign == "**":
        return left**right
    return {"+": left + right, "-": left - right, "*": left * right}[node.sign]


def _call(node: Call, table: Table, role: str) -> Any:
    value = evaluate(node.argument, table, role)
    if node.function == "I":
        return value
    if node.function in ("log", "sqrt"):
        real = np.asarray(value).real
        _refuse(
            real <= 0 if node.function == "log" else real < 0,
            f"{node.function} of a number below zero",
            node,
            table,
        )
    if node.function == "abs":
        return np.where(np.asarray(value).real < 0, -1.0, 1.0) * value
    function = {"log": np.log, "exp": np.exp, "sqrt": np.sqrt}[node.function]
    return function(value)


def _refuse(bad: Any, what: str, node: Node, table: Table) -> None:
    rows = np.flatnonzero(np.broadcast_to(bad, table.rows))
    if rows.size:
        used = ", ".join(dict.fromkeys(Factor(node, "").names))
        raise InputError(
            f"formula: {what or 'a fault'} or zero in rows {list(map(int, rows[:5]))} of column {used}"
        )


def _compare(node: Operation, table: Table, role: str) -> Floats:
    sides = []
    for side in (node.left, node.right):
        assert side is not None
        if isinstance(side, Name) and table.column(side.name).dtype.kind not in "biufc":
            sides.append(table.labels(side.name))
        else:
            value = evaluate(side, table, role)
            sides.append(value.real if isinstance(value, np.ndarray) and value.dtype.kind == "c" else value)
    left, right = sides
    answer = {
        ">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal,
        "==": np.equal, "!=": np.not_equal,
    }[node.sign](left, right)  # fmt: skip
    return np.broadcast_to(np.asarray(answer, dtype=np.float64), table.rows).copy()
