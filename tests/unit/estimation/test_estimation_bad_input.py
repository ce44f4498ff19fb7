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
    LBFGSB,
    Clustered,
    Continuous,
    GaussHermite,
    Halton,
    Iterated,
    LinearCost,
    Lognormal,
    OwnAgents,
    PriceOverIncome,
    Unadjusted,
    Wedges,
    blp_instruments,
    build_model,
    build_problem,
    differentiation_instruments,
    estimate,
    estimate_linear,
    estimate_logit,
    laplace_shares,
)

Z = ["shifter", "shifter2", "other"]
NESTED = ["I(x**2)"]


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


def weighted(weights: list[float]) -> OwnAgents:
    """Two agents."""
    return OwnAgents({"n": [0.1, -0.1], "weights": weights}, nodes=["n"])


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
    ("sigma nan", same, solved({"sigma": np.nan}, **RANDOM), "sigma starts at nan; expected finite"),
    ("sigma in words", same, solved({"sigma": "wide"}, **RANDOM), "sigma starts at 'wide'; expected numbers"),
    ("rho infinite", same, solved({"rho": np.inf}, nest="kind"), "rho starts at inf; expected finite"),
    (
        "price start of zero",
        same,
        solved({"alpha": 0.0}, costs="1 + shifter", firms="maker"),
        "price coefficient starts at 0; margins need a start below zero",
    ),
    (
        "pi without a start",
        same,
        solved(
            {"sigma": [1.0]},
            demographics="0 + income",
            random="0 + x",
            agents=OwnAgents({"n": [-1.0, 1.0], "income": [1.0, 2.0]}, None, None, ["n"]),
        ),
        r"demographics are named \(income\) but not where pi starts",
    ),
    ("iterated never", same, lambda d: Iterated(most=0), "most is 0.*at least 1"),
    ("no steps", same, lambda d: LBFGSB(most=0), "at least 1 step"),
    ("a slope that is none", same, lambda d: BFGS(slope=np.nan), "slope is nan"),
    ("no starts", same, solved({"starts": 0}, **RANDOM), "starts is 0; expected at least 1"),
    (
        "cost bounds turned round",
        same,
        problem(costs="1 + shifter", firms="maker", cost_bounds=(3, 1)),
        "expected the lower one first",
    ),
    (
        "a price of zero with log costs",
        with_column("price", lambda d: np.where(np.arange(240) == 9, 0.0, d["price"])),
        problem(costs="1 + shifter", firms="maker"),
        r"receive nothing, or less, for 1 products \(row 9: 0\).*LinearCost",
    ),
    (
        "wedges that are no numbers",
        same,
        problem(costs="1 + shifter", firms="maker", wedges=Wedges(ad_valorem=np.nan)),
        "finite numbers in every row",
    ),
    (
        "kappa that is no number",
        same,
        problem(costs="1 + shifter", firms="maker", kappa=np.full((5, 5), np.nan)),
        "kappa holds numbers that are not finite",
    ),
    (
        "missing regressor",
        with_column("x", lambda d: np.where(d["x"] > 1, np.nan, d["x"])),
        logit(),
        r"'x'.*missing",
    ),
    (
        "instruments too few",
        same,
        solved({}, instruments=["other"], endogenous=["x"]),
        r"2 moments cannot carry 3",
    ),
    (
        "agents' weights above one",
        same,
        solved(
            {"sigma": [1.0]},
            random="0 + x",
            agents=OwnAgents({"n": [0.1, -0.1], "weights": [0.6, 0.6]}, nodes=["n"]),
        ),
        r"market 0 sum to 1.2, expected 1.*divide them",
    ),
    (
        "agents' weights below zero",
        same,
        solved(
            {"sigma": [1.0]},
            random="0 + x",
            agents=OwnAgents({"n": [0.1, -0.1], "weights": [1.6, -0.6]}, nodes=["n"]),
        ),
        "must not be negative; row 1 has -0.6",
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


def clean(results: Any) -> None:
    """No table holds a number that is none, in any form."""
    frame = results.to_frame()
    assert all(v is None or not isinstance(v, float) or np.isfinite(v) for c in frame.values() for v in c)
    for text in (str(results), results.to_markdown(), results.to_latex(), results._repr_html_()):
        assert "nan" not in text.lower().replace("finance", "")


def test_a_market_with_one_product_is_estimated() -> None:
    data = {name: np.asarray(values)[np.r_[0, 8:240]] for name, values in table().items()}
    results = estimate(problem(firms="maker", **RANDOM)(data))
    assert results.converged and abs(results["price"] + 2) < 3 * results.error("price")
    assert results.market(0).costs is not None and np.isfinite(results.own_elasticities).all()
    clean(results)


def test_weak_instruments_of_gmm_are_said() -> None:
    rng = np.random.default_rng(3)
    data = table() | {"noise": rng.standard_normal(240), "noise2": rng.standard_normal(240)}
    results = estimate(problem(instruments=["noise", "noise2"])(data))
    assert "the instruments are weak for price (F below 10)" in results.summary()
    assert "weak" not in estimate(problem(instruments=["shifter"])(table())).summary()
    clean(results)


@pytest.mark.parametrize(
    "change",
    [
        with_column("x", lambda d: d["x"] * 1e8),
        with_column("price", lambda d: d["price"] * 1e9),
        with_column("price", lambda d: 1 + d["market"] * 0.1),  # the same within a market
        with_share(3, 1e-30),
    ],
)
def test_odd_data_end_in_a_marked_table(change: Callable[..., Any]) -> None:
    """An answer without a number that is none; where it cannot be trusted, it says why."""
    results = estimate(problem(firms="maker", **RANDOM)(change(table())))
    clean(results)
    assert results.converged or "the search stopped" in results.summary()


def test_demand_that_rises_with_price_is_said() -> None:
    found = estimate(problem(firms="maker", **RANDOM)(table()))
    results = found.at(np.where(np.array(found.names) == "price", 0.3, found.values))
    assert "100 % of agents have a price slope at or above zero" in results.summary()


def test_costs_that_cannot_be_are_said() -> None:
    """Demand so flat that costs are absurd: the numbers stand, and the table says what is wrong with them."""
    at = estimate(
        problem(costs="1 + shifter", firms="maker", cost_form=LinearCost(), **RANDOM)(table()),
        sigma=[0.5], alpha=-1e-4, at_start=True,
    )  # fmt: skip
    assert at.costs.min() < -1000
    assert "240 costs are at or below zero" in at.summary()
    clean(at)


def test_starts_come_from_the_data() -> None:
    """rho from the nested logit, the mean of a lognormal price from the logit."""
    nested = problem(nest="kind", instruments=[*Z, *NESTED])(table())
    by_hand = estimate_logit(table(), "1 + price + x", nest="kind", instruments=[*Z, *NESTED], **NAMES)
    start = dict(zip((p := build_model(nested).theta).names, p.start, strict=True))
    assert start["rho"] == pytest.approx(min(max(by_hand["rho"], 0.1), 0.9))
    price = problem("1 + x", random="0 + price", agents=GaussHermite(3), forms={"price": Lognormal(-1)})(
        table()
    )
    start = dict(zip((p := build_model(price).theta).names, p.start, strict=True))
    plain = estimate_logit(table(), "1 + price + x", instruments=Z, **NAMES)
    assert start["mean[price]"] == pytest.approx(np.log(-plain["price"]))
