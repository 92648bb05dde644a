"""The head of a report's page: which period, and what its numbers are made of."""

from __future__ import annotations

from kpistream.cli.reporting.elements import add
from kpistream.cli.reporting.sheet import Sheet


def title(sheet: Sheet) -> str:
    """What kind of report it is."""
    return sheet.say(f"title_{sheet.report.period}")


def span(sheet: Sheet) -> str:
    """The days that it is about."""
    return sheet.say.days(sheet.report.span.first, sheet.report.span.last)


def header(sheet: Sheet) -> None:
    """Write the head."""
    report, say = sheet.report, sheet.say
    head = add(sheet.main, "header")
    add(head, "p", title(sheet), "over")
    add(head, "h1", span(sheet))
    parts = []
    if report.span_before is not None:
        before = say.days(report.span_before.first, report.span_before.last)
        parts.append(say("compared", before))
    parts.append(say("money_in", report.currency))
    parts.append(say("zone", report.zone))
    parts.append(say(f"from_{report.source}", report.asked))
    parts.append(say("as_of", sheet.moment(report.as_of)))
    add(head, "p", " · ".join(parts), "small")
