"""What a forecast is held against: the brand's cars, entries of the segment, a plain logit. Draws of log
units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kanrin.backtesting._panel import Entry, Panel, YearMarket, whole_year
from kanrin.backtesting._year_fit import labels_of, normals
from kanrin.base import Bools, Floats
from kanrin.numerics import blup, fit_reml, same_label

__all__ = ["brand_cars", "plain_logit", "segment_entries"]

FEWEST = 5  # cars from which a spread is read


def _others(panel: Panel, entry: Entry) -> tuple[YearMarket, Bools]:
    market = panel.markets[entry.year - 1]
    rows = whole_year(market, panel) & np.array([n != entry.name for n in market.name])
    return market, rows


def _entrant(panel: Panel, entry: Entry) -> tuple[YearMarket, int]:
    market = panel.markets[entry.year]
    return market, market.row(entry.name)


def brand_cars(panel: Panel, entry: Entry) -> Floats:
    """Log units of the brand's cars in the year before; of all cars when the brand has fewer than five."""
    market, rows = _others(panel, entry)
    then, j = _entrant(panel, entry)
    mine = rows & np.array([b == then.brand[j] for b in market.brand])
    out: Floats = np.log(market.units[mine if mine.sum() >= FEWEST else rows])
    return out


def segment_entries(panel: Panel, entry: Entry, entries: Sequence[Entry]) -> Floats:
    """Log units of earlier entries of the body in their first full years; of the body's cars, or of all
    earlier entries, when they are fewer than five."""
    then, j = _entrant(panel, entry)
    body, same, every = then.body[j], [], []
    for other in entries:
        if other.year < entry.year:
            market, k = _entrant(panel, other)
            every.append(float(np.log(market.units[k])))
            if market.body[k] == body:
                same.append(every[-1])
    if len(same) >= FEWEST:
        return np.array(same)
    market, rows = _others(panel, entry)
    on_sale = rows & np.array([b == body for b in market.body])
    if on_sale.sum() >= FEWEST:
        out: Floats = np.log(market.units[on_sale])
        return out
    return np.array(every) if len(every) >= FEWEST else np.log(market.units[rows])


def plain_logit(panel: Panel, entry: Entry, draws: int, seed: int) -> Floats:
    """(D,) log units by a logit without random coefficients, fitted on the year before.

    ln s_j - ln s_0 on price and attributes, brand, body and powertrain as random effects (REML), at the price
    the car had. The price slope is the one that fits best, not one that could set prices.
    """
    market, rows = _others(panel, entry)
    then, j = _entrant(panel, entry)
    outside = 1.0 - float(market.shares.sum())
    y = np.log(market.shares) - np.log(outside)
    foreign = market.is_foreign.astype(np.float64)[:, None]
    X = np.hstack([np.ones((y.size, 1)), foreign, market.price[:, None], market.attributes])[rows]
    x = np.concatenate([[1.0, float(then.is_foreign[j]), then.price[j]], then.attributes[j]])[None]
    varies = np.concatenate([[True], np.ptp(X[:, 1:], axis=0) > 0])
    labels = labels_of(market, rows)
    groups = (labels.brand, labels.body, labels.powertrain)
    own = (then.brand[j], then.body[j], then.powertrain[j])
    fit = fit_reml(y[rows], X[:, varies], [same_label(g) for g in groups])
    theta = fit.components
    shared = sum(
        theta[k] * np.array([label == own[k] for label in g], dtype=np.float64) for k, g in enumerate(groups)
    )
    found = blup(fit, x[:, varies], np.asarray(shared)[None], np.array([[float(theta.sum())]]))
    z = normals(draws, 1, (seed, entry.year, 7))[:, 0]
    v = float(found.mean[0]) + float(found.sd[0]) * z
    kept = np.array([n != entry.name for n in market.name])
    out: Floats = v - np.logaddexp(np.log1p(np.exp(y[kept]).sum()), v) + np.log(market.size)
    return out
