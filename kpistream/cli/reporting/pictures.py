"""The pictures of a report (SVG): bars, funnels and ways to a target; courses are in `course`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from kpistream.cli.reporting.elements import Element, add

_STEP: Final = 34.0
_STEP_BAR: Final = 22.0

Points = Sequence[float | None]


def picture(parent: Element, width: float, height: float, title: str, css: str) -> Element:
    """A picture that a screen reader reads as its title; it is as wide as there is room."""
    size = f"0 0 {width:g} {height:g}"
    drawing = add(parent, "svg", css=css, viewBox=size, role="img", aria_label=title)
    add(drawing, "title", title)
    return drawing


def corners(points: Sequence[tuple[float, float]]) -> str:
    """The corners of a shape, or the bends of a line, as SVG writes them."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def bar(parent: Element, part: float, css: str, title: str) -> None:
    """A bar whose length is a part, from 0 to 1, of its room; the text beside it says more."""
    drawing = picture(parent, 120, 12, title, "bar")
    width = f"{max(1.0, 120 * min(1.0, max(0.0, part))):.1f}"
    add(drawing, "rect", css="track", x="0", y="0", width="120", height="12", rx="3")
    add(drawing, "rect", css=css, x="0", y="0", width=width, height="12", rx="3")


def way(parent: Element, done: float, expected: float | None, css: str, title: str) -> None:
    """How far it is to a target, and where a steady pace would be."""
    drawing = picture(parent, 400, 18, title, "way")
    add(drawing, "rect", css="track", x="0", y="4", width="400", height="10", rx="5")
    width = 400 * min(1.0, max(0.0, done))
    if width:
        add(drawing, "rect", css=css, x="0", y="4", width=f"{width:.1f}", height="10", rx="5")
    if expected is not None:
        x = f"{400 * min(1.0, max(0.0, expected)):.1f}"
        add(drawing, "line", css="pace", x1=x, x2=x, y1="0", y2="18")


def funnel(parent: Element, title: str, names: Sequence[str], values: Points) -> None:
    """The steps of a way one below the other, each as wide as its value against the largest."""
    width = 420.0
    drawing = picture(parent, width, _STEP * len(names), title, "funnel")
    largest = max((value for value in values if value is not None), default=0.0) or 1.0
    widths = [0.0 if value is None else max(2.0, width * value / largest) for value in values]
    edges = [((width - each) / 2, (width + each) / 2) for each in widths]
    for number, ((left, right), (below_left, below_right)) in enumerate(pairwise(edges)):
        top, bottom = _STEP * number + _STEP_BAR, _STEP * (number + 1)
        shape = [(left, top), (right, top), (below_right, bottom), (below_left, bottom)]
        add(drawing, "polygon", css="flow", points=corners(shape))
    for number, (left, right) in enumerate(edges):
        place = {"x": f"{left:.1f}", "y": f"{_STEP * number:.1f}", "rx": "3"}
        size = {"width": f"{right - left:.1f}", "height": f"{_STEP_BAR:g}"}
        add(add(drawing, "rect", css="step", **place, **size), "title", names[number])
