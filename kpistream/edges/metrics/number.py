"""A number as both formats of the metrics page write it."""

from __future__ import annotations

from typing import Final

from prometheus_client.utils import floatToGoString

_LARGE: Final = 1e6
"""From here on Go writes an exponent where Python does not yet."""


def number_text(number: float) -> str:
    """The library's spelling of a number; most numbers are quick to spell."""
    if -_LARGE < number < _LARGE:
        return repr(float(number))
    return str(floatToGoString(number))  # type: ignore[no-untyped-call]  # the library's spelling
