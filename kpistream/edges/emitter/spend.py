"""What a campaign has spent and not yet reported."""

from __future__ import annotations

from typing import NamedTuple

from kpistream.core.money.money import SCALE, units_per_major
from kpistream.edges.emitter.traffic import Traffic


class Bill(NamedTuple):
    """What was spent from a moment up to, not including, another, in epoch milliseconds."""

    minor: int
    """In whole smallest units of the currency; never 0."""
    from_ms: int
    until_ms: int


class Spend:
    """Spend that accrues by the click, the view, the mail and the order, exactly.

    It is held in units of `core.money` and handed out in whole smallest units of the
    currency; what is less than one stays for the next report.
    """

    def __init__(self, currency: str, price_level: float, start_ms: int) -> None:
        self._major = units_per_major(currency) * price_level
        self._due = 0
        self._accrued = 0
        self._due_from_ms = self._accrued_from_ms = start_ms
        self._click = self._view = 0
        self._commission = 0.0

    def charge(self, traffic: Traffic) -> None:
        """Charge the prices of this traffic from now on."""
        self._click = round(traffic.cost_per_click * self._major)
        self._view = round(traffic.cost_per_mille / 1000 * self._major)
        self._commission = traffic.commission

    def view(self) -> None:
        """Accrue an impression, or a mail sent."""
        self._accrued += self._view

    def click(self) -> None:
        """Accrue a click on an ad."""
        self._accrued += self._click

    def order(self, minor: int) -> None:
        """Accrue the commission of an order."""
        self._accrued += round(minor * SCALE * self._commission)

    def report(self, at_ms: int) -> Bill | None:
        """What was spent between the last two reports: platforms are slow. None for nothing."""
        minor, rest = divmod(self._due, SCALE)
        bill = Bill(minor, self._due_from_ms, self._accrued_from_ms)
        self._due, self._accrued = rest + self._accrued, 0
        self._due_from_ms, self._accrued_from_ms = self._accrued_from_ms, at_ms
        return bill if minor else None

    def settle(self, at_ms: int) -> Bill | None:
        """All that is left. None for nothing."""
        minor, self._due = divmod(self._due + self._accrued, SCALE)
        bill = Bill(minor, self._due_from_ms, at_ms)
        self._accrued = 0
        self._due_from_ms = self._accrued_from_ms = at_ms
        return bill if minor else None
