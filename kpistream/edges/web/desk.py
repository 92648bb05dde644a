"""The desk: what the site asks, and passes on, about who is told of alerts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.telling.dispatches import Delivery
from kpistream.core.alerting.telling.notifier import Control
from kpistream.core.alerting.telling.silences import Silence
from kpistream.core.alerting.telling.suppression import Suppression


class BrokerAway(Exception):
    """The broker has not acknowledged what was said."""


class Desk(Protocol):
    """What a worker knows of notifications: all if it has the notifier, else nothing."""

    @property
    def is_owner(self) -> bool:
        """Whether it has the notifier."""

    @property
    def disabled(self) -> frozenset[str]:
        """The names of the receivers that said they are gone for good."""

    def suppression(self, alert: Alert) -> Suppression | None:
        """What keeps people from being told of an alert; None if another worker knows."""

    def suppression_of(self, fingerprint: str) -> Suppression | None:
        """The same for an alert that was told; None if it is not known here."""

    def silences(self) -> Sequence[Silence]:
        """The silences that hold, are to come or ended not long ago, the newest first."""

    def deliveries(self, limit: int) -> Sequence[Delivery]:
        """The newest message of each receiver and group, the newest first."""

    async def say(self, control: Control) -> None:
        """Pass on what somebody says; raises BrokerAway."""
