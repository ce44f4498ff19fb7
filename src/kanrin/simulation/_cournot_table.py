"""Before and after under Cournot."""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.base import SolveError
from kanrin.simulation._concentration import hhi
from kanrin.simulation._cournot import CournotEquilibrium, CournotMarket, solve_cournot
from kanrin.simulation._table import Table

__all__ = ["CournotSimulation", "simulate_cournot"]


@dataclass(frozen=True)
class CournotSimulation:
    """Two Cournot equilibria of the same plants."""

    before: CournotEquilibrium
    after: CournotEquilibrium

    @property
    def converged(self) -> bool:
        """Whether both were found."""
        return self.before.converged and self.after.converged

    def compensating_variation(self) -> float:
        """What buyers lose, money; harm is positive. SolveError when not converged."""
        if not self.converged:
            bad = self.after if self.before.converged else self.before
            raise SolveError(f"no welfare of quantities that are no equilibrium: {bad.advice}")
        return self.before.buyer_surplus() - self.after.buyer_surplus()

    def plants(self) -> Table:
        """Quantities, markups and profits by plant."""
        one, two = self.before, self.after
        return Table(
            f"By plant (price {one.consumer_price:.6g} before, {two.consumer_price:.6g} after)", "plant",
            one.market.plants,
            {"owner": two.market.owners, "quantity before": tuple(one.quantities.tolist()),
             "quantity after": tuple(two.quantities.tolist()), "markup before": tuple(one.markup.tolist()),
             "markup after": tuple(two.markup.tolist()), "profit before": tuple(one.profit.tolist()),
             "profit after": tuple(two.profit.tolist())},
        )  # fmt: skip

    def welfare(self) -> Table:
        """Changes for buyers, makers, treasury and in total; a gain is positive."""
        rows = {
            "buyers": -self.compensating_variation(),
            "makers": float(self.after.profit.sum() - self.before.profit.sum()),
            "treasury": self.after.treasury - self.before.treasury,
        }
        rows["total"] = sum(rows.values())
        return Table("Who gains", "who", tuple(rows), {"change": tuple(rows.values())})

    def concentration(self) -> tuple[float, float]:
        """HHI of quantities before and after, points of 10,000."""
        one, two = self.before, self.after
        return hhi(one.quantities, one.market.owners), hhi(two.quantities, two.market.owners)

    def __str__(self) -> str:
        if not self.converged:
            return f"not solved: {(self.after if self.before.converged else self.before).advice}"
        return f"{self.plants()}\n\n{self.welfare()}"

    def _repr_html_(self) -> str:
        return self.plants()._repr_html_() + self.welfare()._repr_html_() if self.converged else str(self)


def simulate_cournot(before: CournotMarket, after: CournotMarket) -> CournotSimulation:
    """Both equilibria; the second starts from the first."""
    one = solve_cournot(before)
    two = solve_cournot(after, start=one.quantities if one.converged else None)
    return CournotSimulation(one, two if two.converged else solve_cournot(after))
