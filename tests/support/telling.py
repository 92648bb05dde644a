"""Builders of alerts and receivers for notification, and a life of a notifier with restarts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from kpistream.core.alerting.alerts import Alert, AlertState, fingerprint
from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.alerting.telling.dispatches import Dispatch, Outcome
from kpistream.core.alerting.telling.matchers import parse_matchers
from kpistream.core.alerting.telling.notifier import Notifier
from kpistream.core.alerting.telling.routing import ReceiverPlan
from kpistream.core.alerting.telling.silences import Silence
from kpistream.core.alerting.why.why import Evidence
from kpistream.core.slices import Slice

EMAIL: Slice = (("channel", "email"),)


def alert(rule: str = "roas", at_s: float = 1_000.0, part: Slice = EMAIL, **named: Any) -> Alert:
    """An alert of a rule that began to fire at a moment."""
    ordinary: dict[str, Any] = {
        "rule": rule,
        "state": AlertState.firing,
        "slice": part,
        "kpi": "return_on_ad_spend",
        "window": "1h",
        "value": 0.8,
        "sample": 100,
        "since": at_s,
        "changed_at": at_s,
        "held_at": at_s,
        "fingerprint": fingerprint(rule, part, named.get("currency")),
        "severity": Severity.critical,
        "owner": "marketing",
        "action": "Look.",
        "summary": "It is low.",
        "evidence": Evidence("below 1", "raw"),
    }
    return Alert(**{**ordinary, **named})


def over(alert: Alert, at_s: float) -> Alert:
    """The alert when it resolved."""
    return msgspec.structs.replace(alert, state=AlertState.resolved, changed_at=at_s)


def silence(*matchers: str, id: str = "quiet", **named: Any) -> Silence:
    """A silence from 0 s up to 2,000 s."""
    ordinary: dict[str, Any] = {
        "id": id,
        "matchers": tuple(parse_matchers(matchers)),
        "starts_at": 0.0,
        "ends_at": 2_000.0,
        "author": "ann",
        "created_at": 0.0,
    }
    return Silence(**{**ordinary, **named})


def plan(name: str = "chat", **named: Any) -> ReceiverPlan:
    """A receiver that is told at once and as often as there is news."""
    ordinary: dict[str, Any] = {"group_wait_s": 0.0, "group_interval_s": 0.0}
    return ReceiverPlan(name=name, **{**ordinary, **named})


class Life:
    """A notifier with its table, which is killed and starts again from what was durable."""

    def __init__(self, *plans: ReceiverPlan, **named: Any) -> None:
        """Start without rows."""
        self.plans: Sequence[ReceiverPlan] = plans or (plan(),)
        self.named = named
        self.rows: dict[bytes, bytes | None] = {}
        self.owners = 0
        self.offset = 0
        self.notifier = Notifier(self.plans, b"0", **named)

    def flush(self) -> None:
        """Make durable what was done."""
        self.rows.update(self.notifier.drain())

    def killed(self, *plans: ReceiverPlan) -> Notifier:
        """Another process takes up what was durable."""
        self.plans = plans or self.plans
        self.owners += 1
        self.notifier = Notifier(self.plans, b"%d" % self.owners, **self.named)
        for key, value in self.rows.items():
            self.notifier.restore(key, value)
        self.notifier.restored()
        return self.notifier

    def hears(self, now_s: float, *heard: Alert) -> None:
        """The log goes on."""
        for one in heard:
            self.offset += 1
            self.notifier.alert(self.offset, one, now_s)
        self.flush()

    def says(self, now_s: float, *controls: Any) -> None:
        """People say something."""
        for control in controls:
            self.offset += 1
            self.notifier.control(self.offset, control, now_s)
        self.flush()

    def sends(
        self, now_s: float, outcome: Outcome = "delivered", to: str = "chat", wait_s: float = 1.0
    ) -> list[Dispatch]:
        """Try what is due; all of it ends in the same way."""
        due = self.notifier.due(to, now_s)
        for dispatch in due:
            self.notifier.trying(dispatch)
            self.flush()
            self.notifier.tried(dispatch, outcome, now_s, wait_s, 200, "as told")
            self.flush()
        return due

    def tells(self, now_s: float, outcome: Outcome = "delivered", to: str = "chat") -> list[str]:
        """Try what is due; each message as its alerts: `roas firing, cpc resolved`."""
        return [words(dispatch) for dispatch in self.sends(now_s, outcome, to)]


def words(dispatch: Dispatch) -> str:
    """A message as a line."""
    said = [f"{one.rule} {one.state.value}" for one in dispatch.alerts]
    more = [f"and {dispatch.truncated} more"] if dispatch.truncated else []
    return ", ".join([*said, *more])
