"""History: what slices came to hour by hour, with its gaps, whatever stops and starts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpistream.core.alerting.past import history as history_module
from kpistream.core.alerting.past.calendar import SpecialDays
from kpistream.core.alerting.past.history import (
    HISTORY_PREFIX,
    KEPT_S,
    LOOK_BACK_S,
    LOOKS_A_CALL,
    WEEKS,
    History,
)
from kpistream.core.measuring.owned_rows import Row
from kpistream.core.measuring.partials import Crowds, Mark, Partial, Sums
from kpistream.core.merging.merge import Merger
from kpistream.core.merging.merge_rules import MergeRules
from kpistream.core.slices import Slice
from kpistream.core.windows.days import Days
from kpistream.core.windows.panes import ALL_TIERS, Tiers
from kpistream.core.windows.windows import parse_window

HOUR = 3600
DAY = 24 * HOUR
START = 1_772_323_200
"""2026-03-01T00:00:00Z, a Sunday; the first slot of all tests."""

EMAIL: Slice = (("channel", "email"),)
SEARCH: Slice = (("channel", "search"),)
TOTAL: Slice = ()
CLICKS = frozenset({"clicks"})
BOTH = frozenset({"clicks", "revenue"})
WANTED = {("channel",): CLICKS, (): BOTH}


@dataclass
class Told:
    """A merger that was told what occurred, hour by hour, and forgets what is too old."""

    happened: dict[Slice, dict[int, Sums]] = field(default_factory=dict)
    now_s: int = START
    reach_s: int = 52 * HOUR
    looks: int = 0

    @property
    def slices(self) -> Iterable[Slice]:
        return [p for p, found in self.happened.items() if any(s <= self.now_s for s in found)]

    def tell(self, part: Slice, hour: int, **sums: int) -> None:
        named = {key.replace("_", "@"): n for key, n in sums.items()}
        self.happened.setdefault(part, {})[START + hour * HOUR] = named

    def sums_between(self, part: Slice, lo_s: int, hi_s: int) -> Sums | None:
        self.looks += 1
        assert hi_s - lo_s == HOUR
        if lo_s < self.now_s - self.reach_s:
            return None
        return dict(self.happened.get(part, {}).get(lo_s, {}))


def _history(
    rows: Iterable[Row] = (),
    owner: bytes = b"one",
    wanted: Mapping[tuple[str, ...], frozenset[str]] = WANTED,
    zone: str = "UTC",
    most_slices: int = 1000,
) -> History:
    history = History(wanted, Days(zone), owner, most_slices)
    for row in dict(rows).items():
        history.restore(*row)
    history.restored()
    return history


def _learn(history: History, told: Told, hour: int) -> None:
    """Let it become this hour, and everything that is due be learned."""
    told.now_s = START + hour * HOUR
    for _ in range(1 + len(told.happened) * 60 // LOOKS_A_CALL):
        history.learn(told, told.now_s)


def _known(history: History, part: Slice, hours: int, since: int = 0) -> list[Sums | None]:
    slots = history.slots(part, START + since * HOUR, START + (since + hours) * HOUR)
    return [sums for _, sums in slots]


def _since(history: History, part: Slice, measures: frozenset[str] | None = None) -> int | None:
    """The start of the oldest slot that is known; None if there is none."""
    slots = history.slots(part, START, START + 52 * 7 * DAY, measures)
    return next((start for start, sums in slots if sums is not None), None)


def _clicked(part: Slice, hours: Iterable[int], clicks: int = 1) -> Told:
    told = Told()
    for hour in hours:
        told.tell(part, hour, clicks=clicks)
    return told


# -- what is learned -------------------------------------------------------------------------------


def test_a_slot_is_learned_once_it_has_ended_and_settled() -> None:
    told, history = _clicked(EMAIL, [0], 5), _history()

    for at, known in ((1.99, []), (2, [{"clicks": 5}])):
        told.now_s = START + int(at * HOUR)
        history.learn(told, told.now_s)
        assert [s for s in _known(history, EMAIL, 1) if s is not None] == known


def test_an_hour_without_events_is_a_zero_and_one_nobody_looked_at_a_gap() -> None:
    told, history = _clicked(EMAIL, [1, 3]), _history()
    _learn(history, told, 6)

    click = {"clicks": 1}
    assert _known(history, EMAIL, 7) == [None, click, {}, click, {}, None, None]
    assert _known(history, SEARCH, 7) == [None] * 7


def test_a_slice_that_is_silent_goes_on_having_zeros() -> None:
    told, history = _clicked(EMAIL, [0]), _history()
    for hour in (2, 3, 4):
        _learn(history, told, hour)
    told.happened.clear()
    _learn(history, told, 5)

    assert _known(history, EMAIL, 4) == [{"clicks": 1}, {}, {}, {}]


def test_only_wanted_sums_of_wanted_sets_are_kept() -> None:
    told, history = Told(), _history()
    for part in (TOTAL, EMAIL, (("campaign", "autumn"),)):
        told.tell(part, 0, clicks=1, orders=2, revenue_EUR=3)
    _learn(history, told, 2)

    assert len(history) == 2
    assert _known(history, TOTAL, 1) == [{"clicks": 1, "revenue@EUR": 3}]
    assert _known(history, EMAIL, 1) == [{"clicks": 1}]
    assert _known(history, (("campaign", "autumn"),), 1) == [None]


def test_nothing_is_looked_at_while_nothing_is_due() -> None:
    told, history = _clicked(EMAIL, range(9)), _history()
    _learn(history, told, 8)
    looked = told.looks
    for minute in range(59):
        history.learn(told, told.now_s + 60 * minute)

    assert told.looks == looked
    assert history.drain(1)
    assert history.drain(2) == []


def test_work_is_spread_and_nobody_waits_for_ever() -> None:
    told, history = Told(), _history()
    parts = [(("channel", f"c{n}"),) for n in range(2 * LOOKS_A_CALL)]
    for part in parts:
        for hour in range(40):
            told.tell(part, hour, clicks=1)
    for hour in range(2, 202):
        told.now_s, looked = START + hour * HOUR // 5, told.looks
        history.learn(told, told.now_s)
        assert told.looks - looked <= LOOKS_A_CALL

    assert len(history) == len(parts)


def test_a_stop_is_caught_up_as_far_as_panes_reach_and_what_is_older_stays_a_gap() -> None:
    told, history = _clicked(EMAIL, range(100)), _history()
    _learn(history, told, 10)
    history = _history(history.drain(1), b"two")
    _learn(history, told, 90)

    known = [sums is not None for sums in _known(history, EMAIL, 90)]
    assert known == [hour < 9 or 38 <= hour < 89 for hour in range(90)]
    _learn(history, told, 91)
    assert [sums is not None for sums in _known(history, EMAIL, 38)] == [*[True] * 9, *[False] * 29]


def test_a_measure_that_is_new_is_not_taken_for_one_that_was_zero() -> None:
    told = Told()
    for hour in range(100):
        told.tell(EMAIL, hour, clicks=1, orders=2)
    history = _history()
    for hour in (30, 60):
        _learn(history, told, hour)
    orders = frozenset({"clicks", "orders"})
    history = _history(history.drain(1), b"two", {("channel",): orders})
    _learn(history, told, 61)

    old, new = START, START + 58 * HOUR
    assert history.slots(EMAIL, old, old + 1) == [(old, None)]
    assert history.slots(EMAIL, old, old + 1, CLICKS) == [(old, {"clicks": 1})]
    assert history.slots(EMAIL, new, new + 1) == [(new, {"clicks": 1, "orders": 2})]
    assert (_since(history, EMAIL, CLICKS), _since(history, EMAIL)) == (START, START + 9 * HOUR)


# -- stops and restarts ----------------------------------------------------------------------------


@dataclass
class _Life:
    """A history that is stopped and started again, and what it should have learned."""

    told: Told
    history: History = field(default_factory=_history)
    rows: list[Row] = field(default_factory=list)
    hour: int = 0
    flushed: int = 0
    owners: int = 0

    def live(self, hours: int) -> None:
        self.hour += hours
        _learn(self.history, self.told, self.hour)

    def flush(self) -> None:
        self.rows += self.history.drain(self.hour)
        self.flushed = self.hour

    def crash(self) -> None:
        self.owners += 1
        self.history = _history(self.rows, b"owner-%d" % self.owners)
        _learn(self.history, self.told, self.hour)


some_hours = st.lists(st.integers(0, 3), min_size=60, max_size=60)
steps = st.lists(
    st.tuples(st.sampled_from(["live", "flush", "crash"]), st.integers(1, 30)), max_size=12
)


@given(email=some_hours, total=some_hours, life=steps)
@settings(max_examples=150, deadline=None)
def test_stops_and_restarts_within_reach_change_nothing(
    email: list[int], total: list[int], life: list[tuple[str, int]]
) -> None:
    told, undisturbed = Told(), _history()
    for part, found in ((EMAIL, email), (TOTAL, total)):
        for hour, clicks in enumerate(found * 13):
            if clicks:
                told.tell(part, hour, clicks=clicks, revenue_EUR=10**25 * clicks)
    disturbed = _Life(told)
    for what, hours in [*life, ("live", 1)]:
        if what == "live":
            if disturbed.hour + hours - disturbed.flushed > 48:
                disturbed.flush()
            for hour in range(disturbed.hour + 1, disturbed.hour + hours + 1):
                _learn(undisturbed, told, hour)
            disturbed.live(hours)
        elif what == "flush":
            disturbed.flush()
        else:
            disturbed.crash()

    for part in (EMAIL, TOTAL):
        known = _known(disturbed.history, part, disturbed.hour)
        assert known == _known(undisturbed, part, disturbed.hour)


@given(clicks=some_hours, stops=st.lists(st.integers(1, 200), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_a_slot_is_what_occurred_or_a_gap_however_long_the_stops(
    clicks: list[int], stops: list[int]
) -> None:
    told = Told()
    for hour, n in enumerate((clicks * 21)[:1250]):
        told.tell(EMAIL, hour, clicks=n)
    told.tell(EMAIL, 0, clicks=1)
    life, learned = _Life(told), set[int]()
    for hours in stops:
        life.live(hours)
        learned |= {h for h in range(life.hour - 1) if h >= life.hour - LOOK_BACK_S // HOUR}
        life.flush()
        life.crash()

    since = _since(life.history, EMAIL)
    for hour, sums in enumerate(_known(life.history, EMAIL, life.hour)):
        if hour in learned and since is not None and START + hour * HOUR >= since:
            expected = {k: n for k, n in told.happened[EMAIL][START + hour * HOUR].items() if n}
            assert sums == expected
        else:
            assert sums is None


def test_of_two_owners_rows_for_a_slot_the_larger_version_is_right() -> None:
    one, other = _history(), _history(owner=b"other")
    _learn(one, _clicked(EMAIL, [0, 1], 5), 3)
    _learn(other, _clicked(EMAIL, [0, 2], 6), 4)
    rows = [*other.drain(7), *one.drain(8)]

    for order in (rows, rows[::-1]):
        known = _known(_history(order, b"new"), EMAIL, 3)
        assert known == [{"clicks": 5}, {"clicks": 5}, {"clicks": 6}]


def test_a_row_in_another_format_says_nothing_and_is_removed_when_it_is_old() -> None:
    told, history = _clicked(EMAIL, [0, 400 * 24]), _history()
    _learn(history, told, 2)
    [(key, value)] = history.drain(1)
    assert value is not None
    assert key.startswith(HISTORY_PREFIX)
    history = _history([(key, b"\xff" + value[1:])], b"two")

    assert _known(history, EMAIL, 1) == [None]
    _learn(history, told, 400 * 24 + 2)
    assert (key, None) in history.drain(2)


# -- what is kept ----------------------------------------------------------------------------------


def _after(told: Told, hours: Iterable[int]) -> tuple[History, dict[bytes, bytes]]:
    """A history that learned at these hours, and its rows as compaction leaves them."""
    history, table = _history(), dict[bytes, bytes]()
    for version, hour in enumerate(hours):
        _learn(history, told, hour)
        for key, value in history.drain(version):
            if value is None:
                table.pop(key, None)
            else:
                table[key] = value
    return history, table


def test_old_days_are_removed_and_eight_weeks_remain() -> None:
    weeks = WEEKS + 4
    told = _clicked(EMAIL, range(weeks * 7 * 24))
    history, table = _after(told, range(0, weeks * 7 * 24, 12))

    since = _since(history, EMAIL)
    assert since is not None
    assert WEEKS * 7 * DAY <= told.now_s - since <= KEPT_S + 2 * DAY
    assert len(table) <= (WEEKS + 1) * 7 + 2
    again = _history(table.items(), b"two")
    assert _since(again, EMAIL) == since


def test_a_slice_in_which_nothing_occurred_for_the_whole_history_is_forgotten() -> None:
    told = _clicked(EMAIL, [0])
    told.tell(TOTAL, 0, clicks=1)
    for hour in range(0, 11 * 7 * 24, 5):
        told.tell(TOTAL, hour, clicks=1)
    history, table = _after(told, range(0, 10 * 7 * 24, 12))

    assert len(history) == 1
    assert _since(history, EMAIL) is None
    assert all(b"email" not in key for key in table)


def test_there_is_room_for_so_many_slices_and_the_others_are_counted() -> None:
    told, history = Told(), _history(most_slices=2)
    for part in (EMAIL, TOTAL, SEARCH, (("channel", "social"),)):
        told.tell(part, 0, clicks=1)
    _learn(history, told, 2)

    assert (len(history), history.left_out) == (2, 2)
    assert _known(history, SEARCH, 1) == [None]
    assert _known(history, TOTAL, 1) == [{"clicks": 1}]


def test_with_room_for_all_none_is_left_out() -> None:
    told, history = _clicked(EMAIL, [0]), _history(most_slices=2)
    _learn(history, told, 2)
    assert history.left_out == 0


def test_slices_that_are_not_wanted_any_more_or_too_many_lose_their_rows() -> None:
    told, history = Told(), _history()
    told.tell(EMAIL, 0, clicks=1)
    told.tell(SEARCH, 24, clicks=1)
    told.tell(TOTAL, 0, clicks=1)
    _learn(history, told, 26)
    history = _history(history.drain(1), b"two", {("channel",): CLICKS}, most_slices=1)

    assert _since(history, EMAIL) == START
    removed = [key for key, value in history.drain(2) if value is None]
    assert {key.partition(b"|")[2] for key in removed if key.endswith(b"@one")} == {
        b"[]@one",
        b'[["channel","search"]]@one',
    }


# -- the same span in other weeks ------------------------------------------------------------------


def _local(zone: str, text: str) -> int:
    return Days(zone).instant(dt.datetime.fromisoformat(text))


def _told_hours(first: int, weeks: int) -> tuple[History, Told]:
    """A history of weeks in which each hour has one click more than the one before."""
    told, history = Told(), _history(zone="Europe/Paris")
    for hour in range(first, first + weeks * 7 * 24):
        told.tell(EMAIL, hour, clicks=1 + hour - first)
    for hour in range(first, first + weeks * 7 * 24 + 2, 24):
        _learn(history, told, hour)
    return history, told


def _clicks(weeks: Iterable[Sums]) -> list[int]:
    return [sums["clicks"] for sums in weeks]


def test_weeks_are_newest_first_and_as_many_as_are_known() -> None:
    history, _ = _told_hours(0, 3)
    at = START + 3 * 7 * 24 * HOUR + 9 * HOUR

    assert _clicks(history.weeks(EMAIL, at, at + HOUR)) == [1 + 168 * n + 9 for n in (2, 1, 0)]
    assert _clicks(history.weeks(EMAIL, at, at + HOUR, back=2)) == [346, 178]
    assert history.weeks(SEARCH, at, at + HOUR) == []


HOUR_OF = {
    f"2026-{month}-{day}T{hour}": START + n * HOUR
    for n, (month, day, hour) in enumerate(
        (f"{at:%m}", f"{at:%d}", f"{at:%H}")
        for at in (dt.datetime(2026, 3, 1) + dt.timedelta(hours=n) for n in range(24 * 50))
    )
}
"""Slots by their date and hour in UTC."""


@pytest.mark.parametrize(
    ("lo", "hi", "counted"),
    [
        # Clocks go on by an hour on 29 March at 01:00 UTC: 09:00 was 08:00 UTC, and is 07:00 now.
        ("2026-04-07T09:00", "2026-04-07T10:00", ["03-31T07", "03-24T08", "03-17T08", "03-10T08"]),
        ("2026-04-05T09:00", "2026-04-05T10:00", ["03-29T07", "03-22T08", "03-15T08", "03-08T08"]),
        ("2026-03-29T09:00", "2026-03-29T10:00", ["03-22T08", "03-15T08", "03-08T08", "03-01T08"]),
        # From 02:00 to 03:00 there was nothing on that day.
        ("2026-04-05T02:00", "2026-04-05T03:00", ["03-22T01", "03-15T01", "03-08T01", "03-01T01"]),
        # Of 02:30 to 03:30 only half an hour was left.
        ("2026-04-05T03:00", "2026-04-05T04:00", ["03-29T01", "03-22T02", "03-15T02", "03-08T02"]),
    ],
)
def test_in_paris_the_same_hour_is_that_of_the_clocks_on_the_wall(
    lo: str, hi: str, counted: list[str]
) -> None:
    history, told = _told_hours(0, 7)
    span = _local("Europe/Paris", lo), _local("Europe/Paris", hi)

    expected = [told.happened[EMAIL][HOUR_OF[f"2026-{slot}"]]["clicks"] for slot in counted]
    assert _clicks(history.weeks(EMAIL, *span, back=len(expected) + 1))[: len(expected)] == expected


@pytest.mark.parametrize(
    ("lo", "hi", "hours"),
    [
        # The day on which clocks went back has 25 hours, about as many as the others.
        ("2026-10-25T00:00", "2026-10-26T00:00", [24, 24]),
        ("2026-11-01T00:00", "2026-11-02T00:00", [25, 24]),
        # Its first half has 13; its first quarter 7, which is too many to be compared with 6.
        ("2026-11-01T00:00", "2026-11-01T12:00", [13, 12]),
        ("2026-11-01T00:00", "2026-11-01T06:00", [6]),
        ("2026-10-25T00:00", "2026-10-25T06:00", []),
        # The hour that came twice is no hour, nor two.
        ("2026-11-01T02:00", "2026-11-01T03:00", [1]),
        ("2026-11-01T03:00", "2026-11-01T04:00", [1, 1]),
    ],
)
def test_a_week_in_which_the_clocks_stretch_the_span_is_left_out_if_it_matters(
    lo: str, hi: str, hours: list[int]
) -> None:
    first = (_local("UTC", "2026-10-01T00:00") - START) // HOUR
    told, history = Told(), _history(zone="Europe/Paris")
    for hour in range(first, first + 40 * 24):
        told.tell(EMAIL, hour, clicks=1)
    for hour in range(first, first + 40 * 24, 24):
        _learn(history, told, hour)
    span = _local("Europe/Paris", lo), _local("Europe/Paris", hi)

    assert _clicks(history.weeks(EMAIL, *span, back=2)) == hours


def test_the_second_of_two_equal_hours_is_compared_with_the_only_one_of_other_weeks() -> None:
    first = (_local("UTC", "2026-10-01T00:00") - START) // HOUR
    history, told = _told_hours(first, 4)
    second = _local("UTC", "2026-10-25T01:00")

    was = told.happened[EMAIL][_local("UTC", "2026-10-18T00:00")]["clicks"]
    assert _clicks(history.weeks(EMAIL, second, second + HOUR, back=1)) == [was]


@pytest.mark.parametrize(
    ("since", "until", "clicks"),
    [(21, 45, [24]), (20, 44, [24]), (19, 43, []), (17, 23, [6]), (17, 20, [3])],
)
def test_a_week_with_a_gap_is_left_out(since: int, until: int, clicks: list[int]) -> None:
    """Nothing is known from the 5th day until 20 hours into the 11th."""
    told, history = _clicked(EMAIL, range(24 * 30)), _history()
    for day in (1, 2, 3, 4, 13, 14, 15, 16, 17, 18):
        _learn(history, told, day * 24)

    tenth = START + 17 * DAY
    assert _clicks(history.weeks(EMAIL, tenth + since * HOUR, tenth + until * HOUR)) == clicks


def test_weeks_with_a_special_date_are_left_out() -> None:
    history, _ = _told_hours(0, 5)
    special = SpecialDays({dt.date(2026, 3, 24): "sales", dt.date(2026, 3, 10): "launch"})
    span = _local("Europe/Paris", "2026-04-06T22:00"), _local("Europe/Paris", "2026-04-07T02:00")

    every = history.weeks(EMAIL, *span)
    assert len(every) == 5
    assert history.weeks(EMAIL, *span, skip=special.__contains__) == [every[0], every[2], every[4]]


def test_until_midnight_the_next_day_is_not_in_the_span() -> None:
    history, _ = _told_hours(0, 2)
    special = SpecialDays({dt.date(2026, 3, 10): "launch"})
    span = _local("Europe/Paris", "2026-03-16T22:00"), _local("Europe/Paris", "2026-03-17T00:00")

    assert len(history.weeks(EMAIL, *span, back=1, skip=special.__contains__)) == 1


def test_nothing_is_compared_with_an_empty_span() -> None:
    history, _ = _told_hours(0, 3)
    at = START + 16 * DAY
    assert history.weeks(EMAIL, at, at) == []


@given(
    cuts=st.tuples(*[st.integers(0, 3 * DAY)] * 3).map(sorted),
    clicks=st.lists(st.integers(-1000, 1000), min_size=72, max_size=72),
)
@settings(deadline=None)
def test_the_parts_of_a_span_add_up_to_it(cuts: list[int], clicks: list[int]) -> None:
    told, history = Told(), _history()
    told.tell(EMAIL, 0, clicks=1)
    for hour, n in enumerate(clicks, 1):
        told.tell(EMAIL, hour, clicks=n)
    for hour in (40, 80):
        _learn(history, told, hour)
    lo, mid, hi = (START + HOUR + 7 * DAY + cut for cut in cuts)

    def of(lo_s: int, hi_s: int) -> int:
        return sum(sums.get("clicks", 0) for sums in history.weeks(EMAIL, lo_s, hi_s))

    assert abs(of(lo, hi) - of(lo, mid) - of(mid, hi)) <= 1
    slot = mid // HOUR * HOUR
    before, after = min(max(lo, slot), hi), hi
    assert abs(of(lo, after) - of(lo, before) - of(before, after)) <= 1


@pytest.mark.parametrize(
    ("lo", "hi", "clicks"),
    [
        (0, 60, 100),
        (0, 30, 50),
        (45, 60, 25),
        (30, 90, 150),
        (0, 120, 300),
        (50, 61, 20),
        (0, 1, 2),
    ],
)
def test_a_slot_counts_by_the_part_of_it_that_is_inside(lo: int, hi: int, clicks: int) -> None:
    """100 clicks in the first hour, 200 in the second; 20 is 16.7 and 3.3, 2 is 1.7."""
    told, history = Told(), _history()
    told.tell(EMAIL, 0, clicks=100)
    told.tell(EMAIL, 1, clicks=200)
    _learn(history, told, 3)
    week = START + 7 * DAY

    assert _clicks(history.weeks(EMAIL, week + 60 * lo, week + 60 * hi)) == [clicks]


# -- with a merger ---------------------------------------------------------------------------------


def _merger(rows: Iterable[Row] = (), owner: bytes = b"one") -> Merger:
    rules = MergeRules(Tiers(ALL_TIERS[:4]), [parse_window("24h")])
    merger = Merger(rules, [("clicks", 0)], owner)
    for row in rows:
        merger.restore(*row)
    merger.restored()
    return merger


def _hours_of(merger: Merger, hours: Iterable[int]) -> Iterator[int]:
    """Each hour has as many clicks as its number, in two panes, and passes."""
    for hour in hours:
        at = START + hour * HOUR
        for half, clicks in ((0, hour // 2), (HOUR // 2, hour - hour // 2)):
            panes: list[tuple[int, int, Sums, Crowds]] = [(10, at + half, {"clicks": clicks}, {})]
            merger.merge(TOTAL, Partial("clicks", 0, hour, panes))
        merger.mark(Mark("clicks", 0, (at + HOUR) * 1000, hour))
        merger.advance((at + HOUR) * 1000)
        merger.reached(hour)
        yield hour


@pytest.mark.parametrize("stop_at", [30, 80, 119])
def test_what_a_merger_added_up_is_learned_across_a_restart_of_both(stop_at: int) -> None:
    merger, history, rows = _merger(), _history(), list[Row]()
    for hour in _hours_of(merger, range(1, stop_at)):
        rows += merger.drain()
        if hour < stop_at - 20:
            history.learn(merger, merger.complete_s)
    merger = _merger(dict(rows).items(), b"two")
    merger.resume(stop_at)
    history = _history(history.drain(stop_at), b"two")
    for _ in _hours_of(merger, range(stop_at, 120)):
        history.learn(merger, merger.complete_s)

    known = _known(history, TOTAL, 120)
    assert known == [None, *({"clicks": hour} for hour in range(1, 119)), None]


def test_a_slot_that_a_source_has_yet_to_measure_is_not_learned() -> None:
    merger, history = _merger(), _history()
    for _ in _hours_of(merger, range(1, 5)):
        pass
    merger.advance((START + 20 * HOUR) * 1000)
    history.learn(merger, merger.complete_s)

    known = _known(history, TOTAL, 20)
    assert [sums is not None for sums in known] == [False, *[True] * 3, *[False] * 16]


def test_learning_many_slots_does_not_depend_on_how_many_a_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = _clicked(EMAIL, range(0, 40, 3))
    told.tell(TOTAL, 5, clicks=1, revenue_EUR=4)
    at_once = _history()
    _learn(at_once, told, 40)
    monkeypatch.setattr(history_module, "LOOKS_A_CALL", 1)
    one_by_one = _history()
    for _ in range(200):
        one_by_one.learn(told, told.now_s)

    for part in (EMAIL, TOTAL):
        assert _known(one_by_one, part, 40) == _known(at_once, part, 40)
