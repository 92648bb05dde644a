"""How time passes when it is replayed: in steps, as a worker's clock does.

A driver that is told of a long silence all at once looks only at its end, and every ten seconds:
alerts that would have come and gone meanwhile are none, and `for: 3s` takes ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.rules import Rule
from kpistream.core.alerting.waits import next_wait_ms
from kpistream.core.driver import BEAT_MS, IDLE_BEAT_MS, Driver


class Clock:
    """Lets time pass for a driver, from ``now_ms`` (epoch milliseconds) on."""

    def __init__(self, driver: Driver, rules: Iterable[Rule], now_ms: int) -> None:
        self.now_ms = now_ms
        self._driver = driver
        self._rules = tuple(rules)

    def pass_to(self, moment_ms: int) -> Iterator[list[Alert]]:
        """Let time pass to a moment, step by step; of each, the alerts that changed.

        What came last is judged a second later. Then a silence goes from one round ten seconds to
        the next, as windows do; and what an alert waits for is judged when that ends.
        """
        last_ms = self.now_ms
        while self.now_ms < moment_ms:
            due_ms = self._due_ms() if moment_ms - self.now_ms > BEAT_MS else moment_ms
            following_ms = (self.now_ms // IDLE_BEAT_MS + 1) * IDLE_BEAT_MS
            if self.now_ms == last_ms:
                following_ms = last_ms + BEAT_MS
            self.now_ms = min(moment_ms, following_ms, due_ms)
            changes = list(self._driver.advance(self.now_ms))
            if self.now_ms == due_ms < moment_ms:
                changes += self._driver.beat(self.now_ms)
            yield changes

    def _due_ms(self) -> int:
        """When the next wait of an alert ends, after now; a day on if none waits."""
        wait_ms = next_wait_ms(self._driver.alerts, self._rules, self.now_ms)
        return self.now_ms + 86_400_000 if wait_ms is None else wait_ms
