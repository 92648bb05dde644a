"""Partials: what one source partition has contributed to a slice's panes.

A partial is absolute, never a delta: the sums of every record of its source up to and including the
offset ``fence``. Of two partials of one source the one with the larger fence holds the other, so
sending one twice, or an old one late, changes nothing. Its people are those since the flush before:
whoever merges them counts nobody twice, so that needs no fence.
"""

from __future__ import annotations

from typing import Final

import msgspec

Sums = dict[str, int]
"""Measure name to an integer sum.

Money is summed per currency, as ``name@EUR``; ``name#USD`` counts the amounts that were in a
currency other than the reporting one.
"""

Crowds = dict[str, bytes]
"""Name of a measure that counts people to a sketch of them."""

Source = tuple[str, int]
"""An event topic and one of its partitions."""

SLICE_PREFIX: Final = b"s"
MARK_KEY: Final = b"mark"
TICK_KEY: Final = b"tick"


class Partial(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One message of the partials topic: a slice's panes as one source sees them at a fence."""

    topic: str
    partition: int
    fence: int
    panes: list[tuple[int, int, Sums, Crowds]]
    """Width in seconds, start in epoch seconds, sums, people.

    The width is negative for the part of a pane that came late, which is a source of its own.
    """


class Mark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How far a source has been measured: its watermark (arrival time) and last offset."""

    topic: str
    partition: int
    watermark_ms: int
    offset: int
    lag_s: int = 0
    """Seconds after which nearly all that occurred has arrived; 0 also if that is not known."""


encode_partial = msgspec.json.Encoder().encode
decode_partial = msgspec.json.Decoder(Partial).decode
encode_mark = msgspec.json.Encoder().encode
decode_mark = msgspec.json.Decoder(Mark).decode


def add(into: Sums, more: Sums) -> None:
    """Add ``more`` to ``into``, measure by measure."""
    for name, amount in more.items():
        into[name] = into.get(name, 0) + amount


def difference(new: Sums, old: Sums) -> Sums:
    """What must be added to ``old`` to get ``new``."""
    delta = {name: amount - old.get(name, 0) for name, amount in new.items()}
    for name, amount in old.items():
        if name not in new:
            delta[name] = -amount
    return delta
