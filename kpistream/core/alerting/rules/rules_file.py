"""Files of rules, read from YAML (`docs/rules.md`).

What is not written is the total, at once (`for: 0s`), on 30 events, at a confidence of 0.95:

    rules:
      - name: roas_below_one
        kpi: return_on_ad_spend
        slice: {channel: "*", campaign: "*"}
        window: 24h
        below: 1
        for: 10m
        severity: critical
        owner: performance marketing
        action: Pause the campaign or lower its bids.
        summary: A campaign earns less than its advertising costs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from kpistream.core.alerting.rules.conditions import Condition
from kpistream.core.alerting.rules.conditions_file import (
    ConditionReader,
    LeafWritten,
    WhenWritten,
    Written,
)
from kpistream.core.alerting.rules.rule import (
    ANY_MEMBER,
    DEFAULT_CONFIDENCE,
    DEFAULT_MINIMUM_SAMPLE,
    DEPENDENTS,
    Rule,
    Severity,
    Vocabulary,
)
from kpistream.core.located_yaml import ConfigError, ConfigErrors, Located, Path, load, validate
from kpistream.core.measuring.lags import LADDER
from kpistream.core.slices import normalise_member
from kpistream.core.texts import Wording, Words, plain, translations
from kpistream.core.windows.windows import parse_window, settled_name

MAX_FOR_S: Final = 30 * 86_400.0
"""The longest `for`, `keep_firing_for`, `settle` and `hold_off`, in seconds."""

LEARNED: Final = "learned"
RAW: Final = "raw"

RESERVED_LABELS: Final = frozenset(
    {"alertname", "severity", "kpi", "window", "owner", "currency", "state", "fingerprint"}
)
"""Labels that every alert has of itself."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DURATION: Final = re.compile(r"([0-9]{1,7})(s|m|h|d)")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def load_rules(text: str, filename: str, vocabulary: Vocabulary) -> tuple[Rule, ...]:
    """The rules of a YAML file; raises ConfigErrors with everything that is wrong in it."""
    located = load(text, filename)
    written = validate(located, _File).rules
    errors = [*_repeated_names(written, located)]
    rules = [*_read(written, located, vocabulary, errors)]
    if errors:
        raise ConfigErrors(errors)
    return tuple(rule for rule in rules if rule is not None)


def load_fitting_rules(
    text: str, filename: str, vocabulary: Vocabulary
) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """The rules of a file that fit a vocabulary, and the names of those that do not."""
    located = load(text, filename)
    written = validate(located, _File).rules
    read = [*_read(written, located, vocabulary, [])]
    names = (rule.name for rule, found in zip(written, read, strict=True) if found is None)
    return tuple(rule for rule in read if rule is not None), tuple(names)


def _read(
    written: list[_RuleWritten],
    located: Located,
    vocabulary: Vocabulary,
    errors: list[ConfigError],
) -> Iterator[Rule | None]:
    for index, rule in enumerate(written):
        yield _RuleReader(located, vocabulary, errors, index).read(rule)


def parse_duration(text: str) -> float:
    """Seconds from a whole number and a unit: `30s`, `2m`, `1h`, `1d`; raises ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration; write 30s, 2m, 1h or 1d")
    return float(int(match[1]) * _SECONDS[match[2]])


def unknown_inhibited(rules: Iterable[Rule]) -> Iterator[tuple[Rule, str]]:
    """The names in `inhibits` that no rule has, each with the rule that says so."""
    rules = list(rules)
    known = {rule.name for rule in rules} | {DEPENDENTS}
    return ((rule, name) for rule in rules for name in rule.inhibits if name not in known)


# --- a rule as a person writes it ----------------------------------------------------------


def _named(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no name; write up to 64 of a-z, 0-9 and _, a letter first")
    return text


def _confident(value: object) -> object:
    if value == RAW:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.5 <= value < 1:
        raise ValueError("write raw, or a number of 0.5 up to less than 1, such as 0.95")
    return float(value)


def _inhibited(value: object) -> object:
    names = value if isinstance(value, list) else [value]
    if value != DEPENDENTS and not all(isinstance(n, str) and _NAME.fullmatch(n) for n in names):
        raise ValueError(f"write {DEPENDENTS}, or a list of names of rules")
    return names


_Name = Annotated[str, AfterValidator(_named)]
_Confidence = Annotated[object, AfterValidator(_confident)]


class _RuleWritten(LeafWritten):
    name: _Name
    kpi: str
    slice: dict[str, Words] = Field(default_factory=dict)
    window: str
    when: WhenWritten | None = None
    confidence: _Confidence = DEFAULT_CONFIDENCE
    hold: str = Field(default="0s", alias="for")
    keep_firing_for: str = "0s"
    damp_flaps: bool = True
    minimum_sample: Annotated[int, Field(ge=1)] = DEFAULT_MINIMUM_SAMPLE
    settle: str = "0s"
    hold_off: str = "0s"
    severity: Annotated[Severity, Field(strict=False)]
    owner: Wording
    action: Wording
    summary: Wording
    labels: dict[_Name, Words] = Field(default_factory=dict)
    inhibits: Annotated[object, AfterValidator(_inhibited)] = []


class _File(Written):
    rules: list[_RuleWritten]


class _RuleReader:
    """Reads one rule, and notes what is wrong with it."""

    def __init__(
        self, located: Located, vocabulary: Vocabulary, errors: list[ConfigError], index: int
    ) -> None:
        self._located = located
        self._vocabulary = vocabulary
        self._errors = errors
        self._at: Path = ("rules", index)
        self._conditions = ConditionReader(located, vocabulary, errors)

    def read(self, written: _RuleWritten) -> Rule | None:
        conditions, vocabulary = self._conditions, self._vocabulary
        before = len(self._errors)
        conditions.known((*self._at, "kpi"), "KPI", written.kpi, vocabulary.kpis)
        conditions.known((*self._at, "window"), "window", written.window, vocabulary.windows)
        self._check_slice(written.slice)
        self._check_labels(written.labels)
        when = self._condition(written)
        rule = self._rule(written, when) if when is not None else None
        if rule is not None and len(self._errors) == before:
            self._check_settling(rule)
        return rule if len(self._errors) == before else None

    def _condition(self, written: _RuleWritten) -> Condition | None:
        if written.when is None:
            return self._conditions.read(self._at, written, written.kpi, written.window)
        plain = LeafWritten.model_validate(
            {name: getattr(written, name) for name in LeafWritten.model_fields}
        )
        beside = [name for name in LeafWritten.model_fields if getattr(plain, name) is not None]
        if beside:
            problem = "stands beside `when`; put it into it"
            self._conditions.error((*self._at, beside[0]), problem)
            return None
        at = (*self._at, "when")
        return self._conditions.read(at, written.when, written.kpi, written.window)

    def _rule(self, written: _RuleWritten, when: Condition) -> Rule:
        settle = None if written.settle == LEARNED else self._seconds("settle", written.settle)
        confidence = written.confidence
        inhibits = written.inhibits if isinstance(written.inhibits, list) else []
        return Rule(
            name=written.name,
            kpi=written.kpi,
            window=written.window,
            when=when,
            slice={name: _pattern(member) for name, member in written.slice.items()},
            confidence=confidence if isinstance(confidence, float) else None,
            for_s=self._seconds("for", written.hold),
            keep_firing_for_s=self._seconds("keep_firing_for", written.keep_firing_for),
            damp_flaps=written.damp_flaps,
            minimum_sample=written.minimum_sample,
            settle_s=settle,
            hold_off_s=self._seconds("hold_off", written.hold_off),
            severity=written.severity,
            owner=plain(written.owner),
            action=plain(written.action),
            summary=plain(written.summary),
            texts=translations(written.owner, written.action, written.summary),
            labels=written.labels,
            inhibits=tuple(map(str, inhibits)),
        )

    def _seconds(self, key: str, text: str) -> float:
        at = (*self._at, key)
        try:
            seconds = parse_duration(text)
        except ValueError as error:
            also = f", or {LEARNED}" if key == "settle" else ""
            self._errors.append(self._located.error(at, f"{error}{also}"))
            return 0.0
        if seconds > MAX_FOR_S:
            self._errors.append(self._located.error(at, f"{text!r} is longer than 30d"))
        return seconds

    def _check_settling(self, rule: Rule) -> None:
        longest = LADDER[-1] if rule.settle_s is None else rule.settle_s
        for window in sorted(rule.windows):
            try:
                parse_window(settled_name(window, longest))
            except ValueError as error:
                self._errors.append(self._located.error((*self._at, "settle"), str(error)))

    def _check_labels(self, labels: Mapping[str, str]) -> None:
        taken = RESERVED_LABELS | set(self._vocabulary.dimensions)
        for name in labels:
            if name in taken:
                problem = "every alert has this label of itself; choose another name"
                self._errors.append(self._located.error((*self._at, "labels", name), problem))

    def _check_slice(self, pattern: Mapping[str, str]) -> None:
        at = (*self._at, "slice")
        dimensions: Collection[str] = self._vocabulary.dimensions
        known = [
            self._conditions.known((*at, name), "dimension", name, dimensions) for name in pattern
        ]
        slicing = self._vocabulary.slicing
        if not all(known) or slicing is None:
            return
        if frozenset(pattern) not in map(frozenset, slicing):
            kept = [", ".join(names) or "total" for names in slicing]
            problem = (
                f"no slices are kept by {', '.join(pattern) or 'total'}; this would never fire"
            )
            self._errors.append(self._located.error(at, problem, [f"({names})" for names in kept]))


def _pattern(member: str) -> str:
    """A member as slices spell it, so that `channel: Email` finds the slice of `email`."""
    return member if member == ANY_MEMBER else normalise_member(member)


def _repeated_names(written: list[_RuleWritten], located: Located) -> Iterator[ConfigError]:
    first: dict[str, int] = {}
    for index, rule in enumerate(written):
        path: Path = ("rules", index, "name")
        if rule.name in first:
            problem = f"the name {rule.name!r} is taken by the rule on line {first[rule.name]}"
            yield located.error(path, problem)
        first.setdefault(rule.name, located.line(path))
