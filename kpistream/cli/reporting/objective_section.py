"""The objectives of a report: how far each of them is on its way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kpistream.cli.reporting import pictures
from kpistream.cli.reporting.elements import Element, add
from kpistream.cli.reporting.objective_facts import ObjectiveFacts
from kpistream.cli.reporting.sheet import Sheet
from kpistream.cli.reporting.tones import TONES


def objectives(sheet: Sheet) -> None:
    """Write the objectives, if there are any."""
    if not sheet.report.objectives:
        return
    grid = add(sheet.section("objectives"), "div", css="objectives")
    for objective in sheet.report.objectives:
        _objective(sheet, grid, objective)


def _objective(sheet: Sheet, grid: Element, one: Mapping[str, Any]) -> None:
    say, status = sheet.say, str(one["status"])
    facts = ObjectiveFacts(say, one)
    card = add(grid, "article", css="card")
    top = add(card, "div", css="top")
    add(top, "h3", say.of(one["name"], one["id"]))
    tone = TONES.get(status, "warn" if status == "missed" else "")
    add(top, "span", say(f"status_{status}"), f"pill {tone}".rstrip())
    add(card, "p", facts.reached())
    done = one["done"]
    if done is not None:
        title = say("progress", say.number(done * 100))
        css = f"fill {tone or 'plain'}"
        pictures.way(card, done, facts.expected_part(), css, title)
    add(card, "p", " · ".join(facts.rest()), "small")
