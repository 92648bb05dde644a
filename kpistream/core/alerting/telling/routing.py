"""Routing: which alerts a receiver is told of, in which groups, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from kpistream.core.alerting.telling.matchers import Matcher, match_all
from kpistream.core.alerting.telling.mute_times import MuteTime

FINGERPRINT: Final = "fingerprint"
"""In ``group_by``: every alert is a group of its own."""

GroupLabels = tuple[tuple[str, str], ...]
"""What the alerts of a group have in common, in the order of ``group_by``; a missing label is not
there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverPlan:
    """What one receiver is told, and when; times are in seconds.

    It is told of alerts that fit all of ``match``, ``severities`` and ``owners`` (None: any). A
    message tells of one group. The first goes out ``group_wait_s`` after the alert, so that what
    comes together is told together; the next not before ``group_interval_s`` after it. What goes on
    firing is told again every ``repeat_interval_s`` (None: never). A message has at most
    ``most_alerts``. Raises ValueError for numbers that make no sense.
    """

    name: str
    match: tuple[Matcher, ...] = ()
    severities: frozenset[str] | None = None
    owners: frozenset[str] | None = None
    group_by: tuple[str, ...] = ("alertname",)
    group_wait_s: float = 0.5
    group_interval_s: float = 10.0
    repeat_interval_s: float | None = 4 * 3_600.0
    send_resolved: bool = True
    mute_times: tuple[MuteTime, ...] = ()
    most_alerts: int = 50

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a receiver has a name")
        if not (self.group_wait_s >= 0 and self.group_interval_s >= 0 and self.most_alerts > 0):
            raise ValueError(f"receiver {self.name}: times and numbers of alerts are not negative")
        if self.repeat_interval_s is not None and not self.repeat_interval_s > 0:
            raise ValueError(f"receiver {self.name}: repeat_interval_s is more than 0, or None")

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Whether the receiver is told of an alert with these labels."""
        if self.severities is not None and labels.get("severity") not in self.severities:
            return False
        if self.owners is not None and labels.get("owner") not in self.owners:
            return False
        return match_all(self.match, labels)

    def group_of(self, labels: Mapping[str, str], fingerprint: str) -> GroupLabels:
        """The group of an alert."""
        named = {**labels, FINGERPRINT: fingerprint} if FINGERPRINT in self.group_by else labels
        return tuple((name, named[name]) for name in self.group_by if named.get(name))

    def muted_until(self, at_s: float) -> float | None:
        """When the mute times that cover this instant have ended, in epoch seconds, or None."""
        ends = (mute.until(at_s) for mute in self.mute_times)
        return max((end for end in ends if end is not None), default=None)


def group_key(group: GroupLabels) -> str:
    """A group in one line, as Alertmanager writes it: `{}:{alertname="roas"}`."""
    named = ", ".join(f"{name}={_quoted(value)}" for name, value in group)
    return f"{{}}:{{{named}}}"


def _quoted(value: str) -> str:
    return msgspec.json.encode(value).decode()
