"""What a worker knows, before its streams run too: then, it knows nothing yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kpistream.core.alerting.alerts import Alert
from kpistream.core.merging.unpriced import Unpriced
from kpistream.core.monitoring.progress import Progress
from kpistream.core.monitoring.readings import Board, Reading
from kpistream.core.monitoring.series import Series
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice
from kpistream.edges.metrics import Telemetry
from kpistream.edges.metrics.telemetry import Snapshot
from kpistream.edges.web import Readiness
from kpistream.edges.web.changes import Changes
from kpistream.edges.web.desk import BrokerAway, Desk
from kpistream.edges.web.knowledge import Found
from kpistream.edges.web.peer import Peer
from kpistream.stream.app import Stream


class Known:
    """The knowledge of a worker whose ``stream`` is set once it is connected."""

    def __init__(self, plan: Plan, telemetry: Telemetry) -> None:
        self.plan = plan
        self.url = ""
        """Where other workers reach this one, once its web server listens."""
        self.stream: Stream | None = None
        self._telemetry = telemetry

    @property
    def board(self) -> Board:
        return self.stream.board if self.stream is not None else Board()

    @property
    def before(self) -> Board:
        return self.stream.before if self.stream is not None else Board()

    @property
    def alerts(self) -> Sequence[Alert]:
        return self.stream.alerts if self.stream is not None else ()

    @property
    def objectives(self) -> Sequence[Progress]:
        return self.stream.objectives if self.stream is not None else ()

    @property
    def unpriced(self) -> Sequence[Unpriced]:
        """The money that has no rate, if this worker owns the total."""
        return self.stream.unpriced if self.stream is not None else ()

    @property
    def desk(self) -> Desk | None:
        return self.stream.notifying if self.stream is not None else None

    @property
    def telemetry(self) -> Snapshot:
        return self._telemetry.snapshot()

    @property
    def readiness(self) -> Readiness:
        if self.stream is None:
            return Readiness(("connecting to the broker",))
        return Readiness(self.stream.waiting_for)

    @property
    def partitions(self) -> Sequence[int]:
        return self.stream.partitions if self.stream is not None else ()

    @property
    def sets(self) -> Sequence[tuple[str, ...]]:
        return self.stream.sets if self.stream is not None else ()

    @property
    def silent_topics(self) -> Sequence[str]:
        return self.stream.silent_topics if self.stream is not None else ()

    @property
    def peers(self) -> Sequence[Peer]:
        return self.stream.peers if self.stream is not None else ()

    def read(self, kpi: str, window: str, before: bool, wanted: Callable[[Slice], bool]) -> Found:
        if self.stream is None:
            return (), False
        return self.stream.read(kpi, window, before, wanted)

    def reading(self, kpi: str, window: str, part: Slice, before: bool) -> Reading | None:
        if self.stream is None:
            return None
        return self.stream.reading(kpi, window, part, before)

    def series(self, kpis: Sequence[str], part: Slice, edges: Sequence[int]) -> list[Series] | None:
        return self.stream.series(kpis, part, edges) if self.stream is not None else None

    def slices(self, sets: Sequence[tuple[str, ...]], most: int) -> tuple[list[Slice], bool]:
        return self.stream.slices(sets, most) if self.stream is not None else ([], False)

    async def alert_log(self, from_ms: int, to_ms: int, most: int) -> Changes:
        if self.stream is None:
            raise BrokerAway("the worker is not connected yet")
        return await self.stream.alert_log(from_ms, to_ms, most)
