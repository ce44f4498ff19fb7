"""A demand problem: data, formulas, instruments, owners and costs, checked once, sorted by market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kanrin.base import Bools, Floats, InputError, Ints, UnknownName
from kanrin.estimation._absorb import Absorber
from kanrin.estimation._choices import CostForm, LogCost, Lognormal, PriceOverIncome
from kanrin.estimation._design import Design, build_design, price_slopes
from kanrin.estimation._formula import Formula, Term, parse_formula
from kanrin.estimation._instruments import Instruments
from kanrin.estimation._linear import InstrumentSpec, absorber_of, dependent_columns, instrument_matrix
from kanrin.estimation._nodes import AgentRule
from kanrin.estimation._own_agents import OwnAgents
from kanrin.estimation._shares_in import checked_shares, outside_shares, within_shares
from kanrin.estimation._table import Codes, Table, as_table

__all__ = ["Problem", "Wedges", "build_problem"]

_ONE_PRICE = 1e-12


@dataclass(frozen=True)
class Wedges:
    """What stands between the buyer's price and the maker's receipt, each a column or a number (pc), (keep).

    ad_valorem: rate v on the pre-tax price; levies: amount a car; keep: part r of the pre-tax price that
    reaches the maker.
    """

    ad_valorem: str | float = 0.0
    levies: str | float = 0.0
    keep: str | float = 1.0


@dataclass(frozen=True)
class Problem:
    """Checked data of a demand (and supply) problem; rows sorted by market, `order` leads back.

    Make it with `build_problem`, estimate it with `estimate`.
    """

    table: Table
    order: Ints  # (N,) row of the data at each place
    markets: Codes
    market_start: Ints
    shares: Floats
    prices: Floats
    price: str
    share_column: str
    x1: Design
    x1_slopes: Floats
    demand_effects: Absorber
    x2: Design | None
    x2_slopes: Floats
    forms: Mapping[str, Lognormal | PriceOverIncome]
    zd: Floats
    zd_labels: tuple[str, ...]
    agents: AgentRule | OwnAgents | None
    demographics: Formula | None
    nests: Codes | None
    firms: Codes | None
    ownership: tuple[Floats, ...] | None
    kappa: Floats | None
    x3: Design | None
    supply_effects: Absorber | None
    zs: Floats
    zs_labels: tuple[str, ...]
    cost_form: CostForm
    cost_bounds: tuple[float, float]
    receipts: Floats
    wedge: Floats
    product: str | None
    logit_delta: Floats
    endogenous: Bools = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def __repr__(self) -> str:
        random = "" if self.x2 is None else f", random {' + '.join(self.x2.labels)}"
        costs = "" if self.x3 is None else f", costs {' + '.join(self.x3.labels)}"
        return (
            f"Problem({self.rows:,} products in {len(self.market_names)} markets, "
            f"linear {self.x1.formula.text}{random}{costs}, "
            f"{self.zd.shape[1] + self.zs.shape[1]} instruments)"
        )

    @property
    def rows(self) -> int:
        """N."""
        return len(self.shares)

    @property
    def has_supply(self) -> bool:
        """Whether there is a cost side."""
        return self.x3 is not None

    @property
    def market_names(self) -> tuple[str, ...]:
        """T names, in the order of the rows."""
        return tuple(_name(level) for level in self.markets.levels)

    def row_names(self) -> tuple[str, ...]:
        """A name for each row, for messages."""
        if self.product is not None:
            products = self.table.labels(self.product)
        else:
            products = np.array([f"row {row}" for row in self.order])
        names = self.market_names
        return tuple(f"{p} in {names[t]}" for p, t in zip(products, self.markets.codes, strict=True))


def _name(level: object) -> str:
    if isinstance(level, float | np.floating) and float(level).is_integer():
        return str(int(level))
    return str(level)


def build_problem(
    data: object,
    linear: str,
    *,
    shares: str,
    market: str,
    price: str,
    random: str | None = None,
    agents: AgentRule | OwnAgents | None = None,
    demographics: str | None = None,
    forms: Mapping[str, Lognormal | PriceOverIncome] | None = None,
    instruments: InstrumentSpec | None = None,
    endogenous: Sequence[str] = (),
    nest: str | None = None,
    firms: str | None = None,
    kappa: Floats | None = None,
    costs: str | None = None,
    cost_form: CostForm | None = None,
    cost_bounds: tuple[float | None, float | None] | None = None,
    supply_instruments: InstrumentSpec | None = None,
    wedges: Wedges | None = None,
    product: str | None = None,
) -> Problem:
    """Check the data and lay out demand (X1 `linear`, X2 `random`) and supply (X3 `costs`).

    shares: S_j of potential buyers; price: what the buyer pays. `forms` names random coefficients that are
    lognormal, or the price when it enters as alpha price / income. Instruments of demand: the regressors of
    X1 not made of the price, and `instruments`; of supply: X3 and `supply_instruments`. firms: price setters;
    kappa: (F, F) weight of another firm's profit, firms in sorted order, row = setter; without it each firm
    counts its own. costs: regressors of cost, with LinearCost() or LogCost() (default); cost_bounds clip
    costs. product: a column that names rows in messages. Raises InputError and UnknownName for everything
    that cannot be: shares, collinear columns, too few instruments, prices without variation.
    """
    table = as_table(data)
    markets = table.codes(market, use="the markets")
    order = np.argsort(markets.codes, kind="stable").astype(np.int64)
    table = table.take(order)
    markets = Codes(markets.codes[order], markets.levels)
    start = np.concatenate([[0], np.cumsum(np.bincount(markets.codes))]).astype(np.int64)
    observed = checked_shares(table.numbers(shares, "the shares"), markets, shares)
    prices = table.numbers(price, "the prices")
    if float(np.ptp(prices)) <= _ONE_PRICE * float(np.abs(prices).max()):
        raise InputError(
            f"price {price!r} is {prices[0]:.6g} in every row; its coefficient cannot be estimated"
        )
    forms = dict(forms or {})
    x1 = build_design(linear, table, role="linear")
    x1_slopes = price_slopes(x1.formula, table, price)
    effects = absorber_of(x1.formula, x1.absorbed)
    x2, x2_slopes = _random_part(random, table, price, forms, x1)
    nests = table.codes(nest, use="the nests") if nest else None
    if x2 is None and agents is not None:
        raise InputError("agents are given but no random coefficients; name them, random='0 + price'")
    moved = x1.uses((price, *endogenous))
    excluded, excluded_labels = instrument_matrix(_in_order(instruments, order), table)
    zd = effects.residuals(np.column_stack([x1.matrix[:, ~moved], excluded]))
    zd_labels = tuple(n for n, m in zip(x1.labels, moved, strict=True) if not m) + excluded_labels
    _check_instruments(zd, np.column_stack([x1.matrix[:, ~moved], excluded]), zd_labels, "demand")
    gone = dependent_columns(effects.residuals(x1.matrix), np.linalg.norm(x1.matrix, axis=0))
    if gone:
        raise InputError(
            f"linear regressors are dependent: {', '.join(x1.labels[k] for k in gone)} can be "
            "made from the others or "
            "the absorbed effects; leave it out"
        )
    firm_codes = table.codes(firms, use="the firms") if firms else None
    kappa = None if kappa is None else np.ascontiguousarray(kappa, dtype=np.float64)
    owned = _ownership(firm_codes, kappa, start) if firm_codes is not None else None
    if costs is not None and owned is None:
        raise InputError("costs are asked for but not who sets prices; name the column of firms, firms='...'")
    receipts, wedge = _receipts(wedges or Wedges(), table, prices, observed)
    x3: Design | None = None
    supply_effects: Absorber | None = None
    zs: Floats = np.zeros((len(prices), 0))
    zs_labels: tuple[str, ...] = ()
    if costs is not None:
        x3 = build_design(costs, table, role="cost")
        if x3.uses((price, shares)).any():
            raise InputError(
                f"the cost formula {costs!r} uses the price or the share, which costs decide; leave it out"
            )
        supply_effects = absorber_of(x3.formula, x3.absorbed)
        more, more_labels = instrument_matrix(_in_order(supply_instruments, order), table)
        whole = np.column_stack([x3.matrix, more])
        zs, zs_labels = supply_effects.residuals(whole), x3.labels + more_labels
        _check_instruments(zs, whole, zs_labels, "supply")
    elif supply_instruments is not None:
        raise InputError("supply instruments are given but no costs; name their regressors, costs='...'")
    low, high = cost_bounds or (None, None)
    bounds = (-np.inf if low is None else float(low), np.inf if high is None else float(high))
    if not bounds[0] < bounds[1]:
        raise InputError(f"cost_bounds are {low} to {high}; expected the lower one first")
    if costs is not None and isinstance(cost_form or LogCost(), LogCost):
        _refuse_no_logarithm(receipts, bounds[0], order)
    logit = np.log(observed) - np.log(outside_shares(observed, markets))
    if nests is not None and (within_shares(observed, markets, nests) > 1 - 1e-12).all():
        raise InputError(f"nests {nest!r}: every nest holds one product a market; rho is not identified")
    return Problem(
        table, order, markets, start, observed, prices, price, shares, x1, x1_slopes, effects, x2,
        x2_slopes, forms, zd, zd_labels, agents, parse_formula(demographics) if demographics else None,
        nests, firm_codes, owned, kappa, x3, supply_effects, zs, zs_labels, cost_form or LogCost(),
        bounds, receipts, wedge, product,
        logit, moved,
    )  # fmt: skip


def _in_order(spec: InstrumentSpec | None, order: Ints) -> InstrumentSpec | None:
    """Instrument objects follow the data's rows: put them in the order of the markets."""
    if isinstance(spec, Instruments):
        if len(spec.matrix) != len(order):
            raise InputError(f"instruments have {len(spec.matrix)} rows, the data {len(order)}")
        return Instruments(spec.matrix[order], spec.labels)
    if spec is None or isinstance(spec, str):
        return spec
    found = [part if isinstance(part, str) else _in_order(part, order) for part in spec]
    return [part for part in found if isinstance(part, str | Instruments)]


def _check_instruments(z: Floats, whole: Floats, labels: Sequence[str], side: str) -> None:
    if not z.shape[1]:
        raise InputError(
            f"there are no {side} instruments: name them, {'' if side == 'demand' else 'supply_'}instruments="
        )
    bad = dependent_columns(z, np.linalg.norm(whole, axis=0))
    if bad:
        names = ", ".join(labels[k] for k in bad)
        raise InputError(
            f"{side} instruments are linearly dependent: {names} can be made from the others or "
            "the absorbed effects; "
            "leave it out"
        )


def _random_part(
    random: str | None,
    table: Table,
    price: str,
    forms: dict[str, Lognormal | PriceOverIncome],
    x1: Design,
) -> tuple[Design | None, Floats]:
    over = [name for name, form in forms.items() if isinstance(form, PriceOverIncome)]
    if len(over) > 1 or (over and over[0] != price):
        raise InputError(
            f"PriceOverIncome belongs to the price {price!r} alone; got it for {', '.join(over)}"
        )
    if random is None and not over:
        if forms:
            raise InputError(
                f"forms name {', '.join(forms)} but there are no random coefficients; random='...'"
            )
        return None, np.zeros((table.rows, 0))
    formula = parse_formula(random) if random is not None else Formula(f"0 + {price}", False, (), ())
    if formula.absorbed:
        raise InputError(
            "random coefficients: effects cannot be absorbed here; write them in the linear formula"
        )
    if over and price not in [term.label for term in formula.terms]:
        added: tuple[Term, ...] = parse_formula(f"0 + {price}").terms
        formula = Formula(formula.text, formula.intercept, formula.terms + added, ())
    x2 = build_design(formula, table, role="random", check=False)
    for name in forms:
        if name not in x2.labels:
            raise UnknownName("random coefficient", name, x2.labels, "forms= goes by their labels")
        if name in x1.labels:
            raise InputError(
                f"{name!r} is {'lognormal' if name not in over else 'divided by income'} and "
                "also among the linear "
                "regressors; leave it out there: its mean is part of the random coefficient"
            )
    return x2, price_slopes(formula, table, price)


def _ownership(firms: Codes, kappa: Floats | None, start: Ints) -> tuple[Floats, ...]:
    weights = np.eye(firms.count) if kappa is None else np.asarray(kappa, dtype=np.float64)
    if not np.isfinite(weights).all():
        raise InputError("kappa holds numbers that are not finite; give the weight of every firm's profit")
    if weights.shape != (firms.count, firms.count):
        raise InputError(
            f"kappa has shape {weights.shape}; expected ({firms.count}, {firms.count}), firms in the order "
            f"{', '.join(_name(level) for level in firms.levels[:8])}{', ..' if firms.count > 8 else ''}"
        )
    if not np.allclose(np.diagonal(weights), 1.0):
        raise InputError("kappa must have ones on its diagonal: a firm counts its own profit fully")
    parts = []
    for t in range(len(start) - 1):
        own = firms.codes[start[t] : start[t + 1]]
        parts.append(np.ascontiguousarray(weights[np.ix_(own, own)]))
    return tuple(parts)


def _refuse_no_logarithm(receipts: Floats, low: float, order: Ints) -> None:
    """A cost is below what its maker receives: where that is not above zero, no cost has a logarithm."""
    bad = np.flatnonzero(receipts <= 0)
    if bad.size and not low > 0:
        raise InputError(
            f"makers receive nothing, or less, for {bad.size} products (row {int(order[bad[0]])}: "
            f"{receipts[bad[0]]:.4g}): their costs have no logarithm; mend price or wedges there, drop the "
            "rows, use LinearCost(), or set cost_bounds"
        )


def _receipts(wedges: Wedges, table: Table, prices: Floats, observed: Floats) -> tuple[Floats, Floats]:
    """r p with p = (p^c - levy) / (1 + v), and r S / (1 + v) (pc), (costs)."""

    def read(value: str | float, what: str) -> NDArray[np.float64]:
        if isinstance(value, str):
            return table.numbers(value, what)
        return np.full(table.rows, float(value))

    v, levy, keep = (
        read(wedges.ad_valorem, "ad_valorem"),
        read(wedges.levies, "levies"),
        read(wedges.keep, "keep"),
    )
    if not (np.isfinite(v).all() and np.isfinite(levy).all() and np.isfinite(keep).all()):
        raise InputError("wedges: ad_valorem, levies and keep must be finite numbers in every row")
    if (v <= -1).any() or (keep <= 0).any():
        raise InputError("wedges: ad_valorem must be above -1 and keep above 0 in every row")
    return keep * (prices - levy) / (1 + v), keep * observed / (1 + v)
