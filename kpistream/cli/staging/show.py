"""What the demo shows: a narration for people, and with JSON the readings and alerts as objects."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from kpistream.cli.lines import write_json
from kpistream.core.alerting.alerts import AlertState
from kpistream.core.events.outcomes import Outcome
from kpistream.core.monitoring.readings import Board, Reading
from kpistream.core.slices import DIMENSIONS, Slice
from kpistream.edges.emitter.tally import Tally
from kpistream.edges.receiver import ReceivedAlert

WINDOW: Final = "1m"
"""The window that is shown; the rules of the demo judge it too."""

_TOTAL: Final[Slice] = ()
_EMAIL: Final[Slice] = (("channel", "email"),)
_DISPLAY: Final[Slice] = (("channel", "display"),)
_RETARGETING: Final[Slice] = (("channel", "display"), ("campaign", "retargeting"))

WATCHED: Final = (
    ("revenue", _TOTAL),
    ("orders", _TOTAL),
    ("return_on_ad_spend", _TOTAL),
    ("click_through_rate", _TOTAL),
    ("session_conversion_rate", _TOTAL),
    ("return_on_ad_spend", _DISPLAY),
    ("return_on_ad_spend", _RETARGETING),
    ("unsubscribe_rate", _EMAIL),
)
"""The readings that tell the story."""

PHASES: Final = {
    "calm": "every campaign earns more than it costs",
    "launch": "the e-mail campaign autumn_sale starts: many more mails",
    "fatigue": "it mails people who had enough: they unsubscribe",
    "slump": "the display campaign retargeting bids for everything and sells nothing",
    "recovery": "autumn_sale is calm again, retargeting is repaired",
}

_LINE_EVERY: Final = 2
"""Moments to a line for people."""

_STYLES: Final = {"firing": "bold red", "resolved": "bold green"}


class Show:
    """Tells on standard output, or on standard error when that is for JSON.

    ``closed`` is called when nobody reads standard output any more.
    """

    def __init__(self, json: bool, closed: Callable[[], None]) -> None:
        self._json = json
        self._closed = closed
        self._console = _Console(stderr=json, highlight=False, markup=False, soft_wrap=True)
        self._moments = 0
        self._produced = 0
        self._shown_s = 0.0
        self._phase = ""
        self._received: list[ReceivedAlert] = []

    def say(self, text: str, style: str = "") -> None:
        """A line for people."""
        with self._audience():
            self._console.print(Text(text, style=style))

    def addresses(self, worker: str, receiver: str, broker: str) -> None:
        """Where to look."""
        self.say(f"  page       {worker}/?window=1m")
        self.say(f"  readings   {worker}/api/v1/readings?slice=channel&window={WINDOW}")
        self.say(f"  alerts     {worker}/api/v1/alerts")
        self.say(f"  metrics    {worker}/metrics")
        self.say(f"  broker     {broker} (Kafka), webhook {receiver}")

    def history(self, events: int) -> None:
        """Some calm is played, so that the windows have something to compare with."""
        self.say(f"about {events:,} events of a calm past are played first")

    def phase(self, name: str) -> None:
        """A phase of the story begins."""
        self._phase = name
        self.say(f"-- {name}: {PHASES.get(name, '')}", "bold cyan")

    def moment(self, at_s: float, board: Board, produced: int) -> None:
        """How it stands ``at_s`` seconds into the story, after so many events."""
        self._write(reading.to_dict() for reading in _watched(board))
        if self._moments % _LINE_EVERY == 0:
            if self._moments:
                rate = (produced - self._produced) / (at_s - self._shown_s)
                text = f"{at_s:4.0f} s  {self._phase:9}{_kpis(board)}  {rate:4.0f} events/s"
                self.say(text, "dim")
            self._produced, self._shown_s = produced, at_s
        self._moments += 1

    def alert(self, alert: ReceivedAlert) -> None:
        """An alert reached the webhook."""
        self._received.append(alert)
        self.say(f"!! {alert.line()}", _STYLES.get(alert.status, "bold"))
        self._write([alert_document(alert)])

    def readings(self, board: Board) -> None:
        """All readings, for programs."""
        self._write(reading.to_dict() for reading in board)

    def summary(self, tally: Tally, outcomes: Mapping[Outcome, int]) -> None:
        """What came of it all."""
        counted = ", ".join(f"{records:,} {outcome}" for outcome, records in outcomes.items())
        unread = tally.count() - sum(outcomes.values())
        counted += f", {unread:,} not read when stopped"
        self.say(f"{tally.count():,} events produced: {counted}", "bold")
        told = ", ".join(
            f"{alert.labels.get('alertname', '')} {alert.status}" for alert in self._received
        )
        self.say(f"{len(self._received)} alerts received: {told or 'none'}", "bold")

    def _write(self, documents: Iterable[dict[str, Any]]) -> None:
        if self._json:
            with self._audience():
                for document in documents:
                    write_json(document)

    @contextmanager
    def _audience(self) -> Iterator[None]:
        """Whoever reads along may leave, as ``head`` does; that is no failure."""
        try:
            yield
        except BrokenPipeError:
            # What is still buffered has to go somewhere when the interpreter ends.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
            self._closed()


class _Console(Console):
    """Raises the error of a closed pipe, where Rich would end the program."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def alert_document(alert: ReceivedAlert) -> dict[str, Any]:
    """An alert as the webhook got it, in the form of this package's other outputs."""
    labels, said = alert.labels, alert.annotations
    return {
        "kind": "alert",
        "rule": labels.get("alertname", ""),
        "state": alert.status,
        "slice": {name: labels[name] for name in DIMENSIONS if name in labels},
        "kpi": labels.get("kpi", ""),
        "window": labels.get("window", ""),
        "value": _number(said.get("value", "")),
        "since": alert.startsAt,
        "changed_at": alert.endsAt if alert.status == AlertState.resolved else None,
        "fingerprint": alert.fingerprint,
        "severity": labels.get("severity", ""),
        "owner": labels.get("owner", ""),
        "action": said.get("action", ""),
        "summary": said.get("summary", ""),
    }


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _watched(board: Board) -> list[Reading]:
    found = (_reading(board, kpi, part) for kpi, part in WATCHED)
    return [reading for reading in found if reading is not None]


def _reading(board: Board, kpi: str, part: Slice) -> Reading | None:
    return next((r for r in board.of(kpi, WINDOW) if r.slice == part), None)


def _kpis(board: Board) -> str:
    def text(kpi: str, part: Slice, form: str) -> str:
        reading = _reading(board, kpi, part)
        return "-" if reading is None else format(reading.value, form)

    return (
        f"ROAS {text('return_on_ad_spend', _TOTAL, '.2f'):>5}"
        f"  retargeting {text('return_on_ad_spend', _RETARGETING, '.2f'):>5}"
        f"  unsubscribe rate {text('unsubscribe_rate', _EMAIL, '.2%').replace('%', ' %'):>7}"
        f"  revenue {text('revenue', _TOTAL, ',.0f'):>7} EUR/{WINDOW}"
    )
