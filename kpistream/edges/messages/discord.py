"""Alerts for a channel in Discord: an embed an alert, within all of Discord's limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from kpistream.core.alerting.alerts import Alert
from kpistream.core.instants import rfc3339
from kpistream.edges.messages import words
from kpistream.edges.messages.colours import colour
from kpistream.edges.messages.fitting import fitting
from kpistream.edges.messages.links import Links
from kpistream.edges.messages.message import Credentials, Message, Request, post
from kpistream.edges.messages.plain import AT, cut, units

MOST_CONTENT: Final = 2_000
MOST_TITLE: Final = 256
MOST_DESCRIPTION: Final = 4_096
MOST_LINKS: Final = 1_500
"""Of a description, the most that are links; the rest is for words."""

MOST_EMBEDS: Final = 10
MOST_IN_ALL: Final = 6_000
"""The most characters of all embeds together."""

SEPARATOR: Final = " | "

ESCAPES: Final[Mapping[str, str]] = MappingProxyType(
    {**{mark: f"\\{mark}" for mark in "\\*_~`|<>[]()#"}, "@": AT}
)
"""Discord reads markup, links and mentions from these."""


def discord(message: Message, credentials: Credentials) -> list[Request]:
    """One request that posts a message to a channel."""
    return [post(message, credentials, fitting(message, _body))]


def _body(message: Message, longest: int) -> bytes:
    embeds = list(_embeds(message, longest))
    headline = words.headline(message.fewer(len(embeds)))
    said = {
        "content": cut(headline, MOST_CONTENT, ESCAPES),
        "embeds": embeds,
        # Nobody is called, whatever the text says.
        "allowed_mentions": {"parse": []},
    }
    return msgspec.json.encode(said)


def _embeds(message: Message, longest: int) -> Iterator[dict[str, Any]]:
    """The first alerts, as many as there is room for."""
    room = MOST_IN_ALL
    for alert in message.alerts[:MOST_EMBEDS]:
        embed = _embed(alert, message.links, longest)
        room -= units(embed["title"]) + units(embed["description"])
        if room < 0:
            return
        yield embed


def _embed(alert: Alert, links: Links, longest: int) -> dict[str, Any]:
    named = links.of(alert)
    embed = {
        "title": cut(words.title(alert), MOST_TITLE, ESCAPES),
        "url": next(iter(named.values()), ""),
        "description": _description(alert, named, longest),
        "color": colour(alert),
        "timestamp": rfc3339(alert.changed_at),
    }
    return {name: value for name, value in embed.items() if value != ""}


def _description(alert: Alert, links: Mapping[str, str], longest: int) -> str:
    """A line a fact, each with an equal share of the room that the links leave."""
    facts = words.facts(alert)
    last = _links(links)
    share = (MOST_DESCRIPTION - units(last)) // len(facts)
    lines = [_fact(fact, min(longest, share - 1)) for fact in facts]
    return "\n".join([*lines, last] if last else lines)


def _fact(fact: words.Fact, most: int) -> str:
    name = f"**{fact.name}:** "
    return name + cut(fact.text, most - units(name), ESCAPES)


def _links(links: Mapping[str, str]) -> str:
    """The first links, as many as there is room for; none is cut."""
    said = ""
    for name, url in links.items():
        longer = f"{said}{SEPARATOR if said else ''}[{name}]({url})"
        if units(longer) > MOST_LINKS:
            break
        said = longer
    return said
