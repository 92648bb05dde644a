"""Findings: all that a report is made of, wherever it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from kpistream.core.kpis.kpi import Direction, Kpi, Language
from kpistream.core.kpis.units import KpiUnit
from kpistream.core.monitoring.series import Series
from kpistream.core.reporting.episodes import Episode
from kpistream.core.reporting.period import Period
from kpistream.core.texts import Translations

Source = Literal["files", "worker"]


class KpiFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a report has to know of a KPI; its fields are those of the API's `/kpis`."""

    id: str
    name: dict[Language, str]
    description: dict[Language, str]
    unit: KpiUnit
    has_money: bool
    direction: Direction
    target: float | None = None
    urgent: float | None = None
    minimum_sample: int = 1
    owner: str = ""
    action: str = ""
    north_star: bool = False


def facts_of(kpi: Kpi) -> KpiFacts:
    """The facts of a KPI of a catalogue."""
    return KpiFacts(
        id=kpi.id,
        name=dict(kpi.name),
        description=dict(kpi.description),
        unit=kpi.unit,
        has_money=kpi.has_money,
        direction=kpi.direction,
        target=kpi.target,
        urgent=kpi.urgent,
        minimum_sample=kpi.minimum_sample,
        owner=kpi.owner,
        action=kpi.action,
        north_star=kpi.north_star,
    )


class Point(msgspec.Struct, frozen=True):
    """A KPI over one span of time: its value and what it was made of, as a reading has them."""

    value: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    sample: int = 0
    complete: bool = True


def points(series: Series) -> list[Point]:
    """The steps of a series, one by one."""
    columns = series.values, series.numerators, series.denominators, series.samples, series.complete
    return [Point(*step) for step in zip(*columns, strict=True)]


@dataclass(frozen=True, slots=True)
class Measured:
    """A KPI for one slice: over the period, over the one before, and day by day."""

    now: Point
    before: Point | None = None
    days: Sequence[Point] = ()
    days_before: Sequence[Point] = ()


class Note(msgspec.Struct, frozen=True):
    """Something to know before a number is trusted; ``kind`` names the words for it."""

    kind: str
    facts: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found out about a period, as of ``as_of_s`` (epoch seconds)."""

    period: Period
    as_of_s: float
    currency: str
    source: Source
    asked: str
    """The names of the files, or where the worker is."""
    boards: Mapping[str, Sequence[str]]
    kpis: Sequence[KpiFacts]
    """Those of the boards, and those that funnels need beside them."""
    totals: Mapping[str, Measured]
    members: Mapping[str, Mapping[str, Mapping[str, Measured]]] = field(default_factory=dict)
    """By dimension, member and KPI."""
    members_left_out: Mapping[str, int] = field(default_factory=dict)
    """By dimension, how many members there are beside these."""
    funnels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    objectives: Sequence[Mapping[str, Any]] = ()
    """In their published form."""
    episodes: Sequence[Episode] = ()
    notes: Sequence[Note] = ()
    names: Translations = field(default_factory=dict)
    """What KPIs are called, by id: those that alerts may speak of, too."""
    texts: Translations = field(default_factory=dict)
    """What KPIs and rules say in both languages, by what stands in them and in episodes."""
