"""The scraper: asks a worker for its metrics every second, as Prometheus does."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import re
import time
from dataclasses import dataclass, field
from typing import Final

import aiohttp

EVERY_S: Final = 1.0

TEXT: Final = "text"
OPENMETRICS: Final = "OpenMetrics"
ACCEPTED: Final = {
    OPENMETRICS: "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
    TEXT: "text/plain;version=0.0.4",
}
"""The Accept header that asks for each format; the one that Prometheus prefers comes first."""

_CONTENT: Final = {OPENMETRICS: "application/openmetrics-text", TEXT: "text/plain"}
_DROPPED: Final = re.compile(rb"^kpistream_series_dropped (\S+)", re.MULTILINE)
_SLICES: Final = re.compile(rb"^kpistream_slices (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Scrape:
    """A page of metrics as it came, and how long it took to be there."""

    format: str
    seconds: float
    body: bytes = field(repr=False)
    """As it was on the way: gzip."""

    @property
    def page(self) -> MetricsPage:
        """What is on it."""
        return MetricsPage.of(gzip.decompress(self.body))


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """How much there is on a page of metrics."""

    size: int
    """Bytes, unpacked."""
    series: int
    slices: int
    dropped: int
    """Series that were left out."""

    @classmethod
    def of(cls, text: bytes) -> MetricsPage:
        """Count; raises ValueError if it is no page of a worker's."""
        lines = text.splitlines()
        series = sum(1 for line in lines if line and not line.startswith(b"#"))
        return cls(len(text), series, _number(_SLICES, text), _number(_DROPPED, text))


class ScrapeError(RuntimeError):
    """What came was not what had been asked for."""


class Scraper:
    """Scrapes one worker and keeps what came; the formats take turns."""

    def __init__(self, url: str, every_s: float = EVERY_S) -> None:
        self.scrapes: list[Scrape] = []
        self._url = url
        self._every_s = every_s

    async def run(self) -> None:
        """Scrape until it is cancelled; a scrape that takes too long makes the next one late."""
        async with _session() as session:
            for format in itertools.cycle(ACCEPTED):
                scrape = await _scrape(session, self._url, format)
                self.scrapes.append(scrape)
                await asyncio.sleep(max(0.0, self._every_s - scrape.seconds))


async def scrape_once(url: str, format: str = TEXT) -> Scrape:
    """A single scrape of a worker."""
    async with _session() as session:
        return await _scrape(session, url, format)


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(auto_decompress=False)


async def _scrape(session: aiohttp.ClientSession, url: str, format: str) -> Scrape:
    headers = {"Accept": ACCEPTED[format], "Accept-Encoding": "gzip"}
    started_s = time.monotonic()
    async with session.get(f"{url}/metrics", headers=headers) as answer:
        answer.raise_for_status()
        body = await answer.read()
    seconds = time.monotonic() - started_s
    if answer.content_type != _CONTENT[format] or answer.headers["Content-Encoding"] != "gzip":
        raise ScrapeError(f"asked for {format} with gzip, got {dict(answer.headers)}")
    return Scrape(format, seconds, body)


def _number(pattern: re.Pattern[bytes], text: bytes) -> int:
    found = pattern.search(text)
    if found is None:
        raise ValueError(f"no {pattern.pattern!r} on the page")
    return int(float(found[1]))
