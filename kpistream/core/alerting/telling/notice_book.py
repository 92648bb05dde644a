"""The notice book: the newest state of every alert, and what each receiver was told of it.

It is bounded. Alerts are forgotten a day after their end, by the newest alert seen, once all who
were to be told are; and earlier if room is needed. What finds no room is counted, and not told.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from kpistream.core.alerting import alerts
from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.telling.dispatches import NEVER, Identity
from kpistream.core.alerting.telling.notices import Notice, Notices
from kpistream.core.alerting.telling.outbox import Outboxes
from kpistream.core.alerting.telling.routing import GroupLabels, ReceiverPlan
from kpistream.core.alerting.telling.told_rows import (
    ALERT,
    NOTICE,
    AlertRow,
    ToldRows,
    group_name,
    named,
    notice_name,
    notice_of,
)

MOST_NOTICES: Final = 10_000
"""How many notices (alerts times receivers) are kept, and how many alerts."""

REMEMBER_ENDED_S: Final = 86_400.0
"""How long what was told of an ended alert is kept."""


class NoticeBook:
    """The alerts by fingerprint, with their notices; it sorts them into the outboxes' groups."""

    def __init__(self, outboxes: Outboxes, rows: ToldRows, most: int = MOST_NOTICES) -> None:
        """Keep at most so many notices, and alerts, in rows."""
        self.left_out = 0
        """How often an alert found no room for itself or a notice, and was not told."""
        self._outboxes = outboxes
        self._rows = rows
        self._most = most
        self._notices: dict[str, Notices] = {}
        self._count = 0
        self._finished: dict[str, None] = {}
        self._newest_s = NEVER

    def __len__(self) -> int:
        """How many notices there are."""
        return self._count

    def __iter__(self) -> Iterator[Notices]:
        return iter(self._notices.values())

    def get(self, fingerprint: str) -> Notices | None:
        """The notices of an alert, if it is known."""
        return self._notices.get(fingerprint)

    # -- restoring ---------------------------------------------------------------------------------

    def restored(self) -> None:
        """Take up the rows that were found: of several copies, what all of them know."""
        for _, row in self._rows.found(ALERT, AlertRow):
            self._restore_alert(row)
        for name, notice in self._rows.found(NOTICE, Notice):
            self._restore_notice(name, notice)
        for notices in sorted(self, key=lambda notices: notices.offset):
            self._route(notices, NEVER)

    def _restore_alert(self, row: AlertRow) -> None:
        alert = alerts.decode(row.alert)
        held = self._notices.get(alert.fingerprint)
        if held is None or (held.alert.changed_at, held.offset) < (alert.changed_at, row.offset):
            self._notices[alert.fingerprint] = Notices(row.offset, alert, alert.all_labels)

    def _restore_notice(self, name: bytes, notice: Notice) -> None:
        receiver, fingerprint = notice_of(name)
        notices = self._notices.get(fingerprint)
        if notices is None:
            self._rows.remove(name)
            return
        held = notices.by_receiver.get(receiver)
        self._count += held is None
        notices.by_receiver[receiver] = notice if held is None else held.joined(notice)

    # -- what happens ------------------------------------------------------------------------------

    def take(self, offset: int, alert: Alert, now_s: float) -> bool:
        """Take in a firing or resolved alert of the log; whether it says anything new.

        Newer values of a firing alert are; a transition that is old is not.
        """
        held = self._notices.get(alert.fingerprint)
        if held is not None and not _is_news(held, offset, alert):
            return False
        if held is None and not (alert.is_active and self._has_room(len(self._notices))):
            self.left_out += alert.is_active
            return False
        self._route(self._keep(offset, alert), now_s)
        self._newest_s = max(self._newest_s, alert.changed_at)
        self._forget()
        return True

    def mark(
        self,
        receiver: str,
        identity: Identity,
        *,
        fired: float = NEVER,
        ended: float = NEVER,
        settled: float = NEVER,
    ) -> None:
        """Keep in mind what a receiver was told, or may have been (see :class:`Notice`)."""
        notices = self._notices.get(identity[0])
        notice = notices.by_receiver.get(receiver) if notices else None
        if notices is None or notice is None:
            return
        marked = notice.joined(Notice(notice.group, fired, ended, settled))
        if marked != notice:
            notices.by_receiver[receiver] = marked
            self._rows.put(notice_name(receiver, identity[0]), marked)
            self._strike(receiver, notices)
            self._finish(notices)

    def _keep(self, offset: int, alert: Alert) -> Notices:
        fingerprint = alert.fingerprint
        self._finished.pop(fingerprint, None)
        notices = self._notices.get(fingerprint)
        if notices is None:
            notices = self._notices[fingerprint] = Notices(offset, alert, alert.all_labels)
        else:
            notices.offset, notices.alert, notices.labels = offset, alert, alert.all_labels
        self._rows.put(named(ALERT, fingerprint), AlertRow(offset, alerts.encode(alert)))
        return notices

    # -- who is told of it -------------------------------------------------------------------------

    def _route(self, notices: Notices, now_s: float) -> None:
        """Put an alert into the groups of those who are told of it."""
        for plan in self._outboxes.plans:
            if plan.name in notices.by_receiver or self._begin(plan, notices):
                self._place(plan, notices, now_s)
        for receiver, notice in notices.by_receiver.items():
            group = self._outboxes.of(receiver).group(notice.group)
            group.members[notices.alert.fingerprint] = notices
        self._finish(notices)

    def _begin(self, plan: ReceiverPlan, notices: Notices) -> bool:
        """A notice for who is to be told now for the first time; whether there is one."""
        if not notices.alert.is_active or not plan.takes(notices.labels):
            return False
        if not self._has_room(self._count):
            self.left_out += 1
            return False
        group = plan.group_of(notices.labels, notices.alert.fingerprint)
        notices.by_receiver[plan.name] = Notice(group)
        self._count += 1
        return True

    def _place(self, plan: ReceiverPlan, notices: Notices, now_s: float) -> None:
        outbox, fingerprint = self._outboxes.of(plan.name), notices.alert.fingerprint
        self._regroup(plan, notices)
        group = outbox.group(notices.by_receiver[plan.name].group)
        if notices.owes(plan):
            group.news[fingerprint] = None
            group.came(now_s)
        else:
            group.news.pop(fingerprint, None)
        outbox.schedule(group)

    def _regroup(self, plan: ReceiverPlan, notices: Notices) -> None:
        """An alert whose labels changed goes to another group, but not before it ended in one."""
        fingerprint, notice = notices.alert.fingerprint, notices.by_receiver[plan.name]
        labels = plan.group_of(notices.labels, fingerprint)
        if notice.may_know or notice.group == labels or not notices.alert.is_active:
            return
        self._leave(plan.name, notice.group, fingerprint)
        notices.by_receiver[plan.name] = msgspec.structs.replace(notice, group=labels)

    def _strike(self, receiver: str, notices: Notices) -> None:
        """What a receiver has been told is no news to it."""
        outbox, fingerprint = self._outboxes[receiver], notices.alert.fingerprint
        group = outbox.groups.get(notices.by_receiver[receiver].group)
        if group is not None and outbox.plan is not None and not notices.owes(outbox.plan):
            group.news.pop(fingerprint, None)

    def _leave(self, receiver: str, labels: GroupLabels, fingerprint: str) -> None:
        """Take an alert out of a group, and forget a group that is empty."""
        outbox = self._outboxes.of(receiver)
        group = outbox.groups.get(labels)
        if group is None:
            return
        group.members.pop(fingerprint, None)
        group.news.pop(fingerprint, None)
        if not group.members and group.in_flight is None and outbox.drop(group):
            self._rows.remove(group_name(receiver, labels))

    # -- what is forgotten -------------------------------------------------------------------------

    def _finish(self, notices: Notices) -> None:
        """Keep in mind whether all is said of an alert."""
        if notices.alert.is_active or any(notices.owes(plan) for plan in self._outboxes.plans):
            self._finished.pop(notices.alert.fingerprint, None)
        else:
            self._finished.setdefault(notices.alert.fingerprint)

    def _has_room(self, held: int) -> bool:
        """Whether one more fits; if not, an alert that ended is forgotten for it."""
        if held < self._most:
            return True
        oldest = next(iter(self._finished), None)
        if oldest is None:
            return False
        self._drop(oldest)
        return True

    def _forget(self) -> None:
        """Forget alerts that ended long ago, if everybody was told."""
        while (oldest := next(iter(self._finished), None)) is not None:
            if self._newest_s - self._notices[oldest].alert.changed_at <= REMEMBER_ENDED_S:
                return
            self._drop(oldest)

    def _drop(self, fingerprint: str) -> None:
        self._finished.pop(fingerprint, None)
        notices = self._notices.pop(fingerprint)
        self._rows.remove(named(ALERT, fingerprint))
        for receiver, notice in notices.by_receiver.items():
            self._leave(receiver, notice.group, fingerprint)
            self._rows.remove(notice_name(receiver, fingerprint))
        self._count -= len(notices.by_receiver)


def _is_news(held: Notices, offset: int, alert: Alert) -> bool:
    """Whether an alert of the log is a later transition, or the same with newer values."""
    if alert.changed_at > held.alert.changed_at:
        return True
    is_same = alert.identity == held.alert.identity and alert.state is AlertState.firing
    is_fresher = offset > held.offset and alert.held_at >= held.alert.held_at
    return is_same and is_fresher and alert != held.alert
