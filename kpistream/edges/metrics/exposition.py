"""The metrics page in the format and the encoding that the scraper asked for."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kpistream.edges.metrics.collector import WorkerCollector
from kpistream.edges.metrics.format import Format
from kpistream.edges.metrics.reading_text import ReadingText

_FASTEST: Final = 1
_REFUSED: Final = re.compile(r"\bq=0(\.0*)?\s*$")


@dataclass(frozen=True, slots=True)
class Page:
    """A metrics page and the headers that describe it."""

    body: bytes
    headers: Mapping[str, str]


class Exposition:
    """The page of what a worker exports; it collects when a page is asked for."""

    def __init__(self, collector: WorkerCollector) -> None:
        self._collector = collector
        self._readings = ReadingText(collector.dimensions)

    def page(self, accept: str = "", accept_encoding: str = "") -> Page:
        """The page for a scraper's Accept and Accept-Encoding headers; safe in any thread."""
        format = Format.accepted(accept)
        body = self._body(format)
        headers = {"Content-Type": format.content_type, "Vary": "Accept, Accept-Encoding"}
        if not _gzip_accepted(accept_encoding):
            return Page(body, headers)
        return Page(gzip.compress(body, _FASTEST), headers | {"Content-Encoding": "gzip"})

    def _body(self, format: Format) -> bytes:
        scrape = self._collector.collect()
        return format.text(scrape.metrics) + self._readings.of(scrape, format) + format.end


def _gzip_accepted(accept_encoding: str) -> bool:
    offers = (offer.partition(";") for offer in accept_encoding.lower().split(","))
    return any(name.strip() == "gzip" and not _REFUSED.search(q) for name, _, q in offers)
