"""Telemetry: what a worker reports of its own work, one typed happening a method."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kpistream.core.events.outcomes import Outcome, Reason
from kpistream.edges.metrics.histogram import Histogram

LATENESS_SECONDS: Final = Histogram.empty(
    0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400, 604_800, 2_592_000
)
BATCH_RECORDS: Final = Histogram.empty(1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)
STAGE_SECONDS: Final = Histogram.empty(
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
)

Source = tuple[str, int]
"""A topic and one of its partitions."""

OutcomeCounts = Mapping[tuple[Outcome, Reason | None], int]
"""How many events had an outcome, by (outcome, reason); an outcome may need no reason."""

_EVERY_OUTCOME: Final = (
    (Outcome.accepted, None),
    (Outcome.duplicate, None),
    *((reason.outcome, reason) for reason in Reason),
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The telemetry of a worker at one moment."""

    is_ready: bool
    outcomes: Mapping[tuple[str, str, str], int]
    arrival_lags: Mapping[str, int]
    watermarks: Mapping[Source, float]
    lags: Mapping[Source, int]
    lateness: Mapping[str, Histogram]
    batches: Mapping[str, Histogram]
    stages: Mapping[str, Histogram]
    deliveries: Mapping[tuple[str, str], int]
    waiting: Mapping[str, int]
    left_out: int
    alert_changes: Mapping[tuple[str, str], int]
    flushed: Mapping[str, int]


class Telemetry:
    """The running state of a worker's telemetry; called per chunk, never per event.

    One thread reports and another may take a snapshot: values are replaced and never mutated, so
    that copying a dict, which is one step for the interpreter, is all the locking there is.
    """

    def __init__(self) -> None:
        self._is_ready = False
        self._outcomes: dict[Source, OutcomeCounts] = {}
        self._arrival_lags: dict[Source, int] = {}
        self._watermarks: dict[Source, float] = {}
        self._lags: dict[Source, int] = {}
        self._lateness: dict[str, Histogram] = {}
        self._batches: dict[str, Histogram] = {}
        self._stages: dict[str, Histogram] = {}
        self._deliveries: dict[tuple[str, str], int] = {}
        self._waiting: dict[str, int] = {}
        self._left_out = 0
        self._alert_changes: dict[tuple[str, str], int] = {}
        self._flushed: dict[str, int] = {}

    def ready(self, is_ready: bool) -> None:
        """Whether the worker has recovered and the broker answers it."""
        self._is_ready = is_ready

    def outcomes(self, topic: str, partition: int, counts: OutcomeCounts) -> None:
        """The events of a partition by (outcome, reason): absolute, replacing what was known."""
        self._outcomes[topic, partition] = dict(counts)

    def arrival_lag(self, topic: str, partition: int, seconds: int) -> None:
        """The time after which nearly all events of a partition have arrived."""
        self._arrival_lags[topic, partition] = seconds

    def watermark(self, topic: str, partition: int, epoch_s: float) -> None:
        """The event time, in epoch seconds, that a partition has reached."""
        self._watermarks[topic, partition] = epoch_s

    def lag(self, topic: str, partition: int, records: int) -> None:
        """The number of records of a partition that are still to be read."""
        self._lags[topic, partition] = records

    def lateness(self, topic: str, seconds: Iterable[float]) -> None:
        """How long after it occurred each event of a chunk arrived."""
        seen = self._lateness.get(topic, LATENESS_SECONDS)
        self._lateness[topic] = seen.observe(seconds)

    def batch(self, topic: str, records: int) -> None:
        """A chunk of this many records was handed to an agent."""
        self._batches[topic] = self._batches.get(topic, BATCH_RECORDS).observe((records,))

    def stage(self, name: str, seconds: float) -> None:
        """A chunk took this long in a stage of the pipeline."""
        self._stages[name] = self._stages.get(name, STAGE_SECONDS).observe((seconds,))

    def delivery(self, receiver: str, outcome: str) -> None:
        """One attempt to deliver a notification ended this way."""
        key = (receiver, str(outcome))
        self._deliveries[key] = self._deliveries.get(key, 0) + 1

    def waiting(self, receiver: str, messages: int | None) -> None:
        """So many messages were begun and not taken yet; None where another worker notifies."""
        if messages is None:
            self._waiting.pop(receiver, None)
        else:
            self._waiting[receiver] = messages

    def left_out(self, alerts: int) -> None:
        """So often an alert found no room among what is to be told: absolute."""
        self._left_out = alerts

    def alert_changed(self, rule: str, state: str) -> None:
        """An alert of a rule began to fire, or resolved."""
        key = (rule, state)
        self._alert_changes[key] = self._alert_changes.get(key, 0) + 1

    def flushed(self, table: str, rows: int) -> None:
        """A flush made this many more rows of a table durable."""
        self._flushed[table] = self._flushed.get(table, 0) + rows

    def partition_lost(self, topic: str, partition: int) -> None:
        """Another worker has this partition now: its series leave this one."""
        source = (topic, partition)
        self._outcomes.pop(source, None)
        self._arrival_lags.pop(source, None)
        self._watermarks.pop(source, None)
        self._lags.pop(source, None)

    def snapshot(self) -> Snapshot:
        """What is known at this moment, outcomes added up over the partitions owned now."""
        return Snapshot(
            is_ready=self._is_ready,
            outcomes=_by_topic(self._outcomes.copy()),
            arrival_lags=_slowest(self._arrival_lags.copy()),
            watermarks=self._watermarks.copy(),
            lags=self._lags.copy(),
            lateness=self._lateness.copy(),
            batches=self._batches.copy(),
            stages=self._stages.copy(),
            deliveries=self._deliveries.copy(),
            waiting=self._waiting.copy(),
            left_out=self._left_out,
            alert_changes=self._alert_changes.copy(),
            flushed=self._flushed.copy(),
        )


def _slowest(lags_s: Mapping[Source, int]) -> Mapping[str, int]:
    """The longest lag among the partitions of each topic."""
    slowest: dict[str, int] = {}
    for (topic, _), seconds in lags_s.items():
        slowest[topic] = max(seconds, slowest.get(topic, 0))
    return slowest


def _by_topic(outcomes: Mapping[Source, OutcomeCounts]) -> Mapping[tuple[str, str, str], int]:
    """The sums over partitions; what has not happened yet is 0, so that the first time shows."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for (topic, _), counts in outcomes.items():
        for outcome, reason in _EVERY_OUTCOME:
            sums[topic, outcome, reason or ""] += counts.get((outcome, reason), 0)
    return sums
