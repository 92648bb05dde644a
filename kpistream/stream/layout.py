"""The layout: which topics there are, how many partitions each has, and how they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from kpistream.core.measuring.partials import Source
from kpistream.stream.topics import TIMESTAMP_TYPE, TopicSpec

DAY_MS: Final = 86_400_000

NOTIFIER: Final = 0
"""The one partition of the topic of alerts: what is told to whom is decided in one place."""

NOTIFIERS: Final = 1
"""How many partitions the topic of alerts has."""

ALERTS_KEPT_S: Final = 200 * 86_400
"""How far the log of alerts reaches back unless set: a quarter, and the one in which it is read."""

_KEPT: Final = MappingProxyType({"cleanup.policy": "delete", "retention.ms": str(7 * DAY_MS)})
_BROKER_TIME: Final = MappingProxyType({TIMESTAMP_TYPE: "LogAppendTime"})
# A worker that lost its partitions may write a stale row after its successor's: compaction
# waits, so that recovery still sees both and keeps the one with the larger fence.
_TABLE: Final = MappingProxyType(
    {"cleanup.policy": "compact", "min.compaction.lag.ms": "600000", "segment.ms": "3600000"}
)
# The key is the change: of those older than a day, the newest telling of each is kept. What is too
# old goes by whole segments, and the broker puts thinned ones together up to their largest size,
# which is a GiB unless set. Some brokers refuse less than this.
_CHANGES: Final = MappingProxyType(
    {
        "cleanup.policy": "compact,delete",
        "min.compaction.lag.ms": str(DAY_MS),
        "segment.ms": str(DAY_MS),
        "segment.bytes": str(50 * 1024 * 1024),
    }
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The topics of one monitor."""

    app_id: str
    events: Mapping[str, str]
    """Event type to topic."""
    event_partitions: Mapping[str, int]
    """Event type to the number of partitions of its topic."""
    partitions: int
    """Of each topic that the monitor makes for itself."""
    replication_factor: int = 1
    """Of each topic that kpistream creates."""
    alerts_kept_s: int = ALERTS_KEPT_S
    """How far the log of alerts reaches back."""

    @property
    def partials(self) -> str:
        """What sources have contributed to slices, keyed by slice."""
        return f"{self.app_id}.partials"

    @property
    def alerts(self) -> str:
        """Changes of state of alerts, and what people say about them; one partition."""
        return f"{self.app_id}.alerts"

    @property
    def dead_letters(self) -> str:
        """Records that were rejected or late, as they came."""
        return f"{self.app_id}.dead-letters"

    @property
    def merged_table(self) -> str:
        """The changelog of slices' panes and alert states."""
        return f"{self.app_id}.merged"

    @property
    def notified_table(self) -> str:
        """The changelog of what was delivered to whom."""
        return f"{self.app_id}.notified"

    def measured_table(self, event: str) -> str:
        """The changelog of what has been measured of an event type's topic.

        It is named after the topic: offsets and fences mean nothing in another one.
        """
        return f"{self.app_id}.measured.{self.events[event]}"

    @property
    def notifier_topics(self) -> frozenset[str]:
        """The topics that have one partition whatever is set."""
        return frozenset((self.alerts, self.notified_table))

    @property
    def measured_tables(self) -> frozenset[str]:
        """The changelogs of what has been measured."""
        return frozenset(map(self.measured_table, self.events))

    @property
    def sources(self) -> list[Source]:
        """Every partition of every event topic."""
        return [
            (topic, partition)
            for event, topic in self.events.items()
            for partition in range(self.event_partitions[event])
        ]

    def specs(self) -> list[TopicSpec]:
        """All topics as kpistream creates them."""
        durable = self._durability()
        kept, table = {**_KEPT, **durable}, {**_TABLE, **durable}
        timed = {**kept, **_BROKER_TIME}
        alerts_kept = str(self.alerts_kept_s * 1000)
        specs = [
            TopicSpec(self.partials, self.partitions, timed),
            TopicSpec(self.alerts, NOTIFIERS, {**timed, **_CHANGES, "retention.ms": alerts_kept}),
            TopicSpec(self.dead_letters, self.partitions, kept),
            TopicSpec(self.merged_table, self.partitions, table),
            TopicSpec(self.notified_table, NOTIFIERS, table),
        ]
        for event, topic in self.events.items():
            partitions = self.event_partitions[event]
            specs.append(TopicSpec(topic, partitions, timed))
            specs.append(TopicSpec(self.measured_table(event), partitions, table))
        return specs

    def _durability(self) -> dict[str, str]:
        """With replicas, a record counts as written when all of them but one have it."""
        if self.replication_factor == 1:
            return {}
        return {"min.insync.replicas": str(max(1, self.replication_factor - 1))}
