"""Windows: spans of time read as sums of panes."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpistream.core.driver import Driver
from kpistream.core.windows.days import Days
from kpistream.core.windows.panes import ALL_TIERS, DAY_S, Pane, Tiers
from kpistream.core.windows.windows import (
    CALENDAR_WINDOWS,
    FAR_FUTURE,
    Bounds,
    Window,
    objective_window,
    parse_length,
    parse_window,
    tiers_for,
)
from tests.support import builders as build
from tests.support.builders import START_MS, START_S, at_ms, click
from tests.support.merge_story import Story
from tests.support.zones import ZONES, midnight, wall, zones_and_instants

ROLLING = ("10s", "5m", "7m", "1h", "24h", "7d", "30d", "90d")
NAMES = (*ROLLING, *CALENDAR_WINDOWS)
SETTLED = (
    *("10s@10s", "5m@10s", "5m@15m", "1h@1h", "24h@2h", "24h@48h", "7d@24h", "30d@48h", "30d@64d"),
    *("today@15m", "today@6h", "this_week@24h", "this_month@48h", "this_quarter@48h"),
)
IN_ZONE = {
    zone: {name: parse_window(name, Days(zone)) for name in (*NAMES, *SETTLED)} for zone in ZONES
}

names = st.sampled_from([*NAMES, *SETTLED])
settled = st.sampled_from(SETTLED)
slow = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def paris(text: str) -> int:
    return Days("Europe/Paris").instant(dt.datetime.fromisoformat(text))


def shown(bounds: Bounds, zone: str = "Europe/Paris") -> tuple[str, str]:
    """The bounds as local clocks show them."""
    start, end = (wall(zone, at).isoformat(" ", "minutes") for at in bounds)
    return start, end


def holds(window: Window, bounds: Bounds, pane: Pane) -> bool:
    return pane[0] <= window.grain_s and bounds[0] <= pane[1] < bounds[1]


# -- rolling windows -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "grain_s"),
    [("5m", 10), ("7m", 10), ("8m", 60), ("1h", 60), ("24h", 900), ("7d", 7200), ("30d", 21_600)],
)
def test_a_window_is_as_fine_as_the_tier_that_reaches_twice_its_length(
    name: str, grain_s: int
) -> None:
    window = parse_window(name)

    assert (window.name, window.grain_s) == (name, grain_s)
    assert window.needs_reach_s == 2 * (parse_length(name) + grain_s)


@pytest.mark.parametrize("name", ["", "5", "m", "0m", "-5m", "5 m", "5w", "1.5h", "9999999s"])
def test_what_is_no_length_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"is not a length such as 30s, 5m, 24h or 7d$"):
        parse_length(name)


@pytest.mark.parametrize("name", ["", "5w", "Today", "this_year"])
def test_what_is_no_window_is_refused_with_those_of_the_calendar(name: str) -> None:
    expected = "is not a length .* nor one of today, this_week, this_month, this_quarter$"
    with pytest.raises(ValueError, match=expected):
        parse_window(name)


@pytest.mark.parametrize("name", ["5s", "15s", "94d"])
def test_a_window_that_panes_cannot_make_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="does not fit: use a multiple of 10s, at most 93d"):
        parse_window(name)


def test_the_longest_window_that_is_named_fits() -> None:
    assert parse_window("93d").grain_s == DAY_S


def test_a_window_holds_its_length_and_less_than_a_grain_more() -> None:
    window = parse_window("5m")

    for now_s in (1000.0, 1000.5, 1009.999):
        assert window.bounds(now_s) == (700, FAR_FUTURE)
    assert window.bounds(1010.0) == (710, FAR_FUTURE)


def test_the_window_before_ends_where_the_window_starts() -> None:
    window = parse_window("5m")

    assert window.bounds_before(1009.999) == (400, 700)
    assert window.bounds_before(1010.0) == (410, 710)


def test_long_windows_start_with_a_piece_of_a_local_day() -> None:
    days = Days("Europe/Paris")
    now = paris("2026-10-27 11:30")

    assert days.wall(parse_window("7d", days).bounds(now)[0]) == dt.datetime(2026, 10, 20, 12)
    assert days.wall(parse_window("30d", days).bounds(now)[0]) == dt.datetime(2026, 9, 27, 12)
    assert days.wall(parse_window("90d", days).bounds(now)[0]) == dt.datetime(2026, 7, 29)


# -- calendar windows ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "now", "bounds", "before"),
    [
        (
            "today",
            "2026-06-10 14:37",
            ("2026-06-10 00:00", "2026-06-11 00:00"),
            ("2026-06-09 00:00", "2026-06-09 14:30"),
        ),
        (  # clocks go forward at 2
            "today",
            "2026-03-29 14:37",
            ("2026-03-29 00:00", "2026-03-30 00:00"),
            ("2026-03-28 00:00", "2026-03-28 14:30"),
        ),
        (  # yesterday had no such time: up to where it would have been
            "today",
            "2026-03-30 02:37",
            ("2026-03-30 00:00", "2026-03-31 00:00"),
            ("2026-03-29 00:00", "2026-03-29 03:00"),
        ),
        (
            "today",
            "2026-06-10 00:14",
            ("2026-06-10 00:00", "2026-06-11 00:00"),
            ("2026-06-09 00:00", "2026-06-09 00:00"),
        ),
        (
            "this_week",
            "2026-10-28 11:59",  # a Wednesday, the week after the clocks went back
            ("2026-10-26 00:00", "2026-11-02 00:00"),
            ("2026-10-19 00:00", "2026-10-21 10:00"),
        ),
        (
            "this_week",
            "2026-10-25 13:30",  # the Sunday of 25 hours
            ("2026-10-19 00:00", "2026-10-26 00:00"),
            ("2026-10-12 00:00", "2026-10-18 12:00"),
        ),
        (
            "this_month",
            "2028-03-10 19:00",
            ("2028-03-01 00:00", "2028-04-01 00:00"),
            ("2028-02-01 00:00", "2028-02-10 18:00"),
        ),
        (  # a day that February has only in leap years
            "this_month",
            "2028-03-29 13:00",
            ("2028-03-01 00:00", "2028-04-01 00:00"),
            ("2028-02-01 00:00", "2028-02-29 12:00"),
        ),
        (
            "this_month",
            "2027-03-29 13:00",
            ("2027-03-01 00:00", "2027-04-01 00:00"),
            ("2027-02-01 00:00", "2027-03-01 00:00"),
        ),
        (
            "this_month",
            "2027-01-31 05:00",
            ("2027-01-01 00:00", "2027-02-01 00:00"),
            ("2026-12-01 00:00", "2026-12-31 00:00"),
        ),
        (
            "this_quarter",
            "2026-05-31 05:00",
            ("2026-04-01 00:00", "2026-07-01 00:00"),
            ("2026-01-01 00:00", "2026-03-01 00:00"),
        ),
        (
            "this_quarter",
            "2026-12-31 23:59",  # September has no 31st
            ("2026-10-01 00:00", "2027-01-01 00:00"),
            ("2026-07-01 00:00", "2026-10-01 00:00"),
        ),
        (
            "this_quarter",
            "2026-02-03 12:00",
            ("2026-01-01 00:00", "2026-04-01 00:00"),
            ("2025-10-01 00:00", "2025-11-03 00:00"),
        ),
    ],
)
def test_a_calendar_window_is_compared_with_as_much_of_the_period_before(
    name: str, now: str, bounds: tuple[str, str], before: tuple[str, str]
) -> None:
    window = IN_ZONE["Europe/Paris"][name]

    assert shown(window.bounds(paris(now))) == bounds
    assert shown(window.bounds_before(paris(now))) == before


def test_today_lasts_as_long_as_the_clocks_make_it() -> None:
    today = IN_ZONE["Europe/Paris"]["today"]

    for on, hours in (("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-10", 24)):
        start, end = today.bounds(paris(f"{on} 12:00"))
        assert end - start == hours * 3600


@pytest.mark.parametrize(
    "now",
    [
        dt.datetime(2010, 3, 4, 14, 30, tzinfo=dt.UTC),  # half past one on the 5th, then the 4th
        dt.datetime(2010, 3, 5, 16, 30, tzinfo=dt.UTC),  # half past midnight, a day after both
    ],
)
def test_what_today_is_compared_with_stays_within_the_day_before(now: dt.datetime) -> None:
    today = IN_ZONE["Antarctica/Casey"]["today"]
    start, _ = today.bounds(now.timestamp())
    start_before, end_before = today.bounds_before(now.timestamp())

    assert today.bounds(start - 1) == (start_before, start)
    assert start_before <= end_before <= start


def first_of(name: str, on: dt.date) -> dt.date:
    """The first day of the period that a day is in, by going back a day at a time."""
    if name == "today":
        return on
    months = (1, 4, 7, 10) if name == "this_quarter" else range(1, 13)
    while on.isoweekday() != 1 if name == "this_week" else on.day != 1 or on.month not in months:
        on -= dt.timedelta(days=1)
    return on


def first_after(name: str, first: dt.date) -> dt.date:
    on = first + dt.timedelta(days=1)
    while first_of(name, on) == first:
        on += dt.timedelta(days=1)
    return on


def same_day_before(name: str, on: dt.date) -> dt.date | None:
    """The day of the period before that is like this one, if there is one."""
    if name in ("today", "this_week"):
        return on - dt.timedelta(days=1 if name == "today" else 7)
    year, month = on.year, on.month
    for _ in range(1 if name == "this_month" else 3):
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return on.replace(year=year, month=month) if on.day <= monthrange(year, month)[1] else None


def after_months_end(on: dt.date, months: int) -> dt.date:
    """The day after the month that was so many months ago."""
    for _ in range(months - 1):
        on = on.replace(day=1) - dt.timedelta(days=1)
    return on.replace(day=1)


@given(zones_and_instants(), st.sampled_from(CALENDAR_WINDOWS))
def test_calendar_windows_are_what_looking_at_every_quarter_hour_finds(
    where: tuple[str, int], name: str
) -> None:
    zone, now = where
    window = IN_ZONE[zone][name]
    # Not within a repeated midnight: which date that is, is a matter of taste.
    on = IN_ZONE[zone]["today"].days.date(now)
    if on != wall(zone, now).date():
        return
    first = first_of(name, on)
    lo, hi = midnight(zone, first), midnight(zone, first_after(name, first))
    lo_before = midnight(zone, first_of(name, first - dt.timedelta(days=1)))

    assert window.bounds(now) == (lo, hi)
    start, end = window.bounds_before(now)
    assert start == lo_before
    assert lo_before <= end <= lo
    like = same_day_before(name, on)
    if like is None:
        months = 1 if name == "this_month" else 3
        assert end == midnight(zone, after_months_end(on, months))
        return
    clock = dt.datetime.combine(like, wall(zone, now).time())
    quarters = range(midnight(zone, like), lo, 900)
    until = next((at for at in quarters if wall(zone, at + 899) >= clock), lo)
    grid = Tiers(ALL_TIERS, IN_ZONE[zone]["today"].days)
    assert end == max(lo_before, grid.start_of(window.grain_s, until))


@given(zones_and_instants(), st.sampled_from(CALENDAR_WINDOWS))
def test_one_calendar_window_follows_the_other(where: tuple[str, int], name: str) -> None:
    zone, now = where
    window = IN_ZONE[zone][name]
    start, end = window.bounds(now)

    assert start <= now < end
    assert window.bounds(end - 1) == (start, end)
    assert window.bounds(end)[0] == end
    assert window.bounds(start - 1)[1] == start


# -- all of them -----------------------------------------------------------------------------------


@given(zones_and_instants(), names, st.floats(0, 9.999))
def test_bounds_move_only_at_multiples_of_ten_seconds(
    where: tuple[str, int], name: str, later_s: float
) -> None:
    zone, at = where
    window, now = IN_ZONE[zone][name], at // 10 * 10

    assert window.bounds(now + later_s) == window.bounds(now)
    assert window.bounds_before(now + later_s) == window.bounds_before(now)


def descent(tiers: Tiers, occurred_s: float, arrived_s: float, now_s: float) -> list[Pane | None]:
    """The panes that may hold an event at ``now_s``: its own, and those it may be folded into."""
    pane = tiers.pane(occurred_s, arrived_s - occurred_s)
    found = [pane]
    while pane is not None and tiers.last_child_closes_at_s(pane) < now_s:
        pane = tiers.parent(pane)
        found.append(pane)
    return found


@given(zones_and_instants(), names, st.data())
def test_an_event_is_in_a_window_if_and_only_if_its_pane_is(
    where: tuple[str, int], name: str, data: st.DataObject
) -> None:
    zone, now = where
    window, tiers = IN_ZONE[zone][name], Tiers(ALL_TIERS, IN_ZONE[zone]["today"].days)
    current, before = window.bounds(now), window.bounds_before(now)
    edges = {*current, *before, now - window.needs_reach_s} - {FAR_FUTURE}
    edge = data.draw(st.sampled_from(sorted(edges)))
    near = st.integers(edge - DAY_S, edge + DAY_S) | st.integers(edge - 20, edge + 20)
    occurred = data.draw((near | st.integers(before[0] - DAY_S, now)).map(lambda at: min(at, now)))
    arrived = data.draw(st.integers(occurred, now) | st.sampled_from([occurred, now]))

    for pane in descent(tiers, occurred, arrived, now):
        for bounds in (current, before):
            is_held = pane is not None and holds(window, bounds, pane)
            assert is_held == (bounds[0] <= occurred < bounds[1])


@given(zones_and_instants(), names)
def test_both_windows_are_within_the_reach_that_is_asked_for(
    where: tuple[str, int], name: str
) -> None:
    zone, now = where
    window = IN_ZONE[zone][name]
    reach = next(tier.reach_s for tier in ALL_TIERS if tier.width_s == window.grain_s)

    assert now - window.bounds_before(now)[0] < window.needs_reach_s <= reach


# -- settled windows -------------------------------------------------------------------------------


def test_a_settled_window_is_the_base_as_it_was_without_anything_newer() -> None:
    window = parse_window("5m@1h")

    assert (window.name, window.length_s, window.grain_s) == ("5m@1h", 300, 60)
    assert window.bounds(10_000.0) == (6060, 6360)
    assert window.bounds(10_019.9) == (6060, 6360)
    assert window.bounds(10_020.0) == (6120, 6420)
    assert window.bounds_before(10_000.0) == (5760, 6060)


@pytest.mark.parametrize(
    ("name", "now", "bounds", "before"),
    [
        (
            "24h@6h",
            "2026-06-10 14:37",
            ("2026-06-09 08:00", "2026-06-10 08:00"),
            ("2026-06-08 08:00", "2026-06-09 08:00"),
        ),
        (  # clocks went back at 3, so that 24 hours before 8 is 9
            "24h@6h",
            "2026-10-25 14:37",
            ("2026-10-24 08:00", "2026-10-25 07:00"),
            ("2026-10-23 08:00", "2026-10-24 08:00"),
        ),
        (
            "today@15m",
            "2026-06-10 14:37",
            ("2026-06-10 00:00", "2026-06-10 14:15"),
            ("2026-06-09 00:00", "2026-06-09 14:15"),
        ),
        (  # by 14:37 - 48 h, it was the day before yesterday
            "today@48h",
            "2026-06-10 14:37",
            ("2026-06-08 00:00", "2026-06-08 14:00"),
            ("2026-06-07 00:00", "2026-06-07 14:00"),
        ),
        (  # six hours ago the day had hardly begun
            "today@6h",
            "2026-06-10 07:59",
            ("2026-06-10 00:00", "2026-06-10 00:00"),
            ("2026-06-09 00:00", "2026-06-09 00:00"),
        ),
        (
            "this_month@48h",
            "2026-03-02 12:00",
            ("2026-02-01 00:00", "2026-02-28 00:00"),
            ("2026-01-01 00:00", "2026-01-28 00:00"),
        ),
    ],
)
def test_a_settled_window_ends_so_long_ago(
    name: str, now: str, bounds: tuple[str, str], before: tuple[str, str]
) -> None:
    window = parse_window(name, Days("Europe/Paris"))

    assert shown(window.bounds(paris(now))) == bounds
    assert shown(window.bounds_before(paris(now))) == before


@pytest.mark.parametrize(
    ("name", "grain_s"),
    [
        ("5m@10s", 10),
        ("5m@15m", 60),
        ("1h@15m", 900),
        ("24h@2h", 900),
        ("24h@6h", 7200),
        ("7d@6h", 7200),
        ("7d@24h", 21_600),
        ("30d@48h", 21_600),
        ("today@15m", 900),
        ("today@6h", 7200),
        ("this_month@48h", DAY_S),
    ],
)
def test_a_settled_window_is_as_fine_as_the_panes_that_are_left_at_that_age(
    name: str, grain_s: int
) -> None:
    assert parse_window(name).grain_s == grain_s


def test_settling_a_window_takes_panes_that_reach_further_by_the_delay() -> None:
    assert parse_window("7d@6h").needs_reach_s == parse_window("7d").needs_reach_s + 6 * 3600
    assert parse_window("today@6h").needs_reach_s == parse_window("today").needs_reach_s + 6 * 3600


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("24h@", "'' is not a length such as"),
        ("24h@soon", "'soon' is not a length such as"),
        ("@6h", "'' is not a length .* nor one of today"),
        ("24h@1h@1h", "'1h@1h' is not a length such as"),
        ("today@0h", "'0h' is not a length such as"),
        ("24h@10m", "'24h' settled after 600s does not fit: settle it after a multiple of 900s"),
        ("5m@5s", "'5m' settled after 5s does not fit: settle it after a multiple of 10s"),
        ("5m@6h", "'5m' settled after 21600s does not fit: use a multiple of 900s, at most 93d"),
        ("93d@48h", "'93d' settled after 172800s does not fit: .* at most 92d"),
        ("24h@65d", "'24h' settled after 5616000s does not fit: 64d are the most"),
        ("this_quarter@6d", "'this_quarter' settled after 518400s does not fit: 5d are the most"),
    ],
)
def test_a_window_that_cannot_be_settled_so_is_refused(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_window(name)


@given(zones_and_instants(), settled)
def test_a_settled_window_never_includes_the_newest_seconds(
    where: tuple[str, int], name: str
) -> None:
    zone, now = where
    window = IN_ZONE[zone][name]
    (start, end), (start_before, end_before) = window.bounds(now), window.bounds_before(now)

    assert start_before <= end_before <= start <= end <= now - parse_length(name.split("@")[1])


@given(zones_and_instants(), st.sampled_from(["5m@15m", "1h@1h", "24h@2h"]))
def test_a_settled_rolling_window_is_exactly_as_long_as_its_name_says(
    where: tuple[str, int], name: str
) -> None:
    zone, now = where
    window = IN_ZONE[zone][name]

    assert window.span_s(now) == window.length_s == parse_length(name.split("@")[0])


PLAYED = ("5m", "1h@15m", "24h@2h", "24h@6h", "7d@24h", "today@6h", "this_month@48h")


@slow
@given(
    st.integers(0, 2**32 - 1), st.lists(st.integers(1, 20), min_size=1, max_size=5), st.booleans()
)
def test_moving_a_settled_view_on_comes_to_the_same_as_making_it_anew(
    seed: int, lives: list[int], asks: bool
) -> None:
    told = Story(seed, START_MS, "Europe/Paris", windows=PLAYED)
    for steps in lives:
        told.live(steps)
        if asks:
            told.ask()
    told.check()
    told.flush()
    told.restart()
    told.hear()
    told.check()


moments = st.lists(
    st.tuples(st.sampled_from([1, 11, 130, 1000, 5000, 40_000, 90_000]), st.floats(0, 1)),
    min_size=1,
    max_size=40,
)


@slow
@given(moments)
def test_a_settled_view_counts_what_occurred_in_its_span_whenever_it_arrived(
    happened: list[tuple[int, float]],
) -> None:
    driver = Driver(build.plan(windows=PLAYED, slices=[()], events=["click"], zone="Europe/Paris"))
    windows = [parse_window(name, Days("Europe/Paris")) for name in PLAYED]
    occurred: list[float] = []
    now_s = 0.0
    for passes_s, share in happened:
        now_s += passes_s
        age_s = round(share**4 * 200_000)
        list(driver.feed("click", click(f"{now_s - age_s}s"), at_ms(f"{now_s}s")))
        occurred.append(START_S + now_s - age_s)
        list(driver.advance(at_ms(f"{now_s + 1}s")))
        list(driver.beat(at_ms(f"{now_s + 1}s")))
        for window in windows:
            read_s = START_S + (now_s + 1) // 10 * 10
            for before, of in ((False, window.bounds), (True, window.bounds_before)):
                lo, hi = of(read_s)
                counted = sum(lo <= at < hi for at in occurred)
                assert driver.view((), window.name, before=before).get("clicks", 0) == counted


# -- how long they are -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "length_s", "span_s"),
    [
        ("5m", 300, 307),
        ("24h", 86_400, 86_400 + 7 * 60 + 7),
        ("24h@6h", 86_400, 86_400),
        ("today", None, 14 * 3600 + 37 * 60 + 7),
        ("today@15m", None, 14 * 3600 + 15 * 60),
        ("this_month", None, 9 * DAY_S + 14 * 3600 + 37 * 60 + 7),
    ],
)
def test_a_window_knows_its_length_and_how_much_of_time_it_covers(
    name: str, length_s: int | None, span_s: int
) -> None:
    window = parse_window(name, Days("Europe/Paris"))

    assert window.length_s == length_s
    assert window.span_s(paris("2026-06-10 14:37:07")) == span_s


def test_today_covers_an_hour_less_once_the_clocks_went_forward() -> None:
    assert IN_ZONE["Europe/Paris"]["today"].span_s(paris("2026-03-29 14:00")) == 13 * 3600


def test_an_objective_covers_its_days_as_far_as_they_have_passed() -> None:
    window = objective_window("sprint", dt.date(2026, 11, 1), dt.date(2026, 11, 15))
    start = window.bounds(0)[0]

    assert window.length_s == 14 * DAY_S
    spans = [window.span_s(start + days * DAY_S) for days in (-1, 0, 1, 14, 20, 99)]
    assert spans == [0, 0, DAY_S, 14 * DAY_S, 14 * DAY_S, 0]


# -- objectives ------------------------------------------------------------------------------------


def test_an_objective_has_its_days_and_no_window_before() -> None:
    window = objective_window(
        "objective:q4", dt.date(2026, 10, 1), dt.date(2027, 1, 1), Days("Europe/Paris")
    )

    for now in ("2026-09-01 12:00", "2026-11-01 12:00", "2027-01-31 23:59"):
        assert shown(window.bounds(paris(now))) == ("2026-10-01 00:00", "2027-01-01 00:00")
        start, end = window.bounds_before(paris(now))
        assert start == end
    assert (window.name, window.grain_s) == ("objective:q4", DAY_S)


def test_an_objective_is_empty_once_its_first_panes_may_be_gone() -> None:
    window = objective_window("year", dt.date(2026, 1, 1), dt.date(2027, 1, 1))
    start, end = window.bounds(0)
    gone = start + window.needs_reach_s

    assert gone == end + 31 * DAY_S
    assert window.bounds(gone - 1) == (start, end)
    assert window.bounds(gone) == (end, end)
    assert tiers_for([window]).closes_at_s((DAY_S, start)) > gone


def test_an_objective_may_be_the_longest_although_the_clocks_go_back_in_it() -> None:
    start, end = dt.date(2014, 9, 23), dt.date(2016, 10, 31)
    window = objective_window("long", start, end, Days("Europe/Paris"))

    assert (end - start).days == 769
    assert window.length_s == 769 * DAY_S + 3600


def test_a_short_objective_needs_no_panes_of_days() -> None:
    window = objective_window("sprint", dt.date(2026, 11, 1), dt.date(2026, 11, 15))

    assert window.grain_s == 21_600


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (dt.date(2026, 2, 1), dt.date(2026, 2, 1), "which is not after its start, 2026-02-01"),
        (dt.date(2026, 2, 2), dt.date(2026, 2, 1), "ends on 2026-02-01, which is not after"),
        (dt.date(2026, 1, 1), dt.date(2028, 2, 10), "769 days are the most"),
    ],
)
def test_an_objective_without_days_or_with_too_many_is_refused(
    start: dt.date, end: dt.date, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        objective_window("objective", start, end)


# -- tiers -----------------------------------------------------------------------------------------


def test_tiers_go_up_to_the_coarsest_grain() -> None:
    tiers = tiers_for([parse_window("5m"), parse_window("1h")])

    assert tiers.widths == (10, 60)


def test_all_windows_need_all_tiers_and_no_more() -> None:
    days = Days("Europe/Paris")
    tiers = tiers_for([parse_window(name, days) for name in NAMES], days)

    assert tiers.tiers == ALL_TIERS
    assert tiers.days == days


def test_the_panes_of_days_reach_as_far_as_the_longest_objective() -> None:
    short, long = dt.date(2026, 12, 1), dt.date(2028, 2, 9)
    windows = [
        objective_window("short", dt.date(2026, 10, 1), short),
        objective_window("long", dt.date(2026, 1, 1), long),
        parse_window("5m"),
    ]

    assert tiers_for(windows).tiers[:-1] == ALL_TIERS[:-1]
    assert tiers_for(windows).reach_s == 800 * DAY_S
    assert tiers_for(windows[:1]).reach_s == 190 * DAY_S


@given(zones_and_instants(), st.integers(1, 769), st.integers(0, 800), st.integers(0, 800))
def test_an_objective_holds_what_occurred_in_its_days_whenever_it_arrived(
    where: tuple[str, int], length: int, from_start: int, arrival: int
) -> None:
    zone, at = where
    days = IN_ZONE[zone]["today"].days
    start = days.date(at)
    window = objective_window("objective", start, start + dt.timedelta(days=length), days)
    lo, hi = window.bounds(at)
    tiers = tiers_for([window], days)
    occurred = lo + from_start * (hi - lo) // 750
    arrived = occurred + arrival * DAY_S
    now = hi + 31 * DAY_S - 1
    if arrived > now:
        return

    for pane in descent(tiers, occurred, arrived, now):
        is_held = pane is not None and holds(window, window.bounds(now), pane)
        assert is_held == (lo <= occurred < hi)
