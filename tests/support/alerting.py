"""Builders of readings, rules and alerts: name what matters, the rest is ordinary."""

from typing import Any

from kpistream.core.alerts import Alert, AlertState, judge
from kpistream.core.readings import Reading
from kpistream.core.rules import Comparison, Rule, Severity
from kpistream.core.slices import Slice

AUTUMN: Slice = (("channel", "ads"), ("campaign", "autumn"))


def reading(value: float = 0.8, **named: Any) -> Reading:
    """A return on ad spend of the autumn campaign."""
    ordinary = {
        "kpi": "return_on_ad_spend",
        "window": "1h",
        "slice": AUTUMN,
        "value": value,
        "numerator": value * 1000,
        "denominator": 1000.0,
        "sample": 100,
        "trust": "provisional",
        "as_of": 1_772_359_200.0,
    }
    return Reading(**{**ordinary, **named})


def rule(**named: Any) -> Rule:
    """A rule about a return on ad spend below 1; `rises_by=0.5` and the like replace that."""
    comparison, threshold = Comparison.below, 1.0
    for one in Comparison:
        if one.value in named:
            comparison, threshold = one, named.pop(one.value)
    ordinary = {
        "name": "roas_below_one",
        "kpi": "return_on_ad_spend",
        "slice": {"channel": "*", "campaign": "*"},
        "window": "1h",
        "comparison": comparison,
        "threshold": threshold,
        "for_s": 120.0,
        "minimum_sample": 30,
        "severity": Severity.critical,
        "owner": "performance marketing",
        "action": "Pause the campaign.",
        "summary": "A campaign earns less than it costs.",
    }
    return Rule(**{**ordinary, **named})


def firing(at_s: float = 1_772_359_200.0, value: float = 0.8, **named: Any) -> Alert:
    """An alert that began to fire at a moment."""
    alert, _ = judge(rule(for_s=0.0, **named), None, reading(value), None, at_s)
    assert alert is not None
    assert alert.state is AlertState.firing
    return alert


def resolved(at_s: float = 1_772_359_500.0, value: float = 1.2) -> Alert:
    """An alert that began to fire at the usual moment, and resolved at this one."""
    alert, _ = judge(rule(for_s=0.0), firing(), reading(value), None, at_s)
    assert alert is not None
    assert alert.state is AlertState.resolved
    return alert
