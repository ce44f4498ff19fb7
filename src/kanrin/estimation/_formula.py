"""Formulas as economists write them: `1 + price + hpwt | market + product`.

A formula is a sum of terms, then, after `|`, the effects to absorb. A term is a product of factors: `a:b` is
the product, `a*b` is `a + b + a:b`. A factor is a column, a power `x**2`, a function (`log exp sqrt abs`),
any arithmetic or comparison inside `I(...)`, or dummies `C(x)`, `C(x, 'base level')`. An intercept is
understood unless the formula says `0 +` or absorbs effects. Names that are not plain words stand in
backquotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kanrin.base import InputError

__all__ = [
    "Call",
    "Factor",
    "Formula",
    "Name",
    "Node",
    "Number",
    "Operation",
    "Term",
    "Text",
    "parse_formula",
]

FUNCTIONS = ("log", "exp", "sqrt", "abs")
_COMPARISONS = (">", "<", ">=", "<=", "==", "!=")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
    r"|(?P<text>'[^']*'|\"[^\"]*\")|(?P<quoted>`[^`]+`)|(?P<name>[^\W\d]\w*)"
    r"|(?P<op>\*\*|>=|<=|==|!=|[-+*/:|(),<>~]))"
)


@dataclass(frozen=True)
class Number:
    """A number written in the formula."""

    value: float


@dataclass(frozen=True)
class Text:
    """A text in quotes, for comparisons and base levels."""

    value: str


@dataclass(frozen=True)
class Name:
    """A column of the data, and where in the formula it stands (column counted from 1)."""

    name: str
    position: int


@dataclass(frozen=True)
class Call:
    """A function of one argument, or `I(...)`."""

    function: str
    argument: Node


@dataclass(frozen=True)
class Operation:
    """Arithmetic or a comparison; `left` is None for a sign."""

    sign: str
    left: Node | None
    right: Node


Node = Number | Text | Name | Call | Operation


@dataclass(frozen=True)
class Factor:
    """One factor of a term: an expression, or the dummies of a column when `is_dummies`."""

    node: Node
    label: str
    is_dummies: bool = False
    base: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Columns the factor uses."""
        return tuple(dict.fromkeys(name.name for name in _names(self.node)))


@dataclass(frozen=True)
class Term:
    """A product of factors."""

    factors: tuple[Factor, ...]

    @property
    def label(self) -> str:
        """As printed in tables."""
        return ":".join(factor.label for factor in self.factors)

    @property
    def names(self) -> tuple[str, ...]:
        """Columns the term uses."""
        return tuple(dict.fromkeys(name for factor in self.factors for name in factor.names))


@dataclass(frozen=True)
class Formula:
    """A parsed formula. `absorbed` holds one tuple of columns for each effect; `a:b` is one effect of two."""

    text: str
    intercept: bool
    terms: tuple[Term, ...]
    absorbed: tuple[tuple[str, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All columns needed, in order of appearance."""
        inside = [name for term in self.terms for name in term.names]
        return tuple(dict.fromkeys(inside + [name for effect in self.absorbed for name in effect]))

    @property
    def places(self) -> dict[str, int]:
        """Where each column first stands, counted from 1."""
        out: dict[str, int] = {}
        for term in self.terms:
            for factor in term.factors:
                for name in _names(factor.node):
                    out.setdefault(name.name, name.position)
        return out


def _names(node: Node) -> Iterator[Name]:
    if isinstance(node, Name):
        yield node
    elif isinstance(node, Call):
        yield from _names(node.argument)
    elif isinstance(node, Operation):
        if node.left is not None:
            yield from _names(node.left)
        yield from _names(node.right)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int  # from 1


class _Parser:
    """Recursive descent; `fail` points at the column."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[_Token] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if not found or found.end() == at:
                self._stop(
                    f"{text[at:].lstrip()[0]!r} has no meaning here",
                    at + len(text[at:]) - len(text[at:].lstrip()),
                )
            assert found is not None and found.lastgroup is not None
            start = found.start(found.lastgroup)
            self.tokens.append(_Token(found.lastgroup, found.group(found.lastgroup), start + 1))
            at = found.end()
        self.tokens.append(_Token("end", "", len(text) + 1))
        self.here = 0

    def _stop(self, what: str, offset: int) -> None:
        raise InputError(f"formula: {what}, at column {offset + 1}\n  {self.text}\n  {' ' * offset}^")

    def fail(self, what: str, token: _Token | None = None) -> InputError:
        position = (token or self.now).position
        return InputError(f"formula: {what}, at column {position}\n  {self.text}\n  {' ' * (position - 1)}^")

    @property
    def now(self) -> _Token:
        return self.tokens[self.here]

    def take(self, *texts: str) -> _Token | None:
        """The next token when it is one of `texts`."""
        token = self.now
        if token.kind == "op" and token.text in texts:
            self.here += 1
            return token
        return None

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise self.fail(f"{text!r} expected, {self.shown()} found")

    def shown(self) -> str:
        return "the end of the formula" if self.now.kind == "end" else repr(self.now.text)

    def formula(self) -> Formula:
        if self.now.kind == "end":
            raise self.fail("the formula is empty; write for example '1 + price'")
        intercept, terms = self.sum_of_terms()
        absorbed: list[tuple[str, ...]] = []
        if self.take("|"):
            while True:
                absorbed.append(self.effect())
                if not self.take("+"):
                    break
        if self.now.kind != "end":
            way = "; one '|' only, absorbed effects are joined by '+'" if self.now.text == "|" else ""
            way = "; the left side is given by name, not in the formula" if self.now.text == "~" else way
            way = "; write I(a / b) for a ratio" if self.now.text == "/" else way
            way = "; write I(a > b) for a comparison" if self.now.text in _COMPARISONS else way
            raise self.fail(f"{self.shown()} not expected{way}")
        unique = tuple({term.label: term for term in terms}.values())
        return Formula(self.text, intercept and not absorbed, unique, tuple(dict.fromkeys(absorbed)))

    def sum_of_terms(self) -> tuple[bool, list[Term]]:
        intercept, terms, minus = True, [], bool(self.take("-"))
        while True:
            token = self.now
            if token.kind == "number" and token.text in ("0", "1") and self.ends_term(self.here + 1):
                self.here += 1
                intercept = (token.text == "1") != minus
            elif minus:
                raise self.fail("only '- 1' may be taken away; leave the term out instead")
            else:
                terms += self.product()
            if self.take("+"):
                minus = False
            elif self.take("-"):
                minus = True
            else:
                return intercept, terms

    def ends_term(self, index: int) -> bool:
        token = self.tokens[index]
        return token.kind == "end" or (token.kind == "op" and token.text in "+-|")

    def product(self) -> list[Term]:
        terms = [Term((self.factor(),))]
        while True:
            if self.take(":"):
                right = self.factor()
                terms = [*terms[:-1], Term((*terms[-1].factors, right))]
            elif self.take("*"):
                right = self.factor()
                crossed = [Term((*term.factors, right)) for term in terms]
                terms = [*terms, Term((right,)), *crossed]
            else:
                return terms

    def factor(self) -> Factor:
        start = self.now
        if start.kind == "name" and start.text == "C" and self.tokens[self.here + 1].text == "(":
            return self.dummies()
        node = self.power()
        if not list(_names(node)):
            raise self.fail("a term needs a column; only 0 and 1 may stand alone", start)
        return Factor(node, self.written(start))

    def written(self, start: _Token) -> str:
        """The text from `start` up to the present token, spaces made even."""
        return " ".join(self.text[start.position - 1 : self.now.position - 1].split()).replace("`", "")

    def dummies(self) -> Factor:
        start = self.now
        self.here += 1
        self.expect("(")
        name = self.column()
        base = None
        if self.take(","):
            if self.now.kind not in ("text", "number"):
                raise self.fail("the base level of C(x, 'level') expected, in quotes or a number")
            base = self.now.text.strip("'\"")
            self.here += 1
        self.expect(")")
        del start
        return Factor(name, f"C({name.name})", True, base)

    def effect(self) -> tuple[str, ...]:
        names = [self.column().name]
        while self.take(":"):
            names.append(self.column().name)
        return tuple(names)

    def column(self) -> Name:
        token = self.now
        if token.kind == "name" and token.text == "C" and self.tokens[self.here + 1].text == "(":
            self.here += 1
            self.expect("(")
            inner = self.column()
            self.expect(")")
            return inner
        if token.kind not in ("name", "quoted"):
            raise self.fail(f"a column expected, {self.shown()} found")
        self.here += 1
        return Name(token.text.strip("`"), token.position)

    def comparison(self) -> Node:
        left = self.addition()
        if token := self.take(*_COMPARISONS):
            return Operation(token.text, left, self.addition())
        return left

    def addition(self) -> Node:
        left = self.multiplication()
        while token := self.take("+", "-"):
            left = Operation(token.text, left, self.multiplication())
        return left

    def multiplication(self) -> Node:
        left = self.signed()
        while token := self.take("*", "/"):
            left = Operation(token.text, left, self.signed())
        return left

    def signed(self) -> Node:
        if token := self.take("-", "+"):
            return Operation(token.text, None, self.signed())
        return self.power()

    def power(self) -> Node:
        base = self.atom()
        return Operation("**", base, self.signed()) if self.take("**") else base

    def atom(self) -> Node:
        token = self.now
        if token.kind == "number":
            self.here += 1
            return Number(float(token.text))
        if token.kind == "text":
            self.here += 1
            return Text(token.text[1:-1])
        if token.kind == "quoted":
            self.here += 1
            return Name(token.text[1:-1], token.position)
        if token.kind == "name":
            self.here += 1
            if not self.take("("):
                return Name(token.text, token.position)
            if token.text not in (*FUNCTIONS, "I"):
                known = ", ".join(f"{name}()" for name in (*FUNCTIONS, "I", "C"))
                raise self.fail(f"unknown function {token.text}(); known: {known}", token)
            inner = self.comparison()
            self.expect(")")
            return Call(token.text, inner)
        if self.take("("):
            inner = self.comparison()
            self.expect(")")
            return inner
        raise self.fail(f"a column, number or function expected, {self.shown()} found")


def parse_formula(text: str) -> Formula:
    """Parse a formula. Raises InputError that points at the column of the fault."""
    if not isinstance(text, str):
        raise InputError(f"a formula is a text such as '1 + price | market'; got {type(text).__name__}")
    return _Parser(text).formula()
