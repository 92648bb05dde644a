"""Pages: many open live pages of one worker, as a process of its own.

Run as a program by the benchmark of watching. It opens the pages, reads what they are told until
they have shown all probes, prints one line of JSON and ends. Its clock is the machine's monotonic
one, which the benchmark reads too.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import msgspec

from bench.gauge import CAMPAIGN, CHANNEL, WINDOW
from kpistream.cli.terminal.sse import Event, EventReader

PATH: Final = "/api/v1/live"

_SILENT_S: Final = 30.0
"""A worker says something every 15 s at least."""

PATIENCE_S: Final = 60.0
"""So much longer pages stay open at most, for the probes that they have not shown yet."""

_LOOK_EVERY_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Question:
    """What a page asks, and the member of its breakdown that counts the probes, if one does."""

    params: Mapping[str, str]
    probe: str | None = None


QUESTIONS: Final = (
    Question({"board": "overview", "window": WINDOW, "by": "channel", "kpi": "clicks"}, CHANNEL),
    Question({"board": "acquisition", "window": "24h", "by": "campaign", "kpi": "revenue"}),
    Question(
        {
            "board": "shop",
            "window": WINDOW,
            "channel": CHANNEL,
            "by": "campaign",
            "kpi": "clicks",
        },
        CAMPAIGN,
    ),
    Question({"board": "email", "window": "today", "by": "channel", "kpi": "email_open_rate"}),
    Question({"board": "customers", "window": "7d", "by": "channel", "kpi": "revenue"}),
    Question({"board": "sales", "window": "today", "by": "channel", "kpi": "leads"}),
    Question({"board": "brand", "window": "24h", "by": "channel", "kpi": "impressions"}),
)
"""What people ask: first what the page shows when it is opened, for all; then other boards."""


class Sight(msgspec.Struct, frozen=True):
    """How many probes a page showed, and from when on, in seconds of the monotonic clock."""

    probes: int
    at_s: float


@dataclass(slots=True)
class Told:
    """What one page was told."""

    events: Counter[str] = field(default_factory=Counter)
    """How many, by kind."""
    first: str = ""
    """The kind of the first one."""
    size: int = 0
    """Bytes on the way, without what HTTP adds."""
    sights: list[Sight] = field(default_factory=list)
    is_over: bool = False
    """Whether the worker closed it."""

    @property
    def is_followed(self) -> bool:
        """Whether it was told all at first, then what changed, and stayed open."""
        return self.first == "frame" and self.events["patch"] > 0 and not self.is_over


class Report(msgspec.Struct, frozen=True):
    """What all pages were told."""

    pages: int
    followed: int
    """Pages that began with a frame, went on with patches and stayed open."""
    open_s: float
    """For how many seconds."""
    messages: int
    size: int
    """Bytes of all messages."""
    cpu_s: float
    """What reading took, in processor seconds."""
    sights: list[list[Sight]]
    """Of each page that watches the probes."""


class _Row(msgspec.Struct):
    member: str
    value: float | None


class _Breakdown(msgspec.Struct):
    rows: list[_Row]


class _Data(msgspec.Struct):
    breakdown: _Breakdown | None = None


Reading = asyncio.Task[None]
"""A page that is being read."""

_decode: Final = msgspec.json.Decoder(_Data).decode


class Page:
    """An open page: takes in what it is told."""

    def __init__(self, question: Question, watches: bool = False) -> None:
        """Say whether it looks for probes: reading what it is told takes time."""
        self.question = question
        self.watches = watches
        self.told = Told()
        self._reader = EventReader()

    @property
    def shown(self) -> int:
        """How many probes it shows."""
        return self.told.sights[-1].probes if self.told.sights else 0

    def take(self, chunk: bytes, at_s: float) -> None:
        """Take in some bytes that came at that moment, wherever they are cut."""
        self.told.size += len(chunk)
        for event in self._reader.feed(chunk):
            self.told.first = self.told.first or event.name
            self.told.events[event.name] += 1
            self.told.is_over = self.told.is_over or event.name == "bye"
            if self.watches and event.name in ("frame", "patch"):
                self._look(event, at_s)

    def _look(self, event: Event, at_s: float) -> None:
        breakdown = _decode(event.data).breakdown
        rows = () if breakdown is None else breakdown.rows
        shown = next((row.value for row in rows if row.member == self.question.probe), None)
        if shown is not None and shown > self.shown:
            self.told.sights.append(Sight(int(shown), at_s))

    async def read(self, session: aiohttp.ClientSession, url: str) -> None:
        """Open the page and read until it ends; raises aiohttp.ClientError if it is refused."""
        async with session.get(url + PATH, params=self.question.params) as answer:
            answer.raise_for_status()
            async for chunk in answer.content.iter_any():
                self.take(chunk, time.monotonic())
        self.told.is_over = True


def opened(pages: int, questions: int) -> list[Page]:
    """So many pages that ask so many different questions, about as many each.

    Of each question about the probes, the first page watches them.
    """
    asked = [QUESTIONS[number % questions] for number in range(pages)]
    return [
        Page(question, watches=number < questions and question.probe is not None)
        for number, question in enumerate(asked)
    ]


def report(pages: Sequence[Page], open_s: float, cpu_s: float) -> Report:
    """What the pages were told in so many seconds, for so many of a processor."""
    told = [page.told for page in pages]
    return Report(
        pages=len(pages),
        followed=sum(one.is_followed for one in told),
        open_s=open_s,
        messages=sum(one.events.total() for one in told),
        size=sum(one.size for one in told),
        cpu_s=cpu_s,
        sights=[page.told.sights for page in pages if page.watches],
    )


async def _read_all(url: str, pages: Sequence[Page], seconds: float, probes: int) -> float:
    """Read for so long, and until all pages that watch show so many probes; how long it was."""
    timeout = aiohttp.ClientTimeout(total=None, sock_read=_SILENT_S)
    connector = aiohttp.TCPConnector(limit=0)
    started_s = time.monotonic()
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        reading = [asyncio.create_task(page.read(session, url)) for page in pages]
        done = await _ended(reading, seconds)
        deadline_s = time.monotonic() + PATIENCE_S
        while not done and time.monotonic() < deadline_s and not _show(pages, probes):
            done = await _ended(reading, _LOOK_EVERY_S)
        open_s = time.monotonic() - started_s
        for task in reading:
            task.cancel()
        await asyncio.wait(reading)
        for task in done:
            task.result()
    return open_s


async def _ended(reading: Iterable[Reading], within_s: float) -> set[Reading]:
    """The pages that ended by themselves; at once if one failed."""
    done, _ = await asyncio.wait(reading, timeout=within_s, return_when=asyncio.FIRST_EXCEPTION)
    return done


def _show(pages: Iterable[Page], probes: int) -> bool:
    return all(page.shown >= probes for page in pages if page.watches)


def main() -> None:
    """Open the pages that the command line asks for, and report."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages")
    parser.add_argument("url")
    parser.add_argument("--pages", type=int, required=True)
    parser.add_argument("--questions", type=int, choices=range(1, len(QUESTIONS) + 1), default=1)
    parser.add_argument("--seconds", type=float, required=True, help="at least")
    parser.add_argument("--probes", type=int, default=0, help="pages that watch show so many")
    given = parser.parse_args()
    pages = opened(given.pages, given.questions)
    open_s = asyncio.run(_read_all(given.url, pages, given.seconds, given.probes))
    found = report(pages, open_s, time.process_time())
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")


if __name__ == "__main__":
    main()
