"""The picture of a KPI's course, day by day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Final

from kpistream.cli.reporting.elements import Element, add
from kpistream.cli.reporting.pictures import Points, corners, picture

_LEFT: Final = 40.0
_RIGHT: Final = 8.0
_TOP: Final = 16.0
_AXIS: Final = 20.0
_MOST_LABELS: Final = 8
_DOTS: Final = 15
"""Of so many days, each has a dot."""


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


def draw_course(parent: Element, of: Course, width: float, height: float) -> None:
    """Draw a course, if a day has a value."""
    if any(value is not None for value in of.values):
        _Drawing(parent, of, width, height).draw()


class _Drawing:
    """Draws a course: an area, a line of the days before, a target, and the days below."""

    def __init__(self, parent: Element, of: Course, width: float, height: float) -> None:
        self._of = of
        self._width, self._height = width, height
        self._low, self._high = self._bounds()
        told = ", ".join(
            f"{label} {of.told(value)}" for label, value in zip(of.labels, of.values, strict=True)
        )
        self._root = picture(parent, width, height, f"{of.title}: {told}", "course")

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
                add(self._root, "polyline", css=css, points=corners(run))

    def _area(self, run: Sequence[tuple[float, float]]) -> None:
        floor_y = self._y(0.0)
        closed = [(run[0][0], floor_y), *run, (run[-1][0], floor_y)]
        add(self._root, "polygon", css="area", points=corners(closed))

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


def _round_lines(low: float, high: float) -> list[float]:
    """Two or three round numbers between two others, and 0."""
    span = high - low
    power = 10.0 ** floor(log10(span))
    step = next(power * times for times in (0.2, 0.5, 1, 2, 5) if span / (power * times) <= 3)
    first, last = floor(low / step), floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1) if number * step >= low]
