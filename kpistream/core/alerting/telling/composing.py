"""Composing: what a group's receiver is to be told now, if anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.telling.dispatches import (
    NEVER,
    Delivery,
    Dispatch,
    Identity,
    Reason,
    message_id,
)
from kpistream.core.alerting.telling.notices import Notices
from kpistream.core.alerting.telling.outbox import Group
from kpistream.core.alerting.telling.routing import ReceiverPlan
from kpistream.core.alerting.telling.suppression import Suppressions


@dataclass(slots=True)
class _Owed:
    """What a receiver is owed of a group, and when to look again at what is muted."""

    firing: list[Alert] = field(default_factory=list)
    ended: list[Alert] = field(default_factory=list)
    held_until: float | None = None

    def hold(self, until: float) -> None:
        self.held_until = until if self.held_until is None else min(self.held_until, until)


class Composer:
    """Looks at one group of one receiver at one moment (epoch seconds)."""

    def __init__(
        self, plan: ReceiverPlan, group: Group, suppressions: Suppressions, now_s: float
    ) -> None:
        self._plan = plan
        self._group = group
        self._suppressions = suppressions
        self._now_s = now_s
        self._muted_until = plan.muted_until(now_s)

    def compose(self) -> Dispatch | None:
        """The message that is to be sent now.

        What was begun before a restart goes first, as it was, unless that is not true any more. If
        there is nothing to tell, the group knows afterwards when to look again.
        """
        begun = self._begun()
        if begun is not None:
            return begun
        owed = self._owed()
        if owed.firing or owed.ended:
            reason: Reason = "changed" if self._is_known() else "new"
            return self._message(reason, owed, self._told())
        again = self._repeated(owed)
        if again:
            return self._message("repeat", _Owed(), again)
        self._group.looked(owed.held_until, may_repeat=not self._is_repeat_due())
        return None

    # -- what there is to tell ---------------------------------------------------------------------

    def _owed(self) -> _Owed:
        owed = _Owed()
        for fingerprint in list(self._group.news):
            notices = self._group.members[fingerprint]
            if not notices.owes(self._plan):
                del self._group.news[fingerprint]
            elif notices.alert.state is not AlertState.firing:
                owed.ended.append(notices.alert)
            elif (until := self._until(notices)) is not None:
                owed.hold(until)
            else:
                owed.firing.append(notices.alert)
        return owed

    def _told(self) -> list[Alert]:
        """What fires, and was told of before."""
        members = self._group.members.values()
        told = (notices for notices in members if notices.is_told(self._plan))
        return [notices.alert for notices in told if self._until(notices) is None]

    def _repeated(self, owed: _Owed) -> list[Alert]:
        """What is told again: it has been firing for long, and nobody looks after it."""
        if not self._is_repeat_due():
            return []
        again = []
        for notices in self._group.members.values():
            if not notices.is_told(self._plan) or self._is_acknowledged(notices.alert):
                continue
            until = self._until(notices)
            if until is None:
                again.append(notices.alert)
            else:
                owed.hold(until)
        return again

    def _is_repeat_due(self) -> bool:
        interval_s, delivery = self._plan.repeat_interval_s, self._group.delivery
        if interval_s is None or delivery is None or delivery.settled_at == NEVER:
            return False
        return self._now_s >= delivery.settled_at + interval_s

    def _until(self, notices: Notices) -> float | None:
        """When to look again at an alert that is muted; None if it is not."""
        if self._muted_until is not None:
            return self._muted_until
        return self._suppressions.until(notices, self._now_s)

    def _is_acknowledged(self, alert: Alert) -> bool:
        return self._suppressions.acknowledgements.of(alert) is not None

    def _is_known(self) -> bool:
        """Whether the receiver may believe that something in the group fires."""
        name, members = self._plan.name, self._group.members.values()
        return any(notices.by_receiver[name].may_know for notices in members)

    # -- the message -------------------------------------------------------------------------------

    def _begun(self) -> Dispatch | None:
        """The message whose try was begun before a restart, if all that it says is still so."""
        delivery = self._group.delivery
        if delivery is None or delivery.outcome != "trying":
            return None
        found = [self._still(identity) for identity in delivery.told]
        alerts = [alert for alert in found if alert is not None]
        is_owed = delivery.reason == "repeat" or any(
            self._group.members[alert.fingerprint].owes(self._plan) for alert in alerts
        )
        if len(alerts) < len(found) or not is_owed:
            return None
        return self._same(delivery, alerts, delivery.truncated)

    def _still(self, identity: Identity) -> Alert | None:
        notices = self._group.members.get(identity[0])
        if notices is None or notices.alert.identity != identity:
            return None
        if notices.alert.state is not AlertState.firing:
            return notices.alert
        is_told = self._plan.takes(notices.labels) and self._until(notices) is None
        return notices.alert if is_told else None

    def _message(self, reason: Reason, owed: _Owed, told: list[Alert]) -> Dispatch:
        """News before what was told, so that there is room for all of it sooner or later."""
        news = [*_newest_first(owed.firing), *_newest_first(owed.ended)]
        all_alerts = [*news, *_newest_first(told)]
        shown = all_alerts[: self._plan.most_alerts]
        unnamed = news[len(shown) : len(owed.firing)]
        truncated = len(all_alerts) - len(shown)
        unnamed_identities = tuple(alert.identity for alert in unnamed)
        identities = tuple(sorted(alert.identity for alert in shown))
        last = self._group.delivery
        if last is not None and not last.is_final and last.told == identities:
            return self._same(last, shown, truncated, unnamed_identities)
        return self._new(reason, shown, truncated, unnamed_identities)

    def _same(
        self,
        last: Delivery,
        alerts: Iterable[Alert],
        truncated: int,
        unnamed: tuple[Identity, ...] = (),
    ) -> Dispatch:
        """A further try of the group's newest message."""
        return Dispatch(
            receiver=self._plan.name,
            group=self._group.labels,
            message_id=last.message_id,
            alerts=tuple(_firing_first(alerts)),
            truncated=truncated,
            tries=last.tries,
            refusals=last.refusals,
            failures=last.failures,
            first_try_at=last.first_try_at,
            at=self._now_s,
            reason=last.reason,
            number=last.number,
            repeat=last.repeat,
            unnamed=unnamed,
        )

    def _new(
        self,
        reason: Reason,
        alerts: list[Alert],
        truncated: int,
        unnamed: tuple[Identity, ...],
    ) -> Dispatch:
        last, group = self._group.delivery, self._group.labels
        repeat = (last.repeats if last else 0) + 1 if reason == "repeat" else 0
        identities = (alert.identity for alert in alerts)
        return Dispatch(
            receiver=self._plan.name,
            group=group,
            message_id=message_id(self._plan.name, group, identities, repeat),
            alerts=tuple(_firing_first(alerts)),
            truncated=truncated,
            tries=0,
            refusals=0,
            failures=last.failures if last else 0,
            first_try_at=self._now_s,
            at=self._now_s,
            reason=reason,
            number=(last.number if last else 0) + 1,
            repeat=repeat,
            unnamed=unnamed,
        )


def _newest_first(alerts: Iterable[Alert]) -> list[Alert]:
    return sorted(alerts, key=lambda alert: (-alert.changed_at, alert.fingerprint))


def _firing_first(alerts: Iterable[Alert]) -> list[Alert]:
    return sorted(_newest_first(alerts), key=lambda alert: alert.state is not AlertState.firing)
