"""What answers look like: the shapes that the OpenAPI document describes.

They describe what is sent, and nothing is built from them: answers are encoded as they come.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from kpistream.core.alerting.alerts import AlertState
from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.alerting.telling.dispatches import Outcome, Reason
from kpistream.core.alerting.why.why import Evidence, Why
from kpistream.core.catalogue.objectives import ObjectiveKind
from kpistream.core.kpis.kpi import Direction, KpiClass, Language, Stage
from kpistream.core.kpis.units import KpiUnit
from kpistream.core.monitoring.progress import Status
from kpistream.core.monitoring.readings import Trust

Moment = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
"""RFC 3339, in UTC."""

Day = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date"})]

Members = dict[str, str]
"""A slice: dimension to member; the total has none."""

Fingerprint = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]


class Missing(msgspec.Struct):
    """A worker that did not answer, or with what may be old: why, and for which sets of slices."""

    worker: str
    reason: str
    slices: list[str]


class Reading(msgspec.Struct):
    """The value of a KPI for a slice over a window, and what it was made of."""

    kpi: str
    window: str
    slice: Members
    value: float
    numerator: float
    denominator: float | None
    sample: int
    trust: Trust
    as_of: Moment
    currency: str | None


class Readings(msgspec.Struct):
    """Readings, in no order; the last three fields are there only if they are true.

    ``worked_out`` says that they are not kept up to date and were made for this answer.
    """

    as_of: Moment | None
    readings: list[Reading]
    missing: list[Missing]
    truncated: bool = False
    worked_out: bool = False
    before: bool = False


class Course(msgspec.Struct):
    """The course of a KPI: of each step what it came to on its own; null where it is not known."""

    kpi: str
    slice: Members
    currency: str | None
    values: list[float | None]
    numerators: list[float | None]
    denominators: list[float | None]
    samples: list[int]
    complete: list[bool]


class Series(msgspec.Struct):
    """Courses of KPIs; between two edges that follow each other lies a step."""

    as_of: Moment | None
    step: str
    edges: list[Moment]
    series: list[Course]
    missing: list[Missing]


class SliceOfSet(msgspec.Struct):
    """A slice, and the name of its set of dimensions."""

    set: str
    members: Members


class Slices(msgspec.Struct):
    """Slices, and whether there are more."""

    as_of: Moment | None
    slices: list[SliceOfSet]
    truncated: bool
    missing: list[Missing]


class Kpi(msgspec.Struct):
    """What the catalogue says of a KPI; ``slices`` are the sets it is kept up to date for."""

    id: str
    name: dict[Language, str]
    description: dict[Language, str]
    unit: KpiUnit
    has_money: bool
    direction: Direction
    formula: str
    target: float | None
    urgent: float | None
    minimum_sample: int
    owner: str
    action: str
    classes: list[KpiClass]
    stage: Stage | None
    north_star: bool
    windows: list[str]
    slices: list[str] | None
    measures: list[str]


class Names(msgspec.Struct):
    """What dimensions are called inside a sentence, and boards and funnels as titles."""

    dimensions: dict[str, dict[Language, str]]
    boards: dict[str, dict[Language, str]]


class Kpis(msgspec.Struct):
    """The KPIs, what people look at together, and what can be asked for.

    ``texts`` has what KPIs and rules say in both languages: by the text that stands as ``owner``,
    ``action`` or ``summary`` of KPIs and alerts.
    """

    kpis: list[Kpi]
    dashboards: dict[str, list[str]]
    funnels: dict[str, list[str]]
    names: Names
    texts: dict[str, dict[Language, str]]
    windows: list[str]
    dimensions: list[str]
    slices: list[str]
    currency: str
    zone: str
    version: str


class Acknowledgement(msgspec.Struct):
    """Somebody looks after a firing alert."""

    fingerprint: Fingerprint
    since: Moment
    author: str
    comment: str
    at: Moment


class Suppression(msgspec.Struct):
    """What keeps people from being told of an alert; nothing if all is empty."""

    silenced_by: list[str]
    inhibited_by: list[str]
    acknowledged: Acknowledgement | None
    muted_receivers: list[str]


class ToldAlert(msgspec.Struct):
    """An alert as it was told, or changed."""

    kind: Literal["alert"]
    rule: str
    state: AlertState
    slice: Members
    kpi: str
    window: str
    unit: str
    value: float | None
    baseline: float | None
    sample: int
    since: Moment
    changed_at: Moment
    held_at: Moment
    fired_at: list[Moment]
    fingerprint: Fingerprint
    severity: Severity
    owner: str
    action: str
    summary: str
    labels: dict[str, str]
    inhibits: list[str]
    currency: str | None
    evidence: Evidence
    why: Why | None


class Alert(ToldAlert):
    """An alert in its present state; ``suppression`` is null while nobody says what it is."""

    suppression: Suppression | None


class Alerts(msgspec.Struct):
    """Alerts, the newest change first."""

    as_of: Moment | None
    alerts: list[Alert]
    missing: list[Missing]


class Transitions(msgspec.Struct):
    """Changes of alerts to firing and resolved, the oldest first; whether there are more.

    ``since`` is when the log begins, if some of it is gone; null if it holds all there ever were.
    """

    transitions: list[ToldAlert]
    truncated: bool
    since: Moment | None


class Objective(msgspec.Struct):
    """How far an objective is; numbers are in the KPI's unit."""

    kind: Literal["objective"]
    id: str
    name: dict[Language, str]
    kpi: str
    counts: ObjectiveKind
    unit: KpiUnit
    direction: Direction
    slice: Members
    start: Day
    deadline: Day
    owner: str
    kpis: list[str]
    status: Status
    target: float
    value: float | None
    start_value: float | None
    expected: float | None
    projected: float | None
    done: float | None
    needed_per_day: float | None
    days_left: float
    currency: str | None
    as_of: Moment


class Objectives(msgspec.Struct):
    """Objectives, in the order of the catalogue."""

    as_of: Moment | None
    objectives: list[Objective]
    missing: list[Missing]


class Silence(msgspec.Struct):
    """Alerts that fit all matchers are not told of for a while."""

    id: str
    state: Literal["active", "pending", "ended"]
    matchers: list[str]
    starts_at: Moment
    ends_at: Moment
    author: str
    comment: str
    created_at: Moment


class Silences(msgspec.Struct):
    """Silences, the newest first."""

    silences: list[Silence]


class EndedSilence(msgspec.Struct):
    """A silence that somebody ended."""

    id: str
    ended_at: Moment


class Told(msgspec.Struct):
    """An alert that a message tells of, as it was then."""

    fingerprint: Fingerprint
    state: AlertState
    changed_at: Moment


class Delivery(msgspec.Struct):
    """What became of the newest message to a receiver about a group."""

    receiver: str
    group: dict[str, str]
    message_id: str
    alerts: list[Told]
    truncated: int
    reason: Reason
    outcome: Outcome | Literal["trying"]
    tries: int
    status: int | None
    problem: str
    first_try_at: Moment
    last_try_at: Moment
    retry_at: Moment | None


class Deliveries(msgspec.Struct):
    """Deliveries, the newest first."""

    deliveries: list[Delivery]


class Receivers(msgspec.Struct):
    """Who is told of what; ``disabled`` of each is null while nobody says whether it is."""

    receivers: list[dict[str, Any]]
    missing: list[Missing]


class WorkerHealth(msgspec.Struct):
    """How a worker does, and what it owns."""

    url: str
    version: str
    ready: bool
    reasons: list[str]
    partitions: list[int]
    as_of: Moment | None
    lag_records: int
    watermark_age_s: float | None
    silent_topics: list[str]
    slices: list[str]
    is_notifier: bool


class Health(msgspec.Struct):
    """How the cluster does: degraded if a worker is not ready or does not answer."""

    status: Literal["ok", "degraded"]
    workers: list[WorkerHealth]
    missing: list[Missing]


class Alive(msgspec.Struct):
    """The process answers."""

    status: Literal["alive"]


class Ready(msgspec.Struct):
    """Whether the worker has recovered and the broker answers it, and what it waits for if not."""

    status: Literal["ready", "not ready"]
    reasons: list[str]


class Problem(msgspec.Struct):
    """What is wrong, and what would be right (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    allowed: list[str]
