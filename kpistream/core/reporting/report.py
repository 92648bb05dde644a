"""The report: what a period came to, ready to be shown or to be sent on as one document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import msgspec

from kpistream.core.kpis.kpi import Direction, Language
from kpistream.core.kpis.units import KpiUnit
from kpistream.core.reporting.clarity import Method
from kpistream.core.reporting.episodes import Episode
from kpistream.core.reporting.findings import Note, Source
from kpistream.core.reporting.period import Kind

Trend = Literal["better", "worse", "unclear", "same", "few", "none"]
"""Better and worse are beyond chance. Few: too few events to say. None: nothing to compare with."""

Verdict = Literal["good", "missed", "urgent", "few", "none"]
"""Against the target, or where there is none against what is urgent."""


class Span(msgspec.Struct, frozen=True):
    """The local days from ``first`` to ``last``, and the instants at which they begin and end."""

    first: date
    last: date
    begins: datetime
    ends: datetime


class Mover(msgspec.Struct, frozen=True):
    """A member of a dimension, and what it adds to the change of a KPI, in the KPI's unit."""

    dimension: str
    member: str
    adds: float


class KpiResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a KPI came to: ratios are 0-1, money in major units, durations seconds.

    ``change`` is in the KPI's unit, ``relative`` a part of what was before. ``chance`` is the
    probability of such a change by chance, told by ``methods``. ``daily`` has a value for each day.
    """

    id: str
    name: dict[Language, str]
    description: dict[Language, str]
    unit: KpiUnit
    has_money: bool
    direction: Direction
    currency: str | None
    target: float | None
    urgent: float | None
    owner: str
    action: str
    north_star: bool
    value: float | None
    numerator: float | None
    denominator: float | None
    sample: int
    minimum_sample: int
    complete: bool
    before: float | None = None
    change: float | None = None
    relative: float | None = None
    trend: Trend = "none"
    chance: float | None = None
    methods: tuple[Method, ...] = ()
    verdict: Verdict = "none"
    daily: tuple[float | None, ...] = ()
    daily_before: tuple[float | None, ...] = ()
    movers: tuple[Mover, ...] = ()


class Cell(msgspec.Struct, frozen=True):
    """A KPI of a member, now and before."""

    value: float | None
    before: float | None
    sample: int
    enough: bool
    """Whether the value rests on as many events as the KPI asks for."""


class MemberRow(msgspec.Struct, frozen=True):
    """A member of a dimension: its KPIs, and its part of the first one and of its change.

    ``share`` is its part of the whole; ``adds`` its part of the change, in the KPI's unit, of which
    ``mix`` comes from its share and the rest from its own rate.
    """

    member: str
    cells: dict[str, Cell]
    share: float | None
    adds: float | None
    mix: float | None


class Breakdown(msgspec.Struct, frozen=True):
    """A dimension by its members, the largest first; ``kpis`` begin with the one of the bars."""

    dimension: str
    kpis: tuple[str, ...]
    rows: tuple[MemberRow, ...]
    more: int
    """How many members are not shown."""


class FunnelStep(msgspec.Struct, frozen=True):
    """A step of a way: how many took it, and which part of those at the step before."""

    kpi: str
    name: dict[Language, str]
    value: float | None
    before: float | None
    of_previous: float | None
    complete: bool


class Funnel(msgspec.Struct, frozen=True):
    """A way that people take, step by step."""

    name: str
    steps: tuple[FunnelStep, ...]


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is something to do: a KPI missed its target or got worse, or an alert fires."""

    kind: Literal["urgent", "missed", "worse", "firing"]
    kpi: str
    name: dict[Language, str]
    rule: str = ""
    slice: dict[str, str] = {}
    value: float | None = None
    against: float | None = None
    """The target, the urgent value, or what there was before."""


class Task(msgspec.Struct, frozen=True):
    """What to do, and why."""

    action: str
    reasons: tuple[Reason, ...]


class Duties(msgspec.Struct, frozen=True):
    """What is to be done by one owner."""

    owner: str
    tasks: tuple[Task, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a period came to; ``as_of`` is when the newest of it was known."""

    period: Kind
    zone: str
    span: Span
    span_before: Span | None
    is_over: bool
    as_of: datetime
    days: tuple[date, ...]
    """The days that daily values are of."""
    source: Source
    asked: str
    currency: str
    boards: dict[str, tuple[str, ...]]
    kpis: tuple[KpiResult, ...]
    breakdowns: tuple[Breakdown, ...]
    funnels: tuple[Funnel, ...]
    objectives: tuple[dict[str, Any], ...]
    alerts: tuple[Episode, ...]
    duties: tuple[Duties, ...]
    notes: tuple[Note, ...]
    names: dict[str, dict[Language, str]] = {}
    """What KPIs are called that alerts speak of and ``kpis`` has not, by id."""
    texts: dict[str, dict[Language, str]] = {}
    """In both languages what is said of whose job it is, what to do and what happened."""

    def to_dict(self) -> dict[str, Any]:
        """The published form, ready for any JSON encoder."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return {"kind": "report", **plain}
