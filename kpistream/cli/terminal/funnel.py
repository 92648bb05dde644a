"""A funnel: how many get to each step, and which part of those of the step before."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from kpistream.cli.terminal.colours import LINE, QUIET, STRONG
from kpistream.cli.terminal.frame import Funnel, Step
from kpistream.cli.terminal.strokes import bar
from kpistream.cli.terminal.tile import cut
from kpistream.cli.terminal.voice import Voice

_LEAST_NAME: Final = 8
_LEAST_BAR: Final = 6
_MOST_BAR: Final = 30
_BESIDES: Final = 22


def funnel_title(voice: Voice, funnel: Funnel) -> Text:
    """`Funnel: Shop`."""
    return Text(voice.say("funnel", voice.board(funnel.name)))


def funnel_table(voice: Voice, funnel: Funnel, width: int) -> RenderableType:
    """The steps, a row each: a bar against the first, and the share of the step before."""
    most = max((abs(step.value) for step in funnel.steps if step.value), default=0.0)
    widest = max((cell_len(voice.name(step.kpi)) for step in funnel.steps), default=0)
    name_width = min(widest, max(_LEAST_NAME, width - _BESIDES - _LEAST_BAR))
    bar_width = max(_LEAST_BAR, min(_MOST_BAR, width - _BESIDES - name_width))
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=name_width)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True, width=bar_width)
    table.add_column(no_wrap=True, overflow="ellipsis", justify="right")
    for step, conversion in zip(funnel.steps, _conversions(funnel), strict=True):
        table.add_row(
            cut(Text(voice.name(step.kpi, name_width)), name_width),
            Text(voice.value(step.kpi, step.value), STRONG if step.value is not None else QUIET),
            Text(bar(step.value, most, bar_width), LINE),
            Text("" if conversion is None else f"↳ {voice.share(conversion)}", QUIET),
        )
    return table


def _conversions(funnel: Funnel) -> list[float | None]:
    """Of each step, its share of the step before; None of the first and where it is not known."""
    return [None, *(_share(*pair) for pair in pairwise(funnel.steps))][: len(funnel.steps)]


def _share(before: Step, step: Step) -> float | None:
    return step.value / before.value if before.value and step.value is not None else None
