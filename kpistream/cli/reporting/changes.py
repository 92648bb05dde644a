"""How a report's page tells that something changed, and what moved it."""

from __future__ import annotations

from kpistream.cli.reporting.sheet import Sheet
from kpistream.cli.reporting.speech import DASH, Speech
from kpistream.core.kpis.units import KpiUnit
from kpistream.core.reporting.report import Cell, KpiResult, Mover


def arrow(sheet: Sheet, one: KpiResult) -> str:
    """How much a value went up or down."""
    if one.value is None or one.before is None:
        return DASH
    size = sheet.say.change(one.value, one.before, one.unit, one.currency)
    return f"{'▼' if one.value < one.before else '▲'} {size}" if one.change else size


def moved_by(sheet: Sheet, one: KpiResult) -> str:
    """The members that moved a KPI most, with what each of them adds."""
    return ", ".join(_mover(sheet, one, mover) for mover in one.movers)


def _mover(sheet: Sheet, one: KpiResult, mover: Mover) -> str:
    where = sheet.say.where({mover.dimension: mover.member})
    return f"{where} ({sheet.difference(one, mover.adds)})"


def moved(say: Speech, cell: Cell | None, unit: KpiUnit, currency: str | None = None) -> str:
    """How much the value of a cell changed, with its sign."""
    if cell is None or cell.value is None or cell.before is None:
        return DASH
    if not (cell.value or cell.before):
        return DASH
    size = say.change(cell.value, cell.before, unit, currency)
    return say.signed(size, cell.value - cell.before)
