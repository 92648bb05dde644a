"""A breakdown: a KPI by the members of a dimension, with bars."""

from __future__ import annotations

from math import isfinite
from typing import Final

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from kpistream.cli.terminal.colours import LINE, QUIET, STRONG
from kpistream.cli.terminal.frame import Breakdown, Row
from kpistream.cli.terminal.strokes import bar
from kpistream.cli.terminal.tile import cut, moved_text, trust_text
from kpistream.cli.terminal.voice import Voice

_LEAST_MEMBER: Final = 8
_WIDEST_MEMBER: Final = 24
_LEAST_BAR: Final = 4
_MOST_BAR: Final = 30

_ROOM_FOR_SAMPLES: Final = 64
"""From this width on there is a column of samples."""


def breakdown_title(voice: Voice, breakdown: Breakdown) -> Text:
    """`Revenue by channel`."""
    return Text(voice.say("by", voice.name(breakdown.kpi), voice.dimension(breakdown.by)))


def breakdown_table(voice: Voice, breakdown: Breakdown | None, width: int) -> RenderableType:
    """The members, a row each, with a bar against the largest of the values."""
    if breakdown is None or not breakdown.rows:
        return Text(voice.say("no_breakdown"), QUIET)
    rows = [_cells(voice, breakdown.kpi, row, width) for row in breakdown.rows]
    fixed = sum(
        max(cell_len(cell.plain) for cell in column) + 1 for column in zip(*rows, strict=True)
    )
    widest = min(_WIDEST_MEMBER, max(cell_len(voice.member(row.member)) for row in breakdown.rows))
    member_width = max(_LEAST_MEMBER, min(widest, width - fixed - _LEAST_BAR - 2))
    bar_width = min(_MOST_BAR, width - fixed - member_width - 2)
    values = [row.value for row in breakdown.rows if row.value is not None]
    most = max((abs(value) for value in values if isfinite(value)), default=0.0)
    table = Table.grid(padding=(0, 1))
    for justify in ("left", "right", "left", "left", "right", "right"):
        table.add_column(no_wrap=True, overflow="ellipsis", justify=justify)
    for row, (value, trust, *others) in zip(breakdown.rows, rows, strict=True):
        drawn = bar(row.value, most, bar_width) if bar_width >= _LEAST_BAR else ""
        member = cut(Text(voice.member(row.member)), member_width)
        table.add_row(member, value, trust, Text(drawn, LINE), *others)
    if breakdown.more:
        table.add_row(Text(voice.say("more", voice.count(breakdown.more)), QUIET))
    return table


def _cells(voice: Voice, kpi: str, row: Row, width: int) -> list[Text]:
    """The value, its trust and change, and the sample if there is room."""
    value = voice.value(kpi, row.value, row.currency)
    cells = [
        Text(value, STRONG if row.value is not None else QUIET),
        trust_text(row.trust),
        moved_text(voice, kpi, row.value, row.before),
    ]
    if width < _ROOM_FOR_SAMPLES:
        return cells
    return [*cells, Text(f"n={voice.count(row.sample)}", QUIET)]
