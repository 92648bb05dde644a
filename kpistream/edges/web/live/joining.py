"""Joining: the views of several workers, each of what it owns, as the one view of the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from kpistream.edges.web.gathering import Parts
from kpistream.edges.web.live.viewer import MOST_ALERTS, View
from kpistream.edges.web.moments import newest

_OWNED: Final = ("breakdown", "funnel")
"""Parts that one worker has as a whole, and the others not at all."""


def joined(own: View, parts: Parts, kpis: Sequence[str]) -> View:
    """The view of all; ``kpis`` are those of the board, in its order."""
    views = [own, *parts.answers]
    alerts = sorted(_once("alerts", "fingerprint", views), key=_rank, reverse=True)
    told_twice = _firing(_all("alerts", views)) - _firing(alerts)
    tiles = {kpi: tile for view in views for kpi, tile in view["tiles"].items()}
    return {
        "as_of": newest(view["as_of"] for view in views),
        "query": own["query"],
        "tiles": {kpi: tiles[kpi] for kpi in kpis if kpi in tiles},
        **{name: next(filter(None, (view[name] for view in views)), None) for name in _OWNED},
        "alerts": alerts[:MOST_ALERTS],
        "firing": sum(view["firing"] for view in views) - told_twice,
        "objectives": _once("objectives", "id", views),
        "silent_topics": sorted(set(_all("silent_topics", views))),
        "missing": list(parts.missing),
    }


def _all(name: str, views: Iterable[Mapping[str, Any]]) -> list[Any]:
    return [item for view in views for item in view[name]]


def _firing(alerts: Iterable[Mapping[str, Any]]) -> int:
    return sum(alert["state"] == "firing" for alert in alerts)


def _once(name: str, key: str, views: Iterable[Mapping[str, Any]]) -> list[Any]:
    """The items of all, in order; two workers may have one while it changes hands."""
    by_key = {item[key]: item for item in _all(name, views)}
    return [by_key[name] for name in sorted(by_key)]


def _rank(alert: Mapping[str, Any]) -> tuple[bool, datetime, str]:
    """What fires comes before all that does not; then what changed last."""
    changed_at = datetime.fromisoformat(alert["changed_at"])
    return alert["state"] == "firing", changed_at, alert["fingerprint"]
