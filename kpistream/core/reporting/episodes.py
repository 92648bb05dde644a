"""Episodes: the times that alerts fired, each from its beginning to its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.proof.backtest import Firing
from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.alerting.why.why import Driver, Segment


class WhyTold(msgspec.Struct, frozen=True):
    """Of what explains an alert, that which people are told."""

    sentence: str = ""
    at_stake_per_hour: float | None = None
    stake_currency: str = ""
    value: float | None = None
    before: float | None = None
    segments: tuple[Segment, ...] = ()
    drivers: tuple[Driver, ...] = ()


class AlertTold(msgspec.Struct, frozen=True, kw_only=True):
    """A change of an alert as it is published, as far as a report looks at it."""

    rule: str
    state: AlertState
    slice: dict[str, str]
    kpi: str
    window: str
    unit: str = ""
    value: float | None = None
    baseline: float | None = None
    sample: int = 0
    since: datetime
    changed_at: datetime
    fingerprint: str
    severity: Severity
    owner: str = ""
    action: str = ""
    summary: str = ""
    currency: str | None = None
    why: WhyTold | None = None


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """One time that an alert fired; without an end, it fires still.

    ``worst`` is the farthest value on the alarming side that was heard of, in the KPI's unit.
    ``at_stake_per_hour`` is in major units of ``stake_currency``.
    """

    rule: str
    slice: dict[str, str]
    kpi: str
    window: str
    unit: str
    severity: Severity
    begun: datetime
    ended: datetime | None = None
    worst: float | None = None
    baseline: float | None = None
    sample: int = 0
    currency: str | None = None
    summary: str = ""
    sentence: str = ""
    at_stake_per_hour: float | None = None
    stake_currency: str = ""
    owner: str = ""
    action: str = ""
    why: WhyTold | None = None

    def is_in(self, from_s: float, to_s: float) -> bool:
        """Whether it fired at some time of a span (epoch seconds)."""
        ended_s = to_s if self.ended is None else self.ended.timestamp()
        return self.begun.timestamp() < to_s and ended_s > from_s

    def fires_at(self, at_s: float) -> bool:
        """Whether it fires at an instant, in epoch seconds."""
        begun_s = self.begun.timestamp()
        return begun_s < at_s and (self.ended is None or self.ended.timestamp() > at_s)

    def lasted_s(self, until_s: float) -> float:
        """How long it fired, up to ``until_s`` at most."""
        end_s = until_s if self.ended is None else min(until_s, self.ended.timestamp())
        return max(0.0, end_s - self.begun.timestamp())


def told(alert: Alert) -> AlertTold:
    """An alert of the core as others are told of it."""
    return msgspec.convert(alert.to_dict(), AlertTold)


def episode_of(firing: Firing, alert: AlertTold) -> Episode:
    """What was recorded of a firing, with what was told when it began."""
    begun = _begun(alert)
    ended = None if firing.is_open else datetime.fromtimestamp(firing.to_s, UTC)
    return msgspec.structs.replace(begun, ended=ended, worst=firing.worst, sample=firing.sample)


def episodes(transitions: Iterable[AlertTold]) -> list[Episode]:
    """The episodes that changes of alerts tell of, in the order in which they began.

    One that is over, and of whose beginning nothing is told, began when its condition did.
    """
    return sorted(_paired(transitions), key=lambda one: (one.begun, one.rule, str(one.slice)))


def _paired(transitions: Iterable[AlertTold]) -> Iterator[Episode]:
    open_: dict[str, Episode] = {}
    for alert in sorted(transitions, key=lambda one: one.changed_at):
        episode = open_.pop(alert.fingerprint, None)
        if alert.state is AlertState.firing:
            open_[alert.fingerprint] = _begun(alert) if episode is None else _worse(episode, alert)
        elif alert.state is AlertState.resolved:
            begun = episode or msgspec.structs.replace(_begun(alert), begun=alert.since, worst=None)
            yield msgspec.structs.replace(begun, ended=alert.changed_at)
    yield from open_.values()


def _begun(alert: AlertTold) -> Episode:
    why = alert.why or WhyTold()
    return Episode(
        rule=alert.rule,
        slice=alert.slice,
        kpi=alert.kpi,
        window=alert.window,
        unit=alert.unit,
        severity=alert.severity,
        begun=alert.changed_at,
        worst=alert.value,
        baseline=alert.baseline,
        sample=alert.sample,
        currency=alert.currency,
        summary=alert.summary,
        sentence=why.sentence,
        at_stake_per_hour=why.at_stake_per_hour,
        stake_currency=why.stake_currency,
        owner=alert.owner,
        action=alert.action,
        why=alert.why,
    )


def _worse(episode: Episode, alert: AlertTold) -> Episode:
    """The episode after newer values were told: farther from its baseline is worse."""
    if alert.value is None or episode.worst is None or episode.baseline is None:
        return episode
    if abs(alert.value - episode.baseline) <= abs(episode.worst - episode.baseline):
        return episode
    return msgspec.structs.replace(episode, worst=alert.value, sample=alert.sample)
