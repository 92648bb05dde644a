"""The label texts of readings: what a series has between its name and its value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kpistream.core.monitoring.readings import Reading
from kpistream.core.slices import Slice
from kpistream.edges.metrics.families import reading_labels
from kpistream.edges.metrics.labels import escaped, label_values

_Key = tuple[str, str, Slice, str | None]
"""What tells a reading's labels from all others: KPI, window, slice and currency."""


class LabelTexts:
    """Makes the text of a reading's labels once for as long as each scrape shows the reading.

    What the last scrape did not show is forgotten, so no more is kept than one scrape holds. It is
    replaced and never changed, so that two threads may ask at once.
    """

    def __init__(self, dimensions: Sequence[str]) -> None:
        self._dimensions = dimensions
        self._names = reading_labels(dimensions)
        self._kept: Mapping[str, Mapping[_Key, str]] = {}

    def of(self, template: str, readings: Iterable[Reading]) -> Sequence[str]:
        """The texts of a scrape's readings, one each, with their values put into the template."""
        kept = self._kept.get(template, {})
        texts: dict[_Key, str] = {}
        shown = []
        for reading in readings:
            key = (reading.kpi, reading.window, reading.slice, reading.currency)
            text = texts[key] = kept.get(key) or self._made(template, reading)
            shown.append(text)
        self._kept = {template: texts}
        return shown

    def _made(self, template: str, reading: Reading) -> str:
        values = map(escaped, label_values(reading, self._dimensions))
        return template % dict(zip(self._names, values, strict=True))
