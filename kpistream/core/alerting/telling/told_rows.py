"""Told rows: what was told to whom, in a form that outlives the process.

A row is one thing: an alert, a notice, a group's newest message, a silence, an acknowledgement. The
first letter of its name says which, the first byte of its value the format. Several owners may have
written one (:mod:`kpistream.core.measuring.owned_rows`); all their copies are given back.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final, TypeVar

import msgspec

from kpistream.core.alerting.telling.routing import GroupLabels
from kpistream.core.measuring.owned_rows import OwnedRows, Row, row_name

FORMAT: Final = 1
"""The format of rows that this release writes, and the only one that it reads."""

_SEPARATOR: Final = b"|"
_HEAD: Final = bytes([FORMAT])
_encode: Final = msgspec.msgpack.Encoder().encode

_Held = TypeVar("_Held", bound=msgspec.Struct)


class AlertRow(msgspec.Struct, frozen=True, array_like=True):
    """An alert's newest state and its offset, which tells newer from older."""

    offset: int
    alert: bytes


class ToldRows:
    """The rows of one owner: found ones by kind, and those that have to become durable."""

    def __init__(self, owner: bytes = b"") -> None:
        self._table = OwnedRows(owner)
        self._found: dict[bytes, bytes] = {}
        self._changed: dict[bytes, msgspec.Struct | None] = {}

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take up a row that an earlier flush made durable; raises ValueError for its format."""
        self._table.restore(key, value)
        if value is None:
            self._found.pop(key, None)
        elif value[:1] == _HEAD:
            self._found[key] = value[1:]
        else:
            raise ValueError(f"a row of format {value[0]}; this release reads format {FORMAT} only")

    def found(self, kind: bytes, type: type[_Held]) -> Iterator[tuple[bytes, _Held]]:
        """The names, and every copy, of the rows of a kind that were found."""
        decode = msgspec.msgpack.Decoder(type).decode
        for key, value in self._found.items():
            if key.startswith(kind):
                yield row_name(key), decode(value)

    def restored(self) -> None:
        """All that was found has been taken up."""
        self._found = {}

    def put(self, name: bytes, held: msgspec.Struct) -> None:
        """Write the row with the next flush."""
        self._changed[name] = held

    def remove(self, name: bytes) -> None:
        """Remove the row, one flush after the next."""
        self._changed[name] = None

    def drain(self) -> list[Row]:
        """The rows that must become durable since the last call; that call's are."""
        rows = self._table.begin()
        for name, held in self._changed.items():
            if held is None:
                self._table.remove(name)
            else:
                rows.append(self._table.put(name, _HEAD + _encode(held)))
        self._changed = {}
        return rows


ALERT: Final = b"a"
NOTICE: Final = b"n"
GROUP: Final = b"g"
SILENCE: Final = b"s"
ACKNOWLEDGEMENT: Final = b"k"


def named(kind: bytes, id: str) -> bytes:
    """The name of the row of something with an id."""
    return kind + id.encode()


def notice_name(receiver: str, fingerprint: str) -> bytes:
    """The name of the row of a notice."""
    return NOTICE + receiver.encode() + _SEPARATOR + fingerprint.encode()


def notice_of(name: bytes) -> tuple[str, str]:
    """The receiver and the fingerprint that a name was made from."""
    receiver, _, fingerprint = name[1:].rpartition(_SEPARATOR)
    return receiver.decode(), fingerprint.decode()


def group_name(receiver: str, group: GroupLabels) -> bytes:
    """The name of the row of a group's newest message."""
    digest = blake2b(msgspec.json.encode(group), digest_size=8).hexdigest()
    return GROUP + receiver.encode() + _SEPARATOR + digest.encode()
