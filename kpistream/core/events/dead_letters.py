"""Dead letters: records that were not measured, kept so that they can be found and replayed."""

from __future__ import annotations

from typing import Final

import msgspec

from kpistream.core.events.outcomes import Outcome, Reason

MAX_VALUE: Final = 131_072
"""The most bytes of a record that are kept; where it stood says where the rest is."""


class DeadLetter(msgspec.Struct, frozen=True, gc=False):
    """A record as it came, with where it stood and why it was not measured.

    Of a record beyond :data:`MAX_VALUE` the value is only the beginning; ``size`` is its length.
    """

    topic: str
    partition: int
    offset: int
    arrived_ms: int
    outcome: Outcome
    reason: Reason
    detail: str
    value: bytes | None
    size: int

    @property
    def key(self) -> bytes:
        """Where the record stood: the same after a replay, so a repeat can be told."""
        return f"{self.topic}|{self.partition}|{self.offset}".encode()

    def headers(self) -> list[tuple[str, bytes]]:
        """The record headers that say where it stood, when, and why it is here."""
        return [
            ("topic", self.topic.encode()),
            ("partition", str(self.partition).encode()),
            ("offset", str(self.offset).encode()),
            ("arrived_ms", str(self.arrived_ms).encode()),
            ("outcome", self.outcome.encode()),
            ("reason", self.reason.encode()),
            ("detail", self.detail.encode()),
            ("size", str(self.size).encode()),
        ]
