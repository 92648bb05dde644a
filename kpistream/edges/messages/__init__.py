"""What people get to read of alerts, in the shape of each place where they read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from kpistream.edges.messages.alertmanager import alertmanager
from kpistream.edges.messages.discord import discord
from kpistream.edges.messages.links import Links
from kpistream.edges.messages.message import Credentials, Message, Request
from kpistream.edges.messages.pagerduty import pagerduty
from kpistream.edges.messages.slack import slack
from kpistream.edges.messages.teams import teams
from kpistream.edges.messages.webhook import webhook

__all__ = ["SHAPES", "Credentials", "Links", "Message", "Request", "Shape", "shape_of"]

Shape = Callable[[Message, Credentials], list[Request]]
"""Writes the requests that carry a message; the same ones each time for the same message."""

SHAPES: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "webhook": webhook,
        "alertmanager": alertmanager,
        "slack": slack,
        "teams": teams,
        "discord": discord,
        "pagerduty": pagerduty,
    }
)
"""By the kind of a receiver."""


def shape_of(kind: str) -> Shape:
    """The shape of a kind of receiver; raises ValueError with the kinds that there are."""
    try:
        return SHAPES[kind]
    except KeyError:
        raise ValueError(f"unknown kind {kind!r}; allowed: {', '.join(SHAPES)}") from None
