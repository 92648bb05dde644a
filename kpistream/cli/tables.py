"""Readings, alerts and outcomes as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from kpistream.core.alerts import Alert
from kpistream.core.catalogue import Catalogue
from kpistream.core.instants import rfc3339
from kpistream.core.plan import Plan
from kpistream.core.readings import Board, Reading
from kpistream.core.slices import Slice

MOST_MEMBERS: Final = 8
"""The most members of a dimension that get a table."""

_WIDTH_OF_A_FILE: Final = 160


def print_report(
    plan: Plan, board: Board, alerts: Sequence[Alert], outcomes: dict[str, Any]
) -> None:
    """Print what was computed on standard output."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=_WIDTH_OF_A_FILE)
    console.print(_totals(plan, board))
    for dimension in (names[0] for names in plan.slicing.sets if len(names) == 1):
        table = _members(plan, board, dimension)
        if table is not None:
            console.print(table)
    if alerts:
        console.print(_alerts(alerts))
    console.print(_outcomes(outcomes))


def value_text(reading: Reading | None, catalogue: Catalogue) -> str:
    """A value with its unit: ``3.41``, ``0.52 EUR``, ``94.2 s``; a dash when there is none."""
    if reading is None:
        return "-"
    unit = catalogue.kpis[reading.kpi].unit
    if unit == "count":
        return f"{reading.value:,.0f}"
    if unit == "money":
        return f"{reading.value:,.2f} {reading.currency}"
    return f"{reading.value:.1f} s" if unit == "seconds" else f"{reading.value:.4g}"


def slice_text(part: Iterable[tuple[str, str]]) -> str:
    """A slice in words: ``channel=email campaign=autumn``, or ``total``."""
    return " ".join(f"{name}={member}" for name, member in part) or "total"


def _totals(plan: Plan, board: Board) -> Table:
    table = Table(title=f"Total, as of {rfc3339(board.as_of)}", title_justify="left")
    table.add_column("KPI")
    windows = [window.name for window in plan.windows]
    for window in windows:
        table.add_column(window, justify="right")
    for kpi in plan.catalogue.kpis:
        found = [_reading(board, kpi, window, ()) for window in windows]
        if any(found):
            table.add_row(kpi, *(value_text(reading, plan.catalogue) for reading in found))
    return table


def _members(plan: Plan, board: Board, dimension: str) -> Table | None:
    """The longest window by the members of a dimension; None for too many members."""
    window = max(plan.windows, key=lambda w: w.length_s).name
    members = sorted(
        {r.slice[0][1] for r in board if len(r.slice) == 1 and r.slice[0][0] == dimension}
    )
    if not 0 < len(members) <= MOST_MEMBERS:
        return None
    table = Table(title=f"By {dimension}, over {window}", title_justify="left")
    table.add_column("KPI")
    for member in members:
        table.add_column(member, justify="right")
    for kpi in plan.catalogue.kpis:
        found = [_reading(board, kpi, window, ((dimension, member),)) for member in members]
        if any(found):
            table.add_row(kpi, *(value_text(reading, plan.catalogue) for reading in found))
    return table


def _reading(board: Board, kpi: str, window: str, part: Slice) -> Reading | None:
    return next((r for r in board.of(kpi, window) if r.slice == part), None)


def _alerts(alerts: Sequence[Alert]) -> Table:
    table = Table(title="Alerts", title_justify="left")
    for title in ("when", "state", "rule", "slice", "value"):
        table.add_column(title)
    for alert in alerts:
        value = "-" if alert.value is None else f"{alert.value:.4g}"
        when = rfc3339(alert.changed_at)
        table.add_row(when, alert.state.value, alert.rule, slice_text(alert.slice), value)
    return table


def _outcomes(document: dict[str, Any]) -> Table:
    table = Table(title=f"{document['produced']:,} events", title_justify="left")
    for title in ("event", "outcome", "reason"):
        table.add_column(title)
    table.add_column("records", justify="right")
    for row in document["outcomes"]:
        table.add_row(row["event"], row["outcome"], row["reason"] or "", f"{row['records']:,}")
    for event, records in document["unread"].items():
        table.add_row(event, "unread", "not among `topics`", f"{records:,}")
    return table
