"""Strokes: numbers drawn with characters, as a line of points or as a bar."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite
from typing import Final

_HEIGHTS: Final = "▁▂▃▄▅▆▇█"
_PARTS: Final = " ▏▎▍▌▋▊▉"


def sparkline(points: Sequence[float | None], width: int) -> str:
    """Points from the least to the largest, a character each; a gap where there is none.

    If there are more than ``width``, each character is the mean of its share.
    """
    values = _squeezed(points, width)
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    return "".join(_height(value, low, high) for value in values)


def bar(value: float | None, most: float, width: int) -> str:
    """A bar of up to ``width`` characters, full where ``value`` is ``most``; of size alone."""
    if value is None or not most or not isfinite(value / most):
        return ""
    eighths = round(min(1.0, abs(value) / abs(most)) * width * 8)
    whole, part = divmod(eighths, 8)
    return "█" * whole + (_PARTS[part] if part else "")


def _height(value: float | None, low: float, high: float) -> str:
    if value is None:
        return " "
    if high <= low:
        return _HEIGHTS[0] if not value else _HEIGHTS[3]
    return _HEIGHTS[round((value - low) / (high - low) * (len(_HEIGHTS) - 1))]


def _squeezed(points: Sequence[float | None], width: int) -> list[float | None]:
    finite = [p if p is not None and isfinite(p) else None for p in points]
    if len(finite) <= width:
        return finite
    cuts = [round(i * len(finite) / width) for i in range(width + 1)]
    return [_mean(finite[start:end]) for start, end in pairwise(cuts)]


def _mean(points: Sequence[float | None]) -> float | None:
    known = [point for point in points if point is not None]
    return sum(known) / len(known) if known else None
