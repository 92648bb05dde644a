"""The page of a report: one HTML file that needs nothing else, and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any, Final

from kpistream.cli import report_pictures as pictures
from kpistream.cli.report_html import Element, add, items, table, written
from kpistream.cli.report_style import STYLE
from kpistream.cli.report_words import DASH, Speech
from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.days import Days
from kpistream.core.kpis import Language
from kpistream.core.reporting.episodes import Episode
from kpistream.core.reporting.findings import Note
from kpistream.core.reporting.report import (
    Breakdown,
    Cell,
    Duties,
    Funnel,
    KpiResult,
    MemberRow,
    Mover,
    Reason,
    Report,
)

MOST_ALERTS: Final = 30

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""Whatever a name might say, a browser fetches nothing for it and runs nothing of it."""

_TONES: Final[Mapping[str, str]] = {
    "better": "good",
    "worse": "bad",
    "good": "good",
    "missed": "warn",
    "urgent": "bad",
    "on_track": "good",
    "achieved": "good",
    "at_risk": "warn",
    "off_track": "bad",
    Severity.critical.value: "bad",
    Severity.warning.value: "warn",
}

_WIDE: Final = (968.0, 190.0)
_NARROW: Final = (470.0, 132.0)


def page(report: Report, language: Language) -> str:
    """The report as the text of an HTML file."""
    return _Page(report, Speech(language)).written()


class _Page:
    """Writes a report, section by section."""

    def __init__(self, report: Report, say: Speech) -> None:
        self._report = report
        self._say = say
        self._days = Days(report.zone)
        self._kpis = {one.id: one for one in report.kpis}
        self._root = Element("html", {"lang": say.language})
        self._main = self._begun()

    def _begun(self) -> Element:
        title = f"{self._title()}, {self._span()}"
        head = add(self._root, "head")
        add(head, "meta", charset="utf-8")
        add(head, "meta", http_equiv="Content-Security-Policy", content=_POLICY)
        add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
        add(head, "title", title)
        # The style alone is no text of somebody else's, and written as it is.
        add(head, "style").text = STYLE
        return add(add(self._root, "body"), "main")

    def written(self) -> str:
        """All of it."""
        self._header()
        self._warnings()
        self._summary()
        for name, ids in self._boards():
            self._board(name, ids)
        for breakdown in self._report.breakdowns:
            self._breakdown(breakdown)
        for funnel in self._report.funnels:
            self._funnel(funnel)
        self._objectives()
        self._alerts()
        self._duties()
        self._notes()
        return written(self._root)

    # -- the head --------------------------------------------------------------------------------

    def _title(self) -> str:
        return self._say(f"title_{self._report.period}")

    def _span(self) -> str:
        return self._say.days(self._report.span.first, self._report.span.last)

    def _header(self) -> None:
        report, say = self._report, self._say
        header = add(self._main, "header")
        add(header, "p", self._title(), "over")
        add(header, "h1", self._span())
        parts = []
        if report.span_before is not None:
            before = say.days(report.span_before.first, report.span_before.last)
            parts.append(say("compared", before))
        parts.append(say("money_in", report.currency))
        parts.append(say("zone", report.zone))
        parts.append(say(f"from_{report.source}", report.asked))
        parts.append(say("as_of", self._moment(report.as_of)))
        add(header, "p", " · ".join(parts), "small")

    def _moment(self, at: datetime) -> str:
        return self._say.moment(self._days.wall(at.timestamp()))

    def _warnings(self) -> None:
        """What has to be known before a number is read."""
        for note in self._report.notes:
            add(self._main, "p", self._note(note), "card warned")

    def _summary(self) -> None:
        section = self._section("summary")
        counts = add(section, "div", css="counts")
        for name, number, tone in self._counts():
            card = add(counts, "div", css=f"card {tone if number else ''}".rstrip())
            add(card, "b", self._say.whole(number))
            add(card, "span", self._say(f"count_{name}"))
        told = [*self._told()]
        if told:
            lines = add(add(section, "div", css="card"), "ul", css="lines")
            for one in told:
                line = add(lines, "li")
                add(line, "b", self._say.of(one.name, one.id))
                add(line, "span", self._sentence(one))

    def _counts(self) -> Iterator[tuple[str, int, str]]:
        report = self._report
        trends = [one.trend for one in report.kpis]
        off = [one for one in report.kpis if one.verdict in ("missed", "urgent")]
        yield "better", trends.count("better"), "good"
        yield "worse", trends.count("worse"), "bad"
        yield "off", len(off), "bad"
        yield "alerts", len(report.alerts), ""
        yield "firing", sum(self._fires(one) for one in report.alerts), "bad"

    def _told(self) -> Iterator[KpiResult]:
        """The North Star, and whatever clearly changed or is off its mark."""
        for one in sorted(self._report.kpis, key=lambda kpi: not kpi.north_star):
            is_told = one.trend in ("better", "worse") or one.verdict in ("missed", "urgent")
            if one.value is not None and (one.north_star or is_told):
                yield one

    def _sentence(self, one: KpiResult) -> str:
        say = self._say
        parts = [self._value(one, one.value)]
        if one.change is not None:
            parts.append(f"{self._arrow(one)} ({say(f'trend_{one.trend}')})")
            if one.movers:
                parts.append(say("moved_by", self._moved_by(one)))
        if one.verdict in ("missed", "urgent"):
            parts.append(self._verdict_text(one))
        return ", ".join(parts)

    # -- KPIs ------------------------------------------------------------------------------------

    def _boards(self) -> Iterator[tuple[str, list[str]]]:
        """The boards with the KPIs that were not on one before."""
        seen: set[str] = set()
        for name, ids in self._report.boards.items():
            mine = [kpi for kpi in ids if kpi in self._kpis and kpi not in seen]
            seen.update(mine)
            if mine:
                yield name, mine

    def _board(self, name: str, ids: Sequence[str]) -> None:
        is_one_of_several = len(self._report.boards) > 1
        section = self._section("kpis_of" if is_one_of_several else "kpis", name)
        self._legend(section)
        grid = add(section, "div", css="kpis")
        for kpi in sorted(ids, key=lambda kpi: not self._kpis[kpi].north_star):
            self._kpi(grid, self._kpis[kpi])

    def _legend(self, section: Element) -> None:
        legend = add(section, "p", css="legend small")
        drawn = {"this_period": "now"}
        if self._report.span_before is not None:
            drawn["period_before"] = "before"
        if any(_daily_target(one) is not None for one in self._report.kpis):
            drawn["target"] = "target"
        for name, css in drawn.items():
            part = add(legend, "span")
            line = add(part, "svg", viewBox="0 0 26 10", aria_hidden="true")
            add(line, "line", css=css, x1="0", y1="5", x2="26", y2="5")
            line.tail = self._say(name, "").strip()

    def _kpi(self, grid: Element, one: KpiResult) -> None:
        say = self._say
        card = add(grid, "article", css=f"card kpi{' star' if one.north_star else ''}")
        top = add(card, "div", css="top")
        heading = add(top, "div")
        add(heading, "h3", say.of(one.name, one.id), title=say.of(one.description))
        add(heading, "p", self._value(one, one.value), "value")
        self._pills(add(top, "div", css="pills"), one)
        self._changed(card, one)
        self._course(card, one)
        add(card, "p", " · ".join(self._facts(one)), "small")

    def _pills(self, pills: Element, one: KpiResult) -> None:
        if one.north_star:
            add(pills, "span", self._say("north_star"), "pill")
        if one.value is None:
            return
        for name, kind in (("verdict", one.verdict), ("trend", one.trend)):
            if kind != "none":
                css = f"pill {_TONES.get(kind, '')}".rstrip()
                add(pills, "span", self._say(f"{name}_{kind}"), css)
        if not one.complete:
            add(pills, "span", self._say("incomplete"), "pill warn")

    def _changed(self, card: Element, one: KpiResult) -> None:
        line = add(card, "p")
        if one.change is None:
            if one.value is not None:
                add(line, "span", self._say("trend_none"), "faded")
            return
        if one.change:
            css = f"delta {_TONES.get(one.trend, '')}".rstrip()
            add(line, "span", self._arrow(one), css)
        add(line, "span", self._say("before", self._value(one, one.before)), "faded")

    def _arrow(self, one: KpiResult) -> str:
        """How much a value went up or down: as a part, or else in its unit."""
        change = one.change or 0.0
        if one.relative is None:
            size = self._value(one, abs(change))
        else:
            size = self._say.moved(one.relative)
        return f"{'▼' if change < 0 else '▲'} {size}" if change else size

    def _course(self, card: Element, one: KpiResult) -> None:
        say, days = self._say, self._report.days
        if len(days) < 2 or len(one.daily) != len(days):
            return
        course = pictures.Course(
            title=say("by_day", say.of(one.name, one.id)),
            labels=[self._label(on) for on in days],
            values=one.daily,
            before=one.daily_before,
            target=_daily_target(one),
            told=lambda value: self._value(one, value),
            short=lambda value: self._say.short(value, one.unit, one.currency),
        )
        pictures.course(card, course, *(_WIDE if one.north_star else _NARROW))

    def _label(self, on: date) -> str:
        if len(self._report.days) <= 7:
            return self._say.weekday(on)
        return self._say.short_day(on)

    def _facts(self, one: KpiResult) -> Iterator[str]:
        say = self._say
        if one.target is not None:
            yield say("target", self._value(one, one.target))
        if one.urgent is not None:
            side = "urgent_below" if one.direction == "up" else "urgent_above"
            yield say(side, self._value(one, one.urgent))
        yield say("sample", say.whole(one.sample))
        if one.movers:
            yield say("moved_by", self._moved_by(one))

    def _moved_by(self, one: KpiResult) -> str:
        return ", ".join(self._mover(one, mover) for mover in one.movers)

    def _mover(self, one: KpiResult, mover: Mover) -> str:
        return f"{mover.dimension}={mover.member} ({self._signed(one, mover.adds)})"

    def _verdict_text(self, one: KpiResult) -> str:
        mark = one.urgent if one.verdict == "urgent" else one.target
        words = self._say(f"verdict_{one.verdict}")
        return f"{words} ({self._value(one, mark)})"

    def _value(self, one: KpiResult, value: float | None) -> str:
        return self._say.value(value, one.unit, one.currency)

    def _signed(self, one: KpiResult, value: float) -> str:
        return self._say.difference(value, one.unit, one.currency)

    # -- breakdowns and funnels ------------------------------------------------------------------

    def _breakdown(self, breakdown: Breakdown) -> None:
        say, main = self._say, self._kpis[breakdown.kpis[0]]
        section = self._section("breakdown", breakdown.dimension)
        card = add(section, "div", css="card")
        others = [self._kpis[kpi] for kpi in breakdown.kpis[1:]]
        is_compared = self._report.span_before is not None
        heads = [say("member"), say.of(main.name, main.id), ">"]
        heads += [f">{say('share')}"] if main.denominator is None else []
        heads += [f">{say('change')}", f">{say('adds')}"] if is_compared else []
        heads += [f">{say.of(one.name, one.id)}" for one in others]
        body = table(card, say("breakdown", breakdown.dimension), heads)
        largest = max((self._size(row, main) for row in breakdown.rows), default=0.0) or 1.0
        for row in breakdown.rows:
            self._member(body, row, main, others, largest)
        told = [say("few_mark")] if self._has_few(breakdown) else []
        told += [say("more_members", say.whole(breakdown.more))] if breakdown.more > 0 else []
        if told:
            add(card, "p", " · ".join(told), "small")

    @staticmethod
    def _size(row: MemberRow, main: KpiResult) -> float:
        cell = row.cells.get(main.id)
        return abs(cell.value) if cell is not None and cell.value is not None else 0.0

    @staticmethod
    def _has_few(breakdown: Breakdown) -> bool:
        cells = chain.from_iterable(row.cells.values() for row in breakdown.rows)
        return any(cell.value is not None and not cell.enough for cell in cells)

    def _member(
        self,
        body: Element,
        row: MemberRow,
        main: KpiResult,
        others: Sequence[KpiResult],
        largest: float,
    ) -> None:
        say, cell = self._say, row.cells.get(main.id)
        line = add(body, "tr")
        add(line, "th", row.member, scope="row")
        size, text = self._size(row, main), self._cell(main, cell)
        is_negative = cell is not None and (cell.value or 0) < 0
        css = f"fill {'bad' if is_negative else ''}".rstrip()
        pictures.bar(add(line, "td"), size / largest if size else 0.0, css, f"{row.member}: {text}")
        add(line, "td", text, "number")
        if main.denominator is None:
            add(line, "td", "" if row.share is None else say.moved(row.share), "number")
        if self._report.span_before is not None:
            add(line, "td", self._moved(cell), "number")
            add(line, "td", self._adds(main, row), "number")
        for one in others:
            add(line, "td", self._cell(one, row.cells.get(one.id)), "number")

    def _cell(self, one: KpiResult, cell: Cell | None) -> str:
        if cell is None or cell.value is None:
            return DASH
        return f"{'' if cell.enough else '≈ '}{self._value(one, cell.value)}"

    def _moved(self, cell: Cell | None) -> str:
        if cell is None or cell.value is None or not cell.before:
            return DASH
        part = (cell.value - cell.before) / abs(cell.before)
        return self._say.signed(self._say.moved(part), part)

    def _adds(self, main: KpiResult, row: MemberRow) -> str:
        if row.adds is None:
            return DASH
        text = self._signed(main, row.adds)
        if row.mix is None:
            return text
        return f"{text} ({self._say('of_which_mix', self._signed(main, row.mix))})"

    def _funnel(self, funnel: Funnel) -> None:
        say = self._say
        card = add(self._section("funnel", funnel.name), "div", css="card parted")
        names = [say.of(step.name, step.kpi) for step in funnel.steps]
        values = [step.value for step in funnel.steps]
        told = [say.value(value, "count", None) for value in values]
        title = ", ".join(f"{name} {text}" for name, text in zip(names, told, strict=True))
        pictures.funnel(card, f"{say('funnel', funnel.name)}: {title}", names, values)
        is_compared = self._report.span_before is not None
        heads = [say("step"), f">{say('value')}", f">{say('of_previous')}"]
        heads += [f">{say('change')}"] if is_compared else []
        body = table(card, say("funnel", funnel.name), heads)
        for step, name, text in zip(funnel.steps, names, told, strict=True):
            line = add(body, "tr")
            add(line, "th", name, scope="row")
            add(line, "td", text, "number")
            part = "" if step.of_previous is None else say.percent(step.of_previous)
            add(line, "td", part, "number")
            if is_compared:
                add(line, "td", self._moved(Cell(step.value, step.before, 0, True)), "number")

    # -- objectives ------------------------------------------------------------------------------

    def _objectives(self) -> None:
        objectives = self._report.objectives
        if not objectives:
            return
        grid = add(self._section("objectives"), "div", css="objectives")
        for objective in objectives:
            self._objective(grid, objective)

    def _objective(self, grid: Element, one: Mapping[str, Any]) -> None:
        say, status = self._say, str(one["status"])
        told = _Told(say, one)
        card = add(grid, "article", css="card")
        top = add(card, "div", css="top")
        add(top, "h3", say.of(one["name"], one["id"]))
        tone = _TONES.get(status, "warn" if status == "missed" else "")
        add(top, "span", say(f"status_{status}"), f"pill {tone}".rstrip())
        add(card, "p", told.reached())
        done = one["done"]
        if done is not None:
            title = say("progress", say.number(done * 100))
            css = f"fill {tone or 'plain'}"
            pictures.way(card, done, told.expected_part(), css, title)
        add(card, "p", " · ".join(told.facts()), "small")

    # -- alerts ----------------------------------------------------------------------------------

    def _fires(self, one: Episode) -> bool:
        return one.fires_at(min(self._report.span.ends, self._report.as_of).timestamp())

    def _alerts(self) -> None:
        say, alerts = self._say, self._report.alerts
        card = add(self._section("alerts"), "div", css="card")
        if not alerts:
            add(card, "p", say("no_alerts"), "small")
            return
        names = ("rule", "where", "when", "lasted", "worst", "why")
        body = table(card, say("alerts"), [say(name) for name in names])
        groups = [*_by_alert(alerts).values()]
        for first, *others in groups[:MOST_ALERTS]:
            self._alert(body, first, others)
        if len(groups) > MOST_ALERTS:
            more = say.whole(len(groups) - MOST_ALERTS)
            add(card, "p", say("more_alerts", more), "small")

    def _alert(self, body: Element, one: Episode, others: Sequence[Episode]) -> None:
        """A rule and a slice: the gravest time that they fired, and how often beside it."""
        say = self._say
        line = add(body, "tr")
        rule = add(line, "th", scope="row")
        add(rule, "div", one.rule)
        tone = _TONES.get(one.severity.value, "")
        add(rule, "span", say(f"severity_{one.severity.value}"), f"pill {tone}".rstrip())
        add(line, "td", self._where(one.slice))
        when = add(line, "td")
        add(when, "div", self._moment(one.begun))
        fires = self._fires(one)
        if fires:
            add(when, "span", say("fires_at_end"), "pill bad")
        lasted = add(line, "td")
        add(lasted, "div", say.time(self._lasted_s(one)))
        if others:
            times, all_s = len(others), sum(map(self._lasted_s, others))
            add(lasted, "div", say("more_times", say.whole(times), say.time(all_s)), "small")
        add(line, "td", say.value(one.worst, one.unit, one.currency), "short")
        self._because(add(line, "td"), one)

    def _lasted_s(self, one: Episode) -> float:
        """How long it lasted; what fires on, up to the end of the period."""
        until = min(self._report.span.ends, self._report.as_of).timestamp()
        return one.lasted_s(until if one.ended is None else one.ended.timestamp())

    def _because(self, cell: Element, one: Episode) -> None:
        add(cell, "div", one.summary)
        if one.sentence:
            add(cell, "div", one.sentence, "small")
        if one.at_stake_per_hour is not None:
            amount = self._say.value(one.at_stake_per_hour, "money", one.stake_currency)
            add(cell, "div", self._say("at_stake", amount), "small")

    def _where(self, part: Mapping[str, str]) -> str:
        return ", ".join(f"{name}={member}" for name, member in part.items()) or self._say("total")

    # -- what to do ------------------------------------------------------------------------------

    def _duties(self) -> None:
        section = self._section("duties")
        if not self._report.duties:
            add(add(section, "div", css="card"), "p", self._say("nothing_to_do"), "small")
            return
        grid = add(section, "div", css="duties")
        for duties in self._report.duties:
            self._owner(grid, duties)

    def _owner(self, grid: Element, duties: Duties) -> None:
        card = add(grid, "article", css="card")
        add(card, "h3", duties.owner or self._say("nobody"))
        for task in duties.tasks:
            add(card, "p", task.action)
            items(card, map(self._reason, task.reasons), "small")

    def _reason(self, reason: Reason) -> str:
        say = self._say
        if reason.kind == "firing":
            return say("reason_firing", reason.rule, self._where(reason.slice))
        one = self._kpis[reason.kpi]
        value, against = self._value(one, reason.value), self._value(one, reason.against)
        name = say.of(reason.name, reason.kpi)
        if reason.kind == "worse":
            return say("reason_worse", name, against, value)
        return say(f"reason_{reason.kind}", name, value, against)

    # -- notes -----------------------------------------------------------------------------------

    def _notes(self) -> None:
        say, report = self._say, self._report
        told = [say("ratios")]
        if report.span_before is not None:
            told.append(say("method"))
        if any(row.mix is not None for one in report.breakdowns for row in one.rows):
            told.append(say("contributions"))
        if report.objectives and report.as_of > report.span.ends:
            told.append(say("objectives_as_of", self._moment(report.as_of)))
        items(self._section("notes"), told, "notes")

    def _note(self, note: Note) -> str:
        return self._say(f"note_{note.kind}", **dict(self._facts_of(note)))

    def _facts_of(self, note: Note) -> Iterator[tuple[str, str]]:
        """The facts of a note as they are said."""
        say = self._say
        for name, fact in note.facts.items():
            match name:
                case "first":
                    yield name, say.day(date.fromisoformat(fact))
                case "as_of":
                    yield name, self._moment(datetime.fromisoformat(fact))
                case "kind":
                    yield name, say.kind(fact)
                case "kpis":
                    named = (self._kpis[kpi].name for kpi in fact if kpi in self._kpis)
                    yield name, ", ".join(say.of(one) for one in named)
                case "slices":
                    yield name, ", ".join(map(str, fact)) or say("total")
                case _:
                    yield name, say.whole(fact) if isinstance(fact, int) else str(fact)

    def _section(self, name: str, of: str = "") -> Element:
        section = add(self._main, "section")
        add(section, "h2", self._say(name, of))
        return section


def _by_alert(alerts: Iterable[Episode]) -> dict[tuple[str, str], list[Episode]]:
    """The episodes of each rule and slice, in their order."""
    groups: dict[tuple[str, str], list[Episode]] = {}
    for one in alerts:
        groups.setdefault((one.rule, repr(one.slice)), []).append(one)
    return groups


def _daily_target(one: KpiResult) -> float | None:
    """The target of each day: that of a sum is the whole period's, and no day's."""
    return None if one.denominator is None else one.target


class _Told:
    """What there is to say of an objective."""

    def __init__(self, say: Speech, objective: Mapping[str, Any]) -> None:
        self._say = say
        self._one = objective

    def value(self, name: str) -> str:
        """One of its numbers, in the KPI's unit."""
        one = self._one
        return self._say.value(one[name], one["unit"], one["currency"])

    def reached(self) -> str:
        """The value and the target: of a sum the one is a part of the other."""
        value, target = self.value("value"), self.value("target")
        if self._one["counts"] == "cumulative":
            return self._say("of_target", value, target)
        return f"{value} · {self._say('target', target)}"

    def expected_part(self) -> float | None:
        """Which part of the way a steady pace would have made."""
        one = self._one
        start, expected, target = one["start_value"], one["expected"], one["target"]
        if one["counts"] == "ratio" or start is None or expected is None or start == target:
            return None
        return float((expected - start) / (target - start))

    def facts(self) -> Iterator[str]:
        """The rest, part by part."""
        say, one = self._say, self._one
        if one["slice"]:
            yield ", ".join(f"{name}={member}" for name, member in one["slice"].items())
        if one["counts"] != "ratio":
            words = {"expected": "expected", "projected": "projected", "needed": "needed_per_day"}
            for word, name in words.items():
                if one[name] is not None:
                    yield say(word, self.value(name))
        yield say("until", say.day(date.fromisoformat(one["deadline"])))
        yield say("days_left", say.whole(int(one["days_left"])))
        if one["owner"]:
            yield str(one["owner"])
