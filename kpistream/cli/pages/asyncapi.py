"""What kpistream reads and tells, as one AsyncAPI 3.0 document.

Channels are topics, messages are events; the webhook that alerts are told to is a channel as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from kpistream.core.events.event_types import EventType
from kpistream.core.events.json_schema import MOMENT, Schema, event_schema, money_schema
from kpistream.edges.messages.webhook import VERSION as ALERTMANAGER_VERSION

VERSION: Final = "1.0.0"
"""Of the contract: the first number changes when senders or receivers must."""

MONEY: Final = "Money"
ALERTS: Final = "Alerts"
"""Names of schemas and messages beside the event types, whose names have no capitals."""

ALERT_CHANNEL: Final = "webhook:alerts"
"""A name that no topic can have."""

_TEXT: Final[Schema] = {"type": "string"}
_TEXTS: Final[Schema] = {"type": "object", "additionalProperties": _TEXT}
_STATUS: Final[Schema] = {"type": "string", "enum": ["firing", "resolved"]}
_TIME: Final[Schema] = {"type": "string", "format": "date-time", "pattern": MOMENT}


def document(types: Iterable[EventType]) -> dict[str, Any]:
    """The whole document."""
    kinds = list(types)
    return {
        "asyncapi": "3.0.0",
        "info": _info(),
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {**_topics(kinds), ALERT_CHANNEL: _webhook()},
        "operations": {**_reads(kinds), "tell_alerts": _tell()},
        "components": {
            "messages": {**_messages(kinds), ALERTS: _alerts_message()},
            "schemas": {
                **{kind.name: event_schema(kind, _schema(MONEY)["$ref"]) for kind in kinds},
                MONEY: money_schema(),
                ALERTS: alerts_schema(),
            },
        },
    }


def _info() -> dict[str, Any]:
    about = "Events in, KPIs and alerts out: what kpistream reads from Kafka, and what it tells."
    return {"title": "kpistream", "version": VERSION, "description": about}


def _servers() -> dict[str, Any]:
    return {
        "kafka": _server("kafka", "broker", "The broker of the event topics.", "localhost:9092"),
        "receiver": _server("https", "host", "Whoever wants to know of alerts.", "localhost"),
    }


def _server(protocol: str, variable: str, description: str, default: str) -> dict[str, Any]:
    return {
        "host": f"{{{variable}}}",
        "protocol": protocol,
        "description": description,
        "variables": {variable: {"default": default}},
    }


# -- events ----------------------------------------------------------------------------------------


def _topics(kinds: Iterable[EventType]) -> dict[str, Any]:
    channels: dict[str, Any] = {}
    for kind in kinds:
        empty = {"address": kind.topic, "servers": [_ref("servers/kafka")], "messages": {}}
        channel = channels.setdefault(kind.topic, empty)
        channel["messages"][kind.name] = _ref(f"components/messages/{kind.name}")
    return channels


def _reads(kinds: Iterable[EventType]) -> dict[str, Any]:
    return {f"read_{kind.name}": _read(kind) for kind in kinds}


def _read(kind: EventType) -> dict[str, Any]:
    channel = f"channels/{kind.topic}"
    messages = [_ref(f"{channel}/messages/{kind.name}")]
    return {"action": "receive", "channel": _ref(channel), "messages": messages}


def _messages(kinds: Iterable[EventType]) -> dict[str, Any]:
    return {
        kind.name: {
            "name": kind.name,
            "summary": kind.description,
            "contentType": "application/json",
            "payload": _schema(kind.name),
        }
        for kind in kinds
    }


# -- alerts ----------------------------------------------------------------------------------------


def _webhook() -> dict[str, Any]:
    return {
        "address": None,
        "description": "The URL of a webhook in the settings.",
        "servers": [_ref("servers/receiver")],
        "messages": {ALERTS: _ref(f"components/messages/{ALERTS}")},
    }


def _tell() -> dict[str, Any]:
    return {
        "action": "send",
        "channel": _ref(f"channels/{ALERT_CHANNEL}"),
        "messages": [_ref(f"channels/{ALERT_CHANNEL}/messages/{ALERTS}")],
        "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
    }


def _alerts_message() -> dict[str, Any]:
    named = ["webhook-id", "Idempotency-Key"]
    return {
        "name": ALERTS,
        "summary": "Alerts of a group, firing or resolved, in the form of Alertmanager's webhook.",
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "description": "Both are the same each time that the message is tried.",
            "required": named,
            "properties": dict.fromkeys(named, _TEXT),
        },
        "payload": _schema(ALERTS),
    }


def alerts_schema() -> Schema:
    """The schema of a message about alerts."""
    return _object(
        version={"const": ALERTMANAGER_VERSION},
        groupKey=_TEXT,
        truncatedAlerts={"type": "integer", "minimum": 0},
        status=_STATUS,
        receiver=_TEXT,
        groupLabels=_TEXTS,
        commonLabels=_TEXTS,
        commonAnnotations=_TEXTS,
        externalURL=_TEXT,
        alerts={"type": "array", "minItems": 1, "items": _alert_schema()},
    )


def _alert_schema() -> Schema:
    return _object(
        status=_STATUS,
        labels=_TEXTS,
        annotations=_TEXTS,
        startsAt=_TIME,
        endsAt={**_TIME, "description": "0001-01-01T00:00:00Z while it fires"},
        generatorURL=_TEXT,
        fingerprint=_TEXT,
    )


def _object(**properties: Schema) -> Schema:
    """An object with all of these."""
    return {"type": "object", "required": list(properties), "properties": properties}


# -- references ------------------------------------------------------------------------------------


def _schema(name: str) -> dict[str, str]:
    return _ref(f"components/schemas/{name}")


def _ref(path: str) -> dict[str, str]:
    return {"$ref": f"#/{path}"}
