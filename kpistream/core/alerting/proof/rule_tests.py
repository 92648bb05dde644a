"""Rule tests: events that are made up, and the alerts that rules must raise over them, and when.

A test runs on the driver, the worker's own core: what passes here passes on a stream. Nothing is
random, and no clock is read, so a test comes to the same each time.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

import msgspec

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.rules.rule import ANY_MEMBER, Rule
from kpistream.core.alerting.why.why import Evidence
from kpistream.core.driver import Driver
from kpistream.core.events.event_types import EventType
from kpistream.core.instants import rfc3339
from kpistream.core.monitoring.readings import Reading
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice

ABOUT: Final = 0.01
"""How far a value may be from what was expected, as a part of that, unless a test says more."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of one type that come again and again; times are seconds after the test's start.

    From ``from_s`` until before ``until_s``, every ``every_s`` seconds, come ``times`` of them.
    They arrive ``late_s`` after they occurred. Each has ``fields``, and over them the next of
    ``vary``, taken in turn.
    """

    event: EventType
    from_s: int = 0
    until_s: int = 1
    every_s: int = 1
    times: int = 1
    late_s: int = 0
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    vary: Sequence[Mapping[str, Any]] = ({},)

    def __len__(self) -> int:
        """How many events there are."""
        return len(range(self.from_s, self.until_s, self.every_s)) * self.times


@dataclass(frozen=True, slots=True)
class MadeEvent:
    """An event of a test: when it arrives, of which type it is, and its bytes."""

    arrived_ms: int
    event_type: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Near:
    """A value that is expected, and how far off it may be, both in the KPI's unit."""

    about: float
    within: float

    def holds(self, value: float | None) -> bool:
        """Whether a value is near enough; no value never is."""
        return value is not None and abs(value - self.about) <= self.within


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must be at a moment, ``at_s`` seconds after the test's start.

    Either the state of a rule's alert for one slice, and maybe its value; or ``firing``, the slices
    for which the rule fires, all of them and no others. ``line`` is where a person wrote it.
    """

    at_s: int
    rule: str
    slice: Mapping[str, str] = field(default_factory=dict[str, str])
    state: AlertState | None = None
    value: Near | None = None
    firing: tuple[Mapping[str, str], ...] | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class RuleTest:
    """Events from ``start_s`` (epoch seconds) on, and what is expected of the rules."""

    name: str
    start_s: int
    batches: tuple[Batch, ...]
    expectations: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What there was of a rule and a slice: its alert's state, or, without one, the reading."""

    slice: Slice
    state: AlertState
    value: float | None
    sample: int
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Unmet:
    """An expectation that was not met, and what there was instead."""

    expectation: Expectation
    found: tuple[Found, ...]


def run(test: RuleTest, plan: Plan) -> list[Unmet]:
    """The expectations of a test that are not met, in the order of their moments."""
    driver = Driver(plan.for_rules())
    _all(driver.advance(test.start_s * 1000))
    rules = {rule.name: rule for rule in plan.rules}
    events = made(test)
    coming = next(events, None)
    unmet = []
    for expectation in sorted(test.expectations, key=attrgetter("at_s")):
        moment_ms = (test.start_s + expectation.at_s) * 1000
        while coming is not None and coming.arrived_ms < moment_ms:
            _all(driver.feed(coming.event_type, coming.value, coming.arrived_ms))
            coming = next(events, None)
        _all(driver.advance(moment_ms))
        # In silence, the last beat may be a while ago.
        _all(driver.beat(moment_ms))
        found = _found(driver, rules[expectation.rule], expectation)
        if not _is_met(expectation, found):
            unmet.append(Unmet(expectation, found))
    return unmet


def made(test: RuleTest) -> Iterator[MadeEvent]:
    """The events of a test, in the order of their arrival."""
    batches = (_made(test, number, batch) for number, batch in enumerate(test.batches))
    return heapq.merge(*batches, key=attrgetter("arrived_ms"))


def sample_events(batch: Batch, start_s: int) -> Iterator[MadeEvent]:
    """One event for each variation of a batch, to see whether they are right."""
    for number, varied in enumerate(batch.vary):
        yield _event(batch, f"{number}", start_s + batch.from_s, {**batch.fields, **varied})


def _made(test: RuleTest, batch_number: int, batch: Batch) -> Iterator[MadeEvent]:
    number = 0
    for moment_s in range(batch.from_s, batch.until_s, batch.every_s):
        for _ in range(batch.times):
            varied = batch.vary[number % len(batch.vary)]
            fields = {**batch.fields, **varied}
            name = f"{batch_number}-{number}"
            yield _event(batch, name, test.start_s + moment_s, fields)
            number += 1


def _event(batch: Batch, name: str, occurred_s: int, fields: Mapping[str, Any]) -> MadeEvent:
    kind = batch.event
    made = {
        **{one: f"{one}-{name}" for one in _own_ids(kind)},
        **{key: _as_travels(kind, key, value, fields) for key, value in fields.items()},
        "event_id": f"{kind.name}-{name}",
        "occurred_at": rfc3339(occurred_s),
    }
    if kind.field("currency") is None:
        made.pop("currency", None)
    arrived_ms = (occurred_s + batch.late_s) * 1000
    return MadeEvent(arrived_ms, kind.name, msgspec.json.encode(made))


def _own_ids(kind: EventType) -> list[str]:
    """The ids that an event of this type cannot do without, such as `order_id`."""
    return [one.name for one in kind.fields if one.required and one.name.endswith("_id")]


def _as_travels(kind: EventType, name: str, value: Any, fields: Mapping[str, Any]) -> Any:
    """A field's value; an amount of money may be written without its currency, which is beside."""
    declared = kind.field(name)
    if declared is None or declared.kind != "money" or isinstance(value, Mapping):
        return value
    return {"amount": str(value), "currency": fields.get("currency")}


def _all(changes: Iterable[object]) -> None:
    """Let a driver do what it does before each change that it yields."""
    for _ in changes:
        pass


def _found(driver: Driver, rule: Rule, expectation: Expectation) -> tuple[Found, ...]:
    alerts = [alert for alert in driver.alerts if alert.rule == rule.name]
    if expectation.firing is not None:
        return tuple(map(_of_alert, alerts))
    mine = [alert for alert in alerts if dict(alert.slice) == expectation.slice]
    if mine:
        return tuple(map(_of_alert, mine))
    part = tuple(expectation.slice.items())
    return (_of_reading(part, driver.reading(rule.kpi, rule.window, **expectation.slice)),)


def _of_alert(alert: Alert) -> Found:
    return Found(alert.slice, alert.state, alert.value, alert.sample, alert.evidence)


def _of_reading(part: Slice, reading: Reading | None) -> Found:
    if reading is None:
        return Found(part, AlertState.inactive, None, 0)
    return Found(part, AlertState.inactive, reading.value, reading.sample)


def _is_met(expectation: Expectation, found: Sequence[Found]) -> bool:
    if expectation.firing is not None:
        return _firing(found) == {frozenset(part.items()) for part in expectation.firing}
    near = expectation.value
    return any(
        one.state is expectation.state and (near is None or near.holds(one.value)) for one in found
    )


def _firing(found: Sequence[Found]) -> set[frozenset[tuple[str, str]]]:
    return {frozenset(one.slice) for one in found if one.state is AlertState.firing}


def only_slice(rule: Rule) -> Mapping[str, str] | None:
    """The one slice that a rule looks at; None if its pattern fits several."""
    return None if ANY_MEMBER in rule.slice.values() else rule.slice
