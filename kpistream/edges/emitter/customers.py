"""Who is a customer, how often he has ordered, and what he pays each month."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

PLANS: Final = (9.9, 19.9, 49.9)
"""What a subscription costs each month, in the unit that amounts of scenarios are declared in."""


class Customers:
    """The customers among the visitors, by the number of the visitor.

    Who ordered before the scenario is a customer when it starts. Money is in smallest units.
    """

    def __init__(self, orders_before: Callable[[int], int], prices: Sequence[int]) -> None:
        self._orders_before = orders_before
        self._prices = prices
        self._orders: dict[int, int] = {}
        self._plans: dict[int, int | None] = {}
        self._joined: set[int] = set()

    def order(self, visitor: int) -> int:
        """Count an order; the how-manieth of this visitor it is, 1 for his first."""
        number = self._orders.get(visitor) or self._orders_before(visitor)
        self._orders[visitor] = number + 1
        return number + 1

    def knows(self, visitor: int) -> bool:
        """Whether he is a customer at the moment."""
        return self._plan(visitor) is not None

    def is_recent(self, visitor: int) -> bool:
        """Whether he became a customer during the scenario."""
        return visitor in self._joined

    def join(self, visitor: int) -> int | None:
        """Make him a customer; what he pays from now on, None if he was one."""
        if self._plan(visitor) is not None:
            return None
        plan = self._plans[visitor] = visitor % len(self._prices)
        self._joined.add(visitor)
        return self._prices[plan]

    def leave(self, visitor: int) -> int | None:
        """End his subscription; what he pays no more, None if he is no customer."""
        plan = self._plan(visitor)
        self._plans[visitor] = None
        return None if plan is None else self._prices[plan]

    def move(self, visitor: int, steps: int) -> int | None:
        """Change his plan; by how much the price differs, None where there is no such plan."""
        plan = self._plan(visitor)
        if plan is None or not 0 <= plan + steps < len(self._prices):
            return None
        self._plans[visitor] = plan + steps
        return abs(self._prices[plan + steps] - self._prices[plan])

    def _plan(self, visitor: int) -> int | None:
        """The place of his plan among the prices; None if he is no customer."""
        if visitor in self._plans:
            return self._plans[visitor]
        return visitor % len(self._prices) if self._orders_before(visitor) else None
