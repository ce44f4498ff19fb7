"""Advice of the engine in the words of a specification: its keys in place of Python's arguments."""

from __future__ import annotations

import re

__all__ = ["in_spec_words"]

_WORDS: tuple[tuple[str, str], ...] = (  # what the engine says, what a specification calls it
    ("say rest_never_buys=True", "say rest_never_buys = true in [agents]"),
    ("name the firms in build_problem(firms='...')", "name firm in [data]"),
    ("name the column of firms, firms='...'", "name firm in [data]"),
    ("name them, random='0 + price'", "name them, random in [model]"),
    ("no random coefficients; random='...'", "no random coefficients; name them, random in [model]"),
    ("forms name ", "[model] lognormal names "),
    ("forms= goes by their labels", "lognormal in [model] goes by their labels"),
    ("name their regressors, costs='...'", "name their regressors, costs in [model]"),
    ("name the nest column, nest='...'", "name nest in [data]"),
    ("agents=OwnAgents(table, ...)", 'rule = "file" in [agents]'),
    ("agents=lognormal_income(...) or OwnAgents", 'rule = "lognormal-income" or "file" in [agents]'),
    ("use SparseGrid or Halton", 'use rule = "sparse-grid" or "halton" in [agents]'),
    ("name a column for each, nodes=[...]", "name a column for each in nodes of [agents]"),
    ("name them, demographics=...", "name demographics in [model]"),
    ("for example differentiation_instruments()", "for example [[instruments.built]]"),
    ("name them, supply_instruments=", "add [supply_instruments]"),
    ("name them, instruments=", "add [instruments]"),
    ("set sigma and pi to zero", "set sigma and pi in [starts] to zero"),
    ("use LinearCost(), or set cost_bounds", 'set cost_form = "linear" or cost_bounds in [model]'),
    ("weight in one step, OneStep()", 'set weighting = "one-step" in [estimation]'),
    (
        "Continuous() weighting needs Robust() or Clustered() errors",
        'weighting = "continuous" needs errors = "robust" or "clustered" in [estimation]',
    ),
    (
        "use LBFGSB(), or take the bounds away with bounds=None",
        'set search = "l-bfgs-b" in [estimation], or take [bounds] away',
    ),
    ("use laplace_shares()", 'set zeros = "laplace" in [data]'),
    ("report profile(), or leave the random coefficient out", "leave the random coefficient out"),
    ("estimate anew without it, or restore", "leave --resume out, or restore"),
    ("estimate anew without it", "leave --resume out"),
)
_MEAN = re.compile(r"mean=\{'?([^':]*)'?: \.\.\}")
_GRID = re.compile(r"GaussHermite\((\d+)\)")


def in_spec_words(text: str) -> str:
    """The message with keys of a specification where it named arguments of Python."""
    for python, spec in _WORDS:
        text = text.replace(python, spec)
    return _GRID.sub(r"gauss-hermite with \1 nodes", _MEAN.sub(r"[starts] mean of \1", text))
