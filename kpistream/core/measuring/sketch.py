"""Sketches: how many different people there were, in bounded space, and mergeable.

A sketch is a set of people, each as a 32-bit hash (see :mod:`kpistream.core.measuring.people`). A
few are kept exactly; more than that become HyperLogLog registers: the first 12 bits of a hash
choose a register, which keeps the largest rank seen, the place of the first one in the other 20
bits. The union of two sketches is what one sketch of all their people would be, so panes,
partitions and workers add up.

Sources: Flajolet, Fusy, Gandouet, Meunier (2007), "HyperLogLog: the analysis of a near-optimal
cardinality estimation algorithm", for the registers; Ertl (2017), "New cardinality estimation
algorithms for HyperLogLog sketches", arXiv 1702.01284, algorithm 6, for the estimate.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

EXACT_LIMIT: Final = 1024
"""The most people that are kept one by one: as many bytes as the registers take."""

INDEX_BITS: Final = 12
REGISTERS: Final = 1 << INDEX_BITS
RANK_BITS: Final = 32 - INDEX_BITS
MAX_RANK: Final = RANK_BITS + 1
"""The rank of a hash whose last 20 bits are all zero."""

STANDARD_ERROR: Final = math.sqrt((3 * math.log(2) - 1) / REGISTERS)
"""The relative standard error of an estimate from registers: 1.62 %; 95 % lie within 3.2 %."""

MAX_ESTIMATE: Final = 1 << 32
"""The most people an estimate tells apart; registers that are all full stand for no number."""

_SPARSE: Final = 0x01
_DENSE: Final = 0x81
_HASH_BYTES: Final = 4
_NUMERATOR: Final = REGISTERS**2 / (2 * math.log(2))

_FEW: Final = 64
"""So many hashes are sorted faster without NumPy."""

_MOST_WAITING: Final = 2
"""How many times the room of those kept one by one may be taken by those that wait, too."""

_PIECE_BYTES: Final = 40
"""What a piece of bytes takes, beside what is in it."""


class Sketch:
    """A growing set of people: exact up to a limit, then 4096 registers.

    Its bytes are empty for nobody; else the first says the form (and its version), and then follow
    either the hashes in ascending order, 4 bytes each with the smallest byte first, or the
    registers, a byte each. They follow from the set of people alone, not from how it came about.
    """

    __slots__ = ("_exact", "_news", "_people", "_registers", "_waiting")

    def __init__(self, data: bytes = b"", exact: int = EXACT_LIMIT) -> None:
        """Take up what :meth:`to_bytes` wrote; keep at most ``exact`` people one by one.

        Raises ValueError if the data is no sketch.
        """
        self._exact = exact
        self._people = b""
        """The hashes that are kept one by one, in ascending order."""
        self._news: list[bytes] | None = None
        """Hashes that came since: a set of them is made when it is asked for, of all at once."""
        self._waiting = 0
        self._registers: NDArray[np.uint8] | None = None
        self.merge(data)

    def add(self, hashes: Iterable[int]) -> None:
        """Add people by their 32-bit hashes."""
        self._take(_packed(hashes))

    def merge(self, data: bytes) -> None:
        """Add the people of a sketch's bytes. Raises ValueError if the data is no sketch."""
        if not data:
            return
        if data[0] == _SPARSE:
            self._take(_hashes_in(data))
        else:
            self._merge_registers(_registers_in(data))

    def to_bytes(self) -> bytes:
        """The canonical bytes: equal for the same people, however they were added."""
        self._settle()
        if self._registers is not None:
            return b"%c%b" % (_DENSE, self._registers.tobytes())
        return b"%c%b" % (_SPARSE, self._people) if self._people else b""

    def estimate(self) -> int:
        """How many people: exact until there are registers, then to :data:`STANDARD_ERROR`."""
        self._settle()
        if self._registers is None:
            return len(self._people) // _HASH_BYTES
        return _estimate(np.bincount(self._registers, minlength=MAX_RANK + 1).tolist())

    def _take(self, packed: bytes) -> None:
        if self._news is None:
            self._news = [packed]
        else:
            self._news.append(packed)
        self._waiting += len(packed) + _PIECE_BYTES
        if self._waiting > _MOST_WAITING * self._exact * _HASH_BYTES:
            self._settle()

    def _settle(self) -> None:
        """Take up the news."""
        if self._news is None:
            return
        packed = b"".join((self._people, *self._news))
        self._news, self._waiting, self._people = None, 0, b""
        if self._registers is None:
            packed = _distinct(packed)
            if len(packed) <= self._exact * _HASH_BYTES:
                self._people = packed
                return
            self._registers = np.zeros(REGISTERS, np.uint8)
        _raise_registers(self._registers, packed)

    def _merge_registers(self, registers: NDArray[np.uint8]) -> None:
        if self._registers is None:
            self._settle()
            registers = registers.copy()
            _raise_registers(registers, self._people)
            self._people = b""
        if self._registers is None:
            self._registers = registers
        else:
            np.maximum(self._registers, registers, out=self._registers)


def sketch_of(people: Iterable[int]) -> bytes:
    """The sketch of these people, by their 32-bit hashes."""
    sketch = Sketch()
    sketch.add(people)
    return sketch.to_bytes()


def union(a: bytes, b: bytes) -> bytes:
    """The sketch of everybody in either. Raises ValueError if one is no sketch."""
    both = Sketch(a)
    both.merge(b)
    return both.to_bytes()


def _packed(hashes: Iterable[int]) -> bytes:
    hashes = tuple(hashes)
    return struct.pack(f"<{len(hashes)}I", *hashes)


def _distinct(packed: bytes) -> bytes:
    """The different hashes in ascending order."""
    count = len(packed) // _HASH_BYTES
    if count <= _FEW:
        return _packed(sorted(set(struct.unpack(f"<{count}I", packed))))
    hashes = np.sort(np.frombuffer(packed, "<u4"))
    is_first = np.empty(count, np.bool_)
    is_first[0] = True
    np.not_equal(hashes[1:], hashes[:-1], out=is_first[1:])
    return hashes[is_first].tobytes()


def _hashes_in(data: bytes) -> bytes:
    if len(data) % _HASH_BYTES != 1:
        raise ValueError(f"a sketch of people one by one cannot be {len(data)} bytes long")
    return data[1:]


def _registers_in(data: bytes) -> NDArray[np.uint8]:
    if data[0] != _DENSE:
        raise ValueError(f"a sketch cannot begin with the byte {data[0]:#04x}")
    if len(data) != 1 + REGISTERS:
        raise ValueError(f"a sketch with registers cannot be {len(data)} bytes long")
    return np.frombuffer(data, np.uint8, offset=1)


def _raise_registers(registers: NDArray[np.uint8], packed: bytes) -> None:
    hashes = np.frombuffer(packed, "<u4")
    # The exponent of a whole number below 2^24, as a float32, is the number of its bits.
    _, bits = np.frexp((hashes & ((1 << RANK_BITS) - 1)).astype(np.float32))
    np.maximum.at(registers, hashes >> RANK_BITS, (MAX_RANK - bits).astype(np.uint8))


def _estimate(registers_by_rank: list[int]) -> int:
    """How many people leave this many registers at rank 0, 1 .. MAX_RANK (Ertl, algorithm 6)."""
    none, *ranks, full = registers_by_rank
    z = REGISTERS * _tau(1 - full / REGISTERS)
    for count in reversed(ranks):
        z = (z + count) / 2
    z += REGISTERS * _sigma(none / REGISTERS)
    return round(min(_NUMERATOR / z, MAX_ESTIMATE)) if z else MAX_ESTIMATE


def _sigma(x: float) -> float:
    """The sum x + x^2 + 2 x^4 + 4 x^8 + ..: what registers nobody reached stand for."""
    if x == 1:
        return math.inf
    total, before, weight = x, -1.0, 1.0
    while total != before:
        x *= x
        before = total
        total += x * weight
        weight *= 2
    return total


def _tau(x: float) -> float:
    """What full registers stand for: (1 - x - sum of (1 - x^(2^-k))^2 2^-k) / 3."""
    if x in (0, 1):
        return 0.0
    total, before, weight = 1 - x, -1.0, 1.0
    while total != before:
        x = math.sqrt(x)
        before = total
        weight /= 2
        total -= (1 - x) ** 2 * weight
    return total / 3
