"""What has to be known of a report's numbers: first what is amiss, last how they are made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from kpistream.cli.reporting.elements import add, items
from kpistream.cli.reporting.sheet import Sheet
from kpistream.core.reporting.findings import Note


def cautions(sheet: Sheet) -> None:
    """Write what has to be known before a number is read."""
    for note in sheet.report.notes:
        add(sheet.main, "p", _note(sheet, note), "card warned")


def notes(sheet: Sheet) -> None:
    """Write how the numbers are made."""
    say, report = sheet.say, sheet.report
    told = [say("ratios")]
    if sheet.is_compared:
        told.append(say("method"))
        if any(one.unit == "ratio" and not one.has_money for one in report.kpis):
            told.append(say("percentage_points"))
    if any(row.mix is not None for one in report.breakdowns for row in one.rows):
        told.append(say("contributions"))
    moments = [datetime.fromisoformat(one["as_of"]) for one in report.objectives]
    if (late := max(moments, default=report.span.ends)) > report.span.ends:
        told.append(say("objectives_as_of", sheet.moment(late)))
    items(sheet.section("notes"), told, "notes")


def _note(sheet: Sheet, note: Note) -> str:
    return sheet.say(f"note_{note.kind}", **dict(_facts(sheet, note)))


def _facts(sheet: Sheet, note: Note) -> Iterator[tuple[str, str]]:
    """The facts of a note as they are said."""
    say, kpis = sheet.say, sheet.kpis
    for name, fact in note.facts.items():
        match name:
            case "first":
                yield name, say.day(date.fromisoformat(fact))
            case "as_of":
                yield name, sheet.moment(datetime.fromisoformat(fact))
            case "kind":
                yield name, say.kind(fact)
            case "kpis":
                named = (kpis[kpi].name for kpi in fact if kpi in kpis)
                yield name, ", ".join(say.of(one) for one in named)
            case "dimension":
                yield name, say.dimension(fact)
            case "slices":
                yield name, ", ".join(map(str, fact)) or say("total")
            case _:
                yield name, say.whole(fact) if isinstance(fact, int) else str(fact)
