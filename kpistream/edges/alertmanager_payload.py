"""Alerts in the shape of Alertmanager's webhook, version 4, which many receivers understand."""

from collections.abc import Mapping, Sequence
from functools import reduce
from hashlib import blake2b
from typing import Any, Final

import msgspec

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.instants import rfc3339

VERSION: Final = "4"

NOT_ENDED: Final = "0001-01-01T00:00:00Z"
"""What `endsAt` says while an alert fires."""


class AlertmanagerWebhook(msgspec.Struct, frozen=True):
    """One message: alerts of one rule, with what they have in common."""

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

    def encode(self) -> bytes:
        """The message as JSON, the same bytes each time."""
        return msgspec.json.encode(self)


def payload(alerts: Sequence[Alert], receiver: str, external_url: str = "") -> AlertmanagerWebhook:
    """The message that tells `receiver` of alerts of one rule.

    Raises ValueError for no alerts, for those of several rules, and for pending or inactive ones.
    """
    names = {alert.rule for alert in alerts}
    if len(names) != 1 or not all(alert.is_news for alert in alerts):
        raise ValueError("a message tells of the firing and resolved alerts of one rule")
    [name] = names
    entries = [_entry(alert, external_url) for alert in alerts]
    firing = any(alert.state is AlertState.firing for alert in alerts)
    return AlertmanagerWebhook(
        version=VERSION,
        groupKey=f'{{}}:{{alertname="{name}"}}',
        truncatedAlerts=0,
        status="firing" if firing else "resolved",
        receiver=receiver,
        groupLabels={"alertname": name},
        commonLabels=_common([entry["labels"] for entry in entries]),
        commonAnnotations=_common([entry["annotations"] for entry in entries]),
        externalURL=external_url,
        alerts=entries,
    )


def message_id(alerts: Sequence[Alert]) -> str:
    """What names these transitions: the same at each retry and after each restart."""
    named = msgspec.json.encode(sorted(alert.identity for alert in alerts))
    return "msg_" + blake2b(named, digest_size=16).hexdigest()


def _entry(alert: Alert, external_url: str) -> dict[str, Any]:
    resolved = alert.state is AlertState.resolved
    return {
        "status": alert.state.value,
        "labels": _labels(alert),
        "annotations": _annotations(alert),
        "startsAt": rfc3339(alert.since),
        "endsAt": rfc3339(alert.changed_at) if resolved else NOT_ENDED,
        "generatorURL": external_url,
        "fingerprint": alert.fingerprint,
    }


def _labels(alert: Alert) -> dict[str, str]:
    """What an alert is; the same for its firing and its resolved message."""
    currency = {"currency": alert.currency} if alert.currency else {}
    return {
        **dict(alert.slice),
        **currency,
        "alertname": alert.rule,
        "severity": alert.severity.value,
        "kpi": alert.kpi,
        "window": alert.window,
        "owner": alert.owner,
    }


def _annotations(alert: Alert) -> dict[str, str]:
    """What is said about an alert; it changes with the value."""
    return {
        "summary": alert.summary,
        "action": alert.action,
        "value": number_text(alert.value),
        **({} if alert.baseline is None else {"baseline": number_text(alert.baseline)}),
        "condition": alert.evidence.condition,
        "sample": str(alert.sample),
    }


def number_text(value: float | None) -> str:
    """A value as a person reads it, to six significant digits; `no value` when there is none."""
    if value is None:
        return "no value"
    return f"{value:.0f}" if abs(value) >= 100_000 else f"{value:.6g}"


def _common(tables: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The entries that all tables share."""
    shared = reduce(lambda left, right: left & right, (set(table.items()) for table in tables))
    return {name: text for name, text in tables[0].items() if (name, text) in shared}
