"""A page: one frame as text, for a file, a pipe or a quick look."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from kpistream.cli.terminal.alert import alert_text, in_order
from kpistream.cli.terminal.breakdown import breakdown_table, breakdown_title
from kpistream.cli.terminal.colours import LINE, STRONG
from kpistream.cli.terminal.frame import Frame
from kpistream.cli.terminal.funnel import funnel_table, funnel_title
from kpistream.cli.terminal.objectives import objectives_line
from kpistream.cli.terminal.query import Query
from kpistream.cli.terminal.status import Status, notes, status_line
from kpistream.cli.terminal.strokes import sparkline
from kpistream.cli.terminal.tile import change_text, target_text, value_text
from kpistream.cli.terminal.voice import Voice

_TREND_WIDTH = 24


def print_page(console: Console, voice: Voice, frame: Frame, query: Query) -> None:
    """Print a frame."""
    for part in _parts(voice, frame, query, console.width):
        console.print(part)


def _parts(voice: Voice, frame: Frame, query: Query, width: int) -> Iterator[RenderableType]:
    status = Status("live")
    yield status_line(voice, status, frame, query)
    if warnings := notes(voice, status, frame):
        yield warnings
    yield _tiles(voice, frame)
    if goals := objectives_line(voice, frame.objectives):
        yield goals
    if frame.breakdown:
        yield _title(breakdown_title(voice, frame.breakdown))
        yield breakdown_table(voice, frame.breakdown, width)
    if frame.funnel:
        yield _title(funnel_title(voice, frame.funnel))
        yield funnel_table(voice, frame.funnel, width)
    yield _title(Text(voice.say("alerts")))
    for alert in in_order(frame.alerts):
        yield alert_text(voice, alert, width)
    if not frame.alerts:
        yield Text(voice.say("no_alerts"))


def _title(text: Text) -> Text:
    return Text("\n").append_text(Text(text.plain, STRONG))


def _tiles(voice: Voice, frame: Frame) -> RenderableType:
    if not frame.tiles:
        return Text(voice.say("nothing"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("KPI", overflow="fold")
    table.add_column(voice.say("value"), justify="right", overflow="fold")
    for title in ("change", "trend", "target", "trust"):
        table.add_column(voice.say(title), overflow="fold")
    for kpi in voice.vocabulary.in_order(frame.query.board, frame.tiles):
        tile = frame.tiles[kpi]
        table.add_row(
            Text(voice.name(tile.kpi)),
            value_text(voice, tile),
            change_text(voice, tile.kpi, tile.value, tile.before),
            Text(sparkline(tile.points, _TREND_WIDTH), LINE),
            target_text(voice, tile),
            Text(voice.word(tile.trust) if tile.trust else ""),
        )
    return table
