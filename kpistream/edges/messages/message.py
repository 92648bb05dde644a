"""A message to a receiver, and the requests that carry it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.telling.dispatches import Dispatch, Reason
from kpistream.edges.messages.links import Links

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a receiver is told at one time: alerts of one group, the firing ones first.

    ``truncated`` counts the alerts of the group that it has no room for. ``now`` is when it is
    written, in epoch seconds. Raises ValueError for no alerts, and for pending and inactive ones.
    """

    receiver: str
    group_key: str
    group_labels: Mapping[str, str]
    message_id: str
    alerts: tuple[Alert, ...]
    truncated: int = 0
    reason: Reason = "new"
    links: Links = field(default_factory=Links)
    now: float

    def __post_init__(self) -> None:
        if not self.alerts or not all(alert.is_news for alert in self.alerts):
            raise ValueError("a message tells of alerts that fire or are resolved")

    @classmethod
    def of(cls, dispatch: Dispatch, links: Links) -> Message:
        """The message that a dispatch asks for."""
        return cls(
            receiver=dispatch.receiver,
            group_key=dispatch.group_key,
            group_labels=dispatch.group_labels,
            message_id=dispatch.message_id,
            alerts=dispatch.alerts,
            truncated=dispatch.truncated,
            reason=dispatch.reason,
            links=links,
            now=dispatch.at,
        )

    @property
    def firing(self) -> int:
        """How many of its alerts fire."""
        return sum(alert.state is AlertState.firing for alert in self.alerts)

    @property
    def status(self) -> str:
        """`firing` as long as one of its alerts fires, else `resolved`."""
        return (AlertState.firing if self.firing else AlertState.resolved).value

    def fewer(self, kept: int) -> Message:
        """The same with its first alerts only; the others are counted."""
        left_out = len(self.alerts) - kept
        return replace(self, alerts=self.alerts[:kept], truncated=self.truncated + left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Where a receiver is and what opens its door; never shown."""

    url: str | None = field(default=None, repr=False)
    routing_key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request: ``url`` is None for the receiver's own, ``message_id`` what names it."""

    method: str = "POST"
    url: str | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    message_id: str


def post(message: Message, credentials: Credentials, body: bytes) -> Request:
    """The request that posts JSON to where the receiver is."""
    return Request(
        url=credentials.url,
        headers={**credentials.headers, "Content-Type": JSON},
        body=body,
        message_id=message.message_id,
    )
