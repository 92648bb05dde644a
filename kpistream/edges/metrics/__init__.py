"""What a worker tells Prometheus: its readings, its alerts and its own health."""

from kpistream.edges.metrics.collector import MAX_SERIES, WorkerCollector
from kpistream.edges.metrics.exposition import Exposition, Page
from kpistream.edges.metrics.telemetry import Snapshot, Telemetry

__all__ = ["MAX_SERIES", "Exposition", "Page", "Snapshot", "Telemetry", "WorkerCollector"]
