"""`--set KEY=VALUE`: what may be set becomes a user's assumption; what may not is refused in words."""

from __future__ import annotations

import pytest

from kanrin.base import InputError, Kind, OverrideError, UnknownName
from kanrin.facts import Case, case_figure, load_case, parse_setting

CASE = load_case("us-japan")
CAR = "candidate.toyota_camry_hybrid"


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("fx.usd_jpy", "150", 150.0),
        ("fx.usd_jpy", "150 JPY per USD", 150.0),
        (f"{CAR}.msrp_usd", "31,500", 31500.0),
        (f"{CAR}.msrp_usd", "31_500.5 USD per vehicle", 31500.5),
        (f"{CAR}.seats", "4", 4.0),
        (f"{CAR}.us_content_percent", "60%", 60.0),
        ("capital.annual_rate", "8%", 0.08),
        ("jp.customs.hs8703.mfn", "2.5%", 0.025),
        ("jp.us_made_certification.available", "0", 0.0),
        ("trade.us_goods_deficit_with_japan_usd", "7e10", 7e10),
    ],
)
def test_a_setting_is_read_in_the_unit_of_its_key(key: str, text: str, value: float) -> None:
    case = CASE.with_overrides({key: text})
    assert case.overrides[key] == pytest.approx(value, rel=1e-15)
    figure = case_figure(case, key)
    if figure is not None:  # a rule has a value only on a day
        assert figure.value == pytest.approx(value, rel=1e-15)
        assert (figure.kind, figure.note) == (Kind.ASSUMPTION, "set by the user")


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("fx.usd_jpy", "dear", r"--set fx.usd_jpy=dear: expected a number in 'JPY per USD', .*got 'dear'"),
        ("fx.usd_jpy", "1,5", r"expected a number .*got '1,5'"),
        ("fx.usd_jpy", "150 USD per JPY", r"unit 'USD per JPY' does not fit; fx.usd_jpy is in 'JPY per USD'"),
        ("fx.usd_jpy", "50%", r"fx.usd_jpy is in 'JPY per USD', not in percent"),
        ("fx.usd_jpy", "-150", r"expected a number of at least 0 in 'JPY per USD'"),
        ("fx.usd_jpy", "0", r"an exchange rate is greater than 0"),
        ("fx.usd_jpy", "1e999", r"expected a finite number in 'JPY per USD'"),
        ("jp.customs.hs8703.mfn", "-0.1", r"expected a number of at least 0"),
        ("jp.us_made_certification.available", "0.5", r"expected 1 for yes or 0 for no"),
        (f"{CAR}.msrp_usd", "-5", r"msrp_usd: expected a number greater than 0"),
        (f"{CAR}.seats", "4.5", r"seats: expected a whole number, got 4.5"),
        (f"{CAR}.japan_content_percent", "140", r"japan_content_percent: expected a number of at most 100"),
        (f"{CAR}.brand", "Lexus", r"toyota_camry_hybrid.brand is text, not a number; .*candidates.csv"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused(key: str, text: str, expected: str) -> None:
    with pytest.raises(OverrideError, match=expected):
        CASE.with_overrides({key: text})


def test_probability_lies_between_0_and_1() -> None:
    keys = [k for k, a in CASE.assumptions.items() if a.unit == "probability"]
    assert keys
    with pytest.raises(OverrideError, match="a probability lies between 0 and 1"):
        CASE.with_overrides({keys[0]: 1.2})


@pytest.mark.parametrize("value", [True, None, [1]])
def test_a_value_of_another_type_is_refused(value: object) -> None:
    with pytest.raises(OverrideError, match="expected a number in 'JPY per USD'"):
        CASE.with_overrides({"fx.usd_jpy": value})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("fx.usd_jp", "fx.usd_jpy"),
        ("jp.customs.hs8703.mnf", "jp.customs.hs8703.mfn"),
        ("candidate.toyota_camry.msrp_usd", "toyota_camry_hybrid"),
        (f"{CAR}.msrp", "msrp_usd"),
    ],
)
def test_an_unknown_key_offers_near_ones(key: str, near: str) -> None:
    with pytest.raises(UnknownName, match=rf"unknown .*did you mean .*{near}"):
        CASE.with_overrides({key: "1"})


@pytest.mark.parametrize("text", ["fx.usd_jpy", "=150", "fx.usd_jpy="])
def test_a_setting_has_key_and_value(text: str) -> None:
    with pytest.raises(OverrideError, match="expected KEY=VALUE"):
        parse_setting(text)
    assert parse_setting("a.b = 1=2") == ("a.b", "1=2")


def test_a_new_case_leaves_the_old_one() -> None:
    before = case_figure(CASE, "fx.usd_jpy")
    changed = CASE.with_overrides({"fx.usd_jpy": 500})
    assert case_figure(CASE, "fx.usd_jpy") == before
    assumption = changed.assumptions["fx.usd_jpy"]
    assert assumption.low <= 500 <= assumption.high, "the range widens to hold what the user set"
    assert isinstance(changed, Case)
    with pytest.raises(TypeError):
        changed.assumptions["fx.usd_jpy"] = assumption  # type: ignore[index]


def test_every_refusal_is_bad_input() -> None:
    assert issubclass(OverrideError, InputError) and issubclass(UnknownName, InputError)
