"""Deduplication: the event ids a partition has seen within a horizon of arrival time.

Ids are kept as keyed 64-bit hashes, in buckets of arrival time, a sixteenth of the horizon each. A
bucket leaves when the watermark enters the 17th bucket after it, so whether an id counts as seen
follows from the log alone. What is persisted is a run: the hashes one flush added to one bucket,
with the offset of each, so that the state *as of any offset* can be built again after a restart.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

BUCKETS_PER_HORIZON: Final = 16

MAX_RUN: Final = 16_384
"""The most ids in a run: 256 KiB, which any broker takes as one record."""


class Run(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Ids first seen in one flush and bucket, or a part of them: 8 bytes a hash and an offset."""

    bucket: int
    hashes: bytes
    offsets: bytes

    @property
    def key(self) -> bytes:
        """The name of the run's row: its bucket and first offset."""
        return b"d%d|%d" % (self.bucket, array("q", self.offsets)[0])


encode_run = msgspec.msgpack.Encoder().encode
decode_run = msgspec.msgpack.Decoder(Run).decode


@dataclass(slots=True)
class _Bucket:
    hashes: array[int] = field(default_factory=lambda: array("Q"))
    keys: list[bytes] = field(default_factory=list)


class SeenIds:
    """The hashes seen within the horizon, and what of them is not yet persisted."""

    def __init__(self, horizon_ms: int) -> None:
        """Remember ids for ``horizon_ms`` milliseconds of arrival time, to a sixteenth."""
        self.bucket_ms = max(1, horizon_ms // BUCKETS_PER_HORIZON)
        self.hashes: set[int] = set()
        """What counts as seen."""
        self._fresh_hashes: list[int] = []
        self._fresh_offsets: list[int] = []
        self._bucket = 0
        self._buckets: dict[int, _Bucket] = {}
        self._expired: dict[int, list[bytes]] = {}
        self._runs: list[Run] = []

    @property
    def rolls_at_ms(self) -> int:
        """The watermark from which :meth:`roll` has something to do."""
        return (self._bucket + 1) * self.bucket_ms

    def restore(self, runs: list[Run], offset: int, watermark_ms: int) -> None:
        """Take up the state as of ``offset``, the first that will be read again."""
        self._bucket = watermark_ms // self.bucket_ms
        for run in runs:
            bucket = self._buckets.setdefault(run.bucket, _Bucket())
            bucket.keys.append(run.key)
            if run.bucket + BUCKETS_PER_HORIZON >= self._bucket:
                bucket.hashes.extend(_hashes_below(run, offset))
        for bucket in self._buckets.values():
            self.hashes.update(bucket.hashes)

    def add_new(self, hashes: list[int], offsets: list[int]) -> bool:
        """Add hashes with the offset of each; False, and none added, if one was seen already."""
        if not self.hashes.isdisjoint(hashes) or len(set(hashes)) < len(hashes):
            return False
        self.hashes.update(hashes)
        self._fresh_hashes += hashes
        self._fresh_offsets += offsets
        return True

    def roll(self, watermark_ms: int) -> None:
        """Move on to the bucket of this watermark; forget the ids beyond the horizon."""
        self._seal()
        self._bucket = watermark_ms // self.bucket_ms
        for number in [n for n in self._buckets if n + BUCKETS_PER_HORIZON < self._bucket]:
            expired = self._buckets.pop(number)
            self.hashes.difference_update(expired.hashes)
            self._expired.setdefault(number, []).extend(expired.keys)

    def drain(self) -> Iterator[Run]:
        """The runs to persist since the last call."""
        self._seal()
        runs, self._runs = self._runs, []
        for run in runs:
            holder = self._buckets.get(run.bucket)
            keys = holder.keys if holder else self._expired.setdefault(run.bucket, [])
            keys.append(run.key)
        return iter(runs)

    def forget(self, committed_watermark_ms: int) -> Iterator[bytes]:
        """The keys of runs that not even a replay from the committed offset can need."""
        current = committed_watermark_ms // self.bucket_ms
        for number in [n for n in self._expired if n + BUCKETS_PER_HORIZON < current]:
            yield from self._expired.pop(number)

    def _seal(self) -> None:
        if not self._fresh_hashes:
            return
        hashes, offsets = array("Q", self._fresh_hashes), array("q", self._fresh_offsets)
        for start in range(0, len(hashes), MAX_RUN):
            part = slice(start, start + MAX_RUN)
            self._runs.append(Run(self._bucket, hashes[part].tobytes(), offsets[part].tobytes()))
        self._buckets.setdefault(self._bucket, _Bucket()).hashes.extend(hashes)
        self._fresh_hashes.clear()
        self._fresh_offsets.clear()


def _hashes_below(run: Run, offset: int) -> Iterator[int]:
    offsets = array("q", run.offsets)
    hashes = array("Q", run.hashes)
    if offsets[-1] < offset:
        return iter(hashes)
    return (digest for digest, at in zip(hashes, offsets, strict=True) if at < offset)
