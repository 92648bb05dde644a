"""The viewer: what a worker knows of what somebody looks at."""

from __future__ import annotations

import time
from collections.abc import Callable
from heapq import nlargest
from typing import Any, Final

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.instants import rfc3339
from kpistream.core.monitoring.readings import Reading
from kpistream.core.monitoring.series import Series
from kpistream.core.slices import Slice, set_of
from kpistream.core.windows.steps import edges_for_window
from kpistream.edges.web.knowledge import Knowledge
from kpistream.edges.web.live.peeks import Key, Peeks
from kpistream.edges.web.live.view_query import ViewQuery, dashboards_of

MOST_ROWS: Final = 50
"""The most members in a breakdown."""

MOST_PEEKED: Final = 15
"""The same where the readings are not kept up to date, and must be asked for one by one."""

MOST_LOOKED_THROUGH: Final = 10_000
"""Among so many slices those of a breakdown are looked for, where no board has them."""

MOST_ALERTS: Final = 100
POINTS_FRESH_S: Final = 10.0
"""How old the small pictures may be."""

MOST_PICTURES: Final = 100

View = dict[str, Any]
"""A view as it is published; what another worker owns is left out, or None."""

_SHOWN: Final = (AlertState.firing, AlertState.pending, AlertState.resolved)


class Viewer:
    """Views of what one worker knows. It looks into the state of the pipeline, so in its thread."""

    def __init__(self, knowledge: Knowledge, clock_s: Callable[[], float] = time.monotonic) -> None:
        """``clock_s`` is monotonic."""
        self._knowledge = knowledge
        self._plan = knowledge.plan
        self._clock_s = clock_s
        self._peeks = Peeks(knowledge, clock_s)
        self._boards = dashboards_of(self._plan.catalogue)
        self._pictures: dict[tuple[str, str, Slice], tuple[float, dict[str, list[Any]]]] = {}

    def view(self, query: ViewQuery) -> View:
        """What is known here of what is asked for."""
        self._peeks.begin()
        knowledge = self._knowledge
        return {
            "as_of": rfc3339(knowledge.board.as_of) if knowledge.board.as_of else None,
            "query": query.to_dict(),
            "tiles": self._tiles(query),
            "breakdown": self._breakdown(query),
            "funnel": self._funnel(query),
            "alerts": self._alerts(),
            "firing": sum(one.state is AlertState.firing for one in knowledge.alerts),
            "objectives": [progress.to_dict() for progress in knowledge.objectives],
            "silent_topics": list(knowledge.silent_topics),
        }

    # -- tiles -------------------------------------------------------------------------------------

    def _tiles(self, query: ViewQuery) -> dict[str, Any]:
        if set_of(query.part) not in self._knowledge.sets:
            return {}
        points = self._points(query)
        return {
            kpi: {**self._tile(kpi, query.window, query.part), "points": points.get(kpi, [])}
            for kpi in self._boards[query.board]
        }

    def _tile(self, kpi: str, window: str, part: Slice) -> dict[str, Any]:
        now, before = self._now(kpi, window, part), self._then(kpi, window, part)
        return {
            "kpi": kpi,
            "value": None if now is None else now.value,
            "before": None if before is None else before.value,
            "currency": self._currency(kpi),
            "sample": 0 if now is None else now.sample,
            "trust": None if now is None else now.trust,
            "as_of": None if now is None else rfc3339(now.as_of),
        }

    def _now(self, kpi: str, window: str, part: Slice) -> Reading | None:
        found = self._knowledge.board.get(kpi, window, part, self._currency(kpi))
        return found or self._knowledge.reading(kpi, window, part, before=False)

    def _then(self, kpi: str, window: str, part: Slice) -> Reading | None:
        found = self._knowledge.before.get(kpi, window, part, self._currency(kpi))
        return found or self._peeks.get(Key(kpi, window, part))

    def _currency(self, kpi: str) -> str | None:
        return self._plan.currency if self._plan.catalogue.kpis[kpi].has_money else None

    def _points(self, query: ViewQuery) -> dict[str, list[Any]]:
        """The course of each KPI of the board within the window, worked out now and then."""
        key = (query.board, query.window, query.part)
        held = self._pictures.get(key)
        if held is not None and self._clock_s() - held[0] < POINTS_FRESH_S:
            return held[1]
        window = next(one for one in self._plan.windows if one.name == query.window)
        edges = edges_for_window(window, self._knowledge.board.as_of, self._plan.days)
        courses = self._knowledge.series(self._boards[query.board], query.part, edges) or []
        points = {course.kpi: _steps_over(course) for course in courses}
        if len(self._pictures) >= MOST_PICTURES:
            self._pictures.clear()
        self._pictures[key] = (self._clock_s(), points)
        return points

    # -- breakdown and funnel ----------------------------------------------------------------------

    def _breakdown(self, query: ViewQuery) -> dict[str, Any] | None:
        names = query.broken_down(self._plan.slicing.dimensions)
        if names is None or not query.kpi or names not in self._knowledge.sets:
            return None
        found, more = self._members(query, names)
        rows = [self._row(query, reading) for reading in found]
        return {"by": query.by, "kpi": query.kpi, "rows": rows, "more": more}

    def _members(self, query: ViewQuery, names: tuple[str, ...]) -> tuple[list[Reading], int]:
        """The readings of the members with the largest samples, and how many others there are."""
        of_board = self._on_board(query.kpi, query.window, query.part, names)
        if of_board:
            return nlargest(MOST_ROWS, of_board, key=_size), max(0, len(of_board) - MOST_ROWS)
        parts, others = self._largest(query, names)
        found = [self._now(query.kpi, query.window, part) for part in parts]
        readings = [reading for reading in found if reading is not None]
        return sorted(readings, key=_size, reverse=True), others

    def _largest(self, query: ViewQuery, names: tuple[str, ...]) -> tuple[list[Slice], int]:
        """Slices whose readings must be asked for; and how many others there are.

        They are those with the largest samples over another window, if there is one.
        """
        for window in self._plan.windows:
            known = self._on_board(query.kpi, window.name, query.part, names)
            if known:
                largest = nlargest(MOST_PEEKED, known, key=_size)
                return [reading.slice for reading in largest], len(known) - len(largest)
        wanted = set(query.part)
        every, _ = self._knowledge.slices([names], MOST_LOOKED_THROUGH)
        parts = sorted(part for part in every if wanted.issubset(part))
        return parts[:MOST_PEEKED], max(0, len(parts) - MOST_PEEKED)

    def _on_board(
        self, kpi: str, window: str, within: Slice, names: tuple[str, ...]
    ) -> list[Reading]:
        wanted = set(within)
        return [
            reading
            for reading in self._knowledge.board.of(kpi, window)
            if set_of(reading.slice) == names and wanted.issubset(reading.slice)
        ]

    def _row(self, query: ViewQuery, reading: Reading) -> dict[str, Any]:
        before = self._then(query.kpi, query.window, reading.slice)
        return {
            "member": dict(reading.slice)[query.by],
            "value": reading.value,
            "before": None if before is None else before.value,
            "sample": reading.sample,
            "currency": reading.currency,
            "trust": reading.trust,
        }

    def _funnel(self, query: ViewQuery) -> dict[str, Any] | None:
        name = self._plan.catalogue.funnel_of(query.board)
        if name is None or set_of(query.part) not in self._knowledge.sets:
            return None
        steps = []
        for kpi in self._plan.catalogue.funnels[name]:
            reading = self._now(kpi, query.window, query.part)
            steps.append({"kpi": kpi, "value": None if reading is None else reading.value})
        return {"name": name, "steps": steps}

    # -- alerts ------------------------------------------------------------------------------------

    def _alerts(self) -> list[dict[str, Any]]:
        """What fires first, then what changed last; what suppresses them is for others to say."""
        shown = [alert for alert in self._knowledge.alerts if alert.state in _SHOWN]
        newest = nlargest(MOST_ALERTS, shown, key=_rank)
        return [{**alert.to_dict(), "suppression": None} for alert in newest]


def _steps_over(course: Series) -> list[float | None]:
    """The values of the steps, without a last one that goes on: it would look like a fall."""
    values = list(course.values)
    return values if course.complete[-1] or len(values) < 2 else values[:-1]


def _size(reading: Reading) -> tuple[int, Slice]:
    return reading.sample, reading.slice


def _rank(alert: Alert) -> tuple[bool, float]:
    """What fires comes before all that does not; then what changed last."""
    return alert.state is AlertState.firing, alert.changed_at
