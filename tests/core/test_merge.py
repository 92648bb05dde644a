"""Merging: partials of all sources become the sums of windows, each counted once."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from kpistream.core.merge import META_KEY, Merger
from kpistream.core.merge_rules import MergeRules
from kpistream.core.owned_rows import Row, row_name
from kpistream.core.panes import ALL_TIERS, Tiers
from kpistream.core.partials import Mark, Partial
from kpistream.core.windows import parse_window
from tests.support.builders import START_S, seconds

SOURCES = [("clicks", 0), ("clicks", 1)]
WINDOWS = [parse_window(name) for name in ("5m", "1h", "24h")]
FIVE_MINUTES, HOUR, DAY = range(3)


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
    assert merger.panes_held < 160

    assert _clicks(merger, HOUR) == 360
    for at in ("20h", "21h"):
        _pass(merger, at)
        assert _clicks(merger, DAY) == 360
    assert merger.panes_held == 4


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

    assert merger.panes_held == 0
    assert {row_name(key) for key in written} == {META_KEY}


def test_an_update_for_a_pane_that_is_folded_is_left_out() -> None:
    merger = _merger()
    _pass(merger, "0s")
    _add(merger, 1, fence=1)
    _pass(merger, "2h")
    _add(merger, 9, fence=2)

    assert merger.stale_panes == 1
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
    _add(merger, 9, "10m")
    assert merger.stale_panes == 1


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
