"""The rules that a shop would have, each over all campaigns, though nothing is ever wrong."""

from __future__ import annotations

from typing import Any, Final

from kpistream.core.alerting.rules.conditions import (
    SEASON,
    Absence,
    Change,
    Condition,
    Drift,
    Forecast,
    Leaf,
    Line,
    Unusual,
)
from kpistream.core.alerting.rules.rule import ANY_MEMBER, Rule, Severity

ALL: Final = {"channel": ANY_MEMBER, "campaign": ANY_MEMBER}
DAY_S: Final = 86_400.0
HOUR_S: Final = 3_600.0

LEAVES: Final[tuple[Leaf, ...]] = (
    Line("return_on_ad_spend", "24h", "below", 1.0),
    Forecast("return_on_ad_spend", "24h", "below", 1.0, 3 * DAY_S),
    Change("unsubscribe_rate", "1h", "up", 0.5),
    Change("unsubscribe_rate", "1h", "up", 0.5, "24h"),
    Change("unsubscribe_rate", "1h", "up", 0.5, SEASON),
    Change("click_through_rate", "1h", "down", 0.2),
    Change("click_through_rate", "1h", "down", 0.2, "24h"),
    Change("click_through_rate", "1h", "down", 0.2, SEASON),
    Unusual("click_through_rate", "1h", "any"),
    Forecast("click_through_rate", "1h", "below", 0.01, 6 * HOUR_S),
    Change("conversion_rate", "1h", "down", 0.3, "24h"),
    Change("conversion_rate", "24h", "down", 0.2, SEASON),
    Change("average_order_value", "24h", "down", 0.2),
    Change("average_order_value", "1h", "up", 0.2, "24h"),
    Unusual("average_order_value", "24h", "any"),
    Change("cost_per_click", "1h", "up", 0.2, "24h"),
    Change("cost_per_click", "1h", "up", 0.2, SEASON),
    Absence("clicks", "1h", "24h"),
    Unusual("clicks", "1h", "any"),
)

DRIFTS: Final[tuple[Leaf, ...]] = (
    Drift("click_through_rate", "1h", "any"),
    Drift("conversion_rate", "24h", "down"),
    Drift("average_order_value", "24h", "any"),
)
"""These know enough after five weeks only, and two days for special ones."""


def rule_of(name: str, leaf: Leaf, when: Condition | None = None, **named: Any) -> Rule:
    """A rule about all campaigns, unless said otherwise."""
    ordinary: dict[str, Any] = {
        "name": name,
        "kpi": leaf.kpi,
        "window": leaf.window,
        "when": when or leaf,
        "slice": dict(ALL),
        "severity": Severity.warning,
        "owner": "marketing",
        "action": "Look at it.",
        "summary": "Something is wrong.",
    }
    return Rule(**{**ordinary, **named})
