"""The notifier: who is told of what, and when. Time is passed in; sending is somebody else's.

Of an alert the newest state wins: what became outdated while a receiver was down is not told. An
end is told to whoever may have been told of the beginning, muted or not, and to nobody else; what
fires and ends while it is muted is not told, and what still fires when that is over is told then.

A message goes through `due`, `trying` (then `drain`, made durable, before the first byte is sent)
and `tried`. What is refused, failed or denied is due again after a wait, alone: other groups and
receivers go on. After `gave_up` it is in `buried`, and the next change is tried anew.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import chain

import msgspec

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.telling.acknowledgements import Acknowledgement, HeldAcknowledgement
from kpistream.core.alerting.telling.composing import Composer
from kpistream.core.alerting.telling.dispatches import (
    FINAL,
    NEVER,
    Burial,
    Delivery,
    Dispatch,
    Outcome,
    newer,
)
from kpistream.core.alerting.telling.notice_book import MOST_NOTICES, NoticeBook
from kpistream.core.alerting.telling.notices import Notices
from kpistream.core.alerting.telling.outbox import Group, Outboxes
from kpistream.core.alerting.telling.routing import ReceiverPlan
from kpistream.core.alerting.telling.silences import (
    KEEP_ENDED_S,
    HeldSilence,
    Silence,
    SilenceEnded,
)
from kpistream.core.alerting.telling.suppression import Suppression, Suppressions
from kpistream.core.alerting.telling.told_rows import (
    ACKNOWLEDGEMENT,
    GROUP,
    SILENCE,
    ToldRows,
    group_name,
    named,
)
from kpistream.core.measuring.owned_rows import Row

Control = Silence | SilenceEnded | Acknowledgement
"""What people say about alerts."""


class Notifier:
    """The notices of one partition of alerts, and the messages that they come to."""

    def __init__(
        self,
        receivers: Sequence[ReceiverPlan],
        owner: bytes = b"",
        most_notices: int = MOST_NOTICES,
    ) -> None:
        """``owner`` names this ownership of the partition, and no other.

        Raises ValueError for two receivers of one name.
        """
        self._outboxes = Outboxes(receivers)
        self._rows = ToldRows(owner)
        self._book = NoticeBook(self._outboxes, self._rows, most_notices)
        self._suppressions = Suppressions()
        self._buried: list[Burial] = []

    def __len__(self) -> int:
        """How many notices there are."""
        return len(self._book)

    @property
    def left_out(self) -> int:
        """How often an alert found no room for itself or a notice, and was not told."""
        return self._book.left_out

    # -- restoring ---------------------------------------------------------------------------------

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take up a row that an earlier flush made durable; raises ValueError for its format."""
        self._rows.restore(key, value)

    def restored(self) -> None:
        """Finish restoring: of several copies of a row, the one that knows most is taken."""
        for _, delivery in self._rows.found(GROUP, Delivery):
            group = self._outboxes.of(delivery.receiver).group(delivery.group)
            held = group.delivery
            group.delivery = delivery if held is None else newer(held, delivery)
        self._restore_controls()
        self._book.restored()
        self._rows.restored()
        for notices in self._book:
            self._suppressions.inhibition.update(notices.alert)
        for receiver, group in self._outboxes.drop_empty():
            self._rows.remove(group_name(receiver, group.labels))

    def _restore_controls(self) -> None:
        suppressions = self._suppressions
        silences = (held for _, held in self._rows.found(SILENCE, HeldSilence))
        for silence in sorted(silences, key=lambda held: held.offset):
            suppressions.silences.hold(silence)
        known = (held for _, held in self._rows.found(ACKNOWLEDGEMENT, HeldAcknowledgement))
        for acknowledgement in sorted(known, key=lambda held: held.offset):
            suppressions.acknowledgements.hold(acknowledgement)

    # -- what happens ------------------------------------------------------------------------------

    def alert(self, offset: int, alert: Alert, now_s: float) -> None:
        """Take in an alert of the log; what is old, or known already, changes nothing.

        Of a firing alert that is known, newer values are taken.
        """
        if not alert.is_news or not self._book.take(offset, alert, now_s):
            return
        if self._suppressions.acknowledgements.follow(alert):
            self._rows.remove(named(ACKNOWLEDGEMENT, alert.fingerprint))
        if self._suppressions.inhibition.update(alert):
            self._outboxes.reconsider()

    def control(self, offset: int, control: Control, now_s: float) -> None:
        """Take in what people say; what is old, or known already, changes nothing.

        Raises TooManySilences.
        """
        match control:
            case Silence():
                self._put_silence(self._suppressions.silences.put(offset, control, now_s))
            case SilenceEnded():
                self._put_silence(self._suppressions.silences.end(offset, control))
            case Acknowledgement():
                self._acknowledge(offset, control)
        for id in self._suppressions.silences.forget(now_s):
            self._rows.remove(named(SILENCE, id))
        self._outboxes.reconsider()

    def _put_silence(self, held: HeldSilence | None) -> None:
        if held is not None:
            self._rows.put(named(SILENCE, held.silence.id), held)

    def _acknowledge(self, offset: int, acknowledgement: Acknowledgement) -> None:
        acknowledgements = self._suppressions.acknowledgements
        notices = self._book.get(acknowledgement.fingerprint)
        held = acknowledgements.put(offset, acknowledgement, notices.alert if notices else None)
        if held is not None:
            self._rows.put(named(ACKNOWLEDGEMENT, acknowledgement.fingerprint), held)
        for fingerprint in acknowledgements.surplus():
            self._rows.remove(named(ACKNOWLEDGEMENT, fingerprint))

    # -- what is to be sent ------------------------------------------------------------------------

    def due(self, receiver: str, now_s: float, most: int | None = None) -> list[Dispatch]:
        """The messages that are to be sent now, one a group at most, who waited longest first.

        They are the same at each call until `trying`; with ``most`` so many are looked for. Raises
        KeyError for an unknown receiver.
        """
        outbox = self._outboxes[receiver]
        found: list[Dispatch] = []
        seen: list[Group] = []
        if outbox.is_disabled or outbox.plan is None:
            return found
        for group in outbox.take(now_s):
            seen.append(group)
            dispatch = Composer(outbox.plan, group, self._suppressions, now_s).compose()
            if dispatch is not None:
                found.append(dispatch)
            if len(found) == most:
                break
        for group in seen:
            outbox.put_back(group)
        return found

    def next_due_s(self, receiver: str, now_s: float) -> float | None:
        """When `due` may have something, or something more; None if not before something happens.

        It is ``now_s`` while something is due. Raises KeyError for an unknown receiver.
        """
        outbox = self._outboxes[receiver]
        next_s = None if outbox.is_disabled else outbox.next_s()
        return None if next_s is None else max(now_s, next_s)

    def trying(self, dispatch: Dispatch) -> None:
        """The message will be sent now, once what `drain` gives is durable.

        From now on the receiver may know of its firing alerts. Raises ValueError while another
        message about the same group is being sent.
        """
        outbox = self._outboxes[dispatch.receiver]
        group = outbox.group(dispatch.group)
        if group.in_flight is not None:
            raise ValueError(f"{group.in_flight} is being sent to {dispatch.receiver} already")
        group.in_flight, group.held_until = dispatch.message_id, None
        for alert in dispatch.alerts:
            if alert.state is AlertState.firing:
                self._book.mark(dispatch.receiver, alert.identity, fired=alert.changed_at)
        self._put_delivery(group, _begun(dispatch, group.delivery))
        outbox.schedule(group)

    def tried(
        self,
        dispatch: Dispatch,
        outcome: Outcome,
        now_s: float,
        wait_s: float = 0.0,
        status: int | None = None,
        problem: str = "",
    ) -> None:
        """What became of a try; unless it is final, the next one is after ``wait_s`` seconds.

        Raises ValueError for a message that is not being sent.
        """
        outbox = self._outboxes[dispatch.receiver]
        group = outbox.groups.get(dispatch.group)
        if group is None or group.delivery is None or group.in_flight != dispatch.message_id:
            raise ValueError(f"{dispatch.message_id} is not being sent to {dispatch.receiver}")
        group.in_flight = None
        outbox.is_disabled |= outcome == "disabled"
        delivery = _ended(group.delivery, outcome, now_s, wait_s)
        self._put_delivery(group, msgspec.structs.replace(delivery, status=status, problem=problem))
        if outcome in FINAL:
            self._settle(dispatch, is_delivered=outcome == "delivered")
            group.settled()
        if outcome == "gave_up":
            burial = Burial(dispatch=dispatch, status=status, problem=problem, at=now_s)
            self._buried.append(burial)
        if group.news:
            group.came(NEVER)
        outbox.schedule(group)
        if not group.members and outbox.drop(group):
            self._rows.remove(group_name(dispatch.receiver, group.labels))

    def buried(self) -> list[Burial]:
        """The messages that were given up since the last call.

        Make them dead letters before the flush that makes the giving up durable: if the process
        ends in between, the message is tried, and given up, once more.
        """
        buried, self._buried = self._buried, []
        return buried

    def drain(self) -> list[Row]:
        """The rows that must become durable since the last call; that call's are."""
        return self._rows.drain()

    def _settle(self, dispatch: Dispatch, *, is_delivered: bool) -> None:
        """All that a message told of is done with."""
        for identity in chain(dispatch.identities, dispatch.unnamed):
            _, state, changed_at = identity
            has_ended = is_delivered and state is not AlertState.firing
            ended = changed_at if has_ended else NEVER
            self._book.mark(dispatch.receiver, identity, ended=ended, settled=changed_at)

    def _put_delivery(self, group: Group, delivery: Delivery) -> None:
        group.delivery = delivery
        self._rows.put(group_name(delivery.receiver, delivery.group), delivery)

    # -- what people can see -----------------------------------------------------------------------

    @property
    def disabled(self) -> frozenset[str]:
        """The receivers that said they are gone for good; until a restart they are told nothing."""
        return frozenset(name for name, outbox in self._outboxes.items() if outbox.is_disabled)

    def status(self, alert: Alert, now_s: float) -> Suppression:
        """What suppresses an alert now."""
        notices = Notices(0, alert, alert.all_labels)
        muted = tuple(
            plan.name
            for plan in self._outboxes.plans
            if plan.takes(notices.labels) and plan.muted_until(now_s) is not None
        )
        return msgspec.structs.replace(self._suppressions.of(notices, now_s), muted=muted)

    def status_of(self, fingerprint: str, now_s: float) -> Suppression | None:
        """What suppresses an alert that was told; None if no such alert is known."""
        notices = self._book.get(fingerprint)
        return None if notices is None else self.status(notices.alert, now_s)

    def silences(self, now_s: float) -> list[Silence]:
        """The silences that hold, are to come or ended not long ago; the newest first."""
        kept = [s for s in self._suppressions.silences if now_s - s.until <= KEEP_ENDED_S]
        return sorted(kept, key=lambda silence: (silence.created_at, silence.id), reverse=True)

    def deliveries(self, limit: int) -> list[Delivery]:
        """The newest message of each receiver and group, the newest first."""
        known = (
            group.delivery
            for _, outbox in self._outboxes.items()
            for group in outbox.groups.values()
            if group.delivery is not None
        )
        return heapq.nlargest(limit, known, key=lambda delivery: delivery.last_try_at)


def _begun(dispatch: Dispatch, before: Delivery | None) -> Delivery:
    """A further try of a message, and what is kept of the group's messages before."""
    return Delivery(
        receiver=dispatch.receiver,
        group=dispatch.group,
        number=dispatch.number,
        message_id=dispatch.message_id,
        told=dispatch.identities,
        truncated=dispatch.truncated,
        reason=dispatch.reason,
        repeat=dispatch.repeat,
        repeats=max(dispatch.repeat, before.repeats if before else 0),
        outcome="trying",
        tries=dispatch.tries + 1,
        refusals=dispatch.refusals,
        failures=dispatch.failures,
        first_try_at=dispatch.first_try_at,
        last_try_at=dispatch.at,
        retry_at=before.retry_at if before else NEVER,
        settled_at=before.settled_at if before else NEVER,
    )


def _ended(delivery: Delivery, outcome: Outcome, now_s: float, wait_s: float) -> Delivery:
    """What is known after a try."""
    is_final = outcome in FINAL
    return msgspec.structs.replace(
        delivery,
        outcome=outcome,
        refusals=delivery.refusals + (outcome == "refused"),
        failures=0 if is_final else delivery.failures + 1,
        last_try_at=now_s,
        retry_at=NEVER if is_final else now_s + wait_s,
        settled_at=now_s if is_final else delivery.settled_at,
    )
