"""Pane rows: what is known of a slice's pane, source by source, and how it is made durable.

A row of a slice that stands for many members (`__other__`) has a partial of each member of each
source. Too many for one record, they are stored in shards, and only shards that changed again.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping
from typing import Final

import msgspec

from kpistream.core.measuring.owned_rows import pane_row_name
from kpistream.core.measuring.partials import Crowds, Sums, add
from kpistream.core.measuring.sketch import union
from kpistream.core.slices import Slice, slice_from_key, slice_key
from kpistream.core.windows.panes import Pane

SHARDS: Final = 1024
"""50,000 members from each of 24 sources make shards of about 200 KiB."""

Live = dict[str, tuple[int, Sums]]
"""Source (of a member: source and member) to its newest partial: fence and sums."""


class PaneRow(msgspec.Struct, array_like=True):
    """A slice's pane: live partials by source, what was folded into it, and from which panes."""

    live: Live
    base: Sums
    held: list[Pane]
    version: int = -1
    """The offset of the partials topic up to which the row includes everything."""

    def total(self) -> Sums:
        """Everything in the row."""
        sums = dict(self.base)
        for _, contributed in self.live.values():
            add(sums, contributed)
        return sums


class StoredRow(msgspec.Struct, array_like=True, frozen=True):
    """A pane row as it is made durable, people included."""

    live: Live
    base: Sums
    held: list[Pane]
    version: int
    crowds: Crowds = {}

    def row(self) -> PaneRow:
        """The row without its people."""
        return PaneRow(self.live, self.base, self.held, self.version)


encode_row = msgspec.json.Encoder().encode
decode_row = msgspec.json.Decoder(PaneRow).decode
decode_stored = msgspec.json.Decoder(StoredRow).decode


def thawed(row: PaneRow | bytes) -> PaneRow:
    """A row that may be kept as bytes."""
    return row if isinstance(row, PaneRow) else decode_row(row)


def member_source(source: str, part: Slice) -> str:
    """The name under which a source's partial of a member stands in the row of `__other__`."""
    return f"{source}|{slice_key(part).decode()}"


def member_of(source: str) -> Slice | None:
    """The member that a :func:`member_source` was made from; None for a plain source."""
    pieces = source.split("|", 2)
    return slice_from_key(pieces[2].encode()) if len(pieces) == 3 else None


def shard_of(source: str) -> int:
    """The shard that a source's partial is stored in: 0 unless it is of a member."""
    if source.count("|") == 1:
        return 0
    return 1 + zlib.crc32(source.encode()) % SHARDS


def shard_name(pane: Pane, part: Slice, shard: int) -> bytes:
    """The name of the row of a shard; that of shard 0 is the pane's own."""
    name = pane_row_name(pane, part)
    return name if shard == 0 else b"h%d|%b" % (shard, name)


def shard_pane_name(name: bytes) -> bytes:
    """The name of the pane's own row, from that of any of its shards."""
    return name if name[:1] == b"p" else name.split(b"|", 1)[1]


def stored(
    row: PaneRow, crowds: Crowds, shards: Collection[int]
) -> Iterator[tuple[int, StoredRow]]:
    """The shards of a row that changed, each with its number; shard 0 is always among them."""
    if all(shard == 0 for shard in shards):
        live = {name: one for name, one in row.live.items() if name.count("|") == 1}
        yield 0, StoredRow(live, row.base, row.held, row.version, crowds)
        return
    pieces: dict[int, Live] = {shard: {} for shard in (0, *shards)}
    for source, partial in row.live.items():
        piece = pieces.get(shard_of(source))
        if piece is not None:
            piece[source] = partial
    for shard, live in pieces.items():
        if shard == 0:
            yield 0, StoredRow(live, row.base, row.held, row.version, crowds)
        else:
            yield shard, StoredRow(live, {}, [], row.version)


def joined(one: StoredRow, other: StoredRow) -> StoredRow:
    """What two copies, or two shards, of a row come to: the newest partials, the most panes."""
    live = dict(one.live)
    for source, partial in other.live.items():
        if source not in live or live[source][0] < partial[0]:
            live[source] = partial
    folded = one if len(one.held) > len(other.held) else other
    version = max(one.version, other.version)
    return StoredRow(live, folded.base, folded.held, version, merged(one.crowds, other.crowds))


def merged(crowds: Crowds, more: Crowds) -> Crowds:
    """The people of both."""
    both = dict(crowds)
    for name, crowd in more.items():
        held = both.get(name)
        both[name] = crowd if held is None else union(held, crowd)
    return both


def bring_home(rows: Mapping[tuple[Slice, Pane], StoredRow]) -> dict[tuple[Slice, Pane], set[int]]:
    """Put the partials of a member's pane into one row, and say which shards changed.

    Two owners that did not know of each other may have kept one in a slice of its own, the other
    under `__other__`. Of each source the newest partial stays.
    """
    changed: dict[tuple[Slice, Pane], set[int]] = {}
    for (member, pane), held in _away_in(rows).items():
        own = rows.get((member, pane))
        if own is None and len(held) == 1:
            continue
        home = member if own is not None else min(held)
        into = rows[home, pane].live
        for part, sources in held.items():
            for name in sources if part != home else ():
                plain = name if own is None else name.split("|" + slice_key(member).decode())[0]
                partial = rows[part, pane].live.pop(name)
                if plain not in into or into[plain][0] < partial[0]:
                    into[plain] = partial
                changed.setdefault((part, pane), {0}).add(shard_of(name))
                changed.setdefault((home, pane), {0}).add(shard_of(plain))
    return changed


def _away_in(
    rows: Mapping[tuple[Slice, Pane], StoredRow],
) -> dict[tuple[Slice, Pane], dict[Slice, list[str]]]:
    """The panes of members that are in other slices, with those and the names of the sources."""
    found: dict[tuple[Slice, Pane], dict[Slice, list[str]]] = {}
    for (part, pane), row in rows.items():
        for name in row.live:
            member = member_of(name)
            if member is not None:
                found.setdefault((member, pane), {}).setdefault(part, []).append(name)
    return found
