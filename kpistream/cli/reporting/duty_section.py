"""What a report says is to be done, by whom, and why."""

from __future__ import annotations

from kpistream.cli.reporting.elements import Element, add, items
from kpistream.cli.reporting.sheet import Sheet
from kpistream.core.reporting.report import Duties, Reason


def duties(sheet: Sheet) -> None:
    """Write what is to be done, or that nothing is."""
    section = sheet.section("duties")
    if not sheet.report.duties:
        add(add(section, "div", css="card"), "p", sheet.say("nothing_to_do"), "small")
        return
    grid = add(section, "div", css="duties")
    for one in sheet.report.duties:
        _owner(sheet, grid, one)


def _owner(sheet: Sheet, grid: Element, one: Duties) -> None:
    card = add(grid, "article", css="card")
    add(card, "h3", sheet.told(one.owner) or sheet.say("nobody"))
    for task in one.tasks:
        add(card, "p", sheet.told(task.action))
        items(card, (_reason(sheet, reason) for reason in task.reasons), "small")


def _reason(sheet: Sheet, reason: Reason) -> str:
    say = sheet.say
    if reason.kind == "firing":
        return say("reason_firing", reason.rule, sheet.where(reason.slice))
    one = sheet.kpis[reason.kpi]
    value, against = sheet.value(one, reason.value), sheet.value(one, reason.against)
    name = say.of(reason.name, reason.kpi)
    if reason.kind == "worse":
        return say("reason_worse", name, against, value)
    return say(f"reason_{reason.kind}", name, value, against)
