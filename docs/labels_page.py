"""Where each equation label lives, in explanation/model.md: `python docs/labels_page.py` renews the table.

A label stands in brackets in the docstring of the code that does the equation, or in a comment of native
code.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE, NATIVE = ROOT / "src" / "kanrin", ROOT / "native"
PAGE = ROOT / "docs" / "explanation" / "model.md"
BEGIN = "<!-- Labels: written by docs/labels_page.py; a test holds each place to its code. -->\n"
END = "<!-- End of labels. -->"

# heading: {label: what it says}
LABELS = {
    "Demand": {
        "utility": "utility: common part, own part, taste shock",
        "price-index": "how price enters utility: linear, over income, log of income less price",
        "rc-shares": "choice probabilities and shares, random coefficients",
        "rcnl-shares": "the same with nests",
        "kernel": "weighted sums that every derivative of shares is made of",
        "ds-dp": "derivatives of shares by price",
        "dlogs-drho": "derivative of log shares by the nesting parameter",
        "elasticity": "own, cross and aggregate elasticities",
        "diversion": "diversion by price",
        "second-choice": "diversion when a product is withdrawn",
        "cs": "consumer surplus and compensating variation",
    },
    "Inversion": {
        "inversion": "mean utilities that reproduce observed shares",
        "contraction": "the contraction step",
        "squarem": "its acceleration",
        "newton": "Newton steps by conjugate gradients",
        "delta-bound": "bound of the error in mean utility",
        "laplace": "shares where nothing was sold",
    },
    "Estimation": {
        "moments": "moments, objective, weights",
        "concentrate": "linear parameters given the others",
        "costs": "costs implied by prices and demand",
        "adjoint": "gradient of the objective, demand",
        "adjoint-supply": "the same with supply",
        "se": "standard errors",
        "iv-blp": "instruments: sums of characteristics",
        "iv-diff": "instruments: differentiation",
        "iv-optimal": "instruments: optimal",
        "bootstrap": "draws of the parameters",
    },
    "Prices": {
        "pc": "what the buyer pays",
        "keep": "what the maker receives",
        "price-data": "price before tax from a price seen",
        "c-cut": "where percentage margins are cut from cost",
        "ledger": "who receives what the buyer pays",
        "duty-a": "duty on a fixed customs value",
        "duty-b": "duty on a value deduced from the domestic price",
        "profit": "a maker's profit, with stakes in others",
        "foc": "first-order conditions of prices",
        "zeta": "their fixed point",
        "zeta-mf": "the same by sums over a firm's products",
        "foc-jac": "Jacobian of the conditions",
        "newton-price": "Newton steps in prices",
        "soc": "second order",
        "pass-through": "pass-through of costs, taxes, levies",
        "recover": "costs that make observed prices optimal",
        "certificate": "evidence that a solution is an equilibrium",
        "caps": "caps and quotas",
        "fb": "complementarity, Fischer and Burmeister",
        "caps-weighted": "the same where a rent is a rate on a value",
        "rent": "who holds the rent of a quota",
        "trq": "tariff-rate quotas: the shadow price is at most the duty beyond the quota",
        "plant": "one plant serves several markets",
    },
    "A model not sold yet, the line-up, the balance": {
        "newmodel": "forecast of a model not sold yet",
        "xi-model": "what unobserved appeal is made of",
        "blup": "its prediction",
        "shrink": "the one-way case of it",
        "selection": "shift for having been worth launching",
        "backtest": "how good such forecasts have been",
        "crps": "the score of a forecast distribution",
        "plan": "choice of line-up, pathways and routes",
        "delta-pi": "change of profit",
        "saa": "valuing the winner on fresh draws",
        "objective": "the mean less a part of the mean of the worst",
        "p-loss": "chance of a loss",
        "cvar": "mean of the worst share of outcomes",
        "break-even": "values at which the decision turns",
        "evpi": "what knowing more is worth",
        "waiting": "a small first step against launch at full scale",
        "bal-us": "bilateral balance in U.S. statistics",
        "bal-jp": "the same in Japanese statistics",
        "third": "imports from third countries",
        "va-balance": "balance in value added",
    },
    "Landed cost": {
        "c0": "cost before the cut of percentage margins",
        "fob": "free on board",
        "freight": "ocean freight",
        "cif": "cost, insurance and freight in closed form",
        "cv": "customs value",
        "duty": "duty",
        "import-tax": "tax at the border and its carrying cost",
        "local": "costs on arrival",
        "tax": "consumption tax",
        "levies": "amounts per car",
        "otr": "on-the-road price",
        "wedge-map": "wedges of the price game from a waterfall",
    },
}
ROOMS = {"Landed cost": ("cost",), "Estimation": ("estimation", "kernels", "simulation", "demand", "lineup")}


def _door(room: Path) -> set[str]:
    """The names a room re-exports."""
    tree = ast.parse((room / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def _cited(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> set[str]:
    return set(re.findall(r"\(([a-z][a-z0-9-]*)\)", ast.get_docstring(node) or ""))


def _named(path: Path, door: set[str]) -> dict[str, set[str]]:
    """{label: what cites it in a module}: public names, else the module itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    room, module = path.parent.name, f"{path.parent.name}.{path.stem}"
    if path.stem == "__init__":
        module = room
    out: dict[str, set[str]] = defaultdict(set)
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        shown = f"{room}.{node.name}" if node.name in door else f"{module}.{node.name}"
        for label in _cited(node):
            is_top = node in tree.body and not node.name.startswith("_")
            out[label].add(shown if is_top else module)
        if isinstance(node, ast.ClassDef) and node in tree.body and not node.name.startswith("_"):
            for child in node.body:
                if isinstance(child, ast.FunctionDef):
                    for label in _cited(child):
                        out[label].add(shown)
    for label in _cited(tree):
        out[label].add(module)
    return {label: names - {module} or {module} for label, names in out.items()}


def where() -> dict[str, list[str]]:
    """{label: names that cite it}, over the package and the native code."""
    found: dict[str, list[str]] = defaultdict(list)
    for room in sorted(p for p in SOURCE.iterdir() if (p / "__init__.py").exists()):
        door, names = _door(room), defaultdict(set)
        for path in sorted(room.glob("*.py")):
            for label, cited in _named(path, door).items():
                names[label] |= cited
        for label, cited in names.items():
            found[label] += sorted(cited)
    for path in sorted(NATIVE.glob("*.?pp")):
        for label in set(re.findall(r"\(([a-z][a-z0-9-]*)\)", path.read_text(encoding="utf-8"))):
            found[label].append(f"native/{path.name}")
    return found


def _belongs(name: str, heading: str) -> bool:
    rooms = ROOMS.get(heading)
    return rooms is None or name.split(".")[0] in rooms or name.startswith("native/")


def table() -> str:
    """The tables, one a heading."""
    found, parts = where(), []
    for heading, labels in LABELS.items():
        lines = [f"### {heading}\n", "| label | says | where |", "|---|---|---|"]
        for label, says in labels.items():
            names = [n for n in found.get(label, ()) if _belongs(n, heading)]
            if heading == "Landed cost":
                names = [n for n in names if not n.startswith("native/")]
            if not names:
                raise LookupError(
                    f"no docstring cites ({label}): cite it where it is done or take it out here"
                )
            lines.append(f"| ({label}) | {says} | {', '.join(f'`{n}`' for n in names)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def page() -> str:
    """The whole page, its table renewed."""
    text = PAGE.read_text(encoding="utf-8")
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    return text[:begin] + "\n" + table() + "\n" + text[end:]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
