"""Slices: sets of dimensions with their values.

A slice such as ``(("channel", "email"), ("campaign", "autumn"))`` names a part of the traffic; the
empty slice is the total. Which sets of dimensions exist is configuration, a :class:`Slicing`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec
import xxhash

DIMENSIONS: Final = ("channel", "campaign", "segment", "device", "country", "site")
NOT_SET: Final = "(not set)"
"""The member that events without a value for a dimension belong to."""

OTHER: Final = "__other__"
"""The member that those beyond a dimension's limit belong to."""

MAX_MEMBER_CHARS: Final = 64
_CACHE_LIMIT: Final = 100_000

Slice = tuple[tuple[str, str], ...]
RawValues = tuple[str | None, ...]

_decode_key = msgspec.json.Decoder(tuple[tuple[str, str], ...]).decode


def slice_key(part: Slice) -> bytes:
    """The canonical bytes of a slice: equal slices, equal keys, in every process."""
    return msgspec.json.encode(part)


def slice_from_key(key: bytes) -> Slice:
    """The slice a :func:`slice_key` was made from."""
    return _decode_key(key)


def set_of(part: Slice) -> tuple[str, ...]:
    """The set of dimensions that a slice has values for."""
    return tuple(dimension for dimension, _ in part)


def set_name(dimensions: Iterable[str]) -> str:
    """A set of dimensions in one word: ``total``, ``channel_campaign``."""
    return "_".join(dimensions) or "total"


def slice_name(part: Slice) -> str:
    """The set of dimensions of a slice in one word."""
    return set_name(set_of(part))


def partition_of(key: bytes, partitions: int) -> int:
    """The partition, 0 to ``partitions - 1``, that a key belongs to."""
    return xxhash.xxh3_64_intdigest(key) % partitions


def owner_of(key: bytes, partitions: int) -> int:
    """The partition that owns the slice with this key, and all others of its set.

    So who owns a slice knows its siblings: which are the largest, and what the rest comes to.
    """
    return partition_of(slice_name(slice_from_key(key)).encode(), partitions)


def normalise_member(value: str | None) -> str:
    """A dimension value as people would group it: trimmed, case folded, printable, bounded.

    Letters that can be written in several ways (an accent as a character of its own) are one.
    """
    if value is None:
        return NOT_SET
    folded = unicodedata.normalize("NFC", value.casefold())
    text = "".join(c if c.isprintable() else " " for c in folded).strip()
    return text[:MAX_MEMBER_CHARS].rstrip() or NOT_SET


class Slicing:
    """The configured sets of dimensions, and the slices an event belongs to by them.

    Raises ValueError for a dimension that no event carries.
    """

    def __init__(self, sets: Iterable[Sequence[str]], known: Sequence[str] = DIMENSIONS) -> None:
        """Keep each set in the order of the ``known`` dimensions, without repeats."""
        places = {name: place for place, name in enumerate(known)}
        ordered = [tuple(sorted(set(names), key=_place_among(places))) for names in sets]
        self.sets: tuple[tuple[str, ...], ...] = tuple(dict.fromkeys(ordered))
        used = {name for names in self.sets for name in names}
        self.dimensions: tuple[str, ...] = tuple(d for d in known if d in used)
        self._cache: dict[RawValues, tuple[Slice, ...]] = {}

    def slices_of(self, values: RawValues) -> tuple[Slice, ...]:
        """The slices, one a set, of an event with these raw values of :attr:`dimensions`."""
        found = self._cache.get(values)
        if found is None:
            if len(self._cache) >= _CACHE_LIMIT:
                self._cache.clear()
            found = self._cache[values] = self._build(values)
        return found

    def _build(self, values: RawValues) -> tuple[Slice, ...]:
        members = dict(zip(self.dimensions, map(normalise_member, values), strict=True))
        return tuple(tuple((name, members[name]) for name in names) for names in self.sets)


def _place_among(places: Mapping[str, int]) -> Callable[[str], int]:
    def place(name: str) -> int:
        if name not in places:
            raise ValueError(f"unknown dimension {name!r}; allowed: {', '.join(places)}")
        return places[name]

    return place
