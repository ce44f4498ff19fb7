"""What to do in words: every sentence rests on a part of plan.json and goes when that part does."""

from typing import Any

from kanrin.answer._counsel import counsel


def _page() -> dict[str, Any]:
    return {
        "question": {"maker": "Acme"},
        "decision": [
            {
                "model": "a",
                "name": "Acme Alpha (XL)",
                "ways": {
                    "first_sale": "2026-09",
                    "others": [
                        {
                            "name": "paper",
                            "developed": True,
                            "gives_up_jpy": -2e9,
                            "gives_up_se_jpy": 3e9,
                        }
                    ],
                },
            },
            {"model": "b", "name": "Acme Beta (S)", "ways": {"first_sale": "2026-12", "others": []}},
        ],
        "rejected": [
            {"model": "c", "name": "Acme Gamma", "profit_if_added_jpy": -4e8},
            {"model": "d", "name": "Acme Delta", "profit_if_added_jpy": None},
        ],
        "search": {"in_all": ["a"], "in_some": ["b"], "in_none": ["c"]},
        "sensitivity": [
            {
                "label": "exchange rate",
                "value": 150.0,
                "unit": "JPY per USD",
                "flips_at": 210.0,
                "flips_to": "x",
            },
            {"label": "freight", "value": 80.0, "unit": "USD per m3", "flips_at": None, "flips_to": None},
        ],
        "risk": {
            "information": {
                "inputs": [
                    {"label": "How well buyers like it", "study_jpy": {"value": 1e9, "error": 2e8}},
                    {"label": "Freight", "study_jpy": {"value": 1e6, "error": 1e6}},
                ]
            }
        },
        "logistics": {"words": ["The first cars are sold in 2026-09."]},
        "backtest": {"words": ["Eighty-four cars.", "49 of 62 fell inside."]},
        "rules": [{"key": "k"}],
        "pending": [{"key": "k"}, {"key": "unused"}],
    }


def _told(page: dict[str, Any]) -> dict[str, str]:
    return {item["heading"]: item["text"] for item in counsel(page)}


def test_cars_of_every_good_lineup_are_for_now_and_the_others_to_be_prepared() -> None:
    told = _told(_page())
    assert told["Now"] == "Apply for the certification of the Alpha; the first can be sold in 2026-09."
    assert "The Beta: line-ups within 1 %" in told["Prepare"]
    assert "the Alpha with right-hand drive developed, ¥2 billion more, give or take ¥3 b" in told["Prepare"]
    assert "The Gamma, which would cost the plan ¥400 million today." in told["Wait for"]
    assert "Delta" not in told["Wait for"]
    assert "1 rule that the plan rests on is to change" in told["Wait for"]


def test_what_turns_it_and_what_is_worth_knowing_are_the_first_of_their_lists() -> None:
    told = _told(_page())
    assert told["It turns"] == "Exchange rate at 210 in place of 150 JPY per USD (x)."
    assert told["Worth knowing"].startswith("How well buyers like it: a study")
    assert told["By month"] == "The first cars are sold in 2026-09."
    assert told["How good such forecasts were"] == "49 of 62 fell inside."


def test_nothing_is_said_of_what_was_not_looked_at() -> None:
    page = _page() | {"risk": None, "logistics": None, "backtest": None, "search": None, "sensitivity": []}
    told = _told(page)
    assert set(told) == {"Now", "Prepare", "Wait for", "It turns"}
    assert told["It turns"] == "No number within its range was seen to turn the choice."
    assert "the Alpha and the Beta" in told["Now"]
