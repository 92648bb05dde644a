"""Entries: an alert as Alertmanager writes one, with labels, annotations and times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.instants import rfc3339
from kpistream.edges.messages import words
from kpistream.edges.messages.links import Links
from kpistream.edges.messages.numbers import plain_text
from kpistream.edges.messages.plain import clean, cut

MOST_LABELS: Final = 32
"""More than these no alert tells; its own come before those of its rule."""

MOST_LABEL_NAME: Final = 64

_NO_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")


def entry(alert: Alert, links: Links, ends_at: str, longest: int) -> dict[str, Any]:
    """An alert with its names, words and times; text has at most ``longest`` characters."""
    return {
        "labels": labels_of(alert, longest),
        "annotations": annotations_of(alert, links, longest),
        "startsAt": rfc3339(alert.since),
        "endsAt": ends_at,
        "generatorURL": links.query(alert),
    }


def ended_at(alert: Alert) -> float | None:
    """When a resolved alert ended, in epoch seconds; None while it fires."""
    return max(alert.since, alert.changed_at) if alert.state is AlertState.resolved else None


def labels_of(alert: Alert, longest: int) -> dict[str, str]:
    """What an alert is: the same for its firing and its resolved message."""
    named = alert.all_labels
    own = {name: named[name] for name in named if name not in alert.labels}
    # Its own first: they are what it is found and grouped by.
    return written({**own, **named}, longest)


def written(named: Mapping[str, str], longest: int) -> dict[str, str]:
    """Labels as Alertmanager takes them: names of letters, digits and `_`, and no empty values."""
    filled = [(_label_name(name), cut(clean(value), longest)) for name, value in named.items()]
    return dict([(name, value) for name, value in filled if value][:MOST_LABELS])


def annotations_of(alert: Alert, links: Links, longest: int) -> dict[str, str]:
    """What is said of an alert; it changes with the value. What there is nothing of is left out.

    Numbers are plain ones in the KPI's unit, `value_text` is for people.
    """
    said = alert.evidence
    cost = alert.why.at_stake_per_hour if alert.why else None
    texts = {
        "summary": alert.summary,
        "action": alert.action,
        "title": words.title(alert),
        "value": plain_text(alert.value),
        "value_text": words.value(alert),
        "baseline": _number(alert.baseline),
        "condition": said.condition,
        "sample": str(alert.sample),
        "method": said.method,
        "interval": words.interval(alert),
        "p": "" if said.p is None else f"{said.p:.3g}",
        "how_sure": words.how_sure(alert),
        "why": words.why(alert),
        "at_stake_per_hour": _number(cost),
        "stake_formula": alert.why.stake_formula if alert.why else "",
    }
    kept = {name: cut(clean(text), longest) for name, text in texts.items()}
    return {name: text for name, text in {**kept, **_links(alert, links)}.items() if text}


def _links(alert: Alert, links: Links) -> dict[str, str]:
    return {
        "page_url": links.page(alert),
        "alert_url": links.alert(alert),
        "before_url": links.before(alert),
        "dashboard_url": links.dashboard(alert),
        "runbook_url": links.runbook(alert),
    }


def _number(value: float | None) -> str:
    return "" if value is None else plain_text(value)


def _label_name(name: str) -> str:
    safe = _NO_LABEL.sub("_", name)[:MOST_LABEL_NAME]
    return f"_{safe}" if not safe or safe[0].isdigit() else safe
