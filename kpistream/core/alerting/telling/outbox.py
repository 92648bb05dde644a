"""An outbox: one receiver's groups of alerts, in the order in which they want attention."""

from __future__ import annotations

import heapq
from collections.abc import ItemsView, Iterator, Sequence
from dataclasses import dataclass, field

from kpistream.core.alerting.telling.dispatches import NEVER, Delivery
from kpistream.core.alerting.telling.notices import Notices
from kpistream.core.alerting.telling.routing import GroupLabels, ReceiverPlan
from kpistream.core.alerting.telling.suppression import UNTIL_TOLD


@dataclass(slots=True)
class Group:
    """The alerts that a receiver is told of together.

    ``news`` are those whose newest state may have to be told. ``news_at`` is when the oldest of
    those that nobody has looked at came, or None; ``held_until`` when to look again at what was
    muted. Times are epoch seconds.
    """

    labels: GroupLabels
    members: dict[str, Notices] = field(default_factory=dict)
    news: dict[str, None] = field(default_factory=dict)
    news_at: float | None = None
    held_until: float | None = None
    delivery: Delivery | None = None
    in_flight: str | None = None
    """The id of the message that is being sent."""
    may_repeat: bool = True
    wake_at: float | None = None

    def came(self, now_s: float) -> None:
        """Somebody has to look at it: it has news."""
        self.news_at = now_s if self.news_at is None else min(self.news_at, now_s)

    def looked(self, held_until: float | None, *, may_repeat: bool) -> None:
        """Somebody looked, and there is nothing to tell now."""
        self.news_at, self.held_until, self.may_repeat = None, held_until, may_repeat

    def settled(self) -> None:
        """A message about it is done with."""
        self.news_at, self.may_repeat = None, True

    @property
    def settled_at(self) -> float:
        """When a message about it was last done with."""
        return self.delivery.settled_at if self.delivery else NEVER

    @property
    def retry_at(self) -> float:
        """The earliest time of the next try."""
        return self.delivery.retry_at if self.delivery else NEVER


class Outbox:
    """The groups of one receiver; without a plan, one that the settings name no more."""

    def __init__(self, plan: ReceiverPlan | None) -> None:
        self.plan = plan
        self.is_disabled = False
        self.groups: dict[GroupLabels, Group] = {}
        self._held: dict[GroupLabels, None] = {}
        self._queue: list[tuple[float, GroupLabels]] = []

    def group(self, labels: GroupLabels) -> Group:
        """The group with these labels; a new one if there is none."""
        found = self.groups.get(labels)
        if found is None:
            found = self.groups[labels] = Group(labels)
        return found

    def drop(self, group: Group) -> bool:
        """Forget a group; whether there was a message about it."""
        self.groups.pop(group.labels, None)
        self._held.pop(group.labels, None)
        return group.delivery is not None

    def schedule(self, group: Group) -> None:
        """Give a group its place, after anything about it has changed."""
        wake_at = self._wake_at(group)
        if wake_at is not None and wake_at != group.wake_at:
            heapq.heappush(self._queue, (wake_at, group.labels))
        group.wake_at = wake_at
        if len(self._queue) > 2 * len(self.groups) + 64:
            self._sweep()

    def put_back(self, group: Group) -> None:
        """Give a group that was taken a new place."""
        if group.held_until is not None:
            self._held[group.labels] = None
        self.schedule(group)

    def reconsider(self) -> None:
        """Look again at all groups in which something is muted: it may have ended."""
        held, self._held = self._held, {}
        for labels in held:
            group = self.groups[labels]
            group.came(NEVER)
            self.schedule(group)

    def take(self, now_s: float) -> Iterator[Group]:
        """The groups that want attention now, who waited longest first; each wants a new place."""
        while (next_s := self.next_s()) is not None and next_s <= now_s:
            _, labels = heapq.heappop(self._queue)
            group = self.groups[labels]
            group.wake_at = None
            yield group

    def next_s(self) -> float | None:
        """When a group wants attention next, in epoch seconds; None if none ever does."""
        queue = self._queue
        while queue and not self._is_due(*queue[0]):
            heapq.heappop(queue)
        return queue[0][0] if queue else None

    def _is_due(self, wake_at: float, labels: GroupLabels) -> bool:
        group = self.groups.get(labels)
        return group is not None and group.wake_at == wake_at

    def _sweep(self) -> None:
        awake = self.groups.values()
        self._queue = [(g.wake_at, g.labels) for g in awake if g.wake_at is not None]
        heapq.heapify(self._queue)

    def _wake_at(self, group: Group) -> float | None:
        plan = self.plan
        if plan is None or self.is_disabled or group.in_flight is not None:
            return None
        wishes = [group.held_until]
        if group.news_at is not None:
            wishes.append(group.news_at + plan.group_wait_s)
        if group.may_repeat and group.settled_at > NEVER and plan.repeat_interval_s is not None:
            wishes.append(group.settled_at + plan.repeat_interval_s)
        wanted = [at for at in wishes if at is not None and at < UNTIL_TOLD]
        if not wanted:
            return None
        return max(min(wanted), group.retry_at, group.settled_at + plan.group_interval_s)


class Outboxes:
    """The outboxes of all receivers, by name, and of those that the settings name no more."""

    def __init__(self, plans: Sequence[ReceiverPlan]) -> None:
        """Raise ValueError for two receivers of one name."""
        self.plans = tuple(plans)
        self._named = {plan.name: Outbox(plan) for plan in plans}
        self._former: dict[str, Outbox] = {}
        if len(self._named) < len(self.plans):
            raise ValueError("two receivers have the same name")

    def __getitem__(self, receiver: str) -> Outbox:
        """The outbox of a receiver that there is; raises KeyError."""
        return self._named[receiver]

    def items(self) -> ItemsView[str, Outbox]:
        """The receivers that there are, and their outboxes."""
        return self._named.items()

    def of(self, receiver: str) -> Outbox:
        """A receiver's outbox; for one that is gone, one that keeps what it was told."""
        found = self._named.get(receiver)
        return self._former.setdefault(receiver, Outbox(None)) if found is None else found

    def reconsider(self) -> None:
        """Look again at everything that is muted."""
        for outbox in self._named.values():
            outbox.reconsider()

    def drop_empty(self) -> list[tuple[str, Group]]:
        """Forget the groups without an alert; they, and their receivers."""
        empty = [
            (receiver, group)
            for receiver, outbox in [*self._named.items(), *self._former.items()]
            for group in outbox.groups.values()
            if not group.members
        ]
        for receiver, group in empty:
            self.of(receiver).drop(group)
        return empty
