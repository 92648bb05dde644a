"""A day of history: the sums of a slice for each hour of a UTC day, at rest in a few bytes.

A column holds the 24 sums of one key, all in the same number of bytes: money times a rate, squared,
has no bound, and most counts need two. Hours that were not recorded are known as such, measure by
measure, since a rule that is new tomorrow may need one that nobody records today.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Final

import msgspec

from kpistream.core.measuring.partials import Sums

SLOT_S: Final = 3600
"""A slot is an hour of UTC, whatever local clocks show: it is never skipped, nor comes twice."""

SLOTS: Final = 24
DAY_S: Final = SLOTS * SLOT_S


class HistoryDay(msgspec.Struct, array_like=True):
    """The slots of a slice on a UTC day; a key that is in no column is 0 wherever it is known."""

    known: dict[str, int] = {}
    """Measure to the slots that it was recorded in: bit n stands for that from n to n + 1."""
    columns: dict[str, bytes] = {}

    @property
    def first_slot(self) -> int:
        """The first slot in which any measure was recorded; 0 if none was."""
        bits = reduce(or_, self.known.values(), 0)
        return (bits & -bits).bit_length() - 1 if bits else 0

    def read(self, slot: int, measures: frozenset[str]) -> Sums | None:
        """The sums that are not 0 in a slot; None unless all the measures were recorded in it."""
        is_known = all(self.known.get(name, 0) >> slot & 1 for name in measures)
        if not measures or not is_known:
            return None
        found = ((key, _at(column, slot)) for key, column in self._columns_of(measures))
        return {key: amount for key, amount in found if amount}

    def write(self, slot: int, measures: frozenset[str], sums: Mapping[str, int]) -> None:
        """Record measures in a slot, in place of what was recorded there before."""
        for name in measures:
            self.known[name] = self.known.get(name, 0) | 1 << slot
        held = {key for key, _ in self._columns_of(measures)}
        for key in held | {key for key in sums if sums[key] and is_of(key, measures)}:
            amounts = _amounts(self.columns.get(key, b""))
            amounts[slot] = sums.get(key, 0)
            self._keep(key, amounts)

    def take(self, newer: HistoryDay) -> None:
        """Take over what a newer copy of the day has recorded."""
        for slot in range(SLOTS):
            names = frozenset(name for name, bits in newer.known.items() if bits >> slot & 1)
            self.write(slot, names, newer.read(slot, names) or {})

    @property
    def is_empty(self) -> bool:
        """Whether nothing but zeros was recorded."""
        return not self.columns

    def _columns_of(self, measures: frozenset[str]) -> Iterator[tuple[str, bytes]]:
        return ((key, column) for key, column in self.columns.items() if is_of(key, measures))

    def _keep(self, key: str, amounts: list[int]) -> None:
        if any(amounts):
            self.columns[key] = _column(amounts)
        else:
            self.columns.pop(key, None)


def is_of(key: str, measures: frozenset[str]) -> bool:
    """Whether a sum is of one of these measures.

    Of a measure of money that is all its currencies and what they are worth, `revenue@EUR` and
    `revenue@*`; a whole key stands for itself. Counts of amounts, and money that has no rate, are
    not recorded.
    """
    return key in measures or key.partition("@")[0] in measures


encode_day = msgspec.msgpack.Encoder().encode
decode_day = msgspec.msgpack.Decoder(HistoryDay).decode


def _column(amounts: list[int]) -> bytes:
    width = 1 + max(amount.bit_length() for amount in amounts) // 8
    return b"".join(amount.to_bytes(width, "little", signed=True) for amount in amounts)


def _amounts(column: bytes) -> list[int]:
    return [_at(column, slot) for slot in range(SLOTS)]


def _at(column: bytes, slot: int) -> int:
    width = len(column) // SLOTS
    return int.from_bytes(column[slot * width : (slot + 1) * width], "little", signed=True)
