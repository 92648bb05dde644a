"""Alerts for a chat in Slack, as its incoming webhooks take them: an attachment an alert."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from kpistream.core.alerting.alerts import Alert
from kpistream.edges.messages import words
from kpistream.edges.messages.colours import colour
from kpistream.edges.messages.fitting import fitting
from kpistream.edges.messages.links import Links
from kpistream.edges.messages.message import Credentials, Message, Request, post
from kpistream.edges.messages.plain import AT, cut

ESCAPES: Final[Mapping[str, str]] = MappingProxyType(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": AT}
)
"""Slack reads links, mentions and `<!channel>` from these."""

MOST_ALERTS: Final = 20
"""Slack asks for no more attachments than these."""

MOST_TITLE: Final = 300
MOST_TEXT: Final = 1_000
MOST_BUTTONS: Final = 5


def slack(message: Message, credentials: Credentials) -> list[Request]:
    """One request that posts a message to a channel."""
    shown = message.fewer(min(len(message.alerts), MOST_ALERTS))
    return [post(message, credentials, fitting(shown, _body))]


def _body(message: Message, longest: int) -> bytes:
    said = {
        "text": _escaped(words.headline(message), MOST_TITLE),
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "attachments": [_attachment(alert, message.links, longest) for alert in message.alerts],
    }
    return msgspec.json.encode(said)


def _attachment(alert: Alert, links: Links, longest: int) -> dict[str, Any]:
    """An alert; no part of it is read as markup, for its text is not ours alone."""
    named = links.of(alert)
    title = _escaped(words.title(alert), MOST_TITLE)
    attachment = {
        "color": f"#{colour(alert):06x}",
        "fallback": title,
        "title": title,
        "title_link": next(iter(named.values()), ""),
        "fields": [
            {"title": name, "value": _escaped(text, min(longest, MOST_TEXT)), "short": False}
            for name, text in words.facts(alert)
        ],
        "actions": [
            {"type": "button", "text": name, "url": url}
            for name, url in list(named.items())[:MOST_BUTTONS]
        ],
        "mrkdwn_in": [],
        "ts": round(alert.changed_at),
    }
    return {name: value for name, value in attachment.items() if value != ""}


def _escaped(text: str, most: int) -> str:
    return cut(text, most, ESCAPES)
