"""Everything that cannot be estimated is refused with what, where and the way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from small_market import NAMES, table

from kanrin.base import InputError, KanrinError, UnknownName
from kanrin.estimation import (
    BFGS,
    Clustered,
    Continuous,
    GaussHermite,
    Halton,
    Lognormal,
    OwnAgents,
    PriceOverIncome,
    Unadjusted,
    Wedges,
    blp_instruments,
    build_problem,
    differentiation_instruments,
    estimate,
    estimate_linear,
    estimate_logit,
    laplace_shares,
)

Z = ["shifter", "shifter2", "other"]


def logit(formula: str = "1 + price + x", **more: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: estimate_logit(data, formula, **{**NAMES, **more})


def problem(linear: str = "1 + price + x", **more: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: build_problem(data, linear, **{**NAMES, "instruments": Z, **more})


def solved(
    begin: dict[str, Any], linear: str = "1 + price + x", **more: Any
) -> Callable[[dict[str, Any]], Any]:
    return lambda data: estimate(problem(linear, **more)(data), **begin)


def with_share(row: int, value: float) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def change(data: dict[str, Any]) -> dict[str, Any]:
        data["share"][row] = value
        return data

    return change


def with_column(name: str, values: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda data: {**data, name: values(data) if callable(values) else values}


def same(data: dict[str, Any]) -> dict[str, Any]:
    return data


RANDOM = {"random": "0 + x", "agents": GaussHermite(3)}
CASES: list[tuple[str, Callable[..., Any], Callable[..., Any], str]] = [
    ("zero share", with_share(3, 0.0), logit(), r"'share' is zero in row 3, market 0.*laplace_shares"),
    ("negative share", with_share(9, -0.1), logit(), r"below zero in row 9, market 1"),
    ("share above one", with_share(9, 1.2), logit(), r"1.2 in row 9; expected below 1"),
    ("no outside good", with_share(9, 0.97), logit(), r"market 1: shares sum to .* outside good"),
    ("missing share", with_share(9, np.nan), logit(), r"'share'.*missing or infinite values in rows 9"),
    ("price without variation", with_column("price", np.ones(240)), problem(), r"'price' is 1 in every row"),
    ("constant regressor", with_column("x", np.ones(240)), logit(), r"'x' is the same \(1\).*constant"),
    (
        "collinear",
        with_column("x2", lambda d: 2 * d["x"]),
        logit("1 + price + x + x2"),
        r"dependent: x2 .*leave it out",
    ),
    (
        "collinear in the problem",
        with_column("x2", lambda d: 2 * d["x"]),
        problem("1 + price + x + x2"),
        r"instruments are linearly dependent: x2|regressors are dependent: x2",
    ),
    ("absorbed away", same, logit("price + x + C(market) | market"), r"dependent: .*C\(market\)"),
    ("text column", same, logit("1 + price + kind"), r"'kind'.*not numeric.*C\(kind\)"),
    ("unknown column", same, logit("1 + price + xx"), r"unknown column 'xx'.*column 13"),
    (
        "unknown market",
        same,
        lambda d: estimate_logit(d, "1", shares="share", market="mkt"),
        "unknown column 'mkt'.*the markets",
    ),
    ("no endogenous named", same, logit(price=None, instruments=Z), "name the price"),
    ("nothing endogenous", same, logit("1 + x", instruments=Z), "no regressor is endogenous"),
    (
        "too few instruments",
        same,
        lambda d: estimate_linear(
            d, "share", "1 + price + x", endogenous=["price", "x"], instruments=["other"]
        ),
        r"2 endogenous regressors \(price, x\) and 1 excluded",
    ),
    ("instrument zero", with_column("z", np.zeros(240)), logit(instruments="z"), "zero in every row: z"),
    ("instruments collinear", same, logit(instruments=["shifter", "x"]), r"dependent: x"),
    (
        "instrument rows",
        same,
        lambda d: logit(
            instruments=blp_instruments({k: v[:80] for k, v in d.items()}, "x", market="market", firm="maker")
        )(d),
        r"80 rows",
    ),
    ("one-product nests", with_column("n", np.tile(np.arange(8), 30)), logit(nest="n"), "not identified"),
    (
        "one-product nests in a problem",
        with_column("n", np.tile(np.arange(8), 30)),
        problem(nest="n"),
        "not identified",
    ),
    ("one cluster", with_column("c", np.ones(240)), logit(errors=Clustered("c")), "at least two clusters"),
    (
        "more columns than rows",
        same,
        lambda d: logit("1 + x + price + C(maker) + shifter + other + xi")({k: v[:8] for k, v in d.items()}),
        r"rows|dependent",
    ),
    ("bad outcome", same, lambda d: estimate_linear(d, "price + x", "1 + x"), "one column or one expression"),
    (
        "one product a market",
        same,
        lambda d: differentiation_instruments(
            {k: v[::8] for k, v in d.items()}, "x", market="market", firm="maker"
        ),
        "two products",
    ),
    (
        "unknown kind",
        same,
        lambda d: differentiation_instruments(d, "x", market="market", firm="maker", kind="cubic"),
        "local, quadratic",
    ),
    (
        "effects in instruments",
        same,
        lambda d: blp_instruments(d, "x | market", market="market", firm="maker"),
        "absorbed",
    ),
    ("agents without random", same, problem(agents=GaussHermite(3)), "no random coefficients"),
    ("no instruments", same, lambda d: build_problem(d, "0 + price", **NAMES), "no demand instruments"),
    ("costs without firms", same, problem(costs="1 + shifter"), "name the column of firms"),
    ("cost of the price", same, problem(costs="1 + price", firms="maker"), "which costs decide"),
    ("kappa shape", same, problem(costs="1 + shifter", firms="maker", kappa=np.eye(2)), r"\(5, 5\).*A, B, C"),
    (
        "kappa diagonal",
        same,
        problem(costs="1 + shifter", firms="maker", kappa=np.zeros((5, 5))),
        "ones on its diagonal",
    ),
    ("supply instruments alone", same, problem(supply_instruments=["other"]), "no costs"),
    ("wedges", same, problem(costs="1 + shifter", firms="maker", wedges=Wedges(keep=0.0)), "keep above 0"),
    (
        "form of an unknown",
        same,
        problem(random="0 + x", forms={"xx": Lognormal()}),
        "unknown random coefficient 'xx'",
    ),
    (
        "lognormal in X1 as well",
        same,
        problem(random="0 + x", forms={"x": Lognormal()}),
        "also among the linear",
    ),
    (
        "over income, not the price",
        same,
        problem(random="0 + x", forms={"x": PriceOverIncome()}),
        "belongs to the price",
    ),
    ("sign", same, lambda d: Lognormal(2), "1 or -1"),
    ("effects in random", same, problem(random="0 + x | market"), "cannot be absorbed"),
    ("sigma shape", same, solved({"sigma": [1.0, 2.0]}, **RANDOM), r"sigma has shape \(2,\)"),
    (
        "sigma upper",
        same,
        solved({"sigma": [[1, 1], [0, 1]]}, **{**RANDOM, "random": "0 + x + price"}),
        "lower triangular",
    ),
    (
        "pi without demographics",
        same,
        solved({"sigma": [1.0], "pi": [[1.0, 2.0]]}, **RANDOM),
        "no demographics",
    ),
    ("mean of a normal", same, solved({"sigma": [1.0], "mean": {"x": 1.0}}, **RANDOM), "only lognormal"),
    ("rho without nest", same, solved({"rho": 0.5}), "no nest"),
    ("rho above one", same, solved({"rho": 1.5}, nest="kind"), "rho starts at 1.5"),
    (
        "rho of each nest",
        same,
        solved({"rho": [0.5, 0.4, 0.3]}, nest="kind"),
        "rho has 3 numbers.*large, small",
    ),
    (
        "too few moments",
        same,
        solved({"sigma": [1.0, 1.0], "alpha": -1.0}, random="0 + x + price", instruments=["other"]),
        r"3 moments cannot carry",
    ),
    (
        "bounds by name",
        same,
        solved({"sigma": [1.0], "bounds": {"sigma": (0, 1)}}, **RANDOM),
        "unknown parameter 'sigma'",
    ),
    (
        "start out of bounds",
        same,
        solved({"sigma": [1.0], "bounds": {"sigma[x]": (2, 3)}}, **RANDOM),
        "lies outside its bounds",
    ),
    (
        "bounds with BFGS",
        same,
        solved({"sigma": [1.0], "search": BFGS(), "bounds": {"sigma[x]": (0, 3)}}, **RANDOM),
        "does not hold to bounds",
    ),
    (
        "continuous unadjusted",
        same,
        solved({"sigma": [1.0], "weighting": Continuous(), "errors": Unadjusted()}, **RANDOM),
        "needs Robust",
    ),
    (
        "start nowhere",
        same,
        solved({"sigma": [1e6]}, **RANDOM),
        r"market \d+: shares not inverted.*scale the columns",
    ),
    (
        "costs below zero",
        same,
        solved(
            {"sigma": [0.5], "alpha": -0.1, "at_start": True}, costs="1 + shifter", firms="maker", **RANDOM
        ),
        r"costs are at or below zero.*row \d+ in \d+.*LinearCost",
    ),
    (
        "over income, no agents",
        same,
        solved({"alpha": -1.0}, "1 + x", forms={"price": PriceOverIncome()}),
        "agents with incomes",
    ),
    (
        "over income, start above zero",
        same,
        solved({"alpha": 1.0}, "1 + x", forms={"price": PriceOverIncome()}),
        "start below zero",
    ),
    (
        "income below zero",
        same,
        solved(
            {"alpha": -1.0},
            "1 + x",
            forms={"price": PriceOverIncome()},
            agents=OwnAgents({"income": [1.0, -1.0], "weights": [0.5, 0.5]}),
        ),
        "must be above zero; agent 1",
    ),
    (
        "demographics of a rule",
        same,
        solved({"sigma": [1.0]}, demographics="0 + income", **{**RANDOM, "agents": Halton(50)}),
        "agents of your own",
    ),
    (
        "too few likely buyers",
        same,
        solved(
            {"sigma": [1.0]},
            random="0 + x",
            agents=OwnAgents(
                {"n": [0.1, -0.1], "weights": [0.005, 0.005]}, nodes=["n"], rest_never_buys=True
            ),
        ),
        "fewer than those who bought",
    ),
]


@pytest.mark.parametrize(("change", "call", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_refused(change: Callable[..., Any], call: Callable[..., Any], words: str) -> None:
    with pytest.raises(KanrinError, match=f"(?s){words}"):
        call(change(table()))


def test_two_endogenous_regressors_that_move_as_one() -> None:
    data = table()
    data["price2"] = data["price"] + 1e-13 * data["other"]
    with pytest.raises(InputError, match=r"dependent|tell"):
        estimate_linear(
            data, "share", "1 + price + price2", endogenous=["price", "price2"], instruments=["shifter", "x"]
        )


def test_unknown_parameter_of_a_result() -> None:
    results = estimate_logit(table(), "1 + price + x", **NAMES)
    with pytest.raises(UnknownName, match="did you mean price"):
        results["prise"]


def test_weak_instruments_are_said() -> None:
    results = estimate_logit(table(), "1 + price + x", instruments=["other"], **NAMES)
    assert results.first_stages[0].is_weak
    assert "weak" in results.summary()
    strong = estimate_logit(table(), "1 + price + x", instruments=["shifter"], **NAMES)
    assert not strong.first_stages[0].is_weak and "weak" not in strong.summary()


def test_laplace_shares() -> None:
    data = {"units": [0.0, 9.0], "market": [1, 1], "N": [97.0, 97.0]}
    np.testing.assert_allclose(
        laplace_shares(data, units="units", potential="N", market="market"), [0.01, 0.1]
    )
    with pytest.raises(InputError, match="below zero in row 0"):
        laplace_shares({**data, "units": [-1.0, 9.0]}, units="units", potential="N", market="market")


def test_several_starts_are_counted() -> None:
    results = estimate(problem(**RANDOM)(table()), sigma=[0.5], starts=3)
    assert len(results.ends) == 3 and "of 3 starts" in results.summary()
