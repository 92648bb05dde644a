"""Dispatches: messages that are to be sent to receivers, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, Literal

import msgspec

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.telling.routing import GroupLabels, group_key

NEVER: Final = float("-inf")
"""The time of what has not happened."""

Identity = tuple[str, AlertState, float]
"""A transition of an alert: its fingerprint, state and ``changed_at`` (epoch seconds)."""

Reason = Literal["new", "changed", "repeat"]
"""Why a message is sent: its group is told of for the first time since it last ended, there is
news in it, or it has been firing for long."""

Outcome = Literal["delivered", "failed", "refused", "disabled", "denied", "gave_up"]
"""What became of a try. After `failed`, `refused` and `denied` there is another one; `disabled`
ends all messages to the receiver until a restart; `gave_up` ends this one."""

FINAL: Final = frozenset({"delivered", "gave_up"})
"""After these a message is done with."""


class Dispatch(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is to be sent now; times are epoch seconds.

    ``message_id`` is the same at each try and after each restart as long as it says the same.
    ``alerts`` are the firing ones first, the newest first; ``truncated`` counts those of the group
    that it has no room for. ``tries`` and ``refusals`` (among them) are those of this message
    before, ``failures`` the failed tries of the group in a row, whatever they said.
    """

    receiver: str
    group: GroupLabels
    message_id: str
    alerts: tuple[Alert, ...]
    truncated: int
    tries: int
    refusals: int
    failures: int
    first_try_at: float
    at: float
    """When it was found to be due."""
    reason: Reason
    number: int
    """Counts the messages of the group."""
    repeat: int
    """Which repeat it is, counted over the life of the group; 0 for no repeat."""
    unnamed: tuple[Identity, ...] = ()
    """Firing alerts that it tells of only by counting them in ``truncated``."""

    @property
    def group_key(self) -> str:
        """Its group in one line."""
        return group_key(self.group)

    @property
    def group_labels(self) -> dict[str, str]:
        """What its alerts have in common by ``group_by``."""
        return dict(self.group)

    @property
    def identities(self) -> tuple[Identity, ...]:
        """The transitions that it tells of, sorted."""
        return tuple(sorted(alert.identity for alert in self.alerts))


class Delivery(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What became of the newest message to a receiver about a group; times are epoch seconds.

    ``outcome`` is `trying` from just before a try until its end is known. ``settled_at`` is when a
    message of the group was last done with, ``retry_at`` the earliest time of the next try.
    """

    receiver: str
    group: GroupLabels
    number: int
    message_id: str
    told: tuple[Identity, ...]
    truncated: int
    reason: Reason
    repeat: int
    repeats: int
    outcome: Outcome | Literal["trying"]
    tries: int
    refusals: int
    failures: int
    first_try_at: float
    last_try_at: float
    retry_at: float = NEVER
    settled_at: float = NEVER
    status: int | None = None
    problem: str = ""

    @property
    def is_final(self) -> bool:
        """Whether the message is done with."""
        return self.outcome in FINAL

    @property
    def group_key(self) -> str:
        """Its group in one line."""
        return group_key(self.group)

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The alerts that it told of."""
        return tuple(fingerprint for fingerprint, _, _ in self.told)

    @property
    def states(self) -> tuple[AlertState, ...]:
        """Their states, in the same order."""
        return tuple(state for _, state, _ in self.told)


class Burial(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was given up, for the dead letters."""

    dispatch: Dispatch
    status: int | None
    problem: str
    at: float


def message_id(
    receiver: str, group: GroupLabels, identities: Iterable[Identity], repeat: int
) -> str:
    """What names a message: the same for the same words, and for nothing else."""
    named = msgspec.json.encode([receiver, group, sorted(identities), repeat])
    return "msg_" + blake2b(named, digest_size=16).hexdigest()


def newer(one: Delivery, other: Delivery) -> Delivery:
    """Of two copies of a group's row, the one that knows more."""
    return max(one, other, key=_knowledge)


def _knowledge(delivery: Delivery) -> tuple[int, int, bool, float]:
    is_known = delivery.outcome != "trying"
    return delivery.number, delivery.tries, is_known, delivery.last_try_at
