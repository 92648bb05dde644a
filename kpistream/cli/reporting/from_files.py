"""What files of events tell about a period, worked out with the worker's own core."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from typing import Final

from kpistream.cli.backtesting.arrivals import arrivals
from kpistream.cli.compute import outcomes_document
from kpistream.cli.failures import WRONG, Failure
from kpistream.cli.kpi_words import decimal_text
from kpistream.cli.progress import ProgressLine
from kpistream.cli.reporting.choices import chosen_boards, chosen_dimensions
from kpistream.cli.reporting.play import Play
from kpistream.cli.reporting.wish import Wish
from kpistream.cli.wiring.wiring import build_plan
from kpistream.core.events.event_types import SHIPPED
from kpistream.core.monitoring.series import Series
from kpistream.core.reporting.findings import (
    Findings,
    Measured,
    Note,
    Point,
    facts_of,
    points,
)
from kpistream.core.reporting.past_objectives import stood
from kpistream.core.reporting.period import Kind, Period, last_complete, span
from kpistream.core.slices import Slice, set_of
from kpistream.settings import load_settings

MOST_SLICES: Final = 1000
"""Of a dimension, so many members are looked at, those with most events."""


def findings_in_files(
    files: Sequence[str],
    config: Path | None,
    wish: Wish,
    board: Sequence[str] | None,
    by: Sequence[str] | None,
) -> Findings:
    """What files hold of the period wished for; raises Failure if they hold no event."""
    plan = build_plan(load_settings(config))
    catalogue = plan.catalogue
    boards = chosen_boards(board, catalogue.dashboards, catalogue.kpis)
    dimensions = chosen_dimensions(by, ["_".join(names) for names in plan.slicing.sets])
    play = Play(plan)
    # Those of one's own are always read; a shipped one may be none of the topics.
    types = tuple(dict.fromkeys((*SHIPPED, *plan.topics)))
    with ProgressLine() as line:
        play.take(line.counted(arrivals(files, types), "events"))
    if play.first_ms is None:
        raise Failure("no events: there is nothing to report", WRONG)
    notes: list[Note] = []
    if wish.span is None and wish.ending is None:
        period, notes = complete_in_files(wish.kind, play)
    else:
        period = wish.period(plan.days, play.known_until_s)
    found = find(play, period, boards, dimensions, files)
    return replace(found, notes=(*notes, *found.notes))


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
    published = (one.to_dict() for one in play.driver.objectives)
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
        objectives=stood(published, period, partial(_looked_up, play)),
        episodes=play.episodes,
        names={kpi.id: kpi.name for kpi in catalogue.kpis.values()},
        texts=play.plan.texts,
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


def _looked_up(play: Play, kpi: str, part: Slice, days: Period) -> Point | None:
    [found] = play.driver.series([kpi], part, (days.from_s, days.to_s))
    return points(found)[0]


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
