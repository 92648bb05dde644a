"""Builders of readings, rules and alerts: name what matters, the rest is ordinary."""

from typing import Any

from kpistream.core.alerting.alerts import Alert, AlertState, begun
from kpistream.core.alerting.life import step
from kpistream.core.alerting.rules.conditions import Change, Condition, Line
from kpistream.core.alerting.rules.rule import Rule, Severity
from kpistream.core.alerting.why.why import Evidence
from kpistream.core.monitoring.readings import Reading
from kpistream.core.slices import Slice

AUTUMN: Slice = (("channel", "ads"), ("campaign", "autumn"))
START: float = 1_772_359_200.0


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
        "as_of": START,
    }
    return Reading(**{**ordinary, **named})


def condition(
    kpi: str,
    window: str,
    below: float | None = None,
    above: float | None = None,
    rises_by: float | None = None,
    until: float | None = None,
) -> Condition:
    """One of the plain conditions; below 1 unless said otherwise."""
    if rises_by is not None:
        return Change(kpi, window, "up", rises_by)
    if above is not None:
        return Line(kpi, window, "above", above, until=until)
    return Line(kpi, window, "below", 1.0 if below is None else below, until=until)


def rule(**named: Any) -> Rule:
    """A raw rule about a return on ad spend below 1; `rises_by=0.5` and the like replace that."""
    kpi, window = named.get("kpi", "return_on_ad_spend"), named.get("window", "1h")
    verbs = {
        verb: named.pop(verb) for verb in ("below", "above", "rises_by", "until") if verb in named
    }
    ordinary = {
        "name": "roas_below_one",
        "kpi": kpi,
        "slice": {"channel": "*", "campaign": "*"},
        "window": window,
        "when": condition(kpi, window, **verbs),
        "confidence": None,
        "for_s": 120.0,
        "damp_flaps": False,
        "severity": Severity.critical,
        "owner": "performance marketing",
        "action": "Pause the campaign.",
        "summary": "A campaign earns less than it costs.",
    }
    return Rule(**{**ordinary, **named})


def alert(**named: Any) -> Alert:
    """An alert of that rule, firing since the usual moment."""
    ordinary = {
        "rule": "roas_below_one",
        "state": AlertState.firing,
        "slice": AUTUMN,
        "kpi": "return_on_ad_spend",
        "window": "1h",
        "unit": "ratio",
        "value": 0.8,
        "baseline": 1.0,
        "sample": 100,
        "since": START,
        "changed_at": START,
        "held_at": START,
        "fired_at": (START,),
        "severity": Severity.critical,
        "owner": "performance marketing",
        "action": "Pause the campaign.",
        "summary": "A campaign earns less than it costs.",
        "evidence": Evidence("below 1", "raw", 800.0, 1000.0, 1.0, covers_s=3600.0),
    }
    given = {**ordinary, **named}
    of = rule(name=given["rule"])
    named_by = begun(of, given["slice"], given.get("currency"), "ratio", (), START)
    return Alert(**{"fingerprint": named_by.fingerprint, **given})


def firing(at_s: float = START, value: float = 0.8, **named: Any) -> Alert:
    """An alert that began to fire at a moment."""
    return alert(value=value, since=at_s, changed_at=at_s, held_at=at_s, fired_at=(at_s,), **named)


def resolved(at_s: float = START + 300, value: float = 1.2, **named: Any) -> Alert:
    """An alert that began to fire at the usual moment, and resolved at this one."""
    ended = step(alert(value=value, **named), rule(for_s=0.0), holding=False, now_s=at_s)
    assert ended.state is AlertState.resolved
    return ended
