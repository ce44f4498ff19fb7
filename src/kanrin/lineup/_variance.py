"""Which inputs the spread of a plan's worth comes from: shares of the variance of its rank."""

from __future__ import annotations

import numpy as np

from kanrin.base import Floats
from kanrin.lineup._choose import Lineup
from kanrin.lineup._draws import Draws
from kanrin.lineup._valuation import Valuation
from kanrin.rules import FX

__all__ = ["variance_shares"]


def variance_shares(valuation: Valuation, row: int, draws: Draws, lineup: Lineup) -> dict[str, float]:
    """Share of the variance of the worth's rank that each group of inputs explains, and the rest.

    The fit is linear in the inputs' ranks. `row` is the valued row. An empty mapping when the worth does not
    vary.
    """
    y = _rank(valuation.value[:, row])
    alpha = draws.theta - draws.theta.mean(axis=0)
    chosen = [j for j, on in enumerate(lineup) if on]
    groups: dict[str, Floats] = {
        "quality of the new models (xi)": draws.normals[:, chosen],
        "demand parameters": alpha,
    }
    if FX in draws.keys:
        groups["exchange rate"] = draws.keys[FX][:, None]
    others = [v for k, v in draws.keys.items() if k != FX]
    shares: dict[str, float] = {}
    total = float(((y - y.mean()) ** 2).sum())
    if total == 0.0:
        return {}
    for name, x in groups.items():
        ranks = np.column_stack([_rank(c) for c in x.T]) if x.size else np.zeros((len(y), 0))
        by_chance = ranks.shape[1] / max(1, len(y) - 1)
        shares[name] = max(0.0, _explained(ranks, y) / total - by_chance)
    if others:
        # each less what an idle input explains by chance, so that many idle ones add up to nothing
        noise = 1.0 / max(1, len(y) - 1)
        signed = sum(_explained(_rank(v)[:, None], y) / total - noise for v in others)
        shares["assumed costs and margins"] = max(0.0, float(signed))
    explained = sum(shares.values())
    if explained > 1.0:
        return {**{k: v / explained for k, v in shares.items()}, "interactions and the rest": 0.0}
    return {**shares, "interactions and the rest": 1.0 - explained}


def _rank(v: Floats) -> Floats:
    out: Floats = np.argsort(np.argsort(v, kind="stable"), kind="stable").astype(np.float64)
    return out


def _explained(x: Floats, y: Floats) -> float:
    """Sum of squares explained by a linear fit."""
    if x.shape[1] == 0:
        return 0.0
    design = np.column_stack([np.ones(len(y)), x])
    fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return float(((fitted - y.mean()) ** 2).sum())
