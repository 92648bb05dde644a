"""The collector: a worker's board, alerts and telemetry, gathered anew for each scrape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import Metric

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.merging.unpriced import Unpriced
from kpistream.core.monitoring.progress import Progress, Status
from kpistream.core.monitoring.readings import Board
from kpistream.edges.metrics import families
from kpistream.edges.metrics.families import Family, reading_dimensions
from kpistream.edges.metrics.histogram import Histogram
from kpistream.edges.metrics.labels import safe
from kpistream.edges.metrics.scrape import Scrape
from kpistream.edges.metrics.selection import select
from kpistream.edges.metrics.telemetry import Snapshot, Source, Telemetry

MAX_SERIES: Final = 20_000
"""The most series a worker exports, its runtime's own included."""

_SHOWN_STATES: Final = (AlertState.pending, AlertState.firing, AlertState.resolved)
_TOLD_STATES: Final = (AlertState.firing, AlertState.resolved)


class WorkerCollector:
    """Everything a worker exports.

    ``board``, ``before`` (the readings of the windows before), ``alerts``, ``objectives`` and
    ``unpriced`` return immutable snapshots, so a scrape may run in another thread. Series leave as
    soon as their slice, partition or alert does; none carries a timestamp. ``dimensions`` are the
    configured ones, a user's own included, ``rules`` the names of the loaded rules, ``objectives``
    those whose slice this worker owns.
    """

    def __init__(
        self,
        *,
        board: Callable[[], Board],
        telemetry: Telemetry,
        alerts: Callable[[], Sequence[Alert]],
        dimensions: Sequence[str],
        rules: Sequence[str],
        version: str,
        max_series: int = MAX_SERIES,
        objectives: Callable[[], Sequence[Progress]] = lambda: (),
        unpriced: Callable[[], Sequence[Unpriced]] = lambda: (),
        before: Callable[[], Board] = Board,
    ) -> None:
        self._board = board
        self._before = before
        self._telemetry = telemetry
        self._alerts = alerts
        self.dimensions = reading_dimensions(dimensions)
        """The dimensions that are labels of readings."""
        self._rules = tuple(rules)
        self._version = version
        self._max_series = max_series
        self._objectives = objectives
        self._unpriced = unpriced
        self._runtime = _runtime_registry()

    def collect(self) -> Scrape:
        """What there is to export at this moment; readings get the room that is left."""
        board, before = self._board(), self._before()
        metrics = self._metrics(board)
        taken = sum(len(metric.samples) for metric in metrics) + len(before) + 1
        chosen = select(board.readings, max(0, self._max_series - taken))
        return Scrape(metrics, chosen, before.readings)

    def _metrics(self, board: Board) -> Sequence[Metric]:
        telemetry = self._telemetry.snapshot()
        return [
            *self._runtime.collect(),
            families.BUILD.gather([((self._version,), 1)]),
            families.READY.gather([((), int(telemetry.is_ready))]),
            families.SLICES.gather([((), len(board.slices))]),
            self._alert_metric(),
            self._change_metric(telemetry),
            *_objective_metrics(self._objectives()),
            *_unpriced_metrics(self._unpriced()),
            *_pipeline_metrics(telemetry),
        ]

    def _alert_metric(self) -> Metric:
        counts = Counter(
            {(safe(rule), str(state)): 0 for rule in self._rules for state in _SHOWN_STATES}
        )
        counts.update(
            (safe(alert.rule), str(alert.state))
            for alert in self._alerts()
            if alert.state in _SHOWN_STATES
        )
        return families.ALERTS.gather(counts.items())

    def _change_metric(self, telemetry: Snapshot) -> Metric:
        """What has not happened yet is 0, so that the first time shows."""
        changes = {(rule, str(state)): 0 for rule in self._rules for state in _TOLD_STATES}
        counts = {**changes, **telemetry.alert_changes}
        return families.ALERT_CHANGES.gather(
            ((safe(rule), state), n) for (rule, state), n in counts.items()
        )


def _runtime_registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def _objective_metrics(objectives: Sequence[Progress]) -> Iterable[Metric]:
    values: Mapping[Family, Callable[[Progress], float | None]] = {
        families.OBJECTIVE_VALUE: lambda progress: progress.value,
        families.OBJECTIVE_TARGET: lambda progress: progress.target,
        families.OBJECTIVE_PROJECTED: lambda progress: progress.projected,
        families.OBJECTIVE_PROGRESS: lambda progress: progress.done,
        families.OBJECTIVE_NEEDED: lambda progress: progress.needed_per_day,
    }
    for family, value in values.items():
        yield family.gather(
            ((progress.objective.id, progress.currency or ""), number)
            for progress in objectives
            if (number := value(progress)) is not None
        )
    yield families.OBJECTIVE_STATUS.gather(
        ((progress.objective.id, status.value), float(progress.status is status))
        for progress in objectives
        for status in Status
    )


def _unpriced_metrics(unpriced: Sequence[Unpriced]) -> Iterable[Metric]:
    yield families.UNPRICED_AMOUNT.gather(((u.currency,), u.amount) for u in unpriced)
    yield families.UNPRICED_EVENTS.gather(((u.currency,), u.events) for u in unpriced)


def _pipeline_metrics(telemetry: Snapshot) -> Iterable[Metric]:
    yield families.EVENTS.gather(telemetry.outcomes.items())
    yield _histogram_metric(families.LATENESS, telemetry.lateness)
    yield families.ARRIVAL_LAG.gather(
        ((topic,), seconds) for topic, seconds in telemetry.arrival_lags.items()
    )
    yield families.WATERMARK.gather(_partition_series(telemetry.watermarks))
    yield families.LAG.gather(_partition_series(telemetry.lags))
    yield _histogram_metric(families.BATCH, telemetry.batches)
    yield _histogram_metric(families.STAGE, telemetry.stages)
    yield families.FLUSHED.gather(((table,), rows) for table, rows in telemetry.flushed.items())
    yield families.DELIVERIES.gather(
        ((safe(receiver), outcome), n) for (receiver, outcome), n in telemetry.deliveries.items()
    )
    yield families.WAITING.gather(((safe(name),), n) for name, n in telemetry.waiting.items())
    yield families.LEFT_OUT.gather([((), telemetry.left_out)])


def _partition_series(values: Mapping[Source, float]) -> Iterable[tuple[tuple[str, str], float]]:
    return (((topic, str(partition)), value) for (topic, partition), value in values.items())


def _histogram_metric(family: Family, histograms: Mapping[str, Histogram]) -> Metric:
    metric = family.metric()
    for name, histogram in histograms.items():
        metric.samples.extend(histogram.samples(family, (name,)))
    return metric
