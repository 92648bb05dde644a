"""A worker to ask, without a stream."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from werkzeug import Request, Response

from kpistream.cli.reporting.play import Play
from kpistream.core.instants import rfc3339
from kpistream.core.slices import set_of
from kpistream.core.windows.steps import edges_between
from kpistream.core.windows.windows import parse_length
from kpistream.edges.web.kpis import kpis_document


class Worker:
    """Answers as a worker does, with what the files come to."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.plan = play.plan
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.missing: list[dict[str, Any]] = []
        self.alerts: list[dict[str, Any]] = []
        """The log of alerts, the oldest first."""
        self.alerts_since: str | None = None
        self.most_changes = 10_000
        """So many of them it tells of at a time."""
        self.channels: list[str] = []
        """Channels beside those of the files."""
        self.windows = ["1h", "24h", "30d"]
        self.has_more_slices = False
        self.kept: dict[tuple[str, str], dict[str, int]] = {}
        """By KPI and window, the samples of channels that are kept up to date; others it works out
        for two of the channels."""
        self.headers: dict[str, str] = {}

    def answer(self, request: Request) -> Response:
        path = request.path.removeprefix("/api/v1/")
        query = {name: request.args.getlist(name) for name in request.args}
        self.asked.append((path, query))
        self.headers = dict(request.headers)
        known = {
            "kpis": self._kpis,
            "series": self._series,
            "slices": self._slices,
            "readings": self._readings,
            "objectives": self._objectives,
            "alerts": self._alerts,
            "alerts/history": self._history,
        }
        return Response(json.dumps(known[path](query)), content_type="application/json")

    def _kpis(self, _: dict[str, list[str]]) -> dict[str, Any]:
        return kpis_document(self.plan) | {"windows": self.windows}

    def _series(self, query: dict[str, list[str]]) -> dict[str, Any]:
        kpis = query.pop("kpi")
        begin, end = (
            int(datetime.fromisoformat(query.pop(name)[0]).timestamp()) for name in ("from", "to")
        )
        step_s = parse_length(query.pop("step")[0])
        part = tuple((name, member) for name, [member] in query.items())
        edges = edges_between(begin, end, step_s, self.plan.days)
        found = self.play.driver.series(kpis, part, edges)
        return {
            "as_of": self._as_of,
            "step": f"{step_s}s",
            "edges": list(map(rfc3339, edges)),
            "series": [one.to_dict() for one in found],
            "missing": self.missing,
        }

    def _slices(self, query: dict[str, list[str]]) -> dict[str, Any]:
        [dimension] = query["slice"]
        parts = [part for part in self.play.driver.slices if set_of(part) == (dimension,)]
        members = [dict(part) for part in parts] + [{dimension: name} for name in self.channels]
        slices = [{"set": dimension, "members": one} for one in members]
        is_cut = self.has_more_slices
        return {"as_of": self._as_of, "slices": slices, "truncated": is_cut, "missing": []}

    def _readings(self, query: dict[str, list[str]]) -> dict[str, Any]:
        [kpi], [window], [dimension] = query["kpi"], query["window"], query["slice"]
        kept = self.kept.get((kpi, window))
        samples = kept or dict.fromkeys(self.channels[:2], 1)
        readings = [{"slice": {dimension: name}, "sample": n} for name, n in samples.items()]
        notes = {} if kept else {"truncated": True, "worked_out": True}
        return {"as_of": self._as_of, "readings": readings, "missing": [], **notes}

    def _objectives(self, _: dict[str, list[str]]) -> dict[str, Any]:
        found = [one.to_dict() for one in self.play.driver.objectives]
        return {"as_of": self._as_of, "objectives": found, "missing": []}

    def _alerts(self, _: dict[str, list[str]]) -> dict[str, Any]:
        found = [one.to_dict() for one in self.play.driver.alerts]
        return {"as_of": self._as_of, "alerts": found, "missing": []}

    def _history(self, query: dict[str, list[str]]) -> dict[str, Any]:
        begin, end = query["from"][0], query["to"][0]
        found = [one for one in self.alerts if begin <= one["changed_at"] < end]
        most = self.most_changes
        return {
            "transitions": found[:most],
            "truncated": len(found) > most,
            "since": self.alerts_since,
        }

    @property
    def _as_of(self) -> str:
        return rfc3339(self.play.known_until_s)
