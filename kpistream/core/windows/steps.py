"""Steps: the edges between which the course of a KPI is told.

Steps of up to a quarter of an hour begin at multiples of themselves since the epoch. Longer ones
are pieces of a local day, counted from its start, and steps of whole days are local days: so each
pane lies wholly in one step, if the step is no finer. A day on which the clocks change is a step
of 23 or 25 hours.
"""

from __future__ import annotations

from math import ceil
from typing import Final

from kpistream.core.windows.days import QUARTER_S, Days
from kpistream.core.windows.panes import DAY_S, start_of
from kpistream.core.windows.windows import MAX_REACH_S, Window

FINEST_S: Final = 10
"""What every step is a multiple of: the width of the finest panes, in seconds."""

USUAL_STEPS_S: Final = (10, 60, 900, 7_200, 21_600, DAY_S)
"""The steps that are chosen from when none is asked for, in seconds."""

USUAL_NUMBER: Final = 50
"""About so many steps show a course well."""

MOST_STEPS: Final = 1_000
"""So many can be asked for; their edges may make a few more at midnights."""


def edges_for_window(
    window: Window, now_s: float, days: Days, step_s: int | None = None
) -> list[int]:
    """The edges of a window's span so far; with a step that suits it unless one is given.

    The first edge is where the window starts, so the first step may be a part of one, and the last
    ends with the pane that ``now_s`` is in, or with the window. Raises ValueError as
    :func:`edges_between` does.
    """
    start_s, reached_s = _span(window, now_s)
    step_s = step_s or window_step_s(window, now_s)
    _check(start_s, reached_s, step_s)
    if window.grain_s <= step_s and reached_s - start_s <= step_s:
        return [start_s, max(reached_s, start_s + FINEST_S)]
    edges = [start_s, _after(start_s, step_s, days)]
    while edges[-1] < reached_s:
        edges.append(_after(edges[-1], step_s, days))
    return [*edges[:-1], max(reached_s, start_s + FINEST_S)]


def window_step_s(window: Window, now_s: float) -> int:
    """The step that suits a window's span so far, and that its panes allow, in seconds."""
    start_s, reached_s = _span(window, now_s)
    return usual_step_s(reached_s - start_s, window.grain_s)


def edges_between(from_s: float, to_s: float, step_s: int, days: Days) -> list[int]:
    """The edges of the steps that hold the span between two moments in epoch seconds.

    A step as long as the span, or longer, is one over just that span. Raises ValueError for a step
    that is no multiple of ten seconds or, beyond a day, of days, for more than :data:`MOST_STEPS`,
    and for a span that is longer than any window.
    """
    if to_s <= from_s:
        raise ValueError("a span ends after it starts")
    _check(from_s, to_s, step_s)
    if to_s - from_s > MAX_REACH_S:
        raise ValueError(f"a span is not longer than {step_name(MAX_REACH_S)}: no more is kept")
    first_s = int(from_s // FINEST_S) * FINEST_S
    last_s = ceil(to_s / FINEST_S) * FINEST_S
    if last_s - first_s <= step_s:
        return [first_s, last_s]
    edges = [start_of(days, min(step_s, DAY_S), first_s)]
    while edges[-1] < last_s:
        edges.append(_after(edges[-1], step_s, days))
    return edges


def step_end(at_s: float, step_s: int, days: Days) -> int:
    """Where the step ends that an instant lies in, or that ends with it."""
    start_s = start_of(days, min(step_s, DAY_S), at_s)
    return start_s if start_s == at_s else _after(start_s, step_s, days)


def _check(from_s: float, to_s: float, step_s: int) -> None:
    """Raise ValueError for a step that does not go together with panes, or is too short."""
    if step_s < FINEST_S or step_s % FINEST_S:
        raise ValueError(f"a step is a multiple of {FINEST_S}s")
    if step_s > DAY_S and step_s % DAY_S:
        raise ValueError("a step of more than a day is a number of whole days")
    if (to_s - from_s) / step_s > MOST_STEPS:
        raise ValueError(f"more than {MOST_STEPS:,} steps; use a longer step")


def _span(window: Window, now_s: float) -> tuple[int, int]:
    """Where a window starts, and where the pane ends that it has come to."""
    start_s, end_s = window.bounds(now_s)
    return start_s, max(start_s, min(end_s, step_end(now_s, window.grain_s, window.days)))


def usual_step_s(span_s: float, finest_s: int = FINEST_S) -> int:
    """The step that divides a span into a number of parts near :data:`USUAL_NUMBER`, in seconds.

    ``finest_s`` is the finest that is possible.
    """
    coarse_enough = [step_s for step_s in USUAL_STEPS_S if step_s >= finest_s] or [DAY_S]
    return min(coarse_enough, key=lambda step_s: _unlike(span_s / step_s, USUAL_NUMBER))


def step_name(step_s: int) -> str:
    """A step as it is written: ``10s``, ``15m``, ``2h``, ``7d``."""
    for unit, unit_s in (("d", DAY_S), ("h", 3_600), ("m", 60)):
        if step_s % unit_s == 0:
            return f"{step_s // unit_s}{unit}"
    return f"{step_s}s"


def _unlike(number: float, other: float) -> float:
    """By which factor two numbers differ; a part of one counts as one."""
    number = max(number, 1)
    return max(number / other, other / number)


def _after(edge_s: int, step_s: int, days: Days) -> int:
    """Where the step ends that starts at an edge, or that the edge lies in."""
    if step_s <= QUARTER_S:
        return (edge_s // step_s + 1) * step_s
    midnight_s = days.start(edge_s)
    if step_s < DAY_S:
        piece = (edge_s - midnight_s) // step_s + 1
        return min(midnight_s + piece * step_s, days.after(midnight_s))
    for _ in range(step_s // DAY_S):
        midnight_s = days.after(midnight_s)
    return midnight_s
