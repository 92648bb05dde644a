"""Incidents: what really went wrong, as people wrote it down, to hold the firings of rules against.

A list of them looks like this; `rule` or `kpi` narrows what concerns it, and so does `slice`:

    - name: the shop's payment was down
      kpi: orders
      slice: {channel: email}
      from: 2026-03-02 08:10
      to: 2026-03-02 09:40
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from kpistream.core.alerting.proof.backtest import Firing
from kpistream.core.alerting.proof.moments import read_span, under
from kpistream.core.alerting.rules.rule import Rule
from kpistream.core.located_yaml import (
    ConfigError,
    ConfigErrors,
    Located,
    Path,
    did_you_mean,
    load,
    validate,
)
from kpistream.core.slices import normalise_member
from kpistream.core.windows.days import Days


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that went wrong from ``from_s`` to ``to_s`` (epoch seconds).

    It concerns the rules of this name or over this KPI, or every rule; and the slices that have no
    other member in a dimension of ``slice``.
    """

    name: str
    from_s: float
    to_s: float
    rule: str | None = None
    kpi: str | None = None
    slice: Mapping[str, str] = field(default_factory=dict[str, str])

    def concerns(self, rule: str, kpi: str) -> bool:
        """Whether a rule over this KPI could have told of it."""
        return self.rule in (None, rule) and self.kpi in (None, kpi)

    def is_met_by(self, firing: Firing, grace_s: float) -> bool:
        """Whether a firing tells of it: at the time, or at most ``grace_s`` after its end."""
        return (
            self.concerns(firing.rule, firing.kpi)
            and all(self.slice.get(name, member) == member for name, member in firing.slice)
            and firing.from_s <= self.to_s + grace_s
            and firing.to_s >= self.from_s
        )


@dataclass(frozen=True, slots=True)
class Score:
    """How well firings meet incidents.

    Of the firings that people were told of, ``right`` met an incident. Of the incidents that a rule
    could have told of, ``caught`` were met. ``delays_s`` are the seconds from the beginning of each
    caught one to its first firing, 0 if that was there before.
    """

    firings: int
    right: int
    incidents: int
    caught: int
    delays_s: tuple[float, ...]

    @property
    def precision(self) -> float | None:
        """The share of firings that met an incident; None without a firing."""
        return self.right / self.firings if self.firings else None

    @property
    def recall(self) -> float | None:
        """The share of incidents that were caught; None without an incident."""
        return self.caught / self.incidents if self.incidents else None

    @property
    def median_delay_s(self) -> float | None:
        """The median of the delays, in seconds; None if none was caught."""
        return median(self.delays_s) if self.delays_s else None

    def to_dict(self) -> dict[str, Any]:
        """The published form, ready for any JSON encoder."""
        return {
            "told": self.firings,
            "right": self.right,
            "precision": self.precision,
            "incidents": self.incidents,
            "caught": self.caught,
            "recall": self.recall,
            "median_delay_seconds": self.median_delay_s,
        }


def score(firings: Iterable[Firing], incidents: Sequence[Incident], grace_s: float) -> Score:
    """How well the firings that people were told of meet all these incidents."""
    told = [firing for firing in firings if not firing.silenced]
    right = sum(any(one.is_met_by(firing, grace_s) for one in incidents) for firing in told)
    delays = [delay_s(incident, told, grace_s) for incident in incidents]
    caught = tuple(delay for delay in delays if delay is not None)
    return Score(len(told), right, len(incidents), len(caught), caught)


def score_of(
    rule: Rule, firings: Iterable[Firing], incidents: Iterable[Incident], grace_s: float
) -> Score:
    """The same for one rule, and the incidents that concern it."""
    mine = [firing for firing in firings if firing.rule == rule.name]
    return score(mine, [one for one in incidents if one.concerns(rule.name, rule.kpi)], grace_s)


def delay_s(incident: Incident, firings: Iterable[Firing], grace_s: float) -> float | None:
    """How long after its beginning an incident is first told of, in seconds; None if never."""
    met = [firing.from_s for firing in firings if incident.is_met_by(firing, grace_s)]
    return max(0.0, min(met) - incident.from_s) if met else None


# --- incidents as a person writes them ------------------------------------------------------


def load_incidents(
    text: str, filename: str, rules: Iterable[Rule], dimensions: Collection[str], days: Days
) -> tuple[Incident, ...]:
    """The incidents of a YAML file; raises ConfigErrors with everything that is wrong in it.

    They name rules and KPIs of ``rules``; local times are those of ``days``.
    """
    located = under("incidents", load(text, filename))
    written = validate(located, _File).incidents
    errors: list[ConfigError] = []
    known = tuple(rules)
    read = [
        _incident(("incidents", n), one, located, known, dimensions, days, errors)
        for n, one in enumerate(written)
    ]
    if errors:
        raise ConfigErrors(errors)
    return tuple(read)


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    rule: str | None = None
    kpi: str | None = None
    slice: dict[str, str] = {}
    begin: str = Field(alias="from")
    end: str = Field(alias="to")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    incidents: list[_Written]


def _incident(
    at: Path,
    written: _Written,
    located: Located,
    rules: Sequence[Rule],
    dimensions: Collection[str],
    days: Days,
    errors: list[ConfigError],
) -> Incident:
    errors += _unknown_names(at, written, located, rules, dimensions)
    from_s, to_s = read_span(at, written.begin, written.end, located, days, errors)
    members = {name: normalise_member(member) for name, member in written.slice.items()}
    return Incident(written.name, from_s, to_s, written.rule, written.kpi, members)


def _unknown_names(
    at: Path,
    written: _Written,
    located: Located,
    rules: Sequence[Rule],
    dimensions: Collection[str],
) -> Iterator[ConfigError]:
    known = {
        "rule": (written.rule, [rule.name for rule in rules]),
        "kpi": (written.kpi, list(dict.fromkeys(rule.kpi for rule in rules))),
    }
    for key, (name, names) in known.items():
        if name is not None and name not in names:
            problem = f"no {key} of the backtest is {name!r}{did_you_mean(name, names)}"
            yield located.error((*at, key), problem, names)
    for name in written.slice:
        if name not in dimensions:
            problem = f"unknown dimension {name!r}{did_you_mean(name, dimensions)}"
            yield located.error((*at, "slice", name), problem, dimensions)
