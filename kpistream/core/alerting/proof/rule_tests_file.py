"""Files of rule tests, as people write them beside their rules; every mistake has its line.

    rules: ../marketing.yml
    tests:
      - name: a campaign that earns 0.6 of its cost fires
        start: 2026-03-02T08:00:00Z
        events:
          - {event: cost, every: 1m, until: 2h, fields: {channel: ads, amount: "10.00"}}
          - {event: order, every: 30s, until: 2h, fields: {channel: ads, revenue: "3.00"}}
        expect:
          - {at: 30m, rule: roas_below_one, slice: {channel: ads}, state: firing}

A file is read twice over: :func:`read_rule_tests` sees its shape, and which rules and settings it
is about; when these are loaded, :meth:`WrittenTests.tests` sees whether all names are known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from kpistream.core.alerting.alerts import AlertState
from kpistream.core.alerting.proof.rule_tests import (
    ABOUT,
    Batch,
    Expectation,
    Near,
    RuleTest,
    only_slice,
    sample_events,
)
from kpistream.core.alerting.rules.rule import Rule
from kpistream.core.events.decode import Decoder
from kpistream.core.events.event_types import EventType
from kpistream.core.events.outcomes import Rejected
from kpistream.core.located_yaml import (
    ConfigError,
    ConfigErrors,
    Located,
    Path,
    did_you_mean,
    load,
    validate,
)
from kpistream.core.plan import Plan
from kpistream.core.slices import normalise_member
from kpistream.core.windows.windows import parse_length, parse_window

MAX_EVENTS: Final = 1_000_000
"""The most events of a test."""

GENERATED: Final = ("event_id", "occurred_at")
"""Fields that no test may write: each event has its own."""

Known = TypeVar("Known")


@dataclass(frozen=True, slots=True)
class WrittenTests:
    """A file of rule tests whose shape is right, its names not looked up yet."""

    located: Located
    rules: tuple[str, ...]
    """The files of the rules, from where the tests are; none for those of the settings."""
    settings: Mapping[str, Any]
    """What the tests set in place of the settings."""
    written: tuple[_TestWritten, ...]

    def tests(self, plan: Plan) -> tuple[RuleTest, ...]:
        """The tests over this plan; raises ConfigErrors with all that is wrong in them."""
        reader = _Reader(self.located, plan)
        tests = tuple(reader.test(n, written) for n, written in enumerate(self.written))
        if reader.errors:
            raise ConfigErrors(reader.errors)
        return tests


def read_rule_tests(text: str, filename: str) -> WrittenTests:
    """The tests of a YAML file; raises ConfigErrors for all that does not have their shape."""
    located = load(text, filename)
    written = validate(located, _File)
    if errors := [*_repeated(located, written.tests)]:
        raise ConfigErrors(errors)
    rules = [written.rules] if isinstance(written.rules, str) else written.rules
    settings = written.settings.model_dump(exclude_none=True) if written.settings else {}
    return WrittenTests(located, tuple(rules), settings, tuple(written.tests))


# --- a test as a person writes it ----------------------------------------------------------


def _span(text: str) -> str:
    _seconds(text)
    return text


def _seconds(text: str) -> int:
    if text == "0s":
        return 0
    try:
        return parse_length(text)
    except ValueError:
        raise ValueError(f"{text!r} is no span such as 0s, 30s, 5m, 24h or 7d") from None


def _start(text: str) -> str:
    try:
        if datetime.fromisoformat(text).utcoffset() is not None:
            return text
    except ValueError:
        pass
    raise ValueError(f"{text!r} is no moment with an offset, such as 2026-03-02T08:00:00Z")


def _window(name: str) -> str:
    parse_window(name)
    return name


Span = Annotated[str, AfterValidator(_span)]
Length = Annotated[str, AfterValidator(lambda text: (parse_length(text), text)[1])]
Number = Annotated[float, Field(allow_inf_nan=False)]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Settings(_Written):
    windows: list[Annotated[str, AfterValidator(_window)]] | None = None
    slices: list[list[str]] | None = None
    currency: str | None = None
    zone: str | None = None
    max_skew: Length | None = None
    silence: Length | None = None


class _EventsWritten(_Written):
    event: str
    begin: Span = Field(default="0s", alias="from")
    until: Span | None = None
    every: Length | None = None
    times: Annotated[int, Field(ge=1, le=100_000)] = 1
    late: Span = "0s"
    fields: dict[str, Any] = {}
    vary: Annotated[list[dict[str, Any]], Field(min_length=1)] = [{}]


class _NearWritten(_Written):
    about: Number
    within: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class _ExpectWritten(_Written):
    at: Span
    rule: str
    slice: dict[str, str] | None = None
    state: Annotated[AlertState, Field(strict=False)] | None = None
    value: _NearWritten | None = None
    firing: list[dict[str, str]] | None = None


class _TestWritten(_Written):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    start: Annotated[str, AfterValidator(_start)]
    events: list[_EventsWritten]
    expect: Annotated[list[_ExpectWritten], Field(min_length=1)]


class _File(_Written):
    rules: str | list[str] = []
    settings: _Settings | None = None
    tests: Annotated[list[_TestWritten], Field(min_length=1)]


def _repeated(located: Located, tests: Iterable[_TestWritten]) -> Iterator[ConfigError]:
    first: dict[str, int] = {}
    for index, test in enumerate(tests):
        path: Path = ("tests", index, "name")
        if test.name in first:
            yield located.error(path, f"the name is taken by the test on line {first[test.name]}")
        first.setdefault(test.name, located.line(path))


# --- its names looked up ---------------------------------------------------------------------


class _Reader:
    """Makes tests of what was written, and collects what is wrong on the way."""

    def __init__(self, located: Located, plan: Plan) -> None:
        self.errors: list[ConfigError] = []
        self._located = located
        self._plan = plan
        self._rules = {rule.name: rule for rule in plan.rules}
        self._events = {name: plan.catalogue.events[name] for name in plan.topics}

    def test(self, number: int, written: _TestWritten) -> RuleTest:
        at: Path = ("tests", number)
        start_s = int(datetime.fromisoformat(written.start).timestamp())
        events = [
            self._batch((*at, "events", n), events, start_s)
            for n, events in enumerate(written.events)
        ]
        expected = [
            self._expectation((*at, "expect", n), expectation)
            for n, expectation in enumerate(written.expect)
        ]
        batches = tuple(batch for batch in events if batch is not None)
        if sum(map(len, batches)) > MAX_EVENTS:
            self._refuse((*at, "events"), f"more than {MAX_EVENTS:,} events")
        return RuleTest(written.name, start_s, batches, tuple(filter(None, expected)))

    def _refuse(self, path: Path, problem: str, allowed: Iterable[str] | None = None) -> None:
        self.errors.append(self._located.error(path, problem, allowed))

    def _known(self, path: Path, noun: str, name: str, known: Mapping[str, Known]) -> Known | None:
        if name not in known:
            self._refuse(path, f"unknown {noun} {name!r}{did_you_mean(name, known)}", known)
        return known.get(name)

    # -- events --------------------------------------------------------------------------------

    def _batch(self, at: Path, written: _EventsWritten, start_s: int) -> Batch | None:
        kind = self._known((*at, "event"), "event type", written.event, self._events)
        from_s = _seconds(written.begin)
        until_s = _seconds(written.until) if written.until else from_s + 1
        if (written.every is None) != (written.until is None):
            self._refuse(at, "`every` and `until` go together; without them events come once")
        elif until_s <= from_s:
            self._refuse((*at, "until"), "is not after `from`, so there are no events")
        if kind is None:
            return None
        batch = Batch(
            event=kind,
            from_s=from_s,
            until_s=until_s,
            every_s=_seconds(written.every) if written.every else 1,
            times=written.times,
            late_s=_seconds(written.late),
            fields=self._with_currency(kind, written.fields),
            vary=written.vary,
        )
        if self._have_known_fields(at, kind, written):
            self._are_accepted(at, batch, start_s)
        return batch

    def _with_currency(self, kind: EventType, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {"currency": self._plan.currency, **fields} if _has_money(kind) else dict(fields)

    def _have_known_fields(self, at: Path, kind: EventType, written: _EventsWritten) -> bool:
        before = len(self.errors)
        own = {field.name for field in kind.fields} - set(GENERATED)
        allowed = sorted(own | {"currency"} if _has_money(kind) else own)
        places: dict[Path, Mapping[str, Any]] = {("fields",): written.fields}
        places |= {("vary", n): fields for n, fields in enumerate(written.vary)}
        for place, fields in places.items():
            for name in fields:
                self._check_field((*at, *place, name), name, allowed)
        return len(self.errors) == before

    def _check_field(self, path: Path, name: str, allowed: Collection[str]) -> None:
        if name in GENERATED:
            self._refuse(path, "is made for each event; leave it out")
        elif name not in allowed:
            self._refuse(path, f"unknown field{did_you_mean(name, allowed)}", allowed)

    def _are_accepted(self, at: Path, batch: Batch, start_s: int) -> None:
        decoder = Decoder(batch.event.struct, self._plan.max_event_bytes)
        for number, event in enumerate(sample_events(batch, start_s)):
            outcome = decoder.decode(event.value)
            if isinstance(outcome, Rejected):
                path = (*at, "vary", number) if ("vary" in self._keys(at)) else (*at, "fields")
                self._refuse(path, f"no {batch.event.name}: {outcome.reason}: {outcome.detail}")
                return

    def _keys(self, at: Path) -> Collection[str]:
        part = self._located.data
        for step in at:
            part = part[step]
        keys: Collection[str] = part
        return keys

    # -- expectations --------------------------------------------------------------------------

    def _expectation(self, at: Path, written: _ExpectWritten) -> Expectation | None:
        rule = self._known((*at, "rule"), "rule", written.rule, self._rules)
        if (written.state is None) == (written.firing is None):
            self._refuse(at, "write either `state` or `firing`", ["state", "firing"])
        if written.firing is not None:
            for key in {"slice", "value"} & set(self._keys(at)):
                self._refuse((*at, key), "goes with `state`, not with `firing`")
        if rule is None:
            return None
        return Expectation(
            at_s=_seconds(written.at),
            rule=rule.name,
            slice=self._slice(at, rule, written),
            state=written.state,
            value=_near(written.value),
            firing=self._firing(at, rule, written.firing),
            line=self._located.line(at),
        )

    def _slice(self, at: Path, rule: Rule, written: _ExpectWritten) -> Mapping[str, str]:
        if written.slice is not None:
            return self._fitting((*at, "slice"), rule, written.slice)
        part = only_slice(rule)
        if part is None and written.firing is None:
            self._refuse(at, "say which `slice`: the rule looks at several")
        return part or {}

    def _firing(
        self, at: Path, rule: Rule, written: list[dict[str, str]] | None
    ) -> tuple[Mapping[str, str], ...] | None:
        if written is None:
            return None
        return tuple(
            self._fitting((*at, "firing", n), rule, part) for n, part in enumerate(written)
        )

    def _fitting(self, path: Path, rule: Rule, part: Mapping[str, str]) -> Mapping[str, str]:
        """A slice as events spell it, if the rule looks at it."""
        members = {name: normalise_member(member) for name, member in part.items()}
        if not rule.matches(tuple(members.items())):
            pattern = ", ".join(f"{name}: {member}" for name, member in rule.slice.items())
            problem = f"{rule.name} does not look at it; its slice is {{{pattern}}}"
            self._refuse(path, problem)
        return members


def _has_money(kind: EventType) -> bool:
    return any(field.kind == "money" for field in kind.fields)


def _near(written: _NearWritten | None) -> Near | None:
    if written is None:
        return None
    usual = abs(written.about) * ABOUT
    return Near(written.about, usual if written.within is None else written.within)
