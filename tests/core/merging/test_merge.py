"""Merging: partials of all sources become the sums of windows, each counted once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpistream.core.kpis.measures import Condition, Measure
from kpistream.core.measuring.owned_rows import Row, row_name
from kpistream.core.measuring.partials import Mark, Partial
from kpistream.core.measuring.sketch import Sketch
from kpistream.core.merging.merge import META_KEY, Merger
from kpistream.core.merging.merge_rules import MergeRules
from kpistream.core.merging.pane_rows import SHARDS
from kpistream.core.windows.panes import ALL_TIERS, Tiers
from kpistream.core.windows.spans import Span
from kpistream.core.windows.windows import parse_window
from tests.support.builders import START_S, seconds
from tests.support.held import panes_held
from tests.support.merge_story import Story

SOURCES = [("clicks", 0), ("clicks", 1)]
WINDOWS = [parse_window(name) for name in ("5m", "1h", "24h")]
FIVE_MINUTES, HOUR, DAY = range(3)

slow = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 2**32 - 1)
lives = st.lists(st.integers(1, 20), min_size=1, max_size=6)


def _merger(rows: Iterable[Row] = (), owner: bytes = b"one") -> Merger:
    merger = Merger(MergeRules(Tiers(ALL_TIERS[:3]), WINDOWS), SOURCES, owner)
    for row in rows:
        merger.restore(*row)
    merger.restored()
    return merger


def _add(
    merger: Merger,
    clicks: int,
    at: str = "0s",
    *,
    fence: int = 1,
    partition: int = 0,
    width: int = 10,
) -> None:
    start = int(START_S + seconds(at)) // width * width
    merger.merge((), Partial("clicks", partition, fence, [(width, start, {"clicks": clicks}, {})]))


def _pass(merger: Merger, at: str, sources: Iterable[tuple[str, int]] = SOURCES) -> None:
    now_ms = int((START_S + seconds(at)) * 1000)
    for topic, partition in sources:
        merger.mark(Mark(topic, partition, now_ms, 0))
    merger.advance(now_ms)


def _clicks(merger: Merger, window: int, *, before: bool = False) -> int:
    return merger.sums((), window, before=before).get("clicks", 0)


def test_the_newest_partial_of_each_source_counts() -> None:
    merger = _merger()
    _pass(merger, "1s")
    _add(merger, 5, fence=10)
    _add(merger, 5, fence=10)
    _add(merger, 3, fence=9)
    _add(merger, 2, fence=1, partition=1)

    assert _clicks(merger, FIVE_MINUTES) == 7
    _add(merger, 6, fence=11)
    assert _clicks(merger, FIVE_MINUTES) == 8


def test_windows_move_with_time_and_the_window_before_follows() -> None:
    merger = _merger()
    _pass(merger, "1s")
    _add(merger, 4)

    assert (_clicks(merger, FIVE_MINUTES), _clicks(merger, FIVE_MINUTES, before=True)) == (4, 0)
    _pass(merger, "309s")
    assert (_clicks(merger, FIVE_MINUTES), _clicks(merger, FIVE_MINUTES, before=True)) == (4, 0)
    _pass(merger, "310s")
    assert (_clicks(merger, FIVE_MINUTES), _clicks(merger, FIVE_MINUTES, before=True)) == (0, 4)
    _pass(merger, "610s")
    assert _clicks(merger, FIVE_MINUTES, before=True) == 0
    assert _clicks(merger, HOUR) == 4


def test_time_never_goes_back() -> None:
    merger = _merger()
    _pass(merger, "10m")
    _pass(merger, "5m")

    assert merger.now_ms == (START_S + 600) * 1000


def test_panes_are_consolidated_without_changing_any_window() -> None:
    merger = _merger()
    for minute in range(60):
        _pass(merger, f"{minute}m")
        for ten in range(6):
            _add(merger, 1, f"{60 * minute + 10 * ten}s", fence=minute)
    assert panes_held(merger) < 160

    assert _clicks(merger, HOUR) == 360
    for at in ("20h", "21h"):
        _pass(merger, at)
        assert _clicks(merger, DAY) == 360
    assert panes_held(merger) == 4


def test_nothing_is_consolidated_before_every_source_got_there() -> None:
    merger = _merger()
    _pass(merger, "0s")
    _add(merger, 1)
    _pass(merger, "2h", sources=SOURCES[:1])
    _add(merger, 2, partition=1)

    assert _clicks(merger, DAY) == 3


def test_a_source_ahead_of_time_does_not_close_panes_that_windows_still_need() -> None:
    merger = _merger()
    _pass(merger, "0s")
    _add(merger, 1)
    for topic, partition in SOURCES:
        merger.mark(Mark(topic, partition, (START_S + 7200) * 1000, 0))
    merger.advance((START_S + 60) * 1000)

    _pass(merger, "61s")
    assert _clicks(merger, FIVE_MINUTES) == 1


def test_the_oldest_panes_leave_and_so_do_their_rows() -> None:
    merger = _merger()
    _pass(merger, "0s")
    _add(merger, 1)
    written = {key for key, value in merger.drain() if value}
    for day in range(1, 6):
        _pass(merger, f"{day}d")
        merger.reached(day)
        for key, value in merger.drain():
            written.add(key) if value else written.discard(key)

    assert panes_held(merger) == 0
    assert {row_name(key) for key in written} == {META_KEY}


def test_an_update_for_a_pane_that_is_folded_is_left_out() -> None:
    merger = _merger()
    _pass(merger, "0s")
    _add(merger, 1, fence=1)
    _pass(merger, "2h")
    _add(merger, 9, fence=2)

    assert _clicks(merger, DAY) == 1


# -- restarts ------------------------------------------------------------------------------------


def _flushes() -> tuple[list[Row], list[Row]]:
    """The rows of a flush with a pane, and of the next one, which folds it."""
    merger = _merger()
    _pass(merger, "0s")
    _add(merger, 7, fence=5)
    merger.reached(1)
    first = merger.drain()
    _pass(merger, "2h")
    merger.reached(2)
    return first, merger.drain()


@pytest.mark.parametrize("is_sent_again", [False, True])
@pytest.mark.parametrize("durable", [(), (0,), (0, 1), (1,), (1, 2), (0, 2), (2,), (0, 1, 2)])
def test_whatever_of_a_flush_is_durable_nothing_is_lost_or_doubled(
    durable: tuple[int, ...], is_sent_again: bool
) -> None:
    first, second = _flushes()
    kept = [row for n, row in enumerate(second) if n in durable]
    merger = _merger([*first, *kept], b"two")
    if is_sent_again:
        _add(merger, 7, fence=6)
    _pass(merger, "2h")
    merger.reached(2)

    assert _clicks(merger, DAY) == 7
    merger = _merger([*first, *kept, *merger.drain(), *merger.drain()], b"three")
    _pass(merger, "3h")
    assert _clicks(merger, DAY) == 7


def test_marks_without_their_rows_do_not_close_what_is_read_again() -> None:
    merger = _merger()
    _pass(merger, "0s")
    merger.reached(1)
    rows = merger.drain()
    _add(merger, 7)
    _pass(merger, "2h")
    merger.reached(2)
    marks = [(key, value) for key, value in merger.drain() if row_name(key) == META_KEY]

    merger = _merger([*rows, *marks], b"two")
    merger.resume(2)
    _add(merger, 7)
    _pass(merger, "2h")

    assert _clicks(merger, DAY) == 7


def test_marks_count_where_everything_up_to_them_is_committed() -> None:
    """Or else this owner would close panes later than the one whose rows it goes on with."""
    first, second = _flushes()
    merger = _merger([*first, *second], b"two")
    before_ms = merger.now_ms
    merger.resume(3)

    assert before_ms == START_S * 1000
    assert merger.now_ms == (START_S + 7200) * 1000
    clicks = _clicks(merger, DAY)
    _add(merger, 9, "10m")
    assert _clicks(merger, DAY) == clicks


def _lag(merger: Merger, partition: int, lag_s: int, at: str = "0s") -> None:
    merger.mark(Mark("clicks", partition, int((START_S + seconds(at)) * 1000), 0, lag_s))


def test_the_lag_of_a_topic_is_that_of_its_slowest_partition() -> None:
    merger = _merger()
    _lag(merger, 0, 900)
    _lag(merger, 1, 7200)
    assert (merger.lag_s("clicks"), merger.lag_s("orders")) == (7200, 0)

    _lag(merger, 1, 23, "1s")
    assert merger.lag_s("clicks") == 900


def test_an_old_mark_and_one_of_a_foreign_source_change_no_lag() -> None:
    merger = _merger()
    _lag(merger, 0, 900, "1m")
    _lag(merger, 0, 7200, "0s")
    merger.mark(Mark("orders", 0, START_S * 1000, 0, 3600))

    assert (merger.lag_s("clicks"), merger.lag_s("orders")) == (900, 0)


def test_lags_survive_a_restart_with_the_marks_that_told_them() -> None:
    merger = _merger()
    _lag(merger, 0, 7200, "1s")
    merger.reached(1)
    rows = merger.drain()
    _lag(merger, 0, 900, "2s")
    merger.reached(2)
    rows += merger.drain()

    restarted = _merger(rows, b"two")
    assert restarted.lag_s("clicks") == 7200
    restarted.resume(3)
    assert restarted.lag_s("clicks") == 900


def test_progress_from_before_there_were_lags_is_taken_up() -> None:
    progress = b'[%d,[["clicks",0,%d],["clicks",1,%d]],4]' % ((START_S * 1000,) * 3)
    merger = _merger([(META_KEY + b"@zero", b"[%b,%b]" % (progress, progress))])

    assert (merger.now_ms, merger.version) == (START_S * 1000, 4)
    assert merger.lag_s("clicks") == 0


def test_rows_are_never_labelled_older_than_those_they_replace() -> None:
    first, second = _flushes()
    newest = [row for row in second if row_name(row[0]) != META_KEY]
    merger = _merger([*first, *newest], b"two")

    assert merger.is_replaying
    assert merger.version == 2
    merger.reached(2)
    assert not merger.is_replaying


def test_a_stale_row_of_a_former_owner_is_outlived_even_by_compaction() -> None:
    zombie = _merger()
    _pass(zombie, "0s")
    _add(zombie, 1, fence=1)
    zombie.reached(1)
    stale = zombie.drain()
    owner = _merger(stale, b"two")
    _add(owner, 5, fence=2)
    owner.reached(2)

    compacted = dict([*owner.drain(), *stale])
    restored = _merger(compacted.items(), b"three")
    _pass(restored, "1s")

    assert _clicks(restored, FIVE_MINUTES) == 5


def test_the_copies_of_a_row_that_two_owners_left_are_joined() -> None:
    """Each may know of a source what the other does not, whichever of them got further."""
    rows: list[Row] = []
    for owner, partition, offset in ((b"two", 1, 9), (b"one", 0, 5)):
        merger = _merger(owner=owner)
        _pass(merger, "0s")
        _add(merger, 3, fence=1, partition=partition)
        merger.reached(offset)
        rows += merger.drain()

    assert _clicks(_merger(rows, b"three"), FIVE_MINUTES) == 6


def test_a_silent_source_is_known_by_its_topic() -> None:
    merger = _merger()
    _pass(merger, "0s")
    assert merger.silent_topics(60_000) == set()

    _pass(merger, "61s", sources=SOURCES[:1])
    assert merger.silent_topics(60_000) == {"clicks"}


# -- people, levels, members -----------------------------------------------------------------------


@given(seed=seeds, lives=lives)
@slow
def test_a_restart_changes_no_sum_no_level_and_nobody(seed: int, lives: list[int]) -> None:
    """Whether all that was read is committed, or a flush was lost, or a zombie writes once more."""
    told = Story(seed, START_S * 1000, "Europe/Paris")
    for steps in lives:
        told.live(steps)
        told.flush(committed=told.random.random() < 0.6)
        told.live(told.random.randint(0, 12))
        told.restart(zombie=told.random.choice([0, 0, 1, 5]))
        if told.random.random() < 0.3:
            told.compact()
        told.hear()
        told.check()


@given(seed=seeds, lives=lives)
@slow
def test_members_come_to_the_total_at_all_times(seed: int, lives: list[int]) -> None:
    told = Story(seed, START_S * 1000, limits={"channel": 2}, members=6)
    for steps in lives:
        told.live(steps)
        _check_total(told)
        told.flush(committed=told.random.random() < 0.6)
        told.live(told.random.randint(0, 12))
        told.restart()
        told.hear()
        _check_total(told)


def _check_total(told: Story) -> None:
    for index, before, span in told.spans():
        total = told.truth((), span)
        assert told.merger.sums((), index, before=before) == total
        added: Counter[str] = Counter()
        for part in told.merger.slices:
            added.update(told.merger.sums(part, index, before=before) if part else {})
        del added["visitors"]
        total.pop("visitors", None)
        assert {k: n for k, n in added.items() if n} == {k: n for k, n in total.items() if n}


def _limited(limit: int, rows: Iterable[Row] = (), owner: bytes = b"one") -> Merger:
    clicks = Measure("clicks", "click", "count", None, (), "count")
    rules = MergeRules(Tiers(ALL_TIERS[:3]), WINDOWS, [clicks], limits={"campaign": limit})
    merger = Merger(rules, SOURCES, owner)
    for row in rows:
        merger.restore(*row)
    merger.restored()
    return merger


def _add_member(
    merger: Merger, name: str, clicks: int, *, fence: int, partition: int = 0, at: str = "0s"
) -> None:
    start = int(START_S + seconds(at)) // 10 * 10
    people = Sketch()
    people.add([hash((name, n)) % 2**32 for n in range(clicks)])
    crowds = {"visitors": people.to_bytes()}
    partial = Partial("clicks", partition, fence, [(10, start, {"clicks": clicks}, crowds)])
    merger.merge((("campaign", name),), partial)


def _by_campaign(merger: Merger, window: int = DAY) -> dict[str, int]:
    views = {part[0][1]: merger.sums(part, window) for part in merger.slices if part}
    return {name: view["clicks"] for name, view in views.items() if "clicks" in view}


def test_all_sources_agree_on_where_a_members_pane_is_kept() -> None:
    merger = _limited(1)
    _pass(merger, "1s")
    _add_member(merger, "a", 1, fence=1)
    _add_member(merger, "b", 20, fence=1)
    _pass(merger, "61s")
    _pass(merger, "121s")
    _add_member(merger, "b", 3, fence=1, at="120s")
    _add_member(merger, "b", 5, fence=1, partition=1)
    _add_member(merger, "a", 2, fence=2, partition=1)
    _add_member(merger, "a", 9, fence=2, at="120s")

    assert _by_campaign(merger) == {"a": 3, "b": 3, "__other__": 34}


def test_a_partial_that_is_sent_again_finds_its_pane_though_its_member_moved() -> None:
    merger = _limited(1)
    _pass(merger, "1s")
    _add_member(merger, "a", 1, fence=1)
    _add_member(merger, "b", 20, fence=1)
    merger.reached(1)
    rows = merger.drain()
    merger = _limited(1, rows, b"two")
    _pass(merger, "61s")
    _add_member(merger, "b", 21, fence=2)
    _add_member(merger, "a", 1, fence=1)

    assert _by_campaign(merger) == {"a": 1, "__other__": 21}


def test_a_members_partial_is_not_taken_in_again_after_its_pane_was_folded() -> None:
    """Even where the fold alone is durable, and the member has a slice of its own by now."""
    merger = _limited(1)
    _pass(merger, "1s")
    _add_member(merger, "a", 1, fence=1)
    _add_member(merger, "b", 20, fence=1)
    merger.reached(1)
    rows = merger.drain()
    _pass(merger, "2h")
    merger.reached(2)
    rows += [row for row in merger.drain() if row_name(row[0]) != META_KEY]
    merger = _limited(9, rows, b"two")
    _add_member(merger, "b", 20, fence=1)

    assert _by_campaign(merger) == {"a": 1, "__other__": 20}


def test_a_million_members_leave_rows_that_are_bounded_and_fit_a_record() -> None:
    """Scaled down to some thousands, at a limit of ten."""
    merger = _limited(10)
    _pass(merger, "1s")
    for n in range(3_000):
        _add_member(merger, f"m{n}", 1, fence=n)
    merger.reached(1)
    rows = merger.drain()

    assert len(list(merger.slices)) == 11
    assert len(rows) <= 11 + SHARDS + 1
    assert max(len(value or b"") for _, value in rows) < 20_000
    _add_member(merger, "m2999", 2, fence=9_999)
    merger.reached(2)
    assert len(merger.drain()) == 3  # the pane, one shard, how far it got


def test_the_people_of_a_torn_flush_are_not_lost_with_the_partial_in_another_shard() -> None:
    merger = _limited(1)
    _pass(merger, "1s")
    _add_member(merger, "a", 1, fence=1)
    _add_member(merger, "b", 4, fence=1)
    merger.reached(1)
    torn = [row for row in merger.drain() if row[0][:1] == b"h"]
    assert len(torn) == 1
    merger = _limited(1, torn, b"two")
    _pass(merger, "1s")
    _add_member(merger, "a", 1, fence=1)
    _add_member(merger, "b", 4, fence=1)

    assert merger.sums((("campaign", "__other__"),), DAY)["visitors"] == 4


def test_rows_that_rest_as_bytes_still_take_what_is_late() -> None:
    merger = _merger()
    _pass(merger, "0s")
    _add(merger, 1)
    merger.reached(1)
    merger.drain()
    _pass(merger, "5m")
    assert not merger._hot
    _add(merger, 3, fence=2)

    assert _clicks(merger, HOUR) == 3
    assert len(merger._hot) == 1


def test_a_level_outlives_all_panes_and_a_restart() -> None:
    where = (Condition("kind", frozenset({"created"})),)
    level = Measure(
        "members", "customer", "level", None, where, "count", where, "end", (((), "", 1000),)
    )
    rules = MergeRules(Tiers(ALL_TIERS[:3]), WINDOWS, [level])
    merger = Merger(rules, SOURCES, b"one")
    merger.restored()
    _pass(merger, "0s")
    rows: list[Row] = []
    for day, step in enumerate((7, -2, 4)):
        at = START_S + day * 86_400
        merger.merge((), Partial("clicks", 0, day, [(10, at // 10 * 10, {"members": step}, {})]))
        _pass(merger, f"{day + 1}d")
        merger.reached(day)
        rows += merger.drain()
    _pass(merger, "30d")
    merger.reached(9)
    rows += merger.drain()

    assert panes_held(merger) == 0
    for window in (FIVE_MINUTES, DAY):
        assert merger.sums((), window) == {"members": 1009}
    again = Merger(rules, SOURCES, b"two")
    for row in rows:
        again.restore(*row)
    again.restored()
    again.resume(10)
    _pass(again, "30d")
    assert again.sums((), DAY, before=True) == {"members": 1009}
    again.merge((), Partial("clicks", 0, 9, [(10, START_S, {"members": 7}, {})]))
    assert again.sums((), DAY) == {"members": 1009}


def _between(merger: Merger, lo: str, hi: str) -> dict[str, int] | None:
    return merger.sums_between((), *(int(START_S + seconds(at)) for at in (lo, hi)))


def test_the_sums_between_two_moments_are_those_of_the_panes_between_them() -> None:
    merger = _merger()
    _pass(merger, "1h")
    for clicks, at, width in ((1, "1h", 10), (2, "119m", 60), (4, "90m", 900), (8, "2h", 10)):
        _add(merger, clicks, at, width=width)

    for now in ("1h", "3h", "40h"):
        _pass(merger, now)
        assert _between(merger, "1h", "2h") == {"clicks": 7}
        assert _between(merger, "1h", "3h") == {"clicks": 15}
        assert _between(merger, "90m", "105m") == {"clicks": 4}
        assert _between(merger, "105m", "3h") == {"clicks": 10}
        assert merger.sums_between((("channel", "email"),), START_S, START_S + 3600) == {}


@pytest.mark.parametrize(
    ("lo", "hi", "at", "is_exact"),
    [
        ("0s", "1h", "1h", True),
        ("0s", "10s", "14m", True),
        ("0s", "10s", "20m", False),  # ten seconds are gone: events of that age have wider panes
        ("0s", "5m", "2h", True),
        ("0s", "5m", "3h", False),
        ("0s", "1h", "51h", True),
        ("0s", "1h", "52h", False),  # panes of two hours begin
        ("0s", "1h", "80h", False),
        ("0s", "2h", "80h", True),
        ("0s", "2h", "400h", False),  # the oldest panes are dropped
        ("3s", "1h", "1h", False),
        ("0s", "3601s", "2h", False),
    ],
)
def test_where_wider_panes_may_hold_some_of_a_span_its_sums_are_not_known(
    lo: str, hi: str, at: str, is_exact: bool
) -> None:
    merger = Merger(MergeRules(Tiers(ALL_TIERS[:4]), WINDOWS), SOURCES)
    _pass(merger, at)

    assert (_between(merger, lo, hi) == {}) is is_exact
    assert (_between(merger, lo, hi) is None) is not is_exact


def test_a_pane_that_lies_partly_in_a_span_makes_it_inexact() -> None:
    """As when one source is days behind, and another one gets events of the same time."""
    merger = Merger(MergeRules(Tiers(ALL_TIERS[:4]), WINDOWS), SOURCES)
    _pass(merger, "1h", SOURCES[:1])
    _add(merger, 1, width=7200, partition=1)

    assert [_between(merger, lo, "2h") for lo in ("0s", "1h")] == [{"clicks": 1}, None]
    assert _between(merger, "2h", "3h") == {}


@given(seed=seeds, story_lives=lives)
@slow
def test_the_sums_of_an_hour_are_true_or_unknown(seed: int, story_lives: list[int]) -> None:
    story = Story(seed, START_S * 1000, "Europe/Paris")
    for steps in story_lives:
        story.live(steps)
    story.catch_up()
    story.hear()
    merger, newest = story.merger, story.merger.now_ms // 3_600_000
    for part in story.parts:
        for hour in range(newest - 60, newest + 1):
            found = merger.sums_between(part, 3600 * hour, 3600 * (hour + 1))
            assert found is not None or hour < newest - 49
            if found is not None:
                true = story.truth(part, Span(3600 * hour, 3600 * (hour + 1), 900))
                assert {k: n for k, n in found.items() if n} == {k: n for k, n in true.items() if n}


def test_all_is_complete_up_to_where_the_source_that_is_furthest_behind_is() -> None:
    merger = _merger()
    _pass(merger, "1h")
    assert merger.complete_s == START_S + 3600
    _pass(merger, "2h", SOURCES[:1])
    assert merger.complete_s == START_S + 3600
