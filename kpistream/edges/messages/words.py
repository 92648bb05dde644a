"""Words: what a person reads of an alert, in at most eight short lines.

Plain text: whoever sends it on escapes it for where it goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.why.segments import REST, UNEXPLAINED
from kpistream.core.alerting.why.why import Driver, Evidence, Segment, Why
from kpistream.edges.messages.links import Links
from kpistream.edges.messages.message import Message
from kpistream.edges.messages.numbers import (
    chance_text,
    duration_text,
    money_text,
    plain_text,
    value_text,
)
from kpistream.edges.messages.plain import clean

RAW: Final = "raw"
"""The method of a condition that takes values as they are."""

MOST_SEGMENTS: Final = 3
MOST_DRIVERS: Final = 2


class Fact(NamedTuple):
    """One line of what is said of an alert: what it is about, and what there is to say."""

    name: str
    text: str


def headline(message: Message) -> str:
    """What a message is about: `roas_below_one: 2 firing, 1 resolved, 3 more not shown`."""
    rules = {alert.rule for alert in message.alerts}
    about = clean(rules.pop()) if len(rules) == 1 else f"{len(rules)} rules"
    counts = {
        "firing": message.firing,
        "resolved": len(message.alerts) - message.firing,
        "more not shown": message.truncated,
    }
    again = "still " if message.reason == "repeat" else ""
    return f"{about}: {again}{', '.join(f'{n} {name}' for name, n in counts.items() if n)}"


def title(alert: Alert) -> str:
    """An alert in a line: `CRITICAL roas_below_one: return_on_ad_spend 0.8 [channel=ads]`."""
    state = "RESOLVED" if _is_over(alert) else alert.severity.value.upper()
    return clean(f"{state} {alert.rule}: {alert.kpi} {value(alert)} [{where(alert)}]")


def text(alert: Alert, links: Links) -> str:
    """All that is said of an alert, a line each."""
    named = " ".join(f"{name.lower()} {url}" for name, url in links.of(alert).items())
    lines = [*facts(alert), *([Fact("Links", named)] if named else [])]
    return "\n".join(f"{line.name}: {line.text}" for line in lines)


def facts(alert: Alert) -> list[Fact]:
    """What is said of an alert: what, where, why, how sure, what it costs, whose job, what to do.

    Of one that is over: what, where and whose job it was.
    """
    if _is_over(alert):
        said = {"What": _ended(alert), "Where": where(alert), "Whose job": alert.owner}
    else:
        said = {
            "What": _what(alert),
            "Where": where(alert),
            "Why": why(alert),
            "How sure": how_sure(alert),
            "At stake": _at_stake(alert),
            "Whose job": alert.owner,
            "What to do": alert.action,
        }
    return [Fact(name, clean(text)) for name, text in said.items() if clean(text)]


def value(alert: Alert) -> str:
    """An alert's newest value in its unit."""
    return value_text(alert.value, alert.unit, alert.currency)


def where(alert: Alert) -> str:
    """The slice of an alert: `channel=email, campaign=autumn`, or `total`."""
    return ", ".join(f"{name}={member}" for name, member in alert.slice) or "total"


def interval(alert: Alert) -> str:
    """Where the true value lies: `0.71 to 0.92 (95 %)`; nothing if that is not known."""
    said = alert.evidence
    if said.low is None or said.high is None or said.confidence is None:
        return ""
    low, high = (value_text(x, alert.unit, alert.currency) for x in (said.low, said.high))
    return f"{low} to {high} ({said.confidence * 100:.3g} %)"


def how_sure(alert: Alert) -> str:
    """How sure an alert is: the chance of it in a week, the test, the interval, the sample."""
    bounds = interval(alert)
    parts = [
        _tested(alert.evidence),
        f"true value {bounds}" if bounds else "",
        f"{alert.sample:,} events",
    ]
    return "; ".join(part for part in parts if part)


def why(alert: Alert) -> str:
    """What explains an alert: the sentence, the members and the drivers that moved most."""
    if alert.why is None:
        return ""
    members = _members(alert, alert.why)
    drivers = _drivers(alert.why.drivers)
    return " ".join(part for part in (alert.why.sentence, members, drivers) if part)


def _is_over(alert: Alert) -> bool:
    return alert.state is AlertState.resolved


def _what(alert: Alert) -> str:
    against = value_text(alert.baseline, alert.unit, alert.currency)
    compared = "" if alert.baseline is None else f"; compared with {against}"
    judged = f"{alert.evidence.condition}{compared}".removeprefix("; ")
    by = f" ({judged})" if judged else ""
    return f"{alert.summary} {_is(alert)}{by}, since {_moment(alert.since)}."


def _ended(alert: Alert) -> str:
    lasted = duration_text(max(0.0, alert.changed_at - alert.since))
    since = _moment(alert.since)
    return f"No longer: {alert.summary} {_is(alert)}; it was so for {lasted}, since {since}."


def _is(alert: Alert) -> str:
    verb = "has" if alert.value is None else "is"
    return f"{alert.kpi} {verb} {value(alert)} over {alert.window}"


def _tested(said: Evidence) -> str:
    if said.method == RAW:
        return "raw threshold, not tested"
    if said.p is None:
        return f"{said.method}, not tested"
    return f"{chance_text(said.p)} ({said.method})"


def _at_stake(alert: Alert) -> str:
    if alert.why is None or alert.why.at_stake_per_hour is None:
        return ""
    amount = money_text(alert.why.at_stake_per_hour, alert.currency)
    formula = alert.why.stake_formula
    return f"{amount} an hour{f': {formula}, per hour' if formula else ''}"


def _members(alert: Alert, why: Why) -> str:
    """The members of the dimension that tells most, and what each adds to the change."""
    if not why.segments:
        return ""
    dimension = why.segments[0].dimension
    named = [
        segment
        for segment in why.segments
        if segment.dimension == dimension and segment.member not in (REST, UNEXPLAINED)
    ]
    shown = ", ".join(_part(alert, segment) for segment in _largest(named))
    return f"By {dimension}: {shown}." if shown else ""


def _largest(segments: Sequence[Segment]) -> list[Segment]:
    return sorted(segments, key=lambda one: -abs(one.mix + one.rate))[:MOST_SEGMENTS]


def _part(alert: Alert, segment: Segment) -> str:
    change = segment.mix + segment.rate
    sign = "-" if change < 0 else "+"
    return f"{segment.member} {sign}{value_text(abs(change), alert.unit, alert.currency)}"


def _drivers(drivers: Sequence[Driver]) -> str:
    most = sorted(drivers, key=lambda one: -abs(one.effect))[:MOST_DRIVERS]
    return " ".join(_moves(most))


def _moves(drivers: Sequence[Driver]) -> Iterator[str]:
    for driver in drivers:
        yield f"{driver.kpi} from {plain_text(driver.before)} to {plain_text(driver.value)}."


def _moment(epoch_s: float) -> str:
    return f"{datetime.fromtimestamp(round(epoch_s), UTC):%Y-%m-%d %H:%M:%S} UTC"
