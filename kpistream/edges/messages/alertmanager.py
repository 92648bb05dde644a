"""Alerts for Alertmanager's own API, version 2: it groups, silences and routes them itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import msgspec

from kpistream.core.alerting.alerts import Alert
from kpistream.core.instants import rfc3339
from kpistream.edges.messages.entries import ended_at, entry
from kpistream.edges.messages.fitting import MOST_BYTES, TEXT_LENGTHS
from kpistream.edges.messages.message import Credentials, Message, Request, post

PATH: Final = "/api/v2/alerts"

SENT_EVERY_S: Final = 60.0
"""How often firing alerts are to be sent, in seconds."""

ENDS_AFTER_S: Final = 4 * SENT_EVERY_S
"""A firing alert that is not sent again ends by itself so many seconds later."""


def alertmanager(message: Message, credentials: Credentials) -> list[Request]:
    """Requests that tell an Alertmanager at the credentials' URL; as many as the alerts need.

    None is left out: what has no room in one request is in the next.
    """
    there = replace(credentials, url=_api(credentials.url))
    lots = list(_lots([_smallest(message, alert) for alert in message.alerts]))
    return [
        replace(post(message, there, lot), message_id=f"{message.message_id}.{number}")
        for number, lot in enumerate(lots, 1)
    ]


def _api(url: str | None) -> str | None:
    if url is None or url.endswith(PATH):
        return url
    return url.rstrip("/") + PATH


def _smallest(message: Message, alert: Alert) -> bytes:
    """An alert in as many words as have room."""
    written = b""
    for longest in TEXT_LENGTHS:
        written = _encoded(message, alert, longest)
        if len(written) <= MOST_BYTES // 2:
            break
    return written


def _encoded(message: Message, alert: Alert, longest: int) -> bytes:
    ends_at = ended_at(alert)
    until = max(message.now, alert.since) + ENDS_AFTER_S if ends_at is None else ends_at
    said: dict[str, Any] = entry(alert, message.links, rfc3339(until), longest)
    # Alertmanager takes a link or none, but no empty one.
    return msgspec.json.encode({name: each for name, each in said.items() if each != ""})


def _lots(alerts: list[bytes]) -> Iterator[bytes]:
    """Arrays of alerts, each small enough."""
    lot: list[bytes] = []
    for alert in alerts:
        if lot and sum(map(len, lot)) + len(lot) + len(alert) + 2 > MOST_BYTES:
            yield b"[" + b",".join(lot) + b"]"
            lot = []
        lot.append(alert)
    yield b"[" + b",".join(lot) + b"]"
