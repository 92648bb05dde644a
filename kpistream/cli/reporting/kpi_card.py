"""A KPI of a report: its value, how it changed, and its course day by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from kpistream.cli.reporting.changes import arrow, moved_by
from kpistream.cli.reporting.course import Course, draw_course
from kpistream.cli.reporting.elements import Element, add
from kpistream.cli.reporting.sheet import Sheet
from kpistream.cli.reporting.tones import TONES
from kpistream.core.reporting.report import KpiResult

_WIDE: Final = (968.0, 190.0)
_NARROW: Final = (470.0, 132.0)


def kpi_card(sheet: Sheet, grid: Element, one: KpiResult) -> None:
    """Write a KPI as a card of a grid."""
    say = sheet.say
    card = add(grid, "article", css=f"card kpi{' star' if one.north_star else ''}")
    top = add(card, "div", css="top")
    heading = add(top, "div")
    add(heading, "h3", say.of(one.name, one.id), title=say.of(one.description))
    add(heading, "p", sheet.value(one, one.value), "value")
    _pills(sheet, add(top, "div", css="pills"), one)
    _changed(sheet, card, one)
    _course(sheet, card, one)
    add(card, "p", " · ".join(_facts(sheet, one)), "small")


def daily_target(one: KpiResult) -> float | None:
    """The target of each day: that of a sum is the whole period's, and no day's."""
    return None if one.denominator is None else one.target


def _pills(sheet: Sheet, pills: Element, one: KpiResult) -> None:
    if one.north_star:
        add(pills, "span", sheet.say("north_star"), "pill")
    if one.value is None:
        return
    for name, kind in (("verdict", one.verdict), ("trend", one.trend)):
        if kind != "none":
            css = f"pill {TONES.get(kind, '')}".rstrip()
            add(pills, "span", sheet.say(f"{name}_{kind}"), css)
    if not one.complete:
        add(pills, "span", sheet.say("incomplete"), "pill warn")


def _changed(sheet: Sheet, card: Element, one: KpiResult) -> None:
    line = add(card, "p")
    if one.change is None:
        if one.value is not None:
            add(line, "span", sheet.say("trend_none"), "faded")
        return
    if one.change:
        css = f"delta {TONES.get(one.trend, '')}".rstrip()
        add(line, "span", arrow(sheet, one), css)
    add(line, "span", sheet.say("before", sheet.value(one, one.before)), "faded")


def _course(sheet: Sheet, card: Element, one: KpiResult) -> None:
    say, days = sheet.say, sheet.report.days
    if len(days) < 2 or len(one.daily) != len(days):
        return
    course = Course(
        title=say("by_day", say.of(one.name, one.id)),
        labels=[_label(sheet, on) for on in days],
        values=one.daily,
        before=one.daily_before,
        target=daily_target(one),
        told=lambda value: sheet.value(one, value),
        short=lambda value: say.short(value, one.unit, one.currency),
    )
    draw_course(card, course, *(_WIDE if one.north_star else _NARROW))


def _label(sheet: Sheet, on: date) -> str:
    if len(sheet.report.days) <= 7:
        return sheet.say.weekday(on)
    return sheet.say.short_day(on)


def _facts(sheet: Sheet, one: KpiResult) -> Iterator[str]:
    say = sheet.say
    if one.target is not None:
        yield say("target", sheet.value(one, one.target))
    if one.urgent is not None:
        side = "urgent_below" if one.direction == "up" else "urgent_above"
        yield say(side, sheet.value(one, one.urgent))
    yield say("sample", say.whole(one.sample))
    if one.movers:
        yield say("moved_by", moved_by(sheet, one))
