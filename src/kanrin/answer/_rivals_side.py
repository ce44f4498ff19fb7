"""If rivals answer with line-ups of their own: equilibria, where best responses end, what the plan loses."""

from __future__ import annotations

from typing import Any

from kanrin.answer._interval import MILLION
from kanrin.answer._words import listed, yen
from kanrin.lineup import Plan, RivalGame

__all__ = ["rivals_side"]


def rivals_side(plan: Plan) -> dict[str, Any] | None:
    """Rows of `rivals`, JPY over the programme; None when no rival was named."""
    game = plan.rivals
    if game is None:
        return None
    return {
        "makers": list(game.makers),
        "cars": {m: list(c) for m, c in zip(game.makers, game.cars, strict=True)},
        "left_out": {m: list(c) for m, c in zip(game.makers, game.left_out, strict=True)},
        "profiles": game.profiles,
        "profiles_solved": game.solved,
        "all_listed": game.equilibria is not None,
        "equilibria": [
            _profile(game, p)
            | {
                "deviations": [
                    {
                        "maker": game.makers[d.player],
                        "models": list(game.models(d.player, d.to)),
                        "gain_jpy": d.gain * MILLION,
                        "gain_se_jpy": d.error * MILLION,
                    }
                    for d in found
                ]
            }
            for p, found in zip(game.told, game.deviations, strict=True)
        ],
        "paths": [
            {
                "start": _profile(game, path.start)["lineups"],
                "end": ("equilibrium" if path.settled else "cycle") if path.end else "not settled",
                "lineups": [_profile(game, p)["lineups"] for p in path.end],
            }
            for path in game.paths
        ],
        "plan_alone_jpy": game.worth[game.alone][0] * MILLION,
        "answers_to_plan": [
            _profile(game, p)
            | {
                "plan_loses_jpy": loss * MILLION,
                "plan_loses_se_jpy": error * MILLION,
                "best_reply": list(game.models(0, reply)),
            }
            for p, (loss, error), reply in zip(game.answers, game.loss, game.best_reply, strict=True)
        ],
        "words": _words(plan, game),
    }


def _profile(game: RivalGame, profile: tuple[int, ...]) -> dict[str, Any]:
    worth = game.worth.get(profile)
    known = None if worth is None else {m: w * MILLION for m, w in zip(game.makers, worth, strict=True)}
    return {
        "lineups": {m: list(game.models(k, profile[k])) for k, m in enumerate(game.makers)},
        "worth_jpy": known,
    }


def _words(plan: Plan, game: RivalGame) -> list[str]:
    rivals = listed(game.makers[1:])
    said = []
    if not game.answers:
        said.append(f"{rivals} find no line-ups that are best answers to the plan and to each other.")
    for profile, (loss, error), reply in zip(game.answers, game.loss, game.best_reply, strict=True):
        bring = [
            f"{m} brings {_cars(plan, game.models(k, profile[k]))}"
            for k, m in enumerate(game.makers)
            if k > 0
        ]
        if loss >= 0:
            change = (
                f"the plan, with what {game.makers[0]}'s cars on sale lose, is then worth "
                f"{yen(loss * MILLION)} less"
            )
        else:
            change = f"the plan is then worth {yen(-loss * MILLION)} more"
        kept = (
            "its own best line-up stays the plan"
            if reply == game.plan
            else f"its own best line-up is then {_cars(plan, game.models(0, reply))}"
        )
        said.append(
            f"If {rivals} answer with line-ups of their own, {listed(bring)}; {change} (give or take "
            f"{yen(error * MILLION)}), and {kept}."
        )
    if game.equilibria is not None:
        many = len(game.equilibria)
        found = {0: "no equilibrium", 1: "one equilibrium"}.get(many, f"{many} equilibria")
        said.append(f"If all choose at once, the game has {found} in pure strategies.")
    else:
        ends = sum(p.settled for p in game.paths)
        said.append(
            f"If all choose at once, best responses end at an equilibrium from {ends} of {len(game.paths)} "
            "starts; there are too many joint line-ups to list all."
        )
    return said


def _cars(plan: Plan, ids: tuple[str, ...]) -> str:
    names = [f"the {plan.case.candidate(i).name}" for i in ids]
    return listed(names) if names else "nothing"
