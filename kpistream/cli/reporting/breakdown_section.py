"""The KPIs of a report by the members of a dimension."""

from __future__ import annotations

from itertools import chain

from kpistream.cli.reporting import pictures
from kpistream.cli.reporting.changes import moved
from kpistream.cli.reporting.elements import Element, add, table
from kpistream.cli.reporting.sheet import Sheet
from kpistream.cli.reporting.speech import DASH
from kpistream.core.reporting.report import Breakdown, Cell, KpiResult, MemberRow


def breakdowns(sheet: Sheet) -> None:
    """Write a section for each breakdown."""
    for breakdown in sheet.report.breakdowns:
        _Section(sheet, breakdown).write()


class _Section:
    """A table of a breakdown: its first KPI in detail, and the others beside it."""

    def __init__(self, sheet: Sheet, breakdown: Breakdown) -> None:
        self._sheet = sheet
        self._breakdown = breakdown
        self._main, *self._others = [sheet.kpis[kpi] for kpi in breakdown.kpis]
        self._largest = max(map(self._size, breakdown.rows), default=0.0) or 1.0

    def write(self) -> None:
        """All of it."""
        say, breakdown = self._sheet.say, self._breakdown
        section = self._sheet.section("breakdown", say.dimension(breakdown.dimension))
        card = add(section, "div", css="card")
        body = table(card, say("breakdown", say.dimension(breakdown.dimension)), self._heads())
        for row in breakdown.rows:
            self._member(body, row)
        told = [say("few_mark")] if self._has_few() else []
        told += [say("more_members", say.whole(breakdown.more))] if breakdown.more > 0 else []
        if told:
            add(card, "p", " · ".join(told), "small")

    def _heads(self) -> list[str]:
        say, main = self._sheet.say, self._main
        member = say.dimension(self._breakdown.dimension)
        heads = [member, say.of(main.name, main.id), ">"]
        heads += [f">{say('share')}"] if main.denominator is None else []
        heads += [f">{say('change')}", f">{say('adds')}"] if self._sheet.is_compared else []
        return heads + [f">{say.of(one.name, one.id)}" for one in self._others]

    def _size(self, row: MemberRow) -> float:
        cell = row.cells.get(self._main.id)
        return abs(cell.value) if cell is not None and cell.value is not None else 0.0

    def _has_few(self) -> bool:
        cells = chain.from_iterable(row.cells.values() for row in self._breakdown.rows)
        return any(cell.value is not None and not cell.enough for cell in cells)

    def _member(self, body: Element, row: MemberRow) -> None:
        say, main, cell = self._sheet.say, self._main, row.cells.get(self._main.id)
        line = add(body, "tr")
        add(line, "th", self._sheet.say.member(row.member), scope="row")
        self._bar(add(line, "td"), row, cell)
        add(line, "td", self._value(main, cell), "number")
        if main.denominator is None:
            add(line, "td", "" if row.share is None else say.moved(row.share), "number")
        if self._sheet.is_compared:
            add(line, "td", moved(say, cell, main.unit, main.currency), "number")
            add(line, "td", self._adds(row), "number")
        for one in self._others:
            add(line, "td", self._value(one, row.cells.get(one.id)), "number")

    def _bar(self, place: Element, row: MemberRow, cell: Cell | None) -> None:
        size = self._size(row)
        is_negative = cell is not None and (cell.value or 0) < 0
        css = f"fill {'bad' if is_negative else ''}".rstrip()
        title = f"{self._sheet.say.member(row.member)}: {self._value(self._main, cell)}"
        pictures.bar(place, size / self._largest if size else 0.0, css, title)

    def _value(self, one: KpiResult, cell: Cell | None) -> str:
        if cell is None or cell.value is None:
            return DASH
        return f"{'' if cell.enough else '≈ '}{self._sheet.value(one, cell.value)}"

    def _adds(self, row: MemberRow) -> str:
        """What a member adds to the change, and how much of it by its share."""
        if row.adds is None:
            return DASH
        text = self._sheet.difference(self._main, row.adds)
        if row.mix is None:
            return text
        mix = self._sheet.difference(self._main, row.mix)
        return f"{text} ({self._sheet.say('of_which_mix', mix)})"
