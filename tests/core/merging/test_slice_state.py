"""A slice's views: kept up to date pane by pane, they say what adding up anew would."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpistream.core.measuring.partials import Sums
from kpistream.core.measuring.sketch import Sketch
from kpistream.core.merging.pane_rows import PaneRow, encode_row
from kpistream.core.merging.pricing import Pricing
from kpistream.core.merging.slice_state import SliceState
from kpistream.core.money.rates import Rates
from kpistream.core.windows.days import Days
from kpistream.core.windows.panes import Pane
from kpistream.core.windows.spans import Span
from kpistream.core.windows.windows import FAR_FUTURE
from tests.support.merge_story import Story

STARTS = [
    ("Europe/Paris", "2026-03-28T21:00:00"),
    ("Europe/Paris", "2026-10-24T23:30:00"),
    ("UTC", "2028-02-28T23:59:00"),
    ("America/Sao_Paulo", "2018-11-03T23:30:00"),
]
"""Time zones, and moments shortly before something happens to their clocks."""

ALWAYS = Span(0, FAR_FUTURE, 86_400)
FREE = Pricing(Rates.none("EUR"), Days(), [])

some_sums = st.dictionaries(st.sampled_from("abc"), st.integers(-2, 2), max_size=3)
some_panes = st.dictionaries(
    st.tuples(st.sampled_from([10, 60]), st.integers(0, 9).map((60).__mul__)), some_sums
)


def story(seed: int, start: tuple[str, str]) -> Story:
    """A story that begins at a local time of a zone."""
    zone, clock = start
    local = dt.datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(zone))
    return Story(seed, int(local.timestamp()) * 1000, zone)


def _state(panes: dict[Pane, Sums], opening: Sums | None = None) -> SliceState:
    state = SliceState(opening or {})
    for n, (pane, sums) in enumerate(panes.items()):
        row = PaneRow({"clicks|0": (1, sums)}, {}, [])
        state.panes[pane] = encode_row(row) if n % 2 else row
    return state


@given(
    seed=st.integers(0, 2**32 - 1),
    start=st.sampled_from(STARTS),
    lives=st.lists(st.integers(1, 30), min_size=1, max_size=6),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_views_are_what_the_events_come_to_at_any_time(
    seed: int, start: tuple[str, str], lives: list[int]
) -> None:
    told = story(seed, start)
    for steps in lives:
        told.live(steps)
        told.check()
    told.catch_up()
    told.hear()
    told.check()


@given(
    panes=some_panes, lo=st.integers(0, 9), hi=st.integers(0, 9), grain=st.sampled_from([10, 60])
)
def test_a_view_that_slid_is_the_one_made_anew(
    panes: dict[Pane, Sums], lo: int, hi: int, grain: int
) -> None:
    state = _state(panes)
    old, new = Span(0, 240, grain), Span(60 * min(lo, 4), 240 + 60 * hi, grain)
    state.views[0] = state.make_view(old, FREE)
    leaving = [pane for pane in panes if old.holds(pane) and not new.holds(pane)]
    entering = [pane for pane in panes if new.holds(pane) and not old.holds(pane)]
    state.slide(0, leaving, entering, FREE)

    anew = state.make_view(new, FREE).sums
    assert state.views.get(0, state.make_view(new, FREE)).sums == anew


def test_a_sum_of_nothing_leaves_with_its_pane() -> None:
    """An order of 0.00 is another thing than no order."""
    state = _state({(10, 0): {"revenue@EUR": 0}, (10, 60): {"clicks": 1}})
    state.views[0] = state.make_view(ALWAYS, FREE)
    state.slide(0, [(10, 0)], [], FREE)

    assert 0 not in state.views


@pytest.mark.parametrize(
    ("pane", "is_in"),
    [((10, 60), True), ((60, 60), True), ((900, 0), False), ((10, 50), False), ((10, 120), False)],
)
def test_a_span_holds_panes_that_start_in_it_and_are_no_wider_than_its_grain(
    pane: Pane, is_in: bool
) -> None:
    assert Span(60, 120, 60).holds(pane) is is_in


def test_a_level_is_what_was_counted_until_then() -> None:
    state = SliceState({"members": 1000})
    state.take_steps((10, 0), {"members": 5})
    state.take_steps((10, 60), {"members": -2})
    state.take_steps((900, 900), {"members": 7})  # late, so known in a wide pane alone

    levels = {at: state.level_at("members", at) for at in (0, 1, 60, 61, 900, 901)}
    assert levels == {0: 1000, 1: 1005, 60: 1005, 61: 1003, 900: 1003, 901: 1010}


def test_the_people_of_a_view_are_counted_once_over_its_panes() -> None:
    state = _state({(10, 0): {}, (10, 60): {}, (900, 0): {}})
    for pane, people in (((10, 0), range(5)), ((10, 60), range(3, 9)), ((900, 0), range(50))):
        crowd = Sketch()
        crowd.add(people)
        state.gather(pane, {"visitors": crowd.to_bytes()})
    span = Span(0, 600, 60)
    view = state.make_view(span, FREE)

    assert {k: c.estimate() for k, c in state.crowds_of(view, span).items()} == {"visitors": 9}
