"""How time passes when it is replayed: in steps, as a worker's clock does.

A driver that is told of a long silence all at once looks only at its end, and every ten seconds:
alerts that would have come and gone meanwhile are none, and `for: 3s` takes ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.life import hold_s
from kpistream.core.alerting.rules import Rule
from kpistream.core.driver import BEAT_MS, IDLE_BEAT_MS, Driver


class Clock:
    """Lets time pass for a driver, from ``now_ms`` (epoch milliseconds) on."""

    def __init__(self, driver: Driver, rules: Iterable[Rule], now_ms: int) -> None:
        self.now_ms = now_ms
        self._driver = driver
        self._rules: Mapping[str, Rule] = {rule.name: rule for rule in rules}

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
        ends_s = (self._end_s(alert) for alert in self._driver.alerts if alert.is_active)
        # A millisecond later, so that no rounding of seconds makes it too early.
        ends_ms = (int(end_s * 1000) + 1 for end_s in ends_s)
        later = (end_ms for end_ms in ends_ms if end_ms > self.now_ms)
        return min(later, default=self.now_ms + 86_400_000)

    def _end_s(self, alert: Alert) -> float:
        """When a pending alert fires, or a firing one ends unless its condition holds again."""
        rule = self._rules[alert.rule]
        if alert.state is AlertState.pending:
            return alert.since + rule.for_s
        return alert.held_at + hold_s(alert, rule)
