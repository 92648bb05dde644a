"""The text of readings: nearly all of a metrics page, so it is not left to the library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from kpistream.core.monitoring.readings import Reading
from kpistream.edges.metrics import families
from kpistream.edges.metrics.families import Family, reading_labels
from kpistream.edges.metrics.format import Format
from kpistream.edges.metrics.label_texts import LabelTexts
from kpistream.edges.metrics.number import number_text
from kpistream.edges.metrics.scrape import Scrape
from kpistream.edges.metrics.selection import series_of

Series = Iterable[tuple[str, float]]
"""The series of a family: label texts and values."""


class Labelled(NamedTuple):
    """Readings by their label text, and apart the doubles: one would spoil the whole scrape."""

    shown: Mapping[str, Reading]
    doubles: Sequence[Reading]


class ReadingText:
    """Writes the readings of each scrape, to the byte as the library would."""

    def __init__(self, dimensions: Sequence[str]) -> None:
        self._labels = reading_labels(dimensions)
        self._texts = LabelTexts(dimensions)
        self._texts_before = LabelTexts(dimensions)

    def of(self, scrape: Scrape, format: Format) -> bytes:
        """The families of readings, before them how many series there was no room for."""
        template = format.spell(families.KPI, self._labels).labels
        chosen, before = scrape.chosen.readings, scrape.before
        now = _labelled(self._texts.of(template, chosen), chosen)
        then = _labelled(self._texts_before.of(template, before), before)
        dropped = scrape.chosen.dropped + sum(map(series_of, now.doubles))
        written = (
            self._family(format, family, series)
            for family, series in _families(now.shown, then.shown).items()
        )
        return format.text([families.SERIES_DROPPED.gather([((), dropped)])]) + b"".join(written)

    def _family(self, format: Format, family: Family, series: Series) -> bytes:
        head, name, _ = format.spell(family, self._labels)
        lines = [f"{name}{labels} {number_text(value)}\n" for labels, value in series]
        return (head + "".join(lines)).encode()


def _labelled(texts: Sequence[str], readings: Sequence[Reading]) -> Labelled:
    shown: dict[str, Reading] = {}
    labelled = zip(texts, readings, strict=True)
    doubles = [r for text, r in labelled if shown.setdefault(text, r) is not r]
    return Labelled(shown, doubles)


def _families(
    shown: Mapping[str, Reading], before: Mapping[str, Reading]
) -> Mapping[Family, Series]:
    divided = [
        (labels, reading.numerator, reading.denominator)
        for labels, reading in shown.items()
        if reading.denominator is not None
    ]
    return {
        families.KPI: ((labels, reading.value) for labels, reading in shown.items()),
        families.KPI_NUMERATOR: ((labels, numerator) for labels, numerator, _ in divided),
        families.KPI_DENOMINATOR: ((labels, denominator) for labels, _, denominator in divided),
        families.KPI_BEFORE: ((labels, reading.value) for labels, reading in before.items()),
        families.KPI_SAMPLE: ((labels, reading.sample) for labels, reading in shown.items()),
    }
