"""Every metric family a worker exports: its name, type, labels and help, spelled once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from prometheus_client.core import Metric, Sample

from kpistream.core.slices import DIMENSIONS

Kind = Literal["gauge", "counter", "histogram", "info"]


@dataclass(frozen=True, slots=True)
class Family:
    """The declaration of a metric family; ``name`` is the one that queries use."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str

    def metric(self) -> Metric:
        """An empty metric of this family, for one scrape."""
        base = self.name.removesuffix("_total").removesuffix("_info")
        return Metric(base, self.help, self.kind)

    def sample(self, values: Sequence[str], value: float) -> Sample:
        """One series of this family, its label values in the order of :attr:`labels`."""
        return Sample(self.name, dict(zip(self.labels, values, strict=True)), value)

    def gather(self, series: Iterable[tuple[Sequence[str], float]]) -> Metric:
        """A metric with one sample for each pair of label values and value."""
        metric = self.metric()
        metric.samples.extend(self.sample(values, value) for values, value in series)
        return metric


def reading_labels(dimensions: Sequence[str]) -> tuple[str, ...]:
    """The labels of a reading's series: constant, so that each family has one label set."""
    return ("kpi", "window", "slice", *dimensions, "currency")


def reading_dimensions(configured: Iterable[str]) -> tuple[str, ...]:
    """The dimensions that are labels: those that every event has, then a user's own as configured.

    Dashboards rely on the first two.
    """
    labelled = dict.fromkeys(("channel", "campaign", *configured))
    own = (dimension for dimension in labelled if dimension not in DIMENSIONS)
    return (*(dimension for dimension in DIMENSIONS if dimension in labelled), *own)


_READING_LABELS: Final = reading_labels(DIMENSIONS)
_OBJECTIVE_LABELS: Final = ("objective", "currency")

KPI: Final = Family(
    "kpistream_kpi",
    "gauge",
    _READING_LABELS,
    "Value of a KPI for a slice and a window; ratios are 0-1, money in major units, times in "
    "seconds.",
)
KPI_NUMERATOR: Final = Family(
    "kpistream_kpi_numerator",
    "gauge",
    _READING_LABELS,
    "What the KPI divides, so that slices can be added up before the division; absent for a KPI "
    "that divides by nothing.",
)
KPI_DENOMINATOR: Final = Family(
    "kpistream_kpi_denominator",
    "gauge",
    _READING_LABELS,
    "What the KPI divides by; absent for a KPI that divides by nothing.",
)
KPI_BEFORE: Final = Family(
    "kpistream_kpi_before",
    "gauge",
    _READING_LABELS,
    "Value of a KPI over the window before, of calendar windows up to the same time of the period: "
    "for the total and for each channel.",
)
KPI_SAMPLE: Final = Family(
    "kpistream_kpi_sample", "gauge", _READING_LABELS, "Number of events the KPI's value rests on."
)
EVENTS: Final = Family(
    "kpistream_events_total",
    "counter",
    ("topic", "outcome", "reason"),
    "Events by what became of them, over the partitions this worker owns now.",
)
LATENESS: Final = Family(
    "kpistream_event_lateness_seconds",
    "histogram",
    ("topic",),
    "Time from an event's occurrence to its arrival on the broker.",
)
ARRIVAL_LAG: Final = Family(
    "kpistream_arrival_lag_seconds",
    "gauge",
    ("topic",),
    "Time after which 95 % of a topic's events have arrived, rounded up to a bucket, in the "
    "slowest partition here; of an event that covers a period, the time since that began.",
)
WATERMARK: Final = Family(
    "kpistream_watermark_timestamp_seconds",
    "gauge",
    ("topic", "partition"),
    "Event time that a partition has reached, as seconds since the epoch.",
)
LAG: Final = Family(
    "kpistream_lag_records",
    "gauge",
    ("topic", "partition"),
    "Records of a partition that this worker has not read yet.",
)
BATCH: Final = Family(
    "kpistream_batch_records", "histogram", ("topic",), "Records in a chunk handed to an agent."
)
STAGE: Final = Family(
    "kpistream_stage_seconds", "histogram", ("stage",), "Time a chunk spent in a pipeline stage."
)
FLUSHED: Final = Family(
    "kpistream_flush_rows_total", "counter", ("table",), "Rows written durably, by table."
)
DELIVERIES: Final = Family(
    "kpistream_webhook_deliveries_total",
    "counter",
    ("receiver", "outcome"),
    "Tries to deliver a notification: delivered; failed, refused or denied (another follows); "
    "gave_up; disabled (the receiver wants no more).",
)
WAITING: Final = Family(
    "kpistream_notifications_waiting",
    "gauge",
    ("receiver",),
    "Messages that were tried and have not been taken yet; on the worker that notifies.",
)
LEFT_OUT: Final = Family(
    "kpistream_notification_left_out_total",
    "counter",
    (),
    "How often an alert was not told since too many are known.",
)
ALERTS: Final = Family(
    "kpistream_alerts", "gauge", ("rule", "state"), "Alerts of a rule in a state."
)
ALERT_CHANGES: Final = Family(
    "kpistream_alert_changes_total",
    "counter",
    ("rule", "state"),
    "How often alerts of a rule began to fire, and resolved, on this worker.",
)
OBJECTIVE_VALUE: Final = Family(
    "kpistream_objective_value",
    "gauge",
    _OBJECTIVE_LABELS,
    "Value of an objective's KPI since its start, of a level the value now; absent without one.",
)
OBJECTIVE_TARGET: Final = Family(
    "kpistream_objective_target",
    "gauge",
    _OBJECTIVE_LABELS,
    "Value that the objective's KPI shall reach.",
)
OBJECTIVE_PROJECTED: Final = Family(
    "kpistream_objective_projected",
    "gauge",
    _OBJECTIVE_LABELS,
    "Value that the pace so far leads to by the deadline.",
)
OBJECTIVE_PROGRESS: Final = Family(
    "kpistream_objective_progress_ratio",
    "gauge",
    _OBJECTIVE_LABELS,
    "Part of the way to the target that is done: 1 is all of it.",
)
OBJECTIVE_NEEDED: Final = Family(
    "kpistream_objective_needed_per_day",
    "gauge",
    _OBJECTIVE_LABELS,
    "What each local day that is left must add; absent for ratios and after the deadline.",
)
OBJECTIVE_STATUS: Final = Family(
    "kpistream_objective_status",
    "gauge",
    ("objective", "status"),
    "1 for the status that an objective has, 0 for each other one.",
)
UNPRICED_AMOUNT: Final = Family(
    "kpistream_unpriced_amount",
    "gauge",
    ("currency",),
    "Money without a rate, in major units: it is in no reading; all traffic, longest window.",
)
UNPRICED_EVENTS: Final = Family(
    "kpistream_unpriced_events",
    "gauge",
    ("currency",),
    "Number of amounts without a rate, of all traffic over the longest window.",
)
SLICES: Final = Family(
    "kpistream_slices", "gauge", (), "Slices that have a reading on this worker."
)
SERIES_DROPPED: Final = Family(
    "kpistream_series_dropped",
    "gauge",
    (),
    "Series of readings left out of this scrape because of the limit of a worker.",
)
READY: Final = Family(
    "kpistream_ready",
    "gauge",
    (),
    "1 while this worker has recovered its partitions and the broker answers it, else 0.",
)
BUILD: Final = Family(
    "kpistream_build_info", "info", ("version",), "The version of kpistream that runs here."
)

FAMILIES: Final = (
    KPI,
    KPI_NUMERATOR,
    KPI_DENOMINATOR,
    KPI_BEFORE,
    KPI_SAMPLE,
    EVENTS,
    LATENESS,
    ARRIVAL_LAG,
    WATERMARK,
    LAG,
    BATCH,
    STAGE,
    FLUSHED,
    DELIVERIES,
    WAITING,
    LEFT_OUT,
    ALERTS,
    ALERT_CHANGES,
    OBJECTIVE_VALUE,
    OBJECTIVE_TARGET,
    OBJECTIVE_PROJECTED,
    OBJECTIVE_PROGRESS,
    OBJECTIVE_NEEDED,
    OBJECTIVE_STATUS,
    UNPRICED_AMOUNT,
    UNPRICED_EVENTS,
    SLICES,
    SERIES_DROPPED,
    READY,
    BUILD,
)
