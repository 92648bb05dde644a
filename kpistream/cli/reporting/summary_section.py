"""A report in short: a few counts, and the KPIs that there is something to say of."""

from __future__ import annotations

from collections.abc import Iterator

from kpistream.cli.reporting.changes import arrow, moved_by
from kpistream.cli.reporting.elements import add
from kpistream.cli.reporting.sheet import Sheet
from kpistream.core.reporting.report import KpiResult


def summary(sheet: Sheet) -> None:
    """Write the summary."""
    section = sheet.section("summary")
    counts = add(section, "div", css="counts")
    for name, number, tone in _counts(sheet):
        card = add(counts, "div", css=f"card {tone if number else ''}".rstrip())
        add(card, "b", sheet.say.whole(number))
        add(card, "span", sheet.say(f"count_{name}"))
    told = [*_told(sheet)]
    if told:
        lines = add(add(section, "div", css="card"), "ul", css="lines")
        for one in told:
            line = add(lines, "li")
            add(line, "b", sheet.say.of(one.name, one.id))
            add(line, "span", _sentence(sheet, one))


def _counts(sheet: Sheet) -> Iterator[tuple[str, int, str]]:
    """What is counted, how many there are, and the tone of a number that is not 0."""
    report = sheet.report
    trends = [one.trend for one in report.kpis]
    yield "better", trends.count("better"), "good"
    yield "worse", trends.count("worse"), "bad"
    yield "off", sum(map(_is_off, report.kpis)), "bad"
    yield "alerts", len(report.alerts), ""
    yield "firing", sum(one.fires_at(sheet.told_until_s) for one in report.alerts), "bad"


def _told(sheet: Sheet) -> Iterator[KpiResult]:
    """The North Star, and whatever clearly changed or is off its mark."""
    for one in sorted(sheet.report.kpis, key=lambda kpi: not kpi.north_star):
        is_told = one.trend in ("better", "worse") or _is_off(one)
        if one.value is not None and (one.north_star or is_told):
            yield one


def _is_off(one: KpiResult) -> bool:
    return one.verdict in ("missed", "urgent")


def _sentence(sheet: Sheet, one: KpiResult) -> str:
    say = sheet.say
    parts = [sheet.value(one, one.value)]
    if one.change is not None:
        parts.append(f"{arrow(sheet, one)} ({say(f'trend_{one.trend}')})")
        if one.movers:
            parts.append(say("moved_by", moved_by(sheet, one)))
    if _is_off(one):
        parts.append(_verdict(sheet, one))
    return ", ".join(parts)


def _verdict(sheet: Sheet, one: KpiResult) -> str:
    mark = one.urgent if one.verdict == "urgent" else one.target
    words = sheet.say(f"verdict_{one.verdict}")
    return f"{words} ({sheet.value(one, mark)})"
