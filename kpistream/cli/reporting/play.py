"""Files of events, played through the worker's own core."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from kpistream.cli.backtesting.arrivals import Arrival
from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.proof.backtest import Recorder
from kpistream.core.driver import BEAT_MS, Driver
from kpistream.core.plan import Plan
from kpistream.core.reporting.episodes import AlertTold, Episode, episode_of, told
from kpistream.core.windows.panes import DAY_S
from kpistream.core.windows.windows import MAX_REACH_S, RollingWindow

NEARLY_S: Final = 3600
"""Files that end so long before a midnight hold that day to its end."""


class Play:
    """Files of events played through the core, with the alerts that fired on the way."""

    def __init__(self, plan: Plan) -> None:
        """Keep what is older than any window, so that any period in the files can be looked at."""
        self.plan = _far_reaching(plan)
        self.driver = Driver(self.plan)
        self.unread: Counter[str] = Counter()
        self.first_ms: int | None = None
        self.last_ms = 0
        self._recorder = Recorder(plan.rules)
        self._told: dict[tuple[str, float], AlertTold] = {}

    def take(self, arrivals: Iterable[Arrival]) -> None:
        """Play all of them."""
        for arrival in arrivals:
            if arrival.event_type in self.plan.topics:
                self._feed(arrival)
            else:
                self.unread[arrival.event_type] += 1
        until_ms = round(self.known_until_s * 1000)
        ending = self.driver.finish() if until_ms == self.last_ms else self._last_beat()
        for alert in ending:
            self._hear(alert)
        self._recorder.look(self.driver.alerts)
        self._recorder.finish(self.last_ms / 1000)
        # The rest of the day is taken for silence, but nobody is alarmed by that.
        if until_ms > self.last_ms:
            deque((*self.driver.advance(until_ms), *self.driver.finish()), maxlen=0)

    def _last_beat(self) -> Iterator[Alert]:
        return self.driver.advance(self.last_ms + BEAT_MS)

    def _feed(self, arrival: Arrival) -> None:
        if self.first_ms is None:
            self.first_ms = arrival.arrived_ms
        self.last_ms = max(self.last_ms, arrival.arrived_ms)
        for changes in self.driver.steps(arrival.arrived_ms):
            for alert in changes:
                self._hear(alert)
            if not self._recorder.is_idle:
                self._recorder.look(self.driver.alerts)
        for alert in self.driver.feed(*_fed(arrival)):
            self._hear(alert)
        # Nobody asks for them here, and there may be many.
        self.driver.dead_letters.clear()

    def _hear(self, alert: Alert) -> None:
        self._recorder.hear(alert)
        self._told[alert.fingerprint, alert.changed_at] = told(alert)

    @property
    def episodes(self) -> list[Episode]:
        """What fired, in the order of time."""
        return [
            episode_of(firing, self._told[firing.fingerprint, firing.from_s])
            for firing in self._recorder.firings
        ]

    @property
    def known_until_s(self) -> float:
        """Up to when what occurred is known: the last arrival, or the midnight soon after it."""
        last_s = self.last_ms / 1000
        days = self.plan.days
        midnight = days.after(days.start(last_s))
        return float(midnight) if midnight - last_s <= NEARLY_S else last_s


def _fed(arrival: Arrival) -> tuple[str, bytes, int]:
    return arrival.event_type, arrival.value, arrival.arrived_ms


def _far_reaching(plan: Plan) -> Plan:
    """The plan with nothing read on the way but what rules look at, and all of it kept."""
    reach = RollingWindow("report", DAY_S, MAX_REACH_S, plan.days, MAX_REACH_S // 2)
    return replace(plan, windows=(*plan.windows, reach)).for_rules()
