"""Objectives in a line: how each stands, and how far it is."""

from __future__ import annotations

from rich.text import Text

from kpistream.cli.terminal.colours import OF_STATUS, QUIET, STRONG
from kpistream.cli.terminal.frame import Goal
from kpistream.cli.terminal.voice import Voice


def objectives_line(voice: Voice, goals: list[Goal]) -> Text:
    """`Objectives  Online sales on track 5,840 EUR of 36,500 EUR`; nothing without any."""
    line = Text(f"{voice.say('objectives')}  ", STRONG) if goals else Text()
    return line.append_text(Text("   ").join(_goal(voice, goal) for goal in goals))


def _goal(voice: Voice, goal: Goal) -> Text:
    status = voice.word(goal.status)
    text = Text.assemble(
        f"{voice.either(goal.name) or goal.id} ", (status, OF_STATUS.get(goal.status, QUIET))
    )
    if goal.value is not None and goal.target is not None:
        value, target = (
            voice.value(goal.kpi, number, goal.currency) for number in (goal.value, goal.target)
        )
        text.append(f" {value} / {target}", QUIET)
    return text
