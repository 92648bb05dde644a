"""The funnels of a report: how many came from step to step."""

from __future__ import annotations

from typing import Final

from kpistream.cli.reporting import pictures
from kpistream.cli.reporting.changes import moved
from kpistream.cli.reporting.elements import Element, add, table
from kpistream.cli.reporting.sheet import Sheet
from kpistream.core.kpis.units import KpiUnit
from kpistream.core.reporting.report import Cell, Funnel

_UNIT: Final[KpiUnit] = "count"
"""What the steps of a funnel are read in."""


def funnels(sheet: Sheet) -> None:
    """Write a section for each funnel."""
    for funnel in sheet.report.funnels:
        card = add(sheet.section("funnel", sheet.say.board(funnel.name)), "div", css="card parted")
        _picture(sheet, card, funnel)
        _table(sheet, card, funnel)


def _title(sheet: Sheet, funnel: Funnel) -> str:
    return sheet.say("funnel", sheet.say.board(funnel.name))


def _names(sheet: Sheet, funnel: Funnel) -> list[str]:
    return [sheet.say.of(step.name, step.kpi) for step in funnel.steps]


def _values(sheet: Sheet, funnel: Funnel) -> list[str]:
    return [sheet.say.value(step.value, _UNIT, None) for step in funnel.steps]


def _picture(sheet: Sheet, card: Element, funnel: Funnel) -> None:
    names = _names(sheet, funnel)
    pairs = zip(names, _values(sheet, funnel), strict=True)
    title = ", ".join(f"{name} {text}" for name, text in pairs)
    values = [step.value for step in funnel.steps]
    pictures.funnel(card, f"{_title(sheet, funnel)}: {title}", names, values)


def _table(sheet: Sheet, card: Element, funnel: Funnel) -> None:
    say = sheet.say
    heads = [say("step"), f">{say('value')}", f">{say('of_previous')}"]
    heads += [f">{say('change')}"] if sheet.is_compared else []
    body = table(card, _title(sheet, funnel), heads)
    rows = zip(funnel.steps, _names(sheet, funnel), _values(sheet, funnel), strict=True)
    for step, name, text in rows:
        line = add(body, "tr")
        add(line, "th", name, scope="row")
        add(line, "td", text, "number")
        part = "" if step.of_previous is None else say.percent(step.of_previous)
        add(line, "td", part, "number")
        if sheet.is_compared:
            change = moved(say, Cell(step.value, step.before, 0, True), _UNIT)
            add(line, "td", change, "number")
