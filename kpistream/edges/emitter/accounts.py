"""What customers do with their subscriptions: begin, change and end them."""

from __future__ import annotations

import math
import random
from typing import Final

from kpistream.edges.emitter.audience import Person
from kpistream.edges.emitter.customers import Customers
from kpistream.edges.emitter.emission import Emission
from kpistream.edges.emitter.pen import Pen

_UPGRADES: Final = 0.45
_DOWNGRADES: Final = 0.25
_MEAN_LIFETIME_DAYS: Final = 420


class Accounts:
    """The customer events of one campaign; who is a customer is known to all campaigns."""

    def __init__(self, pen: Pen, customers: Customers, rng: random.Random) -> None:
        self._pen = pen
        self._customers = customers
        self._random = rng.random

    def welcome(self, at_ms: int, person: Person) -> Emission | None:
        """He becomes a customer, unless he is one."""
        return self._changed(at_ms, person, "created", self._customers.join(person.number))

    def manage(self, at_ms: int, person: Person) -> Emission | None:
        """He takes a larger or a smaller plan, or leaves; nothing if he cannot."""
        draw, visitor = self._random(), person.number
        if draw < _UPGRADES:
            return self._changed(at_ms, person, "upgraded", self._customers.move(visitor, 1))
        if draw < _UPGRADES + _DOWNGRADES:
            return self._changed(at_ms, person, "downgraded", self._customers.move(visitor, -1))
        days = self._lifetime_days(visitor)
        return self._changed(at_ms, person, "churned", self._customers.leave(visitor), days)

    def _lifetime_days(self, visitor: int) -> int:
        """How long he has been a customer: life-sized, or none of the days of the scenario."""
        if self._customers.is_recent(visitor):
            return 0
        return 1 + int(-_MEAN_LIFETIME_DAYS * math.log(1 - self._random()))

    def _changed(
        self, at_ms: int, person: Person, kind: str, minor: int | None, days: int | None = None
    ) -> Emission | None:
        if minor is None:
            return None
        more = f',"customer_id":"c{person.number}","kind":"{kind}"'
        if days is not None:
            more += f',"lifetime_days":{days}'
        return self._pen.priced(at_ms, person, "customer", more, kind, "mrr", minor, days or 0)
