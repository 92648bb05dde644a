"""Alerts for a channel in Microsoft Teams, as Workflows take them: an adaptive card, 1.4."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.rules.rule import Severity
from kpistream.edges.messages import words
from kpistream.edges.messages.fitting import fitting
from kpistream.edges.messages.links import Links
from kpistream.edges.messages.message import Credentials, Message, Request, post
from kpistream.edges.messages.plain import AT, cut

SCHEMA: Final = "http://adaptivecards.io/schemas/adaptive-card.json"
VERSION: Final = "1.4"
CONTENT_TYPE: Final = "application/vnd.microsoft.card.adaptive"

MOST_BYTES: Final = 28_000
"""The most that Teams takes of a message."""

MOST_TITLE: Final = 300
MOST_TEXT: Final = 1_000
MOST_BUTTONS: Final = 6

ESCAPES: Final[Mapping[str, str]] = MappingProxyType({"@": AT})
"""Runs of text know no markup, so that nothing else needs one."""

_STYLES: Final[Mapping[Severity, str]] = MappingProxyType(
    {Severity.critical: "attention", Severity.warning: "warning", Severity.info: "accent"}
)


def teams(message: Message, credentials: Credentials) -> list[Request]:
    """One request that posts a card to a channel."""
    return [post(message, credentials, fitting(message, _body, MOST_BYTES))]


def _body(message: Message, longest: int) -> bytes:
    attachment = {
        "contentType": CONTENT_TYPE,
        "contentUrl": None,
        "content": card(message, longest),
    }
    return msgspec.json.encode({"type": "message", "attachments": [attachment]})


def card(message: Message, longest: int = MOST_TEXT) -> dict[str, Any]:
    """A card with a container an alert, and text of at most so many characters."""
    headline = _run(words.headline(message), MOST_TITLE, size="large", weight="bolder")
    return {
        "$schema": SCHEMA,
        "type": "AdaptiveCard",
        "version": VERSION,
        "body": [
            _line(headline),
            *(_container(alert, message.links, longest) for alert in message.alerts),
        ],
    }


def _container(alert: Alert, links: Links, longest: int) -> dict[str, Any]:
    is_over = alert.state is AlertState.resolved
    return {
        "type": "Container",
        "style": "good" if is_over else _STYLES[alert.severity],
        "separator": True,
        "items": [
            _line(_run(words.title(alert), MOST_TITLE, weight="bolder")),
            *(_fact(fact, min(longest, MOST_TEXT)) for fact in words.facts(alert)),
            *_buttons(links.of(alert)),
        ],
    }


def _fact(fact: words.Fact, most: int) -> dict[str, Any]:
    return _line(_run(f"{fact.name}: ", MOST_TITLE, weight="bolder"), _run(fact.text, most))


def _buttons(links: Mapping[str, str]) -> list[dict[str, Any]]:
    actions = [
        {"type": "Action.OpenUrl", "title": name, "url": url}
        for name, url in list(links.items())[:MOST_BUTTONS]
    ]
    return [{"type": "ActionSet", "actions": actions}] if actions else []


def _line(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs), "spacing": "small"}


def _run(text: str, most: int, **style: str) -> dict[str, Any]:
    return {"type": "TextRun", "text": cut(text, most, ESCAPES), **style}
