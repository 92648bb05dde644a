"""Alerts for PagerDuty's Events API, version 2: an event an alert, an incident a fingerprint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import msgspec

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.instants import rfc3339
from kpistream.edges.messages import words
from kpistream.edges.messages.fitting import fitting
from kpistream.edges.messages.message import Credentials, Message, Request, post
from kpistream.edges.messages.plain import clean, cut

URL: Final = "https://events.pagerduty.com/v2/enqueue"

MOST_SUMMARY: Final = 1_024
MOST_TEXT: Final = 1_000

CLIENT: Final = "kpistream"


def pagerduty(message: Message, credentials: Credentials) -> list[Request]:
    """A request an alert; raises ValueError without a routing key."""
    if not credentials.routing_key:
        raise ValueError("PagerDuty needs a routing key")
    there = replace(credentials, url=credentials.url or URL)
    return [_request(replace(message, alerts=(alert,)), there) for alert in message.alerts]


def _request(message: Message, credentials: Credentials) -> Request:
    [alert] = message.alerts
    key = credentials.routing_key
    body = fitting(message, lambda one, longest: msgspec.json.encode(event(one, key, longest)))
    named = f"{message.message_id}.{alert.fingerprint}"
    return replace(post(message, credentials, body), message_id=named)


def event(message: Message, routing_key: str | None, longest: int = MOST_TEXT) -> dict[str, Any]:
    """The event of a message's only alert, with text of at most so many characters."""
    [alert] = message.alerts
    about = {"routing_key": routing_key, "dedup_key": alert.fingerprint}
    if alert.state is AlertState.resolved:
        return {**about, "event_action": "resolve"}
    links = message.links.of(alert)
    return {
        **about,
        "event_action": "trigger",
        "client": CLIENT,
        **({"client_url": message.links.external_url} if message.links.external_url else {}),
        "links": [{"href": url, "text": name} for name, url in links.items()],
        "payload": _payload(alert, message, min(longest, MOST_TEXT)),
    }


def _payload(alert: Alert, message: Message, longest: int) -> dict[str, Any]:
    details = {name: cut(text, longest) for name, text in words.facts(alert)}
    if message.truncated:
        details["More"] = f"{message.truncated} more alerts of this group are not told"
    return {
        "summary": cut(words.title(alert), MOST_SUMMARY),
        "source": cut(clean(words.where(alert)), longest),
        # PagerDuty's severities have the same names as ours, and one more.
        "severity": alert.severity.value,
        "timestamp": rfc3339(alert.since),
        "component": cut(clean(alert.kpi), longest),
        "group": cut(clean(alert.owner), longest) or CLIENT,
        "class": cut(clean(alert.rule), longest),
        "custom_details": details,
    }
