"""Where records go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Outgoing(Protocol):
    """A record to be sent: an `Emission`, or a line that is replayed."""

    @property
    def event_type(self) -> str:
        """The event type, which names the topic."""

    @property
    def key(self) -> bytes | None:
        """What the partition follows from; records with one id must have one key."""

    @property
    def value(self) -> bytes:
        """The event as JSON."""

    @property
    def at_ms(self) -> int | None:
        """When the record is due, or arrived, as epoch milliseconds; None for now."""


class Sink(Protocol):
    """Takes records in order and counts those that are safely delivered."""

    @property
    def acknowledged(self) -> int:
        """Records delivered for good since the sink was opened."""

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Hand over records; they may be acknowledged later. Raises SinkError."""

    async def flush(self) -> None:
        """Wait until all records handed over are acknowledged. Raises SinkError."""


class SinkError(RuntimeError):
    """Records could not be delivered; the message says how many, and why."""
