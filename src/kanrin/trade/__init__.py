"""Trade: what a plan does to the bilateral balance, in customs terms and by content (partial reading)."""

from kanrin.trade._balance import Balance, balance, held_fixed

__all__ = ["Balance", "balance", "held_fixed"]
