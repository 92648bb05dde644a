"""A frame: all that a page shows at one moment, as `/api/v1/live` sends it."""

from __future__ import annotations

from typing import Any

import msgspec

from kpistream.cli.terminal.cleaning import cleaned
from kpistream.core.alerting.why.why import Driver, Segment


class Shown(msgspec.Struct, frozen=True):
    """What a worker took a query to be: its own choices are filled in."""

    board: str | None = None
    window: str | None = None
    by: str | None = None
    kpi: str | None = None
    slice: dict[str, str] = {}


class Tile(msgspec.Struct, frozen=True):
    """A KPI's value over the window, over the window before, and its steps; None: no reading."""

    kpi: str
    value: float | None = None
    before: float | None = None
    currency: str | None = None
    sample: int = 0
    trust: str | None = None
    as_of: str | None = None
    points: list[float | None] = []


class Row(msgspec.Struct, frozen=True):
    """A member of a dimension and its value."""

    member: str
    value: float | None = None
    before: float | None = None
    sample: int = 0
    currency: str | None = None
    trust: str | None = None


class Breakdown(msgspec.Struct, frozen=True):
    """A KPI by the members of a dimension; ``more`` are not listed."""

    by: str
    kpi: str
    rows: list[Row] = []
    more: int = 0


class Step(msgspec.Struct, frozen=True):
    """A step of a funnel: a KPI that counts who got there."""

    kpi: str
    value: float | None = None


class Funnel(msgspec.Struct, frozen=True):
    """Steps on the way of a customer, in order."""

    name: str
    steps: list[Step] = []


class Grounds(msgspec.Struct, frozen=True):
    """What an alert was judged on."""

    condition: str = ""
    p: float | None = None


class Reason(msgspec.Struct, frozen=True):
    """What explains an alert, and what it costs an hour."""

    value: float | None = None
    before: float | None = None
    segments: tuple[Segment, ...] = ()
    drivers: tuple[Driver, ...] = ()
    sentence: str = ""
    at_stake_per_hour: float | None = None
    stake_currency: str = ""


class Acknowledged(msgspec.Struct, frozen=True):
    """Who looks after an alert."""

    author: str = ""


class Muted(msgspec.Struct, frozen=True):
    """Why people are not told of an alert."""

    silenced_by: list[str] = []
    inhibited_by: list[str] = []
    acknowledged: Acknowledged | None = None
    muted_receivers: list[str] = []


class AlertLine(msgspec.Struct, frozen=True, kw_only=True):
    """An alert, as far as a page shows it."""

    fingerprint: str
    rule: str
    state: str
    severity: str = "warning"
    kpi: str
    window: str = ""
    slice: dict[str, str] = {}
    value: float | None = None
    baseline: float | None = None
    currency: str | None = None
    sample: int = 0
    since: str = ""
    changed_at: str = ""
    owner: str = ""
    action: str = ""
    summary: str = ""
    evidence: Grounds = Grounds()
    why: Reason | None = None
    suppression: Muted | None = None


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """An objective and how it stands."""

    id: str
    name: dict[str, str] = {}
    kpi: str
    status: str
    value: float | None = None
    target: float | None = None
    done: float | None = None
    currency: str | None = None
    days_left: float | None = None


class Missing(msgspec.Struct, frozen=True):
    """A worker that does not contribute, and what is not shown therefore."""

    worker: str = ""
    reason: str = ""
    slices: list[str] = []


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """All that a page shows; every text in it is printable."""

    as_of: str | None = None
    query: Shown = Shown()
    tiles: dict[str, Tile] = {}
    breakdown: Breakdown | None = None
    funnel: Funnel | None = None
    alerts: list[AlertLine] = []
    objectives: list[Goal] = []
    silent_topics: list[str] = []
    missing: list[Missing] = []

    @classmethod
    def of(cls, document: Any) -> Frame:
        """The frame in a document; raises msgspec.ValidationError for one that is none."""
        return msgspec.convert(cleaned(document), cls)

    @property
    def firing(self) -> int:
        """How many alerts fire."""
        return sum(alert.state == "firing" for alert in self.alerts)


def patched(document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """A frame's document with what a patch changes.

    Of tiles it brings only those that changed, and nothing for one that has gone.
    """
    tiles = {**document.get("tiles", {}), **patch.get("tiles", {})}
    there = {kpi: tile for kpi, tile in tiles.items() if tile is not None}
    return {**document, **patch, "tiles": there}
