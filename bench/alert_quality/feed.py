"""A monitor that is fed with partials, as measuring workers would send them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from bench.alert_quality.shop import CURRENCY, HOLIDAYS
from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.past.calendar import SpecialDays
from kpistream.core.alerting.rules.rule import Rule
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.driver import DrivenRecord
from kpistream.core.measuring.partials import (
    MARK_KEY,
    SLICE_PREFIX,
    TICK_KEY,
    Mark,
    Partial,
    Sums,
    add,
    encode_mark,
    encode_partial,
)
from kpistream.core.monitoring.monitor import Monitor
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice, Slicing, slice_key
from kpistream.core.windows.windows import parse_window
from kpistream.settings.defaults import SHIPPED

Happened = Mapping[Slice, Mapping[str, Sums]]
"""By campaign and event type, what a stretch of time had."""

EVENTS: Final = ("impression", "click", "session", "order", "cost", "email")


def plan_of(rules: Iterable[Rule], windows: Iterable[str]) -> Plan:
    """A plan with nothing in it but what these rules need."""
    rules = tuple(rules)
    text = (SHIPPED / "catalogue.yml").read_text(encoding="utf-8")
    catalogue = Catalogue.load(text, "catalogue.yml").over(EVENTS)
    names = {name for rule in rules for name, _ in rule.pairs}
    catalogue = replace(
        catalogue,
        kpis={name: replace(catalogue.kpis[name], windows=(), slices=()) for name in names},
        objectives=(),
        dashboards={},
    )
    return Plan(
        catalogue=catalogue,
        topics={event: catalogue.events[event].topic for event in EVENTS},
        slicing=Slicing(dict.fromkeys(tuple(rule.slice) for rule in rules), catalogue.dimensions),
        windows=tuple(map(parse_window, windows)),
        rules=rules,
        currency=CURRENCY,
        special_days=SpecialDays(dict.fromkeys(HOLIDAYS, "a day like no other")),
    )


class Feed:
    """Sends what happened to a monitor, and tells which alerts begin to fire."""

    def __init__(self, plan: Plan) -> None:
        self.monitor = Monitor(plan, [(topic, 0) for topic in plan.topics.values()])
        self._plan = plan
        self._offset = 0

    def send(self, panes: Iterable[tuple[int, int, Happened]], now_s: int) -> None:
        """Send panes (width, start and what happened in them), all of them measured by now."""
        for width_s, start_s, happened in panes:
            for part, by_event in self._by_slice(happened).items():
                for event, sums in by_event.items():
                    partial = Partial(
                        self._plan.topics[event], 0, self._offset, [(width_s, start_s, sums, {})]
                    )
                    key = SLICE_PREFIX + slice_key(part)
                    self._take(now_s, key, encode_partial(partial))
        for topic in self._plan.topics.values():
            self._take(now_s, MARK_KEY, encode_mark(Mark(topic, 0, now_s * 1000, self._offset)))
        self._take(now_s, TICK_KEY, b"")

    def _by_slice(self, happened: Happened) -> dict[Slice, dict[str, Sums]]:
        found: dict[Slice, dict[str, Sums]] = {}
        for campaign, by_event in happened.items():
            for names in self._plan.slicing.sets:
                part = tuple(pair for pair in campaign if pair[0] in names)
                held = found.setdefault(part, {})
                for event, sums in by_event.items():
                    some = {name: amount for name, amount in sums.items() if amount}
                    if some:
                        add(held.setdefault(event, {}), some)
        return found

    def _take(self, now_s: int, key: bytes, value: bytes) -> None:
        self.monitor.take([DrivenRecord(self._offset, now_s * 1000, value, key)])
        self._offset += 1

    def learn(self) -> None:
        """Record the hours that are due, without judging anything."""
        monitor = self.monitor
        for _ in range(len(tuple(monitor.merger.slices)) // 10 + 1):
            monitor.history.learn(monitor.merger, monitor.merger.complete_s)
        monitor.drain()

    def judge(self) -> list[Alert]:
        """Judge every rule; the alerts that begin to fire."""
        news = self.monitor.beat()
        self.monitor.drain()
        return [alert for alert in news if alert.state is AlertState.firing]
