"""Fitting: as many alerts into a body as it has room for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kpistream.edges.messages.message import Message

MOST_BYTES: Final = 64 * 1024
"""The most bytes of a body, whatever its shape."""

TEXT_LENGTHS: Final = (2_000, 500, 100, 30)
"""The longest text of one kind; the shorter ones where a single alert does not fit otherwise."""


Body = Callable[[Message, int], bytes]
"""Writes a message with text of at most so many characters each."""


def fitting(message: Message, body: Body, most_bytes: int = MOST_BYTES) -> bytes:
    """A body that is small enough, with the first alerts that fit; the rest are counted.

    Raises ValueError if one alert in the fewest words is too large still.
    """
    for length in TEXT_LENGTHS:
        found = _fewer(message, body, length, most_bytes)
        if found is not None:
            return found
    raise ValueError(f"an alert has no room in {most_bytes:,} bytes")


def _fewer(message: Message, body: Body, length: int, most_bytes: int) -> bytes | None:
    """The body with as many alerts as fit; None if not even one does."""
    kept = len(message.alerts)
    while len(written := body(message.fewer(kept), length)) > most_bytes:
        if kept == 1:
            return None
        # About as many as would fit if all were as long as these, but always fewer than before.
        kept = max(1, min(kept - 1, kept * most_bytes // len(written)))
    return written
