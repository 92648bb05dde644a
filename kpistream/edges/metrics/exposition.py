"""The metrics page in the format and the encoding that the scraper asked for."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

_FASTEST: Final = 1
_REFUSED: Final = re.compile(r"\bq=0(\.0*)?\s*$")

Encoder = Callable[[Collector], bytes]


@dataclass(frozen=True, slots=True)
class Page:
    """A metrics page and the headers that describe it."""

    body: bytes
    headers: Mapping[str, str]


class Exposition:
    """A registry of this worker's own that renders itself; it collects when a page is asked for."""

    def __init__(self, collector: Collector) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(collector)

    def page(self, accept: str = "", accept_encoding: str = "") -> Page:
        """The page for a scraper's Accept and Accept-Encoding headers; safe in any thread."""
        encode, content_type = _encoder(accept)
        body = encode(self._registry)
        headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
        if not _gzip_accepted(accept_encoding):
            return Page(body, headers)
        return Page(gzip.compress(body, _FASTEST), headers | {"Content-Encoding": "gzip"})


def _encoder(accept: str) -> tuple[Encoder, str]:
    """The library's choice; its default for a version it cannot read, where it raises."""
    try:
        return choose_encoder(accept)
    except (TypeError, ValueError):
        return choose_encoder("")


def _gzip_accepted(accept_encoding: str) -> bool:
    offers = (offer.partition(";") for offer in accept_encoding.lower().split(","))
    return any(name.strip() == "gzip" and not _REFUSED.search(q) for name, _, q in offers)
