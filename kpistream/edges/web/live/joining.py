"""Joining: the views of several workers, each of what it owns, as the one view of the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from kpistream.edges.web.gathering import Parts
from kpistream.edges.web.live.viewer import MOST_ALERTS, View

_OWNED: Final = ("breakdown", "funnel")
"""Parts that one worker has as a whole, and the others not at all."""


def joined(own: View, parts: Parts, kpis: Sequence[str]) -> View:
    """The view of all; ``kpis`` are those of the board, in its order."""
    views = [own, *parts.answers]
    tiles = {kpi: tile for view in views for kpi, tile in view["tiles"].items()}
    return {
        "as_of": max(filter(None, (view["as_of"] for view in views)), default=None),
        "query": own["query"],
        "tiles": {kpi: tiles[kpi] for kpi in kpis if kpi in tiles},
        **{name: next(filter(None, (view[name] for view in views)), None) for name in _OWNED},
        "alerts": sorted(_all("alerts", views), key=_rank, reverse=True)[:MOST_ALERTS],
        "objectives": sorted(_all("objectives", views), key=lambda objective: objective["id"]),
        "silent_topics": sorted(set(_all("silent_topics", views))),
        "missing": list(parts.missing),
    }


def _all(name: str, views: Iterable[Mapping[str, Any]]) -> list[Any]:
    return [item for view in views for item in view[name]]


def _rank(alert: Mapping[str, Any]) -> tuple[bool, str, str]:
    """What fires comes before all that does not; then what changed last."""
    return alert["state"] == "firing", alert["changed_at"], alert["fingerprint"]
