"""Notices: the newest state of an alert, and what each receiver was told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.telling.dispatches import NEVER
from kpistream.core.alerting.telling.routing import GroupLabels, ReceiverPlan


class Notice(msgspec.Struct, frozen=True, array_like=True):
    """What a receiver was told of an alert; times are the ``changed_at`` of transitions.

    ``fired`` is the newest firing that it was tried to tell of, so that the receiver may know;
    ``ended`` the newest end that was delivered; ``settled`` the newest transition that is done
    with: delivered or given up. All three only grow, so of several copies the largest are true.
    """

    group: GroupLabels
    fired: float = NEVER
    ended: float = NEVER
    settled: float = NEVER

    @property
    def may_know(self) -> bool:
        """Whether the receiver may believe that the alert fires."""
        return self.fired > self.ended

    def owes(self, alert: Alert, plan: ReceiverPlan, labels: Mapping[str, str]) -> bool:
        """Whether the receiver is to be told of the alert's newest state, unless it is muted."""
        if self.settled >= alert.changed_at:
            return False
        if alert.state is AlertState.firing:
            return plan.takes(labels)
        return self.may_know and plan.send_resolved

    def joined(self, other: Notice) -> Notice:
        """All that two copies know."""
        newest = max(self, other, key=lambda notice: (notice.fired, notice.settled))
        return Notice(
            newest.group,
            max(self.fired, other.fired),
            max(self.ended, other.ended),
            max(self.settled, other.settled),
        )


@dataclass(slots=True)
class Notices:
    """The newest state of an alert, where the log told it, and its notices by receiver."""

    offset: int
    alert: Alert
    labels: Mapping[str, str]
    by_receiver: dict[str, Notice] = field(default_factory=dict)

    def owes(self, plan: ReceiverPlan) -> bool:
        """Whether the receiver is to be told, unless the alert is muted."""
        notice = self.by_receiver.get(plan.name)
        return notice is not None and notice.owes(self.alert, plan, self.labels)

    def is_told(self, plan: ReceiverPlan) -> bool:
        """Whether the alert fires, and the receiver is done being told of that."""
        notice = self.by_receiver.get(plan.name)
        return (
            notice is not None
            and self.alert.state is AlertState.firing
            and notice.settled >= self.alert.changed_at
            and plan.takes(self.labels)
        )
