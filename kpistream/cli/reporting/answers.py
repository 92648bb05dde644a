"""What a worker's API answers, as far as a report reads it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from kpistream.core.kpis.kpi import Language
from kpistream.core.reporting.episodes import AlertTold
from kpistream.core.reporting.findings import KpiFacts


class Missing(msgspec.Struct, frozen=True):
    """A worker that did not answer another one, and what only it knows."""

    worker: str
    reason: str
    slices: tuple[str, ...] = ()


class KpiTold(KpiFacts, frozen=True, kw_only=True):
    """A KPI, and the windows and sets of dimensions that it is kept up to date for."""

    windows: tuple[str, ...] = ()
    slices: tuple[str, ...] | None = None

    def is_kept_by(self, dimension: str) -> bool:
        """Whether it is kept up to date for the members of a dimension."""
        return self.slices is None or dimension in self.slices


class Vocabulary(msgspec.Struct, frozen=True):
    """What there is to ask for."""

    kpis: list[KpiTold]
    dashboards: dict[str, list[str]]
    windows: list[str]
    slices: list[str]
    currency: str
    zone: str
    funnels: dict[str, list[str]] = {}
    texts: dict[str, dict[Language, str]] = {}


class SeriesTold(msgspec.Struct, frozen=True):
    """A KPI step by step: its value, and the sums that it is made of."""

    kpi: str
    values: list[float | None]
    numerators: list[float | None]
    denominators: list[float | None]
    samples: list[int]
    complete: list[bool]


class SeriesAnswer(msgspec.Struct, frozen=True):
    """KPIs over a period."""

    series: list[SeriesTold]
    missing: list[Missing] = []


class SliceTold(msgspec.Struct, frozen=True):
    """A slice by its dimensions and members."""

    members: dict[str, str]


class SlicesAnswer(msgspec.Struct, frozen=True):
    """The slices that there are."""

    slices: list[SliceTold]
    truncated: bool = False
    missing: list[Missing] = []


class ReadingTold(msgspec.Struct, frozen=True):
    """How many events a KPI of a slice rests on."""

    slice: dict[str, str]
    sample: int = 0


class ReadingsAnswer(msgspec.Struct, frozen=True):
    """A KPI slice by slice; truncated, if it was worked out for some of the slices only."""

    readings: list[ReadingTold]
    truncated: bool = False
    missing: list[Missing] = []


class ObjectivesAnswer(msgspec.Struct, frozen=True):
    """The objectives, and up to when the worker has heard."""

    as_of: datetime | None = None
    objectives: list[dict[str, Any]] = []
    missing: list[Missing] = []


class AlertsAnswer(msgspec.Struct, frozen=True):
    """The alerts that there are now."""

    alerts: list[AlertTold]
    missing: list[Missing] = []


class HistoryAnswer(msgspec.Struct, frozen=True):
    """How alerts changed over a period; since when that is known, unless it was ever since."""

    transitions: list[AlertTold]
    truncated: bool = False
    since: datetime | None = None
    missing: list[Missing] = []
