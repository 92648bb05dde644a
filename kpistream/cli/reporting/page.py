"""The page of a report: one HTML file that needs nothing else, and runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from kpistream.cli.reporting.alert_section import alerts
from kpistream.cli.reporting.breakdown_section import breakdowns
from kpistream.cli.reporting.duty_section import duties
from kpistream.cli.reporting.elements import Element, add, written
from kpistream.cli.reporting.funnel_section import funnels
from kpistream.cli.reporting.header import header, span, title
from kpistream.cli.reporting.kpi_section import boards
from kpistream.cli.reporting.note_section import cautions, notes
from kpistream.cli.reporting.objective_section import objectives
from kpistream.cli.reporting.sheet import Sheet
from kpistream.cli.reporting.speech import Speech
from kpistream.cli.reporting.style import STYLE
from kpistream.cli.reporting.summary_section import summary
from kpistream.core.kpis.kpi import Language
from kpistream.core.reporting.report import Report

_SECTIONS: Final[Sequence[Callable[[Sheet], None]]] = (
    header,
    cautions,
    summary,
    boards,
    breakdowns,
    funnels,
    objectives,
    alerts,
    duties,
    notes,
)
"""What writes the page, from its head to its foot."""

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""Whatever a name might say, a browser fetches nothing for it and runs nothing of it."""


def page(report: Report, language: Language) -> str:
    """The report as the text of an HTML file."""
    sheet = Sheet(report, Speech(language))
    for write in _SECTIONS:
        write(sheet)
    root = Element("html", {"lang": language})
    _head(add(root, "head"), f"{title(sheet)}, {span(sheet)}")
    add(root, "body").append(sheet.main)
    return written(root)


def _head(head: Element, name: str) -> None:
    """What a browser has to know."""
    add(head, "meta", charset="utf-8")
    add(head, "meta", http_equiv="Content-Security-Policy", content=_POLICY)
    add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    add(head, "title", name)
    # The style alone is no text of somebody else's, and written as it is.
    add(head, "style").text = STYLE
