"""The pictures of a report (SVG): courses by day, bars, funnels and ways to a target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, log10
from typing import Final

from kpistream.cli.report_html import Element, add

_LEFT: Final = 40.0
_RIGHT: Final = 8.0
_TOP: Final = 16.0
_AXIS: Final = 20.0
_MOST_LABELS: Final = 8
_DOTS: Final = 15
"""Of so many days, each has a dot."""

_STEP: Final = 34.0
_STEP_BAR: Final = 22.0

Points = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Course:
    """A KPI day by day, over the days before, and the target it shall reach."""

    title: str
    labels: Sequence[str]
    values: Points
    before: Points
    target: float | None
    told: Callable[[float | None], str]
    """How a value is written."""
    short: Callable[[float], str]
    """How it is written beside the axis."""


def course(parent: Element, of: Course, width: float, height: float) -> None:
    """Draw a course, if a day has a value."""
    if any(value is not None for value in of.values):
        _CourseDrawing(parent, of, width, height).draw()


def _picture(parent: Element, width: float, height: float, title: str, css: str) -> Element:
    """A picture that a screen reader reads as its title; it is as wide as there is room."""
    size = f"0 0 {width:g} {height:g}"
    drawing = add(parent, "svg", css=css, viewBox=size, role="img", aria_label=title)
    add(drawing, "title", title)
    return drawing


class _CourseDrawing:
    """Draws a course: an area, a line of the days before, a target, and the days below."""

    def __init__(self, parent: Element, of: Course, width: float, height: float) -> None:
        self._of = of
        self._width, self._height = width, height
        self._low, self._high = self._bounds()
        told = ", ".join(
            f"{label} {of.told(value)}" for label, value in zip(of.labels, of.values, strict=True)
        )
        self._root = _picture(parent, width, height, f"{of.title}: {told}", "course")

    def _bounds(self) -> tuple[float, float]:
        of = self._of
        every = [value for value in (*of.values, *of.before, of.target) if value is not None]
        low, high = min(0.0, *every), max(0.0, *every)
        return low, high if high > low else low + 1

    def draw(self) -> None:
        """All of it, the faintest first."""
        self._grid()
        self._axis()
        self._line(self._of.before, "before")
        self._target()
        for run in self._runs(self._of.values):
            self._area(run)
        self._line(self._of.values, "now")
        self._dots()

    def _x(self, number: int) -> float:
        count = len(self._of.values)
        room = self._width - _LEFT - _RIGHT
        return _LEFT + room * (number + 0.5) / count

    def _y(self, value: float) -> float:
        room = self._height - _TOP - _AXIS
        return _TOP + room * (self._high - value) / (self._high - self._low)

    def _grid(self) -> None:
        for value in _round_lines(self._low, self._high):
            y = self._y(value)
            self._stroke(_LEFT, y, self._width - _RIGHT, y, "zero" if value == 0 else "grid")
            self._text(_LEFT - 6, y + 4, self._of.short(value), "faint", "end")

    def _axis(self) -> None:
        every = -(-len(self._of.labels) // _MOST_LABELS)
        for number, label in enumerate(self._of.labels):
            if number % every == 0:
                self._text(self._x(number), self._height - 5, label, "faint", "middle")

    def _target(self) -> None:
        target = self._of.target
        if target is not None:
            y = self._y(target)
            self._stroke(_LEFT, y, self._width - _RIGHT, y, "target")

    def _runs(self, values: Points) -> Iterator[list[tuple[float, float]]]:
        """The points of days that follow each other with values."""
        run: list[tuple[float, float]] = []
        for number, value in enumerate(values):
            if value is not None and number < len(self._of.values):
                run.append((self._x(number), self._y(value)))
            elif run:
                yield run
                run = []
        if run:
            yield run

    def _line(self, values: Points, css: str) -> None:
        for run in self._runs(values):
            if len(run) > 1:
                add(self._root, "polyline", css=css, points=_written(run))

    def _area(self, run: Sequence[tuple[float, float]]) -> None:
        floor_y = self._y(0.0)
        closed = [(run[0][0], floor_y), *run, (run[-1][0], floor_y)]
        add(self._root, "polygon", css="area", points=_written(closed))

    def _dots(self) -> None:
        values = self._of.values
        for number, value in enumerate(values):
            if value is None:
                continue
            if len(values) <= _DOTS or self._is_alone(number):
                at = {"cx": f"{self._x(number):.1f}", "cy": f"{self._y(value):.1f}"}
                dot = add(self._root, "circle", css="dot", r="2.6", **at)
                add(dot, "title", f"{self._of.labels[number]}: {self._of.told(value)}")

    def _is_alone(self, number: int) -> bool:
        around = (number - 1, number + 1)
        values = self._of.values
        return all(not 0 <= n < len(values) or values[n] is None for n in around)

    def _stroke(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
        add(self._root, "line", css=css, **{name: f"{at:.1f}" for name, at in ends.items()})

    def _text(self, x: float, y: float, text: str, css: str, anchor: str) -> None:
        add(self._root, "text", text, css, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)


def _written(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _round_lines(low: float, high: float) -> list[float]:
    """Two or three round numbers between two others, and 0."""
    span = high - low
    power = 10.0 ** floor(log10(span))
    step = next(power * times for times in (0.2, 0.5, 1, 2, 5) if span / (power * times) <= 3)
    first, last = floor(low / step), floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1) if number * step >= low]


def bar(parent: Element, part: float, css: str, title: str) -> None:
    """A bar whose length is a part, from 0 to 1, of its room; the text beside it says more."""
    drawing = _picture(parent, 120, 12, title, "bar")
    width = f"{max(1.0, 120 * min(1.0, max(0.0, part))):.1f}"
    add(drawing, "rect", css="track", x="0", y="0", width="120", height="12", rx="3")
    add(drawing, "rect", css=css, x="0", y="0", width=width, height="12", rx="3")


def way(parent: Element, done: float, expected: float | None, css: str, title: str) -> None:
    """How far it is to a target, and where a steady pace would be."""
    drawing = _picture(parent, 400, 18, title, "way")
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
    drawing = _picture(parent, width, _STEP * len(names), title, "funnel")
    largest = max((value for value in values if value is not None), default=0.0) or 1.0
    widths = [0.0 if value is None else max(2.0, width * value / largest) for value in values]
    edges = [((width - each) / 2, (width + each) / 2) for each in widths]
    for number, ((left, right), (below_left, below_right)) in enumerate(pairwise(edges)):
        top, bottom = _STEP * number + _STEP_BAR, _STEP * (number + 1)
        corners = [(left, top), (right, top), (below_right, bottom), (below_left, bottom)]
        add(drawing, "polygon", css="flow", points=_written(corners))
    for number, (left, right) in enumerate(edges):
        place = {"x": f"{left:.1f}", "y": f"{_STEP * number:.1f}", "rx": "3"}
        size = {"width": f"{right - left:.1f}", "height": f"{_STEP_BAR:g}"}
        add(add(drawing, "rect", css="step", **place, **size), "title", names[number])
