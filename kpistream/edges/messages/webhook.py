"""Alerts in the shape of Alertmanager's webhook, version 4, which many receivers understand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Final

import msgspec

from kpistream.core.alerting.alerts import Alert
from kpistream.core.instants import rfc3339
from kpistream.edges.messages.entries import ended_at, entry, written
from kpistream.edges.messages.fitting import fitting
from kpistream.edges.messages.links import Links
from kpistream.edges.messages.message import Credentials, Message, Request, post
from kpistream.edges.messages.plain import clean, cut

VERSION: Final = "4"

NOT_ENDED: Final = "0001-01-01T00:00:00Z"
"""What `endsAt` says while an alert fires."""

MOST_GROUP_KEY: Final = 4_096


class AlertmanagerWebhook(msgspec.Struct, frozen=True):
    """One message: alerts of one group, with what they have in common."""

    version: str
    groupKey: str
    truncatedAlerts: int
    status: str
    receiver: str
    groupLabels: dict[str, str]
    commonLabels: dict[str, str]
    commonAnnotations: dict[str, str]
    externalURL: str
    alerts: list[dict[str, Any]]


def webhook(message: Message, credentials: Credentials) -> list[Request]:
    """One request that tells of all alerts of a message."""
    return [post(message, credentials, fitting(message, _body))]


def _body(message: Message, longest: int) -> bytes:
    return msgspec.json.encode(payload(message, longest))


def payload(message: Message, longest: int = 2_000) -> AlertmanagerWebhook:
    """A message as Alertmanager would write it, with text of at most so many characters."""
    entries = [_entry(alert, message.links, longest) for alert in message.alerts]
    return AlertmanagerWebhook(
        version=VERSION,
        groupKey=cut(clean(message.group_key), MOST_GROUP_KEY),
        truncatedAlerts=message.truncated,
        status=message.status,
        receiver=message.receiver,
        groupLabels=written(message.group_labels, longest),
        commonLabels=_common([each["labels"] for each in entries]),
        commonAnnotations=_common([each["annotations"] for each in entries]),
        externalURL=message.links.external_url,
        alerts=entries,
    )


def _entry(alert: Alert, links: Links, longest: int) -> dict[str, Any]:
    ended = ended_at(alert)
    ends_at = NOT_ENDED if ended is None else rfc3339(ended)
    return {
        "status": alert.state.value,
        **entry(alert, links, ends_at, longest),
        "fingerprint": alert.fingerprint,
    }


def _common(tables: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The entries that all tables share."""
    shared = reduce(lambda left, right: left & right, (set(table.items()) for table in tables))
    return {name: text for name, text in tables[0].items() if (name, text) in shared}
