"""A rule says which value of which KPI somebody has to hear about; files of them are read here.

A file looks like this; what is not written is the total, at once (`for: 0s`), on 30 events:

    rules:
      - name: roas_below_one
        kpi: return_on_ad_spend
        slice: {channel: "*", campaign: "*"}
        window: 1h
        below: 1
        for: 2m
        minimum_sample: 30
        severity: critical
        owner: performance marketing
        action: Pause the campaign or lower its bids.
        summary: A campaign earns less than its advertising costs.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from kpistream.core.located_yaml import (
    ConfigError,
    ConfigErrors,
    Located,
    Path,
    did_you_mean,
    load,
    validate,
)
from kpistream.core.slices import Slice, normalise_member

ANY: Final = "*"
"""In a slice pattern: any member of the dimension."""

DEFAULT_MINIMUM_SAMPLE: Final = 30
"""How many events a value must rest on before a rule that does not say believes it."""

MAX_FOR_S: Final = 30 * 86_400.0
"""The longest `for:`, in seconds."""

MAX_WORDS: Final = 500
"""The most characters of an owner, an action, a summary or a member."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DURATION: Final = re.compile(r"([0-9]{1,7})(s|m|h|d)")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class Severity(StrEnum):
    """How soon somebody should look."""

    info = "info"
    warning = "warning"
    critical = "critical"


class Comparison(StrEnum):
    """How a rule looks at a value. All three are raw: no statistics, no seasons."""

    below = "below"
    above = "above"
    rises_by = "rises_by"


class Rule(msgspec.Struct, frozen=True):
    """A condition on a KPI, for the slices that a pattern selects, and what to do about it.

    ``slice`` maps each dimension to a member or to ``*``; an empty one is the total. ``threshold``
    is in the KPI's unit; for ``rises_by`` it is a fraction of the value of the window before
    (0.5 is +50 %). The condition must hold for ``for_s`` seconds, on ``minimum_sample`` events.
    """

    name: str
    kpi: str
    slice: dict[str, str]
    window: str
    comparison: Comparison
    threshold: float
    for_s: float
    minimum_sample: int
    severity: Severity
    owner: str
    action: str
    summary: str

    def matches(self, part: Slice) -> bool:
        """Whether a slice has exactly the pattern's dimensions, with members that fit."""
        pattern = self.slice
        return len(part) == len(pattern) and all(
            pattern.get(dimension) in (ANY, member) for dimension, member in part
        )


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names a rule may use.

    ``slicing`` holds the sets of dimensions that slices are kept for; without it the sets are not
    checked, with it a rule over a set that nobody keeps, which could never fire, is an error.
    """

    kpis: Collection[str]
    windows: Collection[str]
    dimensions: Collection[str]
    slicing: Collection[tuple[str, ...]] | None = None


def load_rules(text: str, filename: str, vocabulary: Vocabulary) -> tuple[Rule, ...]:
    """The rules of a YAML file; raises ConfigErrors with everything that is wrong in it."""
    located = load(text, filename)
    written = validate(located, _File).rules
    errors = [*_repeated_names(written, located), *_mistakes(written, located, vocabulary)]
    if errors:
        raise ConfigErrors(errors)
    return tuple(_rule(rule) for rule in written)


def parse_duration(text: str) -> float:
    """Seconds from a whole number and a unit: `30s`, `2m`, `1h`, `1d`; raises ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration; write 30s, 2m, 1h or 1d")
    return float(int(match[1]) * _SECONDS[match[2]])


# --- a rule as a person writes it ----------------------------------------------------------


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    if len(text) > MAX_WORDS:
        raise ValueError(f"must not be longer than {MAX_WORDS} characters")
    return text.strip()


def _named(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no name; write up to 64 of a-z, 0-9 and _, a letter first")
    return text


_Words = Annotated[str, AfterValidator(_said)]
_Name = Annotated[str, AfterValidator(_named)]
_Number = Annotated[float, Field(allow_inf_nan=False)]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _RuleWritten(_Written):
    name: _Name
    kpi: str
    slice: dict[str, _Words] = {}
    window: str
    below: _Number | None = None
    above: _Number | None = None
    rises_by: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    hold: str = Field(default="0s", alias="for")
    minimum_sample: Annotated[int, Field(ge=1)] = DEFAULT_MINIMUM_SAMPLE
    severity: Annotated[Severity, Field(strict=False)]
    owner: _Words
    action: _Words
    summary: _Words

    def conditions(self) -> dict[Comparison, float]:
        """The conditions that are written; a good rule has one."""
        thresholds = {comparison: getattr(self, comparison) for comparison in Comparison}
        return {name: value for name, value in thresholds.items() if value is not None}


class _File(_Written):
    rules: list[_RuleWritten]


def _rule(written: _RuleWritten) -> Rule:
    [(comparison, threshold)] = written.conditions().items()
    return Rule(
        name=written.name,
        kpi=written.kpi,
        slice={name: _pattern(member) for name, member in written.slice.items()},
        window=written.window,
        comparison=comparison,
        threshold=threshold,
        for_s=parse_duration(written.hold),
        minimum_sample=written.minimum_sample,
        severity=written.severity,
        owner=written.owner,
        action=written.action,
        summary=written.summary,
    )


def _pattern(member: str) -> str:
    """A member as slices spell it, so that `channel: Email` finds the slice of `email`."""
    return member if member == ANY else normalise_member(member)


# --- what a shape alone cannot say ---------------------------------------------------------


def _repeated_names(written: list[_RuleWritten], located: Located) -> Iterator[ConfigError]:
    first: dict[str, int] = {}
    for index, rule in enumerate(written):
        path: Path = ("rules", index, "name")
        if rule.name in first:
            problem = f"the name {rule.name!r} is taken by the rule on line {first[rule.name]}"
            yield located.error(path, problem)
        first.setdefault(rule.name, located.line(path))


def _mistakes(
    written: list[_RuleWritten], located: Located, vocabulary: Vocabulary
) -> Iterator[ConfigError]:
    for index, rule in enumerate(written):
        at: Path = ("rules", index)
        yield from _unknown(located, (*at, "kpi"), "KPI", rule.kpi, vocabulary.kpis)
        yield from _unknown(located, (*at, "window"), "window", rule.window, vocabulary.windows)
        yield from _bad_slice(located, (*at, "slice"), rule.slice, vocabulary)
        yield from _bad_condition(located, at, rule.conditions())
        yield from _bad_duration(located, (*at, "for"), rule.hold)


def _unknown(
    located: Located, path: Path, noun: str, name: str, known: Collection[str]
) -> Iterator[ConfigError]:
    if name not in known:
        yield located.error(path, f"unknown {noun} {name!r}{did_you_mean(name, known)}", known)


def _bad_slice(
    located: Located, path: Path, pattern: Mapping[str, Any], vocabulary: Vocabulary
) -> Iterator[ConfigError]:
    strangers = [name for name in pattern if name not in vocabulary.dimensions]
    for name in strangers:
        yield from _unknown(located, (*path, name), "dimension", name, vocabulary.dimensions)
    if strangers or vocabulary.slicing is None:
        return
    if frozenset(pattern) not in map(frozenset, vocabulary.slicing):
        kept = [", ".join(names) or "total" for names in vocabulary.slicing]
        problem = f"no slices are kept by {', '.join(pattern) or 'total'}; this would never fire"
        yield located.error(path, problem, [f"({names})" for names in kept])


def _bad_condition(
    located: Located, path: Path, conditions: Mapping[Comparison, float]
) -> Iterator[ConfigError]:
    if not conditions:
        yield located.error(path, "a condition is missing; write one", list(Comparison))
    if len(conditions) > 1:
        second = list(conditions)[1]
        problem = f"a rule has one condition, not {len(conditions)}; write two rules"
        yield located.error((*path, second.value), problem, list(Comparison))


def _bad_duration(located: Located, path: Path, text: str) -> Iterator[ConfigError]:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        yield located.error(path, str(error))
        return
    if seconds > MAX_FOR_S:
        yield located.error(path, f"{text!r} is longer than 30d")
