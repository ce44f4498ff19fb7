"""Tables of the rooms estimation and simulation in reference/python.md: `python docs/python_page.py` renews
them from the doors and the first sentences of the docstrings."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

PAGE = Path(__file__).resolve().parent / "reference" / "python.md"
BEGIN = "<!-- Rooms: written by docs/python_page.py; a test keeps the two equal. -->\n"
END = "<!-- End of rooms. -->"

GROUPS = {
    "kanrin.estimation": {
        "Data": ("Table", "as_table", "as_frame", "read_csv", "laplace_shares", "Formula", "parse_formula",
                 "Absorber", "build_absorber"),
        "Closed forms": ("estimate_logit", "estimate_linear", "LinearResults", "FirstStage"),
        "The problem": ("build_problem", "Problem", "Lognormal", "PriceOverIncome", "LinearCost", "LogCost",
                        "Wedges"),
        "Buyers": ("GaussHermite", "SparseGrid", "Halton", "Sobol", "MLHS", "MonteCarlo", "OwnAgents",
                   "lognormal_income"),
        "Instruments": ("Instruments", "blp_instruments", "differentiation_instruments",
                        "optimal_instruments", "OptimalInstruments"),
        "GMM": ("estimate", "OneStep", "TwoStep", "Iterated", "Continuous", "Robust", "Clustered",
                "Unadjusted", "BFGS", "LBFGSB", "Progress", "load_progress"),
        "Results": ("EstimationResults", "MarketFit", "Substitution", "CoefficientTable", "Profile",
                    "profile", "SavedEstimate", "load_estimate", "check_words"),
        "Entry": ("entry_thresholds", "EntryThresholds"),
        "Inside a search": ("Model", "build_model", "Point", "evaluate"),
    },
    "kanrin.simulation": {
        "Data and targets": ("Sales", "markups", "Markup", "OwnElasticity", "CrossElasticity",
                             "DiversionRatio", "MarketElasticity", "FITTED", "Fitted"),
        "Calibration": ("calibrate_logit", "calibrate_nested_logit", "calibrate_ces", "calibrate_linear",
                        "calibrate_aids", "calibrate_random_coefficients", "Calibration"),
        "Demand systems": ("DemandSystem", "Logit", "NestedLogit", "RandomCoefficients",
                           "NestedRandomCoefficients", "CES", "Linear", "AIDS", "mean_utilities"),
        "A market": ("Market", "Conduct", "estimated_market", "recover_market", "margins_at",
                     "negative_costs", "as_price_game"),
        "Policies": ("Tax", "Tariff", "SpecificTax", "Quota", "Remits", "Rent", "PreTaxPrice",
                     "ConsumerPrice", "FixedValue", "DeductiveValue"),
        "Changes": ("Merger", "Divestiture", "Stake", "CostChange", "Entry", "Exit", "Change",
                    "apply_change"),
        "Simulation": ("simulate", "Simulation", "simulate_many", "Batch", "Failure", "solve", "Equilibrium",
                       "examine", "Evidence", "over_draws", "over_estimate", "Spread"),
        "Substitution": ("elasticities", "own_elasticities", "aggregate_elasticity", "diversion_ratios",
                         "second_choices", "long_run_diversion", "pass_through", "willingness_to_pay"),
        "Screens and welfare": ("hhi", "screen_merger", "MergerScreen", "compensating_variation", "Surplus",
                                "money", "Money"),
        "Cournot": ("CournotMarket", "LinearInverse", "IsoelasticInverse", "recover_cournot",
                    "solve_cournot", "CournotEquilibrium", "simulate_cournot", "CournotSimulation"),
        "Tables": ("Table", "matrix_table", "cost_table", "elasticity_table", "diversion_table",
                   "second_choice_table", "long_run_diversion_table", "pass_through_table",
                   "screen_table"),
    },
}  # fmt: skip
IN_FULL = {
    "kanrin.estimation": ("estimate_logit", "build_problem", "estimate", "EstimationResults"),
    "kanrin.simulation": ("estimated_market", "simulate", "Market", "Simulation"),
}
OWN_WORDS = {
    "Change": "Any of the changes above.",
    "FITTED": "The value of that name: to be found by least squares of the targets.",
}


def _sentence(room: str, name: str) -> str:
    if name in OWN_WORDS:
        return OWN_WORDS[name]
    text = inspect.getdoc(getattr(importlib.import_module(room), name)) or ""
    if not text or text.startswith(f"{name}("):
        raise LookupError(f"{room}.{name} has no docstring of its own")
    paragraph = " ".join(text.split("\n\n")[0].split())
    first = re.split(r"(?<=[a-z)\]`0-9])\. (?=[A-Z`a-z])", paragraph, maxsplit=1)[0].rstrip(".") + "."
    parts = re.split(r"(`[^`]*`)", re.sub(r" \[[A-Z]\d+(, [A-Z]\d+)*\]", "", first))
    plain = [p if p.startswith("`") else re.sub(r"([*_<\[\]$])", r"\\\1", p) for p in parts]
    return "".join(plain).replace("|", "\\|")


def tables(room: str) -> str:
    """The tables of a room."""
    door, listed = set(importlib.import_module(room).__all__), set()
    parts = []
    for heading, names in GROUPS[room].items():
        listed |= set(names)
        rows = [f"| `{name}` | {_sentence(room, name)} |" for name in names]
        parts.append(f"### {heading}\n\n| name | |\n|---|---|\n" + "\n".join(rows) + "\n")
    if listed != door:
        raise LookupError(f"{room}: give each public name a group in docs/python_page.py: {listed ^ door}")
    return "\n".join(parts)


def _directive(room: str, name: str) -> str:
    if inspect.isclass(getattr(importlib.import_module(room), name)):
        return f".. autoclass:: {room}.{name}\n   :members:"
    return f".. autofunction:: {room}.{name}"


def page() -> str:
    """The whole page, its tables renewed."""
    text = PAGE.read_text(encoding="utf-8")
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    parts = []
    for room in GROUPS:
        doc = (importlib.import_module(room).__doc__ or "").split("\n\n", 1)[1].strip()
        full = "\n".join(_directive(room, name) for name in IN_FULL[room])
        parts.append(
            f"## {room}\n\n{doc}\n\n{tables(room)}\n### The main ones in full\n\n"
            f"```{{eval-rst}}\n{full}\n```\n"
        )
    return text[:begin] + "\n" + "\n".join(parts) + "\n" + text[end:]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
