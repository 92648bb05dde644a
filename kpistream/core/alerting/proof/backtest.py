"""A backtest: what rules would have told of over events that are past, firing by firing.

A recorder hears each change of an alert as the driver makes it, and looks at the alerts that fire
meanwhile for their worst value. It keeps firings, not events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.rules.conditions import (
    Absence,
    Change,
    Condition,
    Drift,
    Forecast,
    Line,
    Unusual,
    leaves,
)
from kpistream.core.alerting.rules.rule import Rule, Severity
from kpistream.core.alerting.telling.silences import Silence
from kpistream.core.driver import Driver
from kpistream.core.instants import rfc3339
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice

DAY_S: Final = 86_400.0
WEEK_S: Final = 7 * DAY_S


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """One time that an alert fired; moments are epoch seconds.

    ``since`` is when its condition began to hold. ``to_s`` is the end of the events if it
    ``is_open``, firing still. ``worst`` is the value that was farthest on the alarming side, in the
    KPI's unit, and ``sample`` what that one rested on. A silenced one nobody was told of.
    """

    rule: str
    slice: Slice
    kpi: str
    severity: Severity
    since: float
    from_s: float
    to_s: float
    is_open: bool = False
    worst: float | None = None
    sample: int = 0
    currency: str | None = None
    labels: dict[str, str] = {}
    fingerprint: str = ""
    silenced: bool = False

    @property
    def lasted_s(self) -> float:
        """How long it fired, in seconds."""
        return self.to_s - self.from_s

    def to_dict(self) -> dict[str, Any]:
        """The published form, ready for any JSON encoder."""
        return {
            "kind": "firing",
            "rule": self.rule,
            "slice": dict(self.slice),
            "kpi": self.kpi,
            "severity": self.severity.value,
            "currency": self.currency,
            "since": rfc3339(self.since),
            "from": rfc3339(self.from_s),
            "to": None if self.is_open else rfc3339(self.to_s),
            "seconds": self.lasted_s,
            "worst": self.worst,
            "sample": self.sample,
            "fingerprint": self.fingerprint,
            "silenced": self.silenced,
        }


class Pending(msgspec.Struct, frozen=True):
    """A span in which the condition of an alert held, but not yet for long enough."""

    alert: Alert
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """What a rule would have come to: how often it fired, and for how long in all.

    ``per_week`` is how many firings people would have been told of in a week like these events';
    None for events of less than a day, which no week is like.
    """

    rule: str
    severity: Severity
    fired: int
    silenced: int
    lasted_s: float
    per_week: float | None

    @property
    def told(self) -> int:
        """The firings that people would have been told of."""
        return self.fired - self.silenced

    def to_dict(self) -> dict[str, Any]:
        """The published form, ready for any JSON encoder."""
        return {
            "kind": "rule",
            "rule": self.rule,
            "severity": self.severity.value,
            "fired": self.fired,
            "silenced": self.silenced,
            "told": self.told,
            "seconds": self.lasted_s,
            "told_per_week": self.per_week,
        }


class Recorder:
    """Writes down the firings of rules as their alerts change."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.firings: list[Firing] = []
        """Those that are over; after :meth:`finish`, all."""
        self.pendings: list[Pending] = []
        self._rules = {rule.name: rule for rule in rules}
        self._open: dict[str, Firing] = {}
        self._pending: dict[str, Alert] = {}

    @property
    def is_idle(self) -> bool:
        """Whether nothing fires, so that there is nothing to look at."""
        return not self._open

    def hear(self, alert: Alert) -> None:
        """Take note of an alert that has changed its state."""
        self._end_pending(alert.fingerprint, alert.changed_at)
        if alert.state is AlertState.pending:
            self._pending[alert.fingerprint] = alert
        elif alert.state is AlertState.firing:
            self._open[alert.fingerprint] = _begun(alert)
        else:
            self._end_firing(alert.fingerprint, alert.changed_at, is_open=False)

    def look(self, alerts: Iterable[Alert]) -> None:
        """Take note of the values of alerts that fire."""
        for alert in alerts:
            firing = self._open.get(alert.fingerprint)
            if firing is not None and alert.value is not None:
                rule = self._rules.get(alert.rule)
                if rule and is_worse(rule, alert.value, firing.worst, alert.baseline):
                    self._open[alert.fingerprint] = msgspec.structs.replace(
                        firing, worst=alert.value, sample=alert.sample
                    )

    def finish(self, at_s: float) -> None:
        """End what is pending and firing where the events end."""
        for fingerprint in list(self._pending):
            self._end_pending(fingerprint, at_s)
        for fingerprint in list(self._open):
            self._end_firing(fingerprint, at_s, is_open=True)
        self.firings.sort(key=lambda firing: (firing.from_s, firing.rule, firing.slice))

    def _end_pending(self, fingerprint: str, at_s: float) -> None:
        begun = self._pending.pop(fingerprint, None)
        if begun is not None:
            self.pendings.append(Pending(begun, begun.changed_at, at_s))

    def _end_firing(self, fingerprint: str, at_s: float, *, is_open: bool) -> None:
        firing = self._open.pop(fingerprint, None)
        if firing is not None:
            to_s = max(at_s, firing.from_s)
            self.firings.append(msgspec.structs.replace(firing, to_s=to_s, is_open=is_open))


class Backtest:
    """Drives events that are past through the worker's own core, and records what fires.

    Raises nothing for events that are none: as on a stream, they are counted.
    """

    def __init__(self, plan: Plan) -> None:
        self.driver = Driver(plan.for_rules())
        self.recorder = Recorder(plan.rules)
        self.events = 0
        self._first_ms: int | None = None
        self._now_ms = 0

    def feed(self, event_type: str, value: bytes | None, arrived_ms: int) -> None:
        """Take in the next event by the order of arrival."""
        if self._first_ms is None:
            self._first_ms = arrived_ms
        self._pass_to(arrived_ms)
        for alert in self.driver.feed(event_type, value, arrived_ms):
            self.recorder.hear(alert)
        self.events += 1
        # Nobody asks for them here, and there may be many.
        self.driver.dead_letters.clear()

    def finish(self) -> None:
        """End with the last event."""
        for alert in self.driver.finish():
            self.recorder.hear(alert)
        self.recorder.look(self.driver.alerts)
        self.recorder.finish(self.to_s)

    @property
    def from_s(self) -> float:
        """When the first event arrived, in epoch seconds; 0 without any."""
        return (self._first_ms or 0) / 1000

    @property
    def to_s(self) -> float:
        """When the latest event arrived, in epoch seconds; 0 without any."""
        return self._now_ms / 1000

    def _pass_to(self, moment_ms: int) -> None:
        """Let time pass; look at what fires at every beat."""
        self._now_ms = max(self._now_ms, moment_ms)
        for changes in self.driver.steps(moment_ms):
            for alert in changes:
                self.recorder.hear(alert)
            if not self.recorder.is_idle:
                self.recorder.look(self.driver.alerts)


def is_worse(rule: Rule, value: float, than: float | None, baseline: float | None) -> bool:
    """Whether a value is farther on the side that a rule finds alarming.

    Where either side is, it is worse the farther it is from the baseline.
    """
    if than is None:
        return True
    match _alarming_side(rule.when, rule.kpi):
        case "down":
            return value < than
        case "up":
            return value > than
    middle = 0.0 if baseline is None else baseline
    return abs(value - middle) > abs(than - middle)


def silenced(firings: Iterable[Firing], silences: Sequence[Silence]) -> list[Firing]:
    """The same firings; those that lie wholly under silences are marked."""
    return [
        msgspec.structs.replace(firing, silenced=_is_silenced(firing, silences))
        for firing in firings
    ]


def summaries(rules: Iterable[Rule], firings: Iterable[Firing], span_s: float) -> list[RuleSummary]:
    """What each rule came to over ``span_s`` seconds, in the order of the rules."""
    by_rule: dict[str, list[Firing]] = {}
    for firing in firings:
        by_rule.setdefault(firing.rule, []).append(firing)
    return [_summary(rule, by_rule.get(rule.name, []), span_s) for rule in rules]


def _summary(rule: Rule, firings: Sequence[Firing], span_s: float) -> RuleSummary:
    quiet = sum(firing.silenced for firing in firings)
    told = len(firings) - quiet
    return RuleSummary(
        rule.name,
        rule.severity,
        len(firings),
        quiet,
        sum(firing.lasted_s for firing in firings),
        told * WEEK_S / span_s if span_s >= DAY_S else None,
    )


def _begun(alert: Alert) -> Firing:
    return Firing(
        rule=alert.rule,
        slice=alert.slice,
        kpi=alert.kpi,
        severity=alert.severity,
        since=alert.since,
        from_s=alert.changed_at,
        to_s=alert.changed_at,
        worst=alert.value,
        sample=alert.sample,
        currency=alert.currency,
        labels=alert.all_labels,
        fingerprint=alert.fingerprint,
    )


def _alarming_side(condition: Condition, kpi: str) -> str:
    """`up`, `down` or `any`: what the first leaf over the KPI that a rule is about looks for."""
    for leaf in leaves(condition):
        if leaf.kpi != kpi:
            continue
        match leaf:
            case Line(side=side) | Forecast(side=side):
                return "down" if side == "below" else "up"
            case Change(way=way) | Unusual(way=way) | Drift(way=way):
                return way
            case Absence():
                return "down"
    return "any"


def _is_silenced(firing: Firing, silences: Sequence[Silence]) -> bool:
    """Whether one silence after another lies over a firing, from its beginning to its end."""
    mine = [silence for silence in silences if silence.match(firing.labels)]
    reached_s = firing.from_s
    while ends := [silence.until for silence in mine if silence.covers(reached_s)]:
        reached_s = max(ends)
        if reached_s >= firing.to_s:
            return True
    return False
