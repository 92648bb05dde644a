"""The layout: which topics there are, how many partitions each has, and how they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from kpistream.core.partials import Source
from kpistream.stream.topics import TIMESTAMP_TYPE, TopicSpec

DAY_MS: Final = 86_400_000
_KEPT: Final = MappingProxyType({"cleanup.policy": "delete", "retention.ms": str(7 * DAY_MS)})
_BROKER_TIME: Final = MappingProxyType({TIMESTAMP_TYPE: "LogAppendTime"})
# A worker that lost its partitions may write a stale row after its successor's: compaction
# waits, so that recovery still sees both and keeps the one with the larger fence.
_TABLE: Final = MappingProxyType(
    {"cleanup.policy": "compact", "min.compaction.lag.ms": "600000", "segment.ms": "3600000"}
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

    @property
    def partials(self) -> str:
        """What sources have contributed to slices, keyed by slice."""
        return f"{self.app_id}.partials"

    @property
    def alerts(self) -> str:
        """Changes of state of alerts, keyed by fingerprint."""
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
        """The changelog of what has been measured of an event type."""
        return f"{self.app_id}.measured.{event}"

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
        kept = {**_KEPT, **_BROKER_TIME}
        own = [TopicSpec(name, self.partitions, kept) for name in (self.partials, self.alerts)]
        own.append(TopicSpec(self.dead_letters, self.partitions, dict(_KEPT)))
        own += [
            TopicSpec(name, self.partitions, _TABLE)
            for name in (self.merged_table, self.notified_table)
        ]
        for event, topic in self.events.items():
            partitions = self.event_partitions[event]
            own.append(TopicSpec(topic, partitions, kept))
            own.append(TopicSpec(self.measured_table(event), partitions, _TABLE))
        return own
