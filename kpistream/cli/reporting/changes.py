"""How a report's page tells that something changed, and what moved it."""

from __future__ import annotations

from kpistream.cli.reporting.sheet import Sheet
from kpistream.cli.reporting.speech import DASH
from kpistream.core.reporting.report import Cell, KpiResult, Mover


def arrow(sheet: Sheet, one: KpiResult) -> str:
    """How much a value went up or down: as a part, or else in its unit."""
    relative, change = one.relative, one.change or 0.0
    size = sheet.value(one, abs(change)) if relative is None else sheet.say.moved(relative)
    return f"{'▼' if change < 0 else '▲'} {size}" if change else size


def moved_by(sheet: Sheet, one: KpiResult) -> str:
    """The members that moved a KPI most, with what each of them adds."""
    return ", ".join(_mover(sheet, one, mover) for mover in one.movers)


def _mover(sheet: Sheet, one: KpiResult, mover: Mover) -> str:
    return f"{mover.dimension}={mover.member} ({sheet.difference(one, mover.adds)})"


def moved(sheet: Sheet, cell: Cell | None) -> str:
    """How much the value of a cell changed, as a part of what it was."""
    if cell is None or cell.value is None or not cell.before:
        return DASH
    part = (cell.value - cell.before) / abs(cell.before)
    return sheet.say.signed(sheet.say.moved(part), part)
