"""Answer: a plan as plan.json, the dict that the brief, the terminal and others read.

`answer_plan` makes the plan, looks at the open question of the case, and composes; `compose` does the last
step alone.
"""

from kanrin.answer._answered import Answered, answer_plan
from kanrin.answer._backtest_side import backtest_words
from kanrin.answer._compose import compose

__all__ = ["Answered", "answer_plan", "backtest_words", "compose"]
