"""A tile: a KPI's value, how it moved, its line, how far it is to be trusted, and its target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from kpistream.cli.terminal.colours import BAD, CARE, GOOD, LINE, OF_TURN, QUIET, STRONG
from kpistream.cli.terminal.frame import Tile
from kpistream.cli.terminal.strokes import sparkline
from kpistream.cli.terminal.vocabulary import KpiInfo
from kpistream.cli.terminal.voice import Voice

LINES: Final = 5
"""How high a tile is."""

MARKS: Final[Mapping[str, str]] = {"provisional": "~", "final": "", "incomplete": "!"}
"""How far a value is to be trusted, in a sign."""


def tile_text(voice: Voice, tile: Tile, width: int) -> Text:
    """A tile of :data:`LINES` lines."""
    lines = (
        _heading(voice, tile, width),
        value_text(voice, tile),
        change_text(voice, tile.kpi, tile.value, tile.before),
        Text(sparkline(tile.points, width), LINE),
        target_text(voice, tile),
    )
    return Text("\n").join(cut(line, width) for line in lines)


def value_text(voice: Voice, tile: Tile) -> Text:
    """The value in its unit."""
    text = voice.value(tile.kpi, tile.value, tile.currency)
    return Text(text, QUIET if tile.value is None else STRONG)


def change_text(voice: Voice, kpi: str, value: float | None, before: float | None) -> Text:
    """How a value moved: `▲ 12 % better`; nothing if there is nothing to compare."""
    change = voice.change(kpi, value, before)
    if change is None:
        return Text("" if value is None else voice.say("no_before"), QUIET)
    parts = (change.arrow, change.size, voice.say(change.turn))
    return Text(" ".join(part for part in parts if part), OF_TURN[change.turn])


def moved_text(voice: Voice, kpi: str, value: float | None, before: float | None) -> Text:
    """The same without words: `▲ 12 %`."""
    change = voice.change(kpi, value, before)
    if change is None:
        return Text()
    return Text(f"{change.arrow} {change.size}".rstrip(), OF_TURN[change.turn])


def target_text(voice: Voice, tile: Tile) -> Text:
    """The target and whether it is met: `✓ target 4`; nothing without one."""
    kpi = voice.vocabulary.kpi(tile.kpi)
    if kpi.target is None:
        return Text()
    target = f"{voice.say('target')} {voice.value(kpi.id, kpi.target, tile.currency)}"
    if tile.value is None:
        return Text(target, QUIET)
    if _reaches(kpi, tile.value, kpi.target):
        return Text(f"✓ {target}", GOOD)
    if kpi.urgent is not None and not _reaches(kpi, tile.value, kpi.urgent):
        return Text(f"✗ {target}, {voice.say('urgent')}", BAD)
    return Text(f"✗ {target}", CARE)


def trust_text(trust: str | None) -> Text:
    """How far a value is to be trusted, in a sign."""
    mark = MARKS.get(trust, "?") if trust else ""
    return Text(mark, BAD if trust == "incomplete" else QUIET)


def cut(text: Text, width: int) -> Text:
    """A text in one line of at most ``width`` cells."""
    text.truncate(width, overflow="ellipsis")
    return text


def _reaches(kpi: KpiInfo, value: float, line: float) -> bool:
    return (value - line) * kpi.sign >= 0


def _heading(voice: Voice, tile: Tile, width: int) -> Text:
    """The name, and at the end of the line the sign of trust."""
    mark = trust_text(tile.trust)
    room = max(1, width - cell_len(mark.plain) - 1)
    name = cut(Text(voice.name(tile.kpi, room)), room)
    gap = " " * (width - cell_len(name.plain) - cell_len(mark.plain))
    return Text.assemble(name, gap, mark)
