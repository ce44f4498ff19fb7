"""What a solution can show for itself, where no price game does it: second order and far deviations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kanrin.simulation import Conduct, examine, solve
from made_markets import PRODUCTS, market

UNLIKE = np.array(
    [[1, 1, 0.6, 0, 0], [1, 1, 0.6, 0, 0], [0, 0, 1, 0, 0], [0.2, 0, 0, 1, 1], [0.2, 0, 0, 1, 1]], float
)


@pytest.mark.parametrize("kind", ["logit", "nested", "ces", "rc_mu"])
def test_small_sellers_are_examined_product_by_product(kind):
    here = market(kind, conduct=Conduct.MONOPOLISTIC_COMPETITION)
    shown = examine(solve(here))
    alone = examine(solve(here.with_(owners=PRODUCTS)))
    assert shown.largest_eigenvalue == pytest.approx(alone.largest_eigenvalue, rel=1e-9)
    assert shown.second_order_ok and "small seller" in shown.note


@pytest.mark.parametrize("kind", ["logit", "nested", "ces", "rc_mu", "rcnl"])
@pytest.mark.parametrize("ownership", [None, UNLIKE], ids=["separate", "unlike"])
def test_a_gain_from_another_price_is_found_and_is_what_the_setter_counts(kind, ownership):
    here = market(kind, ownership=ownership)
    found = solve(here)
    assert examine(found).largest_deviation_gain <= 1e-9
    price = found.price * np.array([1.0, 1.0, 1.0, 1.0, 1.25])
    sold = here.demand.quantities(price)
    wrong = replace(found, price=price, consumer_price=price, quantities=sold, margin=price - here.cost)
    h = here.h()

    def worth(p: np.ndarray, j: int) -> float:
        return float(h[j] @ ((p - here.cost) * here.demand.quantities(p)))

    now = [worth(price, j) for j in range(5)]
    best = -np.inf
    for j, moved in [*((j, [j]) for j in range(5)), (0, [0, 1]), (3, [3, 4])]:
        for scale in np.geomspace(0.6, 1.6, 400):
            p = price.copy()
            p[moved] *= scale
            best = max(best, worth(p, j) / now[j] - 1.0)
    gain = examine(wrong).largest_deviation_gain
    assert 0.5 * best < gain <= best * (1.0 + 1e-6)
