"""The life of an alert: inactive, pending, firing, resolved. Time is passed in.

    inactive --holds--> pending --held for `for`--> firing --held no more--> resolved
                        pending --holds no more--> inactive

With `for: 0s` an alert fires at once. One that fires ends when its condition has not held for
`keep_firing_for`; one that flaps, only after a longer while. A resolved or inactive alert starts
anew when the condition holds again. An alert makes at most one transition a moment, so
(fingerprint, state, changed_at) names a transition, and whoever sees one twice can drop the repeat.
"""

from __future__ import annotations

from typing import Final

import msgspec

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.rules.rule import Rule

FLAP_SPAN_S: Final = 7_200.0
"""An alert that begins to fire more than once within this long flaps."""

FLAP_HOLD_S: Final = 300.0
"""How long the second firing is held at least; each further one twice as long."""

LONGEST_HOLD_S: Final = 7_200.0

MOST_FIRINGS: Final = 8
"""So many of the newest moments at which an alert began to fire are remembered."""


def step(alert: Alert, rule: Rule, *, holding: bool, now_s: float) -> Alert:
    """The alert at ``now_s`` (epoch seconds), its condition holding or not.

    A moment that is not after the last transition changes no state.
    """
    if holding and now_s > alert.held_at:
        alert = msgspec.structs.replace(alert, held_at=now_s)
    if alert.state is not AlertState.inactive and now_s <= alert.changed_at:
        return alert
    following = _following(alert, rule, holding, now_s)
    if following is alert.state:
        return alert
    return _enter(alert, following, now_s)


def retire(alert: Alert, now_s: float) -> Alert:
    """The end of an alert whose rule is gone: pending becomes inactive, firing resolved."""
    if not alert.is_active or now_s <= alert.changed_at:
        return alert
    return _enter(alert, _ended(alert.state), now_s)


def hold_s(alert: Alert, rule: Rule) -> float:
    """For how long the condition must not hold before a firing alert ends, in seconds."""
    recent = sum(1 for at in alert.fired_at if at > alert.changed_at - FLAP_SPAN_S)
    if not rule.damp_flaps or recent < 2:
        return rule.keep_firing_for_s
    damped = min(LONGEST_HOLD_S, FLAP_HOLD_S * 2.0 ** (recent - 2))
    return max(rule.keep_firing_for_s, damped)


def _following(alert: Alert, rule: Rule, holding: bool, now_s: float) -> AlertState:
    if alert.state is AlertState.firing:
        is_over = not holding and now_s - alert.held_at >= hold_s(alert, rule)
        return AlertState.resolved if is_over else AlertState.firing
    if not holding:
        return _ended(alert.state)
    since = alert.since if alert.is_active else now_s
    return AlertState.firing if now_s - since >= rule.for_s else AlertState.pending


def _ended(state: AlertState) -> AlertState:
    """Where a state leads when its condition holds no more."""
    if state is AlertState.pending:
        return AlertState.inactive
    return AlertState.resolved if state is AlertState.firing else state


def _enter(alert: Alert, state: AlertState, now_s: float) -> Alert:
    starts_anew = state in (AlertState.pending, AlertState.firing) and not alert.is_active
    fired_at = alert.fired_at
    if state is AlertState.firing:
        fired_at = (*fired_at[1 - MOST_FIRINGS :], now_s)
    return msgspec.structs.replace(
        alert,
        state=state,
        since=now_s if starts_anew else alert.since,
        changed_at=now_s,
        fired_at=fired_at,
    )
