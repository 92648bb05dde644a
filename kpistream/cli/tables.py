"""Readings, alerts, objectives and outcomes as tables for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from kpistream.cli.counted import counted
from kpistream.cli.kpi_words import decimal_text, is_share
from kpistream.core.alerting.alerts import Alert
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.driver import Driver
from kpistream.core.instants import rfc3339
from kpistream.core.monitoring.progress import Progress
from kpistream.core.monitoring.readings import Board, Reading
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice
from kpistream.edges.messages.numbers import duration_text, number_text

MOST_MEMBERS: Final = 8
"""The most members of a dimension that get a table."""

_WIDTH_OF_A_FILE: Final = 160
_DIGITS: Final = 4


def print_report(
    plan: Plan, driver: Driver, alerts: Sequence[Alert], outcomes: dict[str, Any]
) -> None:
    """Print what was computed on standard output."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=_WIDTH_OF_A_FILE)
    if not outcomes["produced"] and not outcomes["unread"]:
        console.print("no events")
        return
    for grid in _grids(plan, driver.board):
        for table in grid.tables(console.width):
            console.print(table)
    if alerts:
        console.print(_alerts(alerts, plan.catalogue))
    if objectives := driver.objectives:
        console.print(_objectives(objectives, plan.catalogue))
    console.print(_outcomes(outcomes))
    for apart in driver.unpriced:
        amount = f"{decimal_text(apart.amount, 2)} {apart.currency}"
        events = counted(apart.events, "events")
        console.print(f"no rate for {amount} of {events}: left out of money in {plan.currency}")


def value_text(kpi: str, value: float, catalogue: Catalogue) -> str:
    """A value as people say it: `1,204`, `3.21 %`, `12 min`, `94.20`; money without its currency.

    A ratio of money to money is told as it is: a ROAS is 0.8, and no 80 %.
    """
    match catalogue.kpis[kpi].unit:
        case "ratio" if is_share(catalogue.kpis[kpi]):
            return f"{number_text(value * 100, _DIGITS)} %"
        case "count":
            return decimal_text(value, 0 if value.is_integer() else 2)
        case "money":
            return decimal_text(value, 2)
        case "seconds":
            return duration_text(value)
    return number_text(value, _DIGITS)


def slice_text(part: Iterable[tuple[str, str]]) -> str:
    """A slice in words: ``channel=email campaign=autumn``, or ``total``."""
    return " ".join(f"{name}={member}" for name, member in part) or "total"


@dataclass(frozen=True, slots=True)
class _Grid:
    """KPIs by windows or members: as many tables as a terminal's width asks for."""

    title: str
    kpis: list[str]
    columns: dict[str, list[str]]
    """What is above a column, and what is in it."""

    def tables(self, width: int) -> Iterator[Table]:
        """The tables: none cuts off a name or an amount, even if it takes one for each column."""
        title = self.title
        for part in self._parts(width):
            table = Table(title=title, title_justify="left")
            table.add_column("KPI", no_wrap=True)
            for header in part:
                table.add_column(header, justify="right", overflow="fold")
            for row in zip(self.kpis, *(self.columns[header] for header in part), strict=True):
                table.add_row(*row)
            yield table
            title = f"{self.title}, continued"

    def _parts(self, width: int) -> Iterator[list[str]]:
        """The headers of the columns that have room beside the KPIs' names."""
        room = width - 1 - _wide(self.kpis)
        part: list[str] = []
        left = room
        for header, texts in self.columns.items():
            needed = _wide([header, *texts])
            if part and needed > left:
                yield part
                part, left = [], room
            part.append(header)
            left -= needed
        if part:
            yield part


def _wide(texts: Iterable[str]) -> int:
    """The width of a column: its widest text, a space on both sides and a line."""
    return max(cell_len(text) for text in texts) + 3


def _grids(plan: Plan, board: Board) -> Iterator[_Grid]:
    """The total by windows, then each dimension by its members unless there are too many."""
    windows = {window.name: (window.name, ()) for window in plan.windows}
    as_of = f", as of {rfc3339(board.as_of)}" if board.as_of else ""
    yield from _grid(f"Total{as_of}", plan, board, windows)
    for dimension in (names[0] for names in plan.slicing.sets if len(names) == 1):
        readings = [r for r in board if len(r.slice) == 1 and r.slice[0][0] == dimension]
        members = sorted({reading.slice[0][1] for reading in readings})
        if 0 < len(members) <= MOST_MEMBERS:
            window = _fullest(plan, readings)
            parts = {member: (window, ((dimension, member),)) for member in members}
            yield from _grid(f"By {dimension}, over {window}", plan, board, parts)


def _fullest(plan: Plan, readings: Iterable[Reading]) -> str:
    """The window with the most readings; of several the longest."""
    filled = Counter(reading.window for reading in readings)
    return max(plan.windows, key=lambda one: (filled[one.name], one.needs_reach_s)).name


def _grid(
    title: str, plan: Plan, board: Board, columns: Mapping[str, tuple[str, Slice]]
) -> Iterator[_Grid]:
    """A grid of the KPIs that have a reading in a column; none without any."""
    rows = {
        kpi: [_reading(board, kpi, *at) for at in columns.values()] for kpi in plan.catalogue.kpis
    }
    rows = {kpi: found for kpi, found in rows.items() if any(found)}
    if rows:
        texts = [[_text(plan, reading) for reading in found] for found in rows.values()]
        by_column = dict(zip(columns, map(list, zip(*texts, strict=True)), strict=True))
        yield _Grid(f"{title}, money in {plan.currency}", list(rows), by_column)


def _text(plan: Plan, reading: Reading | None) -> str:
    """A reading's value, with a currency only if it is not the one of the title."""
    if reading is None:
        return "-"
    text = value_text(reading.kpi, reading.value, plan.catalogue)
    is_money = plan.catalogue.kpis[reading.kpi].unit == "money"
    return f"{text} {reading.currency}" if is_money and reading.currency != plan.currency else text


def _reading(board: Board, kpi: str, window: str, part: Slice) -> Reading | None:
    return next((r for r in board.of(kpi, window) if r.slice == part), None)


def _alerts(alerts: Sequence[Alert], catalogue: Catalogue) -> Table:
    table = Table(title="Alerts", title_justify="left")
    for title in ("when", "state", "rule", "slice", "value"):
        table.add_column(title, overflow="fold")
    for alert in alerts:
        value = "-" if alert.value is None else value_text(alert.kpi, alert.value, catalogue)
        when = rfc3339(alert.changed_at)
        table.add_row(when, alert.state.value, alert.rule, slice_text(alert.slice), value)
    return table


def _objectives(objectives: Iterable[Progress], catalogue: Catalogue) -> Table:
    table = Table(title="Objectives", title_justify="left")
    for title in ("objective", "KPI", "slice", "value", "target", "expected", "status"):
        table.add_column(title, overflow="fold")
    for progress in objectives:
        one = progress.objective
        numbers = (
            "-" if number is None else value_text(one.kpi, number, catalogue)
            for number in (progress.value, progress.target, progress.expected)
        )
        table.add_row(one.id, one.kpi, slice_text(one.slice), *numbers, progress.status.value)
    return table


def _outcomes(document: dict[str, Any]) -> Table:
    table = Table(title=counted(document["produced"], "events"), title_justify="left")
    for title in ("event", "outcome", "reason"):
        table.add_column(title, overflow="fold")
    table.add_column("records", justify="right")
    for row in document["outcomes"]:
        table.add_row(row["event"], row["outcome"], row["reason"] or "", f"{row['records']:,}")
    for event, records in document["unread"].items():
        table.add_row(event, "unread", "not among `topics`", f"{records:,}")
    return table
