"""The KPIs of a report, board by board."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kpistream.cli.reporting.elements import Element, add
from kpistream.cli.reporting.kpi_card import daily_target, kpi_card
from kpistream.cli.reporting.sheet import Sheet


def boards(sheet: Sheet) -> None:
    """Write a section for each board that shows a KPI."""
    for name, ids in _shown(sheet):
        _board(sheet, name, ids)


def _shown(sheet: Sheet) -> Iterator[tuple[str, list[str]]]:
    """The boards with the KPIs that were not on one before."""
    seen: set[str] = set()
    for name, ids in sheet.report.boards.items():
        mine = [kpi for kpi in ids if kpi in sheet.kpis and kpi not in seen]
        seen.update(mine)
        if mine:
            yield name, mine


def _board(sheet: Sheet, name: str, ids: Sequence[str]) -> None:
    is_one_of_several = len(sheet.report.boards) > 1
    section = sheet.section("kpis_of" if is_one_of_several else "kpis", name)
    _legend(sheet, section)
    grid = add(section, "div", css="kpis")
    for kpi in sorted(ids, key=lambda kpi: not sheet.kpis[kpi].north_star):
        kpi_card(sheet, grid, sheet.kpis[kpi])


def _legend(sheet: Sheet, section: Element) -> None:
    """What the lines of the pictures stand for."""
    legend = add(section, "p", css="legend small")
    drawn = {"this_period": "now"}
    if sheet.is_compared:
        drawn["period_before"] = "before"
    if any(daily_target(one) is not None for one in sheet.report.kpis):
        drawn["target"] = "target"
    for name, css in drawn.items():
        part = add(legend, "span")
        line = add(part, "svg", viewBox="0 0 26 10", aria_hidden="true")
        add(line, "line", css=css, x1="0", y1="5", x2="26", y2="5")
        line.tail = sheet.say(name, "").strip()
