"""A format of the metrics page, in the library's spelling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, Self

from prometheus_client.core import Metric, Sample
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from kpistream.edges.metrics.families import Family

_ZERO: Final = " 0.0"


class Spelling(NamedTuple):
    """A family in a format: its first lines, its name, and its labels around ``%(label)s``."""

    head: str
    name: str
    labels: str


class Format:
    """One of the library's formats, and its content type."""

    def __init__(self, encode: Callable[[Collector], bytes], content_type: str) -> None:
        self._encode = encode
        self.content_type = content_type
        self.end = encode(_Metrics())
        """What a page ends with: all there is of a page without metrics."""

    @classmethod
    def accepted(cls, accept: str) -> Self:
        """The library's choice; its default for a version it cannot read, where it raises."""
        try:
            return cls(*choose_encoder(accept))
        except (TypeError, ValueError):
            return cls(*choose_encoder(""))

    def text(self, metrics: Iterable[Metric]) -> bytes:
        """Metrics as the library writes them, without the end of the page."""
        return self._encode(_Metrics(metrics)).removesuffix(self.end)

    def spell(self, family: Family, labels: Sequence[str]) -> Spelling:
        """How the library writes a family, seen from one series that shows where values go."""
        metric = family.metric()
        places = {label: f"%({label})s" for label in labels}
        metric.samples.append(Sample(family.name, places, 0))
        *head, series, _ = self.text([metric]).decode().split("\n")
        name, brace, rest = series.removesuffix(_ZERO).partition("{")
        return Spelling("".join(f"{line}\n" for line in head), name, brace + rest)


class _Metrics(Collector):
    """Metrics that were collected already."""

    def __init__(self, metrics: Iterable[Metric] = ()) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics
