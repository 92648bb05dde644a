"""A worker's progress as the broker saw it: the marks that follow each durable flush.

A mark says up to which offset a source partition is measured, and is sent after the rows of its
flush are on the broker. Every partition of the partials topic gets every mark, so one is enough,
and the worker is not disturbed by being watched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from kpistream.core.measuring.partials import MARK_KEY, decode_mark


class Message(Protocol):
    """A record of the partials topic as aiokafka hands it over."""

    @property
    def key(self) -> bytes | None:
        """What the message is."""

    @property
    def value(self) -> bytes | None:
        """A mark, or something else."""

    @property
    def timestamp(self) -> int:
        """When the broker appended it, in epoch milliseconds."""


@dataclass(slots=True)
class Progress:
    """How many records of a topic are measured for good, and when that was known."""

    topic: str
    at_ms: int = 0
    _offsets: dict[int, int] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """Records in all partitions, up to the newest marks."""
        return sum(offset + 1 for offset in self._offsets.values())

    def take(self, messages: Iterable[Message]) -> bool:
        """Take in messages of the partials topic; whether there was progress."""
        before = self.records
        for message in messages:
            if message.key == MARK_KEY and message.value is not None:
                mark: Any = decode_mark(message.value)
                if mark.topic == self.topic and mark.offset >= 0:
                    self._offsets[mark.partition] = mark.offset
                    self.at_ms = message.timestamp
        return self.records > before
