"""The status line: whether what is shown is live, as of when, and what is shown."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from rich.text import Text

from kpistream.cli.terminal.colours import BAD, CARE, GOOD, QUIET, STRONG
from kpistream.cli.terminal.frame import Frame, Missing, Shown
from kpistream.cli.terminal.query import Query
from kpistream.cli.terminal.voice import Voice
from kpistream.edges.web.readiness import BROKER_SILENT

Link = Literal["connecting", "live", "reconnecting", "stale"]

STALE_S: Final = 15.0
"""The time of a frame moves each second: one that has not moved for so long is stale."""

_MARKS: Final[dict[Link, tuple[str, str]]] = {
    "connecting": ("◌", CARE),
    "live": ("●", GOOD),
    "reconnecting": ("↻", BAD),
    "stale": ("■", BAD),
}


class Status(NamedTuple):
    """How the connection is, and why it is no better."""

    link: Link = "connecting"
    reason: str = ""


def status_line(voice: Voice, status: Status, frame: Frame | None, query: Query) -> Text:
    """`kpistream  ● live  2 firing  Overview, 1h  as of ...`.

    Board and window are those of the frame, which may still be others than those asked for.
    """
    mark, style = _MARKS[status.link]
    line = Text.assemble((" kpistream ", STRONG), (f" {mark} {voice.say(status.link)}", style))
    shown = frame.query if frame else Shown(query.board, query.window)
    if frame and frame.firing:
        line.append(f"  {voice.say('firing_count', voice.count(frame.firing))}", BAD)
    board = voice.board(shown.board) if shown.board else ""
    window = voice.window(shown.window) if shown.window else ""
    line.append(f"  {', '.join(filter(None, (board, window, voice.where(shown.slice))))}")
    if frame:
        line.append(f"  {voice.say('as_of', voice.moment(frame.as_of))}", QUIET)
    return line


def notes(voice: Voice, status: Status, frame: Frame | None) -> Text:
    """What is wrong, a line each; nothing if all is well."""
    lines = [Text(f" ↻ {status.reason}", CARE)] if status.reason else []
    for phrase, workers in _missing(frame).items() if frame else ():
        said = "; ".join(
            f"{one.worker} ({', '.join([_reason(voice, one), *one.slices])})" for one in workers
        )
        lines.append(Text(f" ! {voice.say(phrase, said)}", BAD))
    if frame and frame.silent_topics:
        topics = ", ".join(frame.silent_topics)
        lines.append(Text(f" ! {voice.say('silent_topics', topics)}", CARE))
    return Text("\n").join(lines)


def _reason(voice: Voice, one: Missing) -> str:
    """Why a worker contributes nothing new: in its words, but for a broker that is away."""
    _, is_silent, since = one.reason.partition(BROKER_SILENT)
    return voice.say("broker_silent", voice.moment(since.strip())) if is_silent else one.reason


def _missing(frame: Frame) -> dict[str, list[Missing]]:
    """The workers that do not contribute, and those that do with what may be old, by phrase."""
    found: dict[str, list[Missing]] = {}
    for one in frame.missing:
        phrase = "cut_off" if one.reason.startswith(BROKER_SILENT) else "missing"
        found.setdefault(phrase, []).append(one)
    return found
