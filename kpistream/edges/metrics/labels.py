"""The label values of a reading's series."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from kpistream.core.monitoring.readings import Reading
from kpistream.core.slices import slice_name

_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, line separators and lone surrogates, which UTF-8 cannot carry."""


def safe(text: str) -> str:
    """A label value that any reader of the page can show, on one line."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def label_values(reading: Reading, dimensions: Sequence[str]) -> tuple[str, ...]:
    """The values of :func:`reading_labels`; a dimension that is no part of the slice is empty."""
    members = dict(reading.slice)
    return (
        reading.kpi,
        reading.window,
        slice_name(reading.slice),
        *(safe(members.get(dimension, "")) for dimension in dimensions),
        reading.currency or "",
    )


def escaped(value: str) -> str:
    """A label value as it stands between quotes on the page."""
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
