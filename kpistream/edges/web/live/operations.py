"""The live view's operations, and what they answer."""

from __future__ import annotations

from typing import Final

import msgspec

from kpistream.core.monitoring.readings import Trust
from kpistream.edges.web.operation import API, MEMBERS, SCOPE, Operation, Parameter
from kpistream.edges.web.published import Alert, Members, Missing, Moment, Objective


class ViewQuestion(msgspec.Struct):
    """What was asked for; ``by`` and ``kpi`` are empty where there is nothing to break down."""

    board: str
    window: str
    by: str
    kpi: str
    slice: Members


class Tile(msgspec.Struct):
    """A KPI now and in the window before, and its course within the window, step by step."""

    kpi: str
    value: float | None
    before: float | None
    currency: str | None
    sample: int
    trust: Trust | None
    as_of: Moment | None
    points: list[float | None]


class BreakdownRow(msgspec.Struct):
    """The KPI of one member."""

    member: str
    value: float | None
    before: float | None
    sample: int
    currency: str | None
    trust: Trust | None


class Breakdown(msgspec.Struct):
    """A KPI by the members of a dimension, the largest samples first; how many more there are.

    Rows of a window that is not kept up to date come within some looks.
    """

    by: str
    kpi: str
    rows: list[BreakdownRow]
    more: int


class FunnelStep(msgspec.Struct):
    """How many took a step."""

    kpi: str
    value: float | None


class Funnel(msgspec.Struct):
    """How many took each step of a way."""

    name: str
    steps: list[FunnelStep]


class ViewAnswer(msgspec.Struct):
    """All that is to be seen at once; what nobody owns at the moment is left out.

    There are 100 alerts at most, those that fire first; ``firing`` counts all that fire.
    """

    as_of: Moment | None
    query: ViewQuestion
    tiles: dict[str, Tile]
    breakdown: Breakdown | None
    funnel: Funnel | None
    alerts: list[Alert]
    firing: int
    objectives: list[Objective]
    silent_topics: list[str]
    missing: list[Missing]


_PARAMETERS: Final = (
    Parameter("board", "The dashboard whose KPIs are shown.", words="boards"),
    Parameter("window", "Over this window.", words="windows"),
    Parameter("by", "Broken down by this dimension.", words="dimensions"),
    Parameter("kpi", "The KPI that is broken down.", words="kpis"),
    MEMBERS,
)

VIEW: Final = Operation(
    "GET",
    f"{API}view",
    "view",
    "All that is to be seen at once: tiles, breakdown, funnel, alerts, objectives.",
    (*_PARAMETERS, SCOPE),
    answer=ViewAnswer,
    problems=(400, 503),
)
LIVE: Final = Operation(
    "GET",
    f"{API}live",
    "live",
    "The same as server-sent events: a `frame` with all of it, then `patch` with what has changed "
    "(of tiles, those that have; null for one that has gone), `bye` before the stream ends.",
    _PARAMETERS,
    answer=str,
    media="text/event-stream",
    problems=(400, 503),
)
