"""What a worker knows, as its site shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from kpistream.core.alerting.alerts import Alert
from kpistream.core.monitoring.progress import Progress
from kpistream.core.monitoring.readings import Board, Reading
from kpistream.core.monitoring.series import Series
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice
from kpistream.edges.metrics.telemetry import Snapshot
from kpistream.edges.web.changes import Changes
from kpistream.edges.web.desk import Desk
from kpistream.edges.web.readiness import Readiness

Found = tuple[Sequence[Reading], bool]
"""Readings, and whether they are not all since there are too many slices."""


class Knowledge(Protocol):
    """A worker as its site sees it.

    Boards, alerts and objectives are immutable snapshots, so they may be read in another thread.
    What looks into the state of the pipeline (:meth:`read`, :meth:`series`, :meth:`slices`) is
    called in the event loop, and is bounded.
    """

    @property
    def plan(self) -> Plan:
        """What is measured."""

    @property
    def url(self) -> str:
        """Where other workers reach this one."""

    @property
    def readiness(self) -> Readiness:
        """What it still waits for."""

    @property
    def board(self) -> Board:
        """The readings of the slices that this worker owns."""

    @property
    def before(self) -> Board:
        """Of some of them, the readings of the windows before."""

    @property
    def alerts(self) -> Sequence[Alert]:
        """The alerts over these slices."""

    @property
    def objectives(self) -> Sequence[Progress]:
        """How far the objectives over these slices are."""

    @property
    def desk(self) -> Desk | None:
        """What is known of notifications; None before the worker is connected."""

    @property
    def telemetry(self) -> Snapshot:
        """What it reports of its own work."""

    @property
    def partitions(self) -> Sequence[int]:
        """The partitions of slices that it owns."""

    @property
    def sets(self) -> Sequence[tuple[str, ...]]:
        """The sets of dimensions whose slices it owns."""

    @property
    def silent_topics(self) -> Sequence[str]:
        """The topics that are not heard of, by the slices here."""

    def read(self, kpi: str, window: str, before: bool, wanted: Callable[[Slice], bool]) -> Found:
        """The readings of any KPI over any window, or the one before it, of the slices wanted."""

    def reading(self, kpi: str, window: str, part: Slice, before: bool) -> Reading | None:
        """One reading of a slice that is here, whether or not it is kept up to date."""

    def series(self, kpis: Sequence[str], part: Slice, edges: Sequence[int]) -> list[Series] | None:
        """The courses of some KPIs for a slice; None if another worker owns it."""

    def slices(self, sets: Sequence[tuple[str, ...]], most: int) -> tuple[list[Slice], bool]:
        """The slices here of some sets of dimensions; whether there are more."""

    async def alert_log(self, from_ms: int, to_ms: int, most: int) -> Changes:
        """The changes of alerts that were told between two moments, the oldest first.

        It is the log that all workers share. Raises BrokerAway.
        """
