"""What a campaign has spent and not yet reported."""

from __future__ import annotations

from kpistream.core.money import SCALE, units_per_major
from kpistream.edges.emitter.traffic import Traffic


class Spend:
    """Spend that accrues by the click, the view, the mail and the order, exactly.

    It is held in units of `core.money` and handed out in whole smallest units of the
    currency; what is less than one stays for the next report.
    """

    def __init__(self, currency: str, price_level: float) -> None:
        self._major = units_per_major(currency) * price_level
        self._due = 0
        self._accrued = 0
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

    def report(self) -> int:
        """What was spent before the last report, in whole smallest units: platforms are slow."""
        minor, rest = divmod(self._due, SCALE)
        self._due, self._accrued = rest + self._accrued, 0
        return minor

    def settle(self) -> int:
        """All that is left, in whole smallest units."""
        minor, self._due = divmod(self._due + self._accrued, SCALE)
        self._accrued = 0
        return minor
