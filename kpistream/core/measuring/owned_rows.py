"""Owned rows: the keys under which one owner of a table partition makes its rows durable.

A worker that lost a partition may write once more, long after its successor began. Under the same
keys its stale row would be the last one, and compaction keeps the last. So each owner writes under
keys of its own, and whoever restores takes, of several copies of a row, the newest by its content.
Others' copies are left alone while the row is needed: an owner thought to be gone may have written
more into its copy, and another one may have taken that up.

A flush may become durable in part, in any part. So a row is removed one flush later than what made
it superfluous: by then that is durable for sure.
"""

from __future__ import annotations

from typing import Final

from kpistream.core.slices import Slice, slice_from_key, slice_key
from kpistream.core.windows.panes import Pane

Row = tuple[bytes, bytes | None]
"""Key and value; None removes the row."""

_MARK: Final = b"@"


class OwnedRows:
    """The names of an owner's rows, and the keys of copies that earlier owners left."""

    def __init__(self, owner: bytes = b"") -> None:
        """Raise ValueError for an owner with an ``@``; each ownership needs one of its own."""
        if _MARK in owner:
            raise ValueError("an owner cannot have an @ in it")
        self._owner = owner
        self._others: dict[bytes, set[bytes]] = {}
        self._superfluous: dict[bytes, None] = {}

    def restore(self, key: bytes, value: bytes | None) -> bytes:
        """The name of a row that was found; the keys of other owners are kept in mind."""
        name, _, owner = key.rpartition(_MARK)
        if owner != self._owner:
            others = self._others.setdefault(name, set())
            others.discard(key) if value is None else others.add(key)
        return name

    def begin(self) -> list[Row]:
        """Start a flush, the one before being durable: the rows that can be removed now."""
        removed: list[Row] = [(key, None) for key in self._superfluous]
        self._superfluous = {}
        return removed

    def put(self, name: bytes, value: bytes) -> Row:
        """The row to write."""
        key = name + _MARK + self._owner
        self._superfluous.pop(key, None)
        return key, value

    def replace(self, name: bytes, value: bytes) -> Row:
        """The row to write, which holds all that is in the copies: they go with the next flush."""
        self._remove_others(name)
        return self.put(name, value)

    def remove(self, name: bytes) -> None:
        """Remove the row, and its copies, with the next flush."""
        self._remove_others(name)
        self._superfluous[name + _MARK + self._owner] = None

    def _remove_others(self, name: bytes) -> None:
        for key in sorted(self._others.pop(name, ())):
            self._superfluous[key] = None


def row_name(key: bytes) -> bytes:
    """The name of the row with this key, whoever owns it."""
    return key.rpartition(_MARK)[0]


def pane_row_name(pane: Pane, part: Slice) -> bytes:
    """The name of the row of a slice's pane."""
    return b"p%d|%d|%b" % (*pane, slice_key(part))


def pane_row_of(name: bytes) -> tuple[Pane, Slice]:
    """The pane and the slice that a :func:`pane_row_name` was made from."""
    width, start, part = name[1:].split(b"|", 2)
    return (int(width), int(start)), slice_from_key(part)
