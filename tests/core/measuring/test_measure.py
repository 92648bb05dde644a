"""Measuring: what becomes of each record, and what one flush makes durable."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest

from kpistream.core.driver import DrivenRecord
from kpistream.core.events.dead_letters import MAX_VALUE
from kpistream.core.measuring import measure
from kpistream.core.measuring.measure import MAX_PANES, Flush, PartitionMeasurer
from kpistream.core.measuring.partials import Crowds, Partial, Sums, add, decode_partial
from kpistream.core.measuring.sketch import Sketch
from kpistream.core.measuring.sorting import MAX_CLOCK_LEAD_MS
from kpistream.core.merging.pane_rows import merged
from kpistream.core.money.currencies import EXPONENTS
from kpistream.core.plan import Plan
from kpistream.core.slices import OTHER, Slice, slice_from_key
from tests.support import builders as build
from tests.support.builders import START_MS, START_S, at_ms, click, record, records

DAY_MS = 86_400_000


class Partition:
    """A partition of the clicks topic: its log, its table, and whoever measures it."""

    def __init__(self, plan: Plan | None = None) -> None:
        self.plan = plan or build.plan(slices=[()])
        self.rows: list[tuple[bytes, bytes | None]] = []
        self.measurer = PartitionMeasurer("click", 0, self.plan)

    def restart(self, rows: Iterable[tuple[bytes, bytes | None]] | None = None) -> None:
        """Take up the rows as another owner."""
        self.measurer = PartitionMeasurer("click", 0, self.plan, b"next")
        for row in self.rows if rows is None else rows:
            self.measurer.restore(*row)

    def measure(self, *taken: DrivenRecord, now: str = "0s") -> None:
        """Measure records at a moment."""
        self.measurer.measure(taken, at_ms(now))

    def flush(self, committed: int = 0) -> Flush:
        """Flush, and let all of it become durable."""
        flush = self.measurer.drain(committed)
        assert flush is not None
        self.rows += flush.rows
        return flush

    @property
    def counts(self) -> dict[str, int]:
        """How many records ended how, by reason or else outcome."""
        return {str(r or o): n for (o, r), n in self.measurer.ledger.counts.items()}


def _partials(flush: Flush) -> list[Partial]:
    return [decode_partial(value) for _, value in flush.partials]


def _total(flush: Flush) -> Sums:
    sums: Sums = {}
    for partial in _partials(flush):
        for _, _, contributed, _ in partial.panes:
            add(sums, contributed)
    return sums


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (click(), "accepted"),
        (click("60s"), "accepted"),
        (click("61s"), "in_future"),
        (click("-51h"), "accepted"),
        (click("-52h"), "too_old"),
        (None, "empty"),
        (b"{", "malformed_json"),
        (b"{}", "invalid_event"),
        (b'{"event_id": "\\ud800", "occurred_at": "2026-03-01T10:00:00Z"}', "malformed_json"),
    ],
)
def test_every_record_ends_in_one_way(value: bytes | None, outcome: str) -> None:
    partition = Partition()
    partition.measure(record(0, value))

    assert partition.counts == {outcome: 1}


def test_the_same_id_again_is_a_duplicate() -> None:
    partition = Partition()
    value = click()
    partition.measure(record(0, value), record(1, value))
    partition.measure(record(2, value))

    assert partition.counts == {"accepted": 1, "duplicate": 2}


def test_an_id_is_forgotten_after_the_horizon() -> None:
    partition = Partition()
    partition.measure(record(0, click("0s", event_id="again")))
    partition.measure(record(1, click("14m", event_id="again"), "14m"), now="14m")
    partition.measure(record(2, click("17m", event_id="again"), "17m"), now="17m")

    assert partition.counts == {"accepted": 2, "duplicate": 1}


def test_the_late_and_the_rejected_become_dead_letters_as_they_came() -> None:
    partition = Partition()
    partition.measure(record(7, b"{"), record(8, click()), record(9, click("-4d")))
    letters = partition.flush().dead_letters

    assert [(d.offset, d.outcome, d.reason, d.value == b"{") for d in letters] == [
        (7, "rejected", "malformed_json", True),
        (9, "late", "too_old", False),
    ]


def test_one_event_from_2099_moves_nothing() -> None:
    partition = Partition()
    partition.measure(record(0, click("26000d")))
    assert partition.measurer.watermark_ms == 0

    ahead = DrivenRecord(1, START_MS + 26_000 * DAY_MS, click("26000d"))
    partition.measure(ahead, record(2, click("-1s")))

    assert partition.counts == {"in_future": 2, "accepted": 1}
    assert partition.measurer.watermark_ms == START_MS
    [_, letter] = partition.flush().dead_letters
    assert letter.detail == f"its timestamp is {26_000 * 86_400} s ahead of the clock"


def test_a_clock_a_little_ahead_is_believed() -> None:
    partition = Partition()
    partition.measure(DrivenRecord(0, START_MS + MAX_CLOCK_LEAD_MS, click()))

    assert partition.counts == {"accepted": 1}


def test_out_of_order_records_are_late_once_their_pane_is_closed() -> None:
    partition = Partition()
    partition.measure(record(0, click("20m"), "20m"), record(1, click("0s"), "14m"), now="20m")

    assert partition.counts == {"accepted": 1, "pane_closed": 1}


def test_a_flush_sends_absolute_sums_up_to_its_last_offset() -> None:
    partition = Partition()
    partition.measure(record(0, click("0s")), record(1, click("1s")))
    partition.flush()
    partition.measure(record(5, click("2s")))
    flush = partition.flush()

    assert flush.offset == 5
    assert _partials(flush) == [
        Partial("clicks", 0, 5, [(10, START_MS // 1000, {"clicks": 3}, {})]),
    ]
    assert partition.measurer.drain() is None


def test_a_long_backlog_is_sent_in_pieces_that_fit_a_record() -> None:
    partition = Partition()
    panes = 3 * MAX_PANES
    backlog = [record(n, click(f"{10 * n}s"), f"{10 * n}s") for n in range(panes)]
    partition.measure(*backlog, now="3h")
    flush = partition.flush()

    assert [len(partial.panes) for partial in _partials(flush)] == [MAX_PANES] * 3
    assert _total(flush) == {"clicks": panes}


def test_a_backlog_in_many_currencies_is_sent_in_pieces_that_fit_a_record() -> None:
    plan = build.plan(slices=[()])
    measurer = PartitionMeasurer("order", 0, plan)
    codes = sorted(EXPONENTS)[:60]
    moments = [f"{10 * (n // 60)}s" for n in range(60 * 100)]
    backlog = [
        record(n, build.order("1000", at, currency=codes[n % 60]), at)
        for n, at in enumerate(moments)
    ]
    measurer.measure(backlog, at_ms("3h"))
    flush = measurer.drain()
    assert flush is not None

    assert len(flush.partials) > 1
    assert max(len(value) for _, value in flush.partials) < 300_000
    assert _total(flush)["orders"] == 60 * 100


def test_a_dead_letter_keeps_the_beginning_of_a_record_that_is_too_large() -> None:
    partition = Partition()
    partition.measure(record(0, b"x" * 700_000))
    (letter,) = partition.flush().dead_letters

    assert letter.value == b"x" * MAX_VALUE
    assert ("size", b"700000") in letter.headers()


@pytest.mark.parametrize("durable", range(5))
def test_a_replay_adds_what_is_missing_and_nothing_else(durable: int) -> None:
    partition = Partition(build.plan(slices=[(), ("channel",)]))
    log = records([click(), b"{", click(channel="ads"), click(event_id="x"), click(event_id="x")])
    partition.measure(*log)
    flush = partition.measurer.drain()
    assert flush is not None

    partition.restart(flush.rows[:durable] if durable < 4 else flush.rows[durable:])
    partition.measure(*log)
    partition.measure(record(5, click()))
    partition.flush()

    assert partition.counts == {"accepted": 4, "duplicate": 1, "malformed_json": 1}
    partition.restart()
    partition.measure(record(6, click()))
    total = [p for k, v in partition.flush().partials if k == b"[]" for p in [decode_partial(v)]]
    assert total[0].panes[0][2] == {"clicks": 5}


def test_a_stale_row_of_a_former_owner_is_outlived_even_by_compaction() -> None:
    partition = Partition()
    partition.measure(record(0, click()))
    stale = partition.flush().rows
    partition.restart()
    partition.measure(record(1, click()))
    partition.flush(committed=2)

    compacted = dict([*partition.rows, *stale])
    partition.restart(compacted.items())
    partition.measure(record(2, click()))

    assert _total(partition.flush()) == {"clicks": 3}


def test_a_claim_moves_the_watermark_of_an_idle_partition() -> None:
    partition = Partition()
    partition.measure(record(0, click()))
    partition.measurer.claim(at_ms("5m"))

    assert partition.flush().mark.watermark_ms == at_ms("5m")
    partition.measurer.claim(at_ms("4m"))
    assert partition.measurer.drain() is None


def test_a_claim_ages_the_ids_that_were_seen() -> None:
    partition = Partition()
    partition.measure(record(0, click(event_id="again")))
    partition.flush()
    partition.measurer.claim(at_ms("17m"))
    partition.flush()
    partition.measure(record(1, click("16m", event_id="again"), "16m"), now="17m")

    assert partition.counts == {"accepted": 2}


def test_a_partition_that_never_had_a_record_can_claim_too() -> None:
    partition = Partition()
    partition.measurer.claim(at_ms("1m"))
    mark = partition.flush().mark

    assert (mark.watermark_ms, mark.offset) == (at_ms("1m"), -1)


def test_no_record_is_judged_by_a_claim_that_is_not_durable() -> None:
    """Or else a replay, which cannot know the claim, would judge it otherwise."""
    partition = Partition(build.plan(slices=[(), ("channel",)]))
    partition.measure(record(0, click()))
    partition.flush()
    partition.measurer.claim(at_ms("30m"))
    partition.measure(record(1, click("1s"), "2s"))

    assert partition.counts == {"accepted": 2}
    partition.flush()
    partition.measure(record(2, click("1s"), "2s"))
    assert partition.counts == {"accepted": 2, "pane_closed": 1}


def test_a_claim_in_the_middle_of_a_replay_is_ignored() -> None:
    partition = Partition()
    partition.measure(*records([click(), click(), click()]))
    partition.flush()
    partition.restart()
    partition.measure(record(0, click(event_id="not-in-the-log")))
    partition.measurer.claim(at_ms("1h"))

    assert partition.flush().mark.watermark_ms == START_MS
    assert partition.counts == {"accepted": 3}


def test_rows_that_not_even_a_replay_can_need_are_removed_by_the_next_flush() -> None:
    partition = Partition()
    partition.measure(record(0, click()))
    partition.flush()
    partition.measure(record(1, click("1h"), "1h"), now="1h")
    assert not [key for key, value in partition.flush(committed=1).rows if value is None]
    partition.measure(record(2, click("1h"), "1h"), now="1h")
    partition.flush(committed=2)
    partition.measure(record(3, click("1h"), "1h"), now="1h")
    removed = [key for key, value in partition.flush(committed=3).rows if value is None]

    assert sorted(key[:1] for key in removed) == [b"d", b"p"]


# -- lags ------------------------------------------------------------------------------------------


def _clicks_of_ages(*ages: str) -> list[DrivenRecord]:
    return records([click(f"-{age}") for age in ages])


def test_the_mark_tells_after_how_long_nearly_all_events_have_arrived() -> None:
    partition = Partition()
    partition.measure(*_clicks_of_ages(*["5s"] * 90, *["100m"] * 10))

    assert partition.flush().mark.lag_s == partition.measurer.lag_s == 7200


def test_events_that_do_not_count_have_no_lag() -> None:
    partition = Partition()
    again, too_old = click("-2h", event_id="again"), click("-4d")
    partition.measure(*records([again, again, too_old, b"{", *[click("-5s")] * 25]))
    partition.measure(*records([click("-5s") for _ in range(17)], first=29))

    assert partition.flush().mark.lag_s == 7200
    partition.measure(record(46, click("-5s")))
    assert partition.flush().mark.lag_s == 6


@pytest.mark.parametrize("read_again", [0, 5, 10])
def test_a_restart_knows_the_lags_and_counts_none_twice(read_again: int) -> None:
    log = _clicks_of_ages(*["5s"] * 19, "2h")
    through = Partition()
    for one in log:
        through.measure(one)
    partition = Partition()
    partition.measure(*log[:10])
    partition.flush()
    partition.restart()
    partition.measure(*log[read_again:])

    assert partition.measurer.ledger.lags.row() == through.measurer.ledger.lags.row()


def test_a_partition_without_events_has_no_lag() -> None:
    partition = Partition()
    partition.measurer.claim(at_ms("1m"))

    assert partition.flush().mark.lag_s == 0


# -- people, periods, full panes -------------------------------------------------------------------


class Known(dict[Slice, tuple[Sums, Crowds]]):
    """What a merger would know of one source: of each pane the newest sums, and all people."""

    def __init__(self, partials: Iterable[tuple[bytes, bytes]]) -> None:
        newest: dict[tuple[Slice, int, int], tuple[int, Sums]] = {}
        for key, value in partials:
            partial, part = decode_partial(value), slice_from_key(key)
            for width, start, sums, crowds in partial.panes:
                at = (part, width, start)
                if at not in newest or newest[at][0] < partial.fence:
                    newest[at] = (partial.fence, sums)
                self[part] = {}, merged(self.get(part, ({}, {}))[1], crowds)
        for (part, _, _), (_, sums) in newest.items():
            add(self[part][0], sums)


def _visits(who: Iterable[str]) -> list[bytes]:
    return [build.session(visitor_id=person) for person in who]


def _people(crowds: Crowds) -> int:
    return Sketch(crowds["visitors"]).estimate()


@pytest.mark.parametrize("read_again", [0, 3, 7])
def test_people_travel_as_sketches_and_are_not_counted_twice_after_a_restart(
    read_again: int,
) -> None:
    plan = build.plan(slices=[()])
    log = records(_visits("abcabdaeaf"))
    measurer = PartitionMeasurer("session", 0, plan, b"one")
    measurer.measure(log[:8], at_ms("0s"))
    first = measurer.drain()
    assert first is not None
    measurer = PartitionMeasurer("session", 0, plan, b"two")
    for row in first.rows:
        measurer.restore(*row)
    measurer.measure(log[read_again:], at_ms("0s"))
    second = measurer.drain()
    assert second is not None

    [(sums, crowds)] = Known([*first.partials, *second.partials]).values()
    assert (sums["sessions"], _people(crowds)) == (10, 6)


def test_a_cost_of_a_period_is_divided_over_its_panes_to_the_last_bit() -> None:
    plan = build.plan(slices=[()], windows=("5m", "24h", "this_month"))
    measurer = PartitionMeasurer("cost", 0, plan)
    value = build.cost("100.01", at="-3m", since="-20d")
    measurer.measure([record(0, value)], at_ms("0s"))
    flush = measurer.drain()
    assert flush is not None
    panes = [pane for partial in _partials(flush) for pane in partial.panes]

    assert {abs(width) for width, *_ in panes} == {10, 60, 900, 7200, 21_600}
    assert _total(flush)["marketing_cost@EUR"] == 100_01 * 10_000
    assert _total(flush)["cost_reports"] == 1
    day = [s["marketing_cost@EUR"] for w, start, s, _ in panes if abs(w) == 21_600][1:-1]
    assert max(day) - min(day) <= 1


@pytest.mark.parametrize("durable", range(0, 40, 3))
def test_a_replay_of_a_cost_of_a_period_adds_what_is_missing(durable: int) -> None:
    plan = build.plan(slices=[()], windows=("5m", "24h"))
    log = [record(n, build.cost("9.99", at="-1s", since="-40m")) for n in range(2)]
    measurer = PartitionMeasurer("cost", 0, plan, b"one")
    measurer.measure(log[:1], at_ms("0s"))
    first = measurer.drain()
    assert first is not None
    measurer = PartitionMeasurer("cost", 0, plan, b"two")
    for row in first.rows[:durable]:
        measurer.restore(*row)
    measurer.measure(log, at_ms("0s"))
    second = measurer.drain()
    assert second is not None

    [(sums, _)] = Known([*first.partials, *second.partials]).values()
    assert sums["marketing_cost@EUR"] == 2 * 9_99 * 10_000


def _campaigns(first: int, last: int) -> list[DrivenRecord]:
    return [record(n, click(campaign=f"c{n % 9}")) for n in range(first, last)]


def test_a_pane_takes_no_more_slices_from_the_epoch_on_that_begins_with_it_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measure, "EPOCH", 4)
    partition = Partition(build.plan(slices=[("campaign",)], max_pane_slices=4))
    partition.measure(*_campaigns(0, 18))

    counts = _campaign_counts(partition.flush().partials)
    assert counts == {"c0": 2, "c1": 2, "c2": 2, "c3": 2, OTHER: 10}


@pytest.mark.parametrize("seed", range(150))
def test_a_full_pane_is_as_full_in_a_replay(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "EPOCH", 6)
    random, plan = Random(seed), build.plan(slices=[("campaign",)], max_pane_slices=4)
    whole = Partition(plan)
    whole.measure(*_campaigns(0, 40))
    partition, sent, reached = Partition(plan), [], 0
    for _ in range(random.randint(0, 3)):
        partition.measure(*_campaigns(reached, reached := reached + random.randint(1, 9)))
        sent += partition.flush().partials
    committed = random.randint(0, reached)
    partition.measure(*_campaigns(reached, reached + random.randint(1, 9)))
    torn = partition.measurer.drain()
    assert torn is not None
    cut = random.randint(0, len(torn.partials) + len(torn.rows))
    sent += torn.partials[:cut]
    partition.restart([*partition.rows, *torn.rows[: max(0, cut - len(torn.partials))]])
    while committed < 40:
        partition.measure(*_campaigns(committed, committed := random.randint(committed + 1, 40)))
        if random.random() < 0.5 or committed == 40:
            flush = partition.measurer.drain()
            sent += flush.partials if flush else []

    assert _campaign_counts(sent) == _campaign_counts(whole.flush().partials)


def _campaign_counts(sent: Iterable[tuple[bytes, bytes]]) -> dict[str, int]:
    return {part[0][1]: sums["clicks"] for part, (sums, _) in Known([*sent]).items()}


def test_what_comes_late_is_sent_as_a_part_of_its_own() -> None:
    partition = Partition()
    partition.measure(record(0, click()), record(1, click(), "70s"), now="70s")
    partition.measure(record(2, click(), "71s"), now="71s")

    [partial] = _partials(partition.flush())
    assert partial.panes == [(10, START_S, {"clicks": 2}, {}), (-10, START_S, {"clicks": 1}, {})]


@pytest.mark.parametrize("occurred", [("0s", "9s"), ("9s", "0s"), ("0s", "9s", "1s", "8s")])
def test_old_and_young_events_of_a_lot_share_a_pane_until_it_is_late(
    occurred: tuple[str, ...],
) -> None:
    partition = Partition()
    partition.measure(record(0, click("65s"), "65s"), now="65s")
    partition.flush()  # from here on lots are calm, and sorted by columns
    values = [record(n, click(at), "65s") for n, at in enumerate(occurred, start=1)]
    partition.measure(*values, now="65s")

    [partial] = _partials(partition.flush())
    assert partial.panes == [(10, START_S, {"clicks": len(occurred)}, {})]
    assert partition.counts == {"accepted": 1 + len(occurred)}


def test_the_late_part_of_a_pane_is_absolute_too() -> None:
    partition = Partition()
    partition.measure(record(0, click(), "2m"), now="2m")
    partition.flush()
    partition.measure(record(1, click("1s"), "5m"), now="5m")

    [partial] = _partials(partition.flush())
    assert partial.panes == [(-10, START_S, {"clicks": 2}, {})]


def test_rows_to_which_only_late_events_can_come_leave_memory_and_later_the_table() -> None:
    partition = Partition()
    partition.measure(record(0, click()))
    partition.flush()
    partition.measure(record(1, click("5m"), "5m"), now="5m")
    flush = partition.flush(committed=2)
    assert list(partition.measurer._rows) == [(10, START_S + 300)]
    assert [key for key, value in flush.rows if value is None] == []
    partition.measure(record(2, click("40m"), "40m"), now="40m")
    partition.flush(committed=3)
    partition.measure(record(3, click("41m"), "41m"), now="41m")

    removed = [key for key, value in partition.flush(committed=4).rows if value is None]
    assert [key for key in removed if key.startswith(b"p10|%d" % START_S)]


def test_rows_are_needed_until_all_that_they_include_was_measured_again() -> None:
    partition = Partition()
    taken = [record(0, click()), record(1, click("5m"), "5m"), record(2, click("6m"), "6m")]
    partition.measure(taken[0])
    partition.flush()
    partition.measure(*taken[1:], now="6m")
    partition.flush()
    partition.restart()
    partition.measure(taken[0], now="6m")
    partition.flush()

    assert (10, START_S) in partition.measurer._rows
    partition.measure(*taken[1:], record(3, click("6m"), "6m"), now="6m")
    assert _total(partition.flush()) == {"clicks": 2}
    assert (10, START_S) not in partition.measurer._rows
