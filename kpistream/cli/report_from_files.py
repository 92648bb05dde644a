"""What files of events tell about a period, worked out with the worker's own core."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Final

from kpistream.cli.arrivals import Arrival
from kpistream.cli.compute import outcomes_document
from kpistream.cli.kpi_words import decimal_text
from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.proof.backtest import Recorder
from kpistream.core.driver import BEAT_MS, Driver
from kpistream.core.panes import DAY_S
from kpistream.core.plan import Plan
from kpistream.core.reporting.episodes import AlertTold, Episode, episode_of, told
from kpistream.core.reporting.findings import (
    Findings,
    Measured,
    Note,
    Point,
    facts_of,
    points,
)
from kpistream.core.reporting.period import Kind, Period, last_complete, span
from kpistream.core.series import Series
from kpistream.core.slices import Slice, set_of
from kpistream.core.windows import MAX_REACH_S, RollingWindow

NEARLY_S: Final = 3600
"""Files that end so long before a midnight hold that day to its end."""

MOST_SLICES: Final = 1000
"""Of a dimension, so many members are looked at, those with most events."""

Choose = Callable[[float, float], Period]
"""The period to report, given when the first event arrived and up to when events are known."""


class Play:
    """Files of events played through the core, with the alerts that fired on the way."""

    def __init__(self, plan: Plan) -> None:
        """Keep what is older than any window, so that any period in the files can be looked at."""
        self.plan = _far_reaching(plan)
        self.driver = Driver(self.plan)
        self.unread: Counter[str] = Counter()
        self.first_ms: int | None = None
        self.last_ms = 0
        self._recorder = Recorder(plan.rules)
        self._told: dict[tuple[str, float], AlertTold] = {}

    def take(self, arrivals: Iterable[Arrival]) -> None:
        """Play all of them."""
        for arrival in arrivals:
            if arrival.event_type in self.plan.topics:
                self._feed(arrival)
            else:
                self.unread[arrival.event_type] += 1
        until_ms = round(self.known_until_s * 1000)
        ending = self.driver.finish() if until_ms == self.last_ms else self._last_beat()
        for alert in ending:
            self._hear(alert)
        self._recorder.look(self.driver.alerts)
        self._recorder.finish(self.last_ms / 1000)
        # The rest of the day is taken for silence, but nobody is alarmed by that.
        if until_ms > self.last_ms:
            deque((*self.driver.advance(until_ms), *self.driver.finish()), maxlen=0)

    def _last_beat(self) -> Iterator[Alert]:
        return self.driver.advance(self.last_ms + BEAT_MS)

    def _feed(self, arrival: Arrival) -> None:
        if self.first_ms is None:
            self.first_ms = arrival.arrived_ms
        self.last_ms = max(self.last_ms, arrival.arrived_ms)
        for changes in self.driver.steps(arrival.arrived_ms):
            for alert in changes:
                self._hear(alert)
            if not self._recorder.is_idle:
                self._recorder.look(self.driver.alerts)
        for alert in self.driver.feed(*_fed(arrival)):
            self._hear(alert)
        # Nobody asks for them here, and there may be many.
        self.driver.dead_letters.clear()

    def _hear(self, alert: Alert) -> None:
        self._recorder.hear(alert)
        self._told[alert.fingerprint, alert.changed_at] = told(alert)

    @property
    def episodes(self) -> list[Episode]:
        """What fired, in the order of time."""
        return [
            episode_of(firing, self._told[firing.fingerprint, firing.from_s])
            for firing in self._recorder.firings
        ]

    @property
    def known_until_s(self) -> float:
        """Up to when what occurred is known: the last arrival, or the midnight soon after it."""
        last_s = self.last_ms / 1000
        days = self.plan.days
        midnight = days.after(days.start(last_s))
        return float(midnight) if midnight - last_s <= NEARLY_S else last_s


def _fed(arrival: Arrival) -> tuple[str, bytes, int]:
    return arrival.event_type, arrival.value, arrival.arrived_ms


def _far_reaching(plan: Plan) -> Plan:
    """The plan with nothing read on the way but what rules look at, and all of it kept."""
    reach = RollingWindow("report", DAY_S, MAX_REACH_S, plan.days, MAX_REACH_S // 2)
    return replace(plan, windows=(*plan.windows, reach)).for_rules()


def complete_in_files(kind: Kind, play: Play) -> tuple[Period, list[Note]]:
    """The last period of a kind that the files hold in whole; without one, the days they hold."""
    days = play.plan.days
    found = last_complete(kind, play.known_until_s, days)
    first = days.date((play.first_ms or 0) / 1000)
    if found.first >= first:
        return found, []
    end = days.date(days.after(days.start(play.last_ms / 1000)))
    return span(first, end, days), [Note("chosen", {"kind": kind})]


def find(
    play: Play,
    period: Period,
    boards: Mapping[str, Sequence[str]],
    dimensions: Sequence[str],
    files: Sequence[str],
) -> Findings:
    """All that a report is made of, from what was played."""
    catalogue = play.plan.catalogue
    names = (catalogue.funnel_of(board) for board in boards)
    funnels = {name: catalogue.funnels[name] for name in names if name is not None}
    lists = (*boards.values(), *funnels.values())
    ids = tuple(dict.fromkeys(kpi for kpis in lists for kpi in kpis))
    looked = {d: _members(play, d) for d in dimensions}
    on_boards = tuple(dict.fromkeys(kpi for kpis in boards.values() for kpi in kpis))
    return Findings(
        period=period,
        as_of_s=play.known_until_s,
        currency=play.plan.currency,
        source="files",
        asked=", ".join(PurePath(name).name if name != "-" else name for name in files),
        boards=boards,
        kpis=[facts_of(catalogue.kpis[kpi]) for kpi in ids],
        totals=_measured(play, period, ids, (), by_day=True),
        members={
            dimension: {
                dict(part)[dimension]: _measured(play, period, on_boards, part)
                for part in parts[:MOST_SLICES]
            }
            for dimension, parts in looked.items()
        },
        members_left_out={d: max(0, len(parts) - MOST_SLICES) for d, parts in looked.items()},
        funnels=funnels,
        objectives=[one.to_dict() for one in play.driver.objectives],
        episodes=play.episodes,
        notes=list(_notes(play)),
    )


def _members(play: Play, dimension: str) -> list[Slice]:
    return sorted(part for part in play.driver.slices if set_of(part) == (dimension,))


def _measured(
    play: Play, period: Period, kpis: Sequence[str], part: Slice, *, by_day: bool = False
) -> dict[str, Measured]:
    before = period.before()
    edges = before.from_s, period.from_s, period.to_s
    wholes = _by_kpi(play.driver.series(kpis, part, edges))
    if not by_day:
        return {kpi: Measured(now, then) for kpi, (then, now) in wholes.items()}
    days = _by_kpi(play.driver.series(kpis, part, period.edges))
    days_before = _by_kpi(play.driver.series(kpis, part, before.edges))
    return {
        kpi: Measured(now, then, days[kpi], days_before[kpi]) for kpi, (then, now) in wholes.items()
    }


def _by_kpi(series: Iterable[Series]) -> dict[str, list[Point]]:
    return {one.kpi: points(one) for one in series}


def _notes(play: Play) -> Iterator[Note]:
    """What of the files is not in the numbers."""
    document = outcomes_document(play.driver, play.unread)
    counted: Counter[str] = Counter()
    for row in document["outcomes"]:
        counted[row["outcome"]] += row["records"]
    if counted["late"] or counted["rejected"]:
        outcomes = {name: counted[name] for name in ("late", "rejected", "duplicate")}
        yield Note("left_out", {"produced": document["produced"], **outcomes})
    if unread := sum(play.unread.values()):
        yield Note("unread", {"unread": unread})
    for apart in play.driver.unpriced:
        amount = decimal_text(apart.amount, 2)
        facts = {"amount": amount, "currency": apart.currency, "into": play.plan.currency}
        yield Note("no_rate", facts)
