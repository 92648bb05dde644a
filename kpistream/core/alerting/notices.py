"""Notices: what each receiver is to be told, and was told, of one partition of the alerts topic.

Of an alert the newest state wins: what became outdated while a receiver was down is not told any
more. Of an end only those are told who were to be told of the beginning. What was told of an alert
is forgotten a day after its end, by the time of the newest alert seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import msgspec

from kpistream.core.alerting import alerts
from kpistream.core.alerting.alerts import Alert
from kpistream.core.owned_rows import OwnedRows, Row, row_name

REMEMBER_TOLD_S: Final = 86_400.0
"""How long what was told of an ended alert is kept."""

_SEPARATOR: Final = b"|"


class Notice(msgspec.Struct, frozen=True):
    """The newest state of an alert for a receiver, and whether it is done with."""

    offset: int
    done: bool
    alert: Alert


class _Row(msgspec.Struct, frozen=True, array_like=True):
    offset: int
    done: bool
    alert: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Row).decode


class Notices:
    """The notices of a partition, and the rows that keep them."""

    def __init__(self, receivers: Collection[str], owner: bytes = b"") -> None:
        """``owner`` names this ownership of the partition, and no other."""
        self._receivers = receivers
        self._table = OwnedRows(owner)
        self._restored: dict[bytes, _Row] = {}
        self._notices: dict[bytes, Notice] = {}
        self._changed: dict[bytes, Notice | None] = {}
        self._newest_s = 0.0

    def __len__(self) -> int:
        """How many there are, done or not."""
        return len(self._notices)

    # -- restoring ---------------------------------------------------------------------------------

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take up a row that was made durable earlier."""
        self._table.restore(key, value)
        if value is None:
            self._restored.pop(key, None)
        else:
            self._restored[key] = _decode(value)

    def restored(self) -> None:
        """Finish restoring: of several copies of a notice, the one of the latest alert stays."""
        rows = sorted(self._restored.items(), key=lambda item: (item[1].offset, item[1].done))
        for key, row in rows:
            self._put(row_name(key), Notice(row.offset, row.done, alerts.decode(row.alert)))
        self._restored = {}
        self._changed = {}

    # -- running -----------------------------------------------------------------------------------

    def note(self, offset: int, alert: Alert) -> None:
        """Tell each receiver of the alert, unless it knows of it or never knew of its beginning."""
        for receiver in self._receivers if alert.is_news else ():
            name = _name(receiver, alert)
            held = self._notices.get(name)
            if held.alert.changed_at < alert.changed_at if held else alert.is_active:
                self._put(name, Notice(offset, False, alert))

    def waiting(self, receiver: str) -> Iterator[Notice]:
        """What the receiver is still to be told."""
        prefix = receiver.encode() + _SEPARATOR
        return (n for name, n in self._notices.items() if not n.done and name.startswith(prefix))

    def done(self, receiver: str, notice: Notice) -> None:
        """The receiver was told, or cannot be; nothing changes if there is newer to tell."""
        name = _name(receiver, notice.alert)
        if self._notices.get(name) is notice:
            self._put(name, Notice(notice.offset, True, notice.alert))

    def forget(self) -> None:
        """Forget what is old, if it ended and is done, or its receiver is not there any more."""
        for name, notice in list(self._notices.items()):
            ended = notice.done and not notice.alert.is_active
            if self._is_old(notice.alert) and (ended or not self._is_known(name)):
                del self._notices[name]
                self._changed[name] = None

    def drain(self) -> list[Row]:
        """The rows that must become durable since the last call; that call's are."""
        rows = self._table.begin()
        for name, notice in self._changed.items():
            if notice is None:
                self._table.remove(name)
            else:
                row = _Row(notice.offset, notice.done, alerts.encode(notice.alert))
                rows.append(self._table.put(name, _encode(row)))
        self._changed = {}
        return rows

    def _put(self, name: bytes, notice: Notice) -> None:
        self._notices[name] = self._changed[name] = notice
        self._newest_s = max(self._newest_s, notice.alert.changed_at)

    def _is_old(self, alert: Alert) -> bool:
        return self._newest_s - alert.changed_at > REMEMBER_TOLD_S

    def _is_known(self, name: bytes) -> bool:
        return name.partition(_SEPARATOR)[0].decode() in self._receivers


def _name(receiver: str, alert: Alert) -> bytes:
    return receiver.encode() + _SEPARATOR + alert.fingerprint.encode()
