"""What alerts wait for: the end of `for`, or of the time for which they are held."""

from __future__ import annotations

from collections.abc import Iterable

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.life import hold_s
from kpistream.core.alerting.rules.rule import Rule


def next_wait_ms(alerts: Iterable[Alert], rules: Iterable[Rule], now_ms: int) -> int | None:
    """When, after now, the next wait of an active alert ends (epoch ms); None if none waits."""
    by_name = {rule.name: rule for rule in rules}
    waits = (
        _end_s(alert, by_name[alert.rule])
        for alert in alerts
        if alert.is_active and alert.rule in by_name
    )
    # A millisecond later, so that no rounding of seconds makes it too early.
    ends_ms = (int(end_s * 1000) + 1 for end_s in waits)
    return min((end_ms for end_ms in ends_ms if end_ms > now_ms), default=None)


def _end_s(alert: Alert, rule: Rule) -> float:
    """When a pending alert fires, or a firing one ends unless its condition holds again.

    One that is not kept for a while ends with its condition, and waits for nothing.
    """
    if alert.state is AlertState.pending:
        return alert.since + rule.for_s
    kept_s = hold_s(alert, rule)
    return alert.held_at + kept_s if kept_s else 0.0
