"""What a worker's API tells about a period."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from kpistream.cli.failures import Failure
from kpistream.cli.monitor_api import MonitorApi
from kpistream.cli.progress import ProgressLine
from kpistream.cli.reporting.answers import (
    AlertsAnswer,
    HistoryAnswer,
    Missing,
    ObjectivesAnswer,
    ReadingsAnswer,
    SeriesAnswer,
    SeriesTold,
    SlicesAnswer,
    Vocabulary,
)
from kpistream.cli.reporting.choices import chosen_boards, chosen_dimensions
from kpistream.cli.reporting.wish import Wish
from kpistream.core.alerting.alerts import AlertState
from kpistream.core.instants import rfc3339
from kpistream.core.reporting.episodes import Episode, episodes
from kpistream.core.reporting.findings import Findings, Measured, Note, Point
from kpistream.core.reporting.past_objectives import stood
from kpistream.core.reporting.period import Period
from kpistream.core.slices import Slice
from kpistream.core.windows.days import Days

MOST_KPIS: Final = 20
"""The API answers for no more KPIs at a time."""

MOST_MEMBERS: Final = 30
"""Of a dimension, so many members are asked for, those with most events."""

MOST_RANKINGS: Final = 8
"""So many times a worker is asked for the sizes of all members, until it has told of all."""

MOST_TOLD: Final = 10_000
"""So many changes of alerts, or slices, are asked for."""

SHORTEST_S: Final = 7 * 86_400
"""Changes of alerts over so short a span are not asked for in parts."""

T = TypeVar("T")


def findings_of_worker(
    url: str,
    token: str | None,
    wish: Wish,
    board: Sequence[str] | None,
    by: Sequence[str] | None,
) -> Findings:
    """What a worker knows of the period wished for; raises Failure if none answers."""
    asked = Asked(url, token)
    words = asked.vocabulary
    boards = chosen_boards(board, words.dashboards, (one.id for one in words.kpis))
    dimensions = chosen_dimensions(by, words.slices)
    with ProgressLine() as line:
        line.show(f"asking {asked.where}")
        return asked.find(wish.period(asked.days, asked.as_of_s), boards, dimensions)


class Asked:
    """Asks a worker, and keeps in mind what was missing in its answers."""

    def __init__(self, url: str, token: str | None) -> None:
        """Raises Failure if what answers is no worker."""
        self._api = MonitorApi(url, token)
        # Without what a URL may hold beside it: a name and a password.
        self.where = urlsplit(url).netloc.rpartition("@")[2]
        self._missing: dict[Missing, None] = {}
        self._partly: list[str] = []
        self._alerts_since: datetime | None = None
        self._is_log_cut = False
        self.vocabulary = self._get("kpis", {}, Vocabulary)
        self._objectives = self._get("objectives", {}, ObjectivesAnswer)

    @property
    def days(self) -> Days:
        """The days of the worker's zone."""
        return Days(self.vocabulary.zone)

    @property
    def as_of_s(self) -> float:
        """Up to when the worker has heard, in epoch seconds; raises Failure if it has not yet."""
        at = self._objectives.as_of
        if at is None:
            raise Failure(f"the worker at {self.where} has not heard anything yet")
        return at.timestamp()

    def find(
        self, period: Period, boards: Mapping[str, Sequence[str]], dimensions: Sequence[str]
    ) -> Findings:
        """All that a report is made of."""
        words = self.vocabulary
        funnels = self._funnels(boards)
        lists = (*boards.values(), *funnels.values())
        ids = tuple(dict.fromkeys(kpi for kpis in lists for kpi in kpis))
        on_boards = tuple(dict.fromkeys(kpi for kpis in boards.values() for kpi in kpis))
        facts = {one.id: one for one in words.kpis}
        chosen = {dimension: self._members(dimension, on_boards) for dimension in dimensions}
        totals = self._measured(period, ids, {}, by_day=True)
        members = {
            dimension: {
                member: self._measured(period, on_boards, {dimension: member}) for member in found
            }
            for dimension, (found, _) in chosen.items()
        }
        alerts = self._episodes(period)
        return Findings(
            period=period,
            as_of_s=self.as_of_s,
            currency=words.currency,
            source="worker",
            asked=self.where,
            boards=boards,
            kpis=[facts[kpi] for kpi in ids if kpi in facts],
            totals=totals,
            members=members,
            members_left_out={dimension: more for dimension, (_, more) in chosen.items()},
            funnels=funnels,
            objectives=stood(self._objectives.objectives, period, self._looked_up),
            episodes=alerts,
            names={one.id: one.name for one in words.kpis},
            texts=words.texts,
            notes=list(self._notes(period)),
        )

    def _funnels(self, boards: Iterable[str]) -> dict[str, list[str]]:
        """The funnel that goes with each board: of its name, or else the first."""
        funnels = self.vocabulary.funnels
        first = next(iter(funnels), None)
        names = (board if board in funnels else first for board in boards)
        return {name: funnels[name] for name in names if name is not None}

    # -- KPIs ------------------------------------------------------------------------------------

    def _measured(
        self,
        period: Period,
        kpis: Sequence[str],
        part: Mapping[str, str],
        *,
        by_day: bool = False,
    ) -> dict[str, Measured]:
        before = period.before()
        now = self._series(kpis, part, period, 1)
        then = self._series(kpis, part, before, 1)
        days = self._series(kpis, part, period) if by_day else {}
        days_before = self._series(kpis, part, before) if by_day else {}
        return {
            kpi: Measured(
                now[kpi][0],
                then[kpi][0] if kpi in then else None,
                days.get(kpi, ()),
                days_before.get(kpi, ()),
            )
            for kpi in kpis
            if kpi in now
        }

    def _series(
        self, kpis: Sequence[str], part: Mapping[str, str], period: Period, steps: int = 0
    ) -> dict[str, list[Point]]:
        """The KPIs over a period in one step, or in one a day."""
        wanted = steps or len(period.dates)
        step = f"{len(period.dates)}d" if steps else "1d"
        found: dict[str, list[Point]] = {}
        for first in range(0, len(kpis), MOST_KPIS):
            some = kpis[first : first + MOST_KPIS]
            span = {"from": rfc3339(period.from_s), "to": rfc3339(period.to_s), "step": step}
            answer = self._get("series", {"kpi": some, **span, **part}, SeriesAnswer)
            for one in answer.series:
                found[one.kpi] = _points(one, wanted)
        return found

    def _members(self, dimension: str, kpis: Sequence[str]) -> tuple[list[str], int]:
        """The members of a dimension to ask for, and how many there are beside them."""
        query = {"slice": dimension, "limit": str(MOST_TOLD)}
        answer = self._get("slices", query, SlicesAnswer)
        names = {one.members[dimension] for one in answer.slices if dimension in one.members}
        if len(names) <= MOST_MEMBERS and not answer.truncated:
            return sorted(names), 0
        ranking = self._ranking(dimension, kpis)
        if answer.truncated or ranking.truncated:
            self._partly.append(dimension)
        sizes = {
            one.slice[dimension]: one.sample for one in ranking.readings if dimension in one.slice
        }
        ranked = sorted(names | sizes.keys(), key=lambda name: (-sizes.get(name, 0), name))
        return ranked[:MOST_MEMBERS], max(0, len(ranked) - MOST_MEMBERS)

    def _ranking(self, dimension: str, kpis: Sequence[str]) -> ReadingsAnswer:
        """How many events a KPI of the members rests on, of all of them if that can be had."""
        first: ReadingsAnswer | None = None
        for kpi, window in islice(dict.fromkeys(self._rankings(dimension, kpis)), MOST_RANKINGS):
            query = {"kpi": kpi, "window": window, "slice": dimension}
            answer = self._get("readings", query, ReadingsAnswer)
            if answer.readings and not answer.truncated:
                return answer
            first = first or answer
        return first or ReadingsAnswer([])

    def _rankings(self, dimension: str, kpis: Sequence[str]) -> Iterator[tuple[str, str]]:
        """KPIs and windows to rank members by: the first over the longest, then what is kept.

        What is kept up to date is told of all members, and else is worked out for some.
        """
        windows = sorted(self.vocabulary.windows, key=_length_s, reverse=True)
        yield from ((kpi, window) for kpi in kpis[:1] for window in windows[:1])
        facts = {one.id: one for one in self.vocabulary.kpis}
        for kpi in kpis:
            if kpi in facts and facts[kpi].is_kept_by(dimension):
                kept = facts[kpi].windows
                yield from ((kpi, window) for window in windows if window in kept)

    def _looked_up(self, kpi: str, part: Slice, days: Period) -> Point | None:
        return next(iter(self._series([kpi], dict(part), days, 1).get(kpi, ())), None)

    # -- alerts ----------------------------------------------------------------------------------

    def _episodes(self, period: Period) -> list[Episode]:
        """What fired, from the log of alerts and from those that fire still."""
        log = self._history(period.before().from_s, max(self.as_of_s, period.to_s))
        self._alerts_since = log.since
        self._is_log_cut = log.truncated
        current = self._get("alerts", {}, AlertsAnswer).alerts
        firing = [one for one in current if one.state is AlertState.firing]
        return episodes([*log.transitions, *firing])

    def _history(self, from_s: float, to_s: float) -> HistoryAnswer:
        """The log of alerts of a span; in halves, while there is more than one answer tells of."""
        query = {"from": rfc3339(from_s), "to": rfc3339(to_s), "limit": str(MOST_TOLD)}
        answer = self._get("alerts/history", query, HistoryAnswer)
        if not answer.truncated or to_s - from_s <= SHORTEST_S:
            return answer
        middle_s = round((from_s + to_s) / 2)
        first, second = self._history(from_s, middle_s), self._history(middle_s, to_s)
        return HistoryAnswer(
            [*first.transitions, *second.transitions],
            first.truncated or second.truncated,
            first.since,
        )

    def _notes(self, period: Period) -> Iterator[Note]:
        for one in self._missing:
            yield Note("missing", msgspec.to_builtins(one))
        for dimension in self._partly:
            yield Note("members", {"dimension": dimension})
        since = self._alerts_since
        if since is not None and period.from_s < since.timestamp():
            first = self.days.date(since.timestamp())
            yield Note("alerts_since", {"first": first.isoformat()})
        if self._is_log_cut:
            yield Note("truncated")

    # -- asking ----------------------------------------------------------------------------------

    def _get(self, path: str, query: Mapping[str, Any], form: type[T]) -> T:
        asked = f"{path}?{urlencode(query, doseq=True)}" if query else path
        try:
            answer = msgspec.convert(self._api.get(asked), form)
        except msgspec.ValidationError as error:
            raise Failure(
                f"the worker at {self.where} answers otherwise to {path}: {error}"
            ) from None
        for one in getattr(answer, "missing", ()):
            self._missing[one] = None
        return answer


def _points(one: SeriesTold, wanted: int) -> list[Point]:
    """The steps of a series; those that the worker did not tell of are not known."""
    columns = one.values, one.numerators, one.denominators, one.samples, one.complete
    found = [Point(*step) for step in zip(*columns, strict=False)]
    return (found + [Point(complete=False)] * wanted)[:wanted]


_UNITS: Final = {"m": 60, "h": 3600, "d": 86_400}


def _length_s(window: str) -> int:
    number, unit = window[:-1], window[-1:]
    return int(number) * _UNITS[unit] if number.isdecimal() and unit in _UNITS else 0
