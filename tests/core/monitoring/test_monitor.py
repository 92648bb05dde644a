"""The monitor: trust, alerts that wait for silent sources, and alerts that outlive a restart."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from kpistream.core.alerting.alerts import Alert
from kpistream.core.driver import DrivenRecord
from kpistream.core.measuring.owned_rows import Row
from kpistream.core.measuring.partials import (
    MARK_KEY,
    TICK_KEY,
    Crowds,
    Mark,
    Partial,
    Sums,
    encode_mark,
    encode_partial,
)
from kpistream.core.merging.unpriced import Unpriced
from kpistream.core.monitoring.monitor import MOST_COMPARED, MOST_WATCHED, Monitor
from kpistream.core.slices import slice_key
from tests.support import builders as build
from tests.support.alerting import rule
from tests.support.builders import START_S, at_ms

SOURCES = [("impressions", 0), ("clicks", 0)]
CTR_LOW = rule(
    kpi="click_through_rate", slice={}, window="5m", below=0.5, for_s=10.0, minimum_sample=1
)


class Partials:
    """A partition of the partials topic, and its monitor."""

    def __init__(self, rows: Iterable[Row] = (), owner: bytes = b"one", offset: int = 0) -> None:
        plan = build.plan(events=["impression", "click"], rules=[CTR_LOW])
        self.monitor = Monitor(plan, SOURCES, owner)
        self.offset = offset
        for row in rows:
            self.monitor.restore(*row)
        self.monitor.restored()

    def take(self, at: str, key: bytes, value: bytes) -> None:
        """One message."""
        self.monitor.take([DrivenRecord(self.offset, at_ms(at), value, key)])
        self.offset += 1

    def count(self, measure: str, events: int, at: str = "0s", *, fence: int = 1) -> None:
        """So many events of the total's current pane."""
        start = (START_S + int(build.seconds(at))) // 10 * 10
        value = encode_partial(Partial(measure, 0, fence, [(10, start, {measure: events}, {})]))
        self.take(at, b"s[]", value)

    def mark(self, at: str, topics: Iterable[str] = ("impressions", "clicks")) -> None:
        """Sources are measured up to now."""
        for topic in topics:
            self.take(at, MARK_KEY, encode_mark(Mark(topic, 0, at_ms(at), 0)))

    def beat(self, at: str) -> list[Alert]:
        """A tick, and what it changes."""
        self.take(at, TICK_KEY, b"")
        return self.monitor.beat()


def _low() -> Partials:
    partials = Partials()
    partials.count("impressions", 10)
    partials.count("clicks", 1)
    partials.mark("1s")
    return partials


def _states(news: Iterable[Alert]) -> list[str]:
    return [str(alert.state) for alert in news]


def test_readings_are_provisional_while_every_source_is_heard() -> None:
    partials = _low()
    partials.beat("2s")
    reading = partials.monitor.board.get("click_through_rate", "5m")

    assert reading is not None
    assert (reading.value, reading.trust, reading.as_of) == (0.1, "provisional", START_S + 2)


def test_readings_that_need_a_silent_source_are_incomplete_and_others_are_not() -> None:
    partials = _low()
    partials.mark("2m", ["impressions"])
    partials.beat("2m")
    board = partials.monitor.board
    trusts = {r.kpi: r.trust for r in board if r.window == "5m" and not r.slice}

    assert trusts["click_through_rate"] == "incomplete"
    assert trusts["clicks"] == "incomplete"
    assert trusts["impressions"] == "provisional"


def test_alerts_keep_their_state_while_a_source_is_silent() -> None:
    partials = _low()
    assert _states(partials.beat("2s")) == ["pending"]
    assert _states(partials.beat("90s")) == []
    assert _states(partials.monitor.alerts.values()) == ["pending"]

    partials.mark("91s")
    assert _states(partials.beat("92s")) == ["firing"]


def test_a_kpi_without_denominator_has_no_reading() -> None:
    partials = Partials()
    partials.count("clicks", 3)
    partials.mark("1s")
    partials.beat("1s")

    assert partials.monitor.board.get("click_through_rate", "5m") is None
    assert partials.monitor.board.get("clicks", "5m") is not None


def test_alerts_outlive_a_restart_without_a_repeat_or_a_loss() -> None:
    before = _low()
    before.beat("2s")
    rows = before.monitor.drain()

    after = Partials(rows, b"two", before.offset)
    assert _states(after.monitor.alerts.values()) == ["pending"]
    after.mark("13s")
    assert _states(after.beat("13s")) == ["firing"]
    rows += after.monitor.drain()

    again = Partials(rows, b"three", after.offset)
    fired = list(again.monitor.alerts.values())
    again.mark("20s")
    assert [one.identity for one in again.beat("20s")] == [one.identity for one in fired]
    assert again.beat("21s") == []
    assert _states(again.monitor.alerts.values()) == ["firing"]
    assert again.monitor.board.get("click_through_rate", "5m") is not None


def test_nothing_is_judged_while_messages_are_read_again() -> None:
    """In between, the rows of one flush may be of different ages."""
    before = _low()
    before.beat("2s")
    rows = before.monitor.drain()
    before.beat("2s")
    rows = [row for row in rows + before.monitor.drain() if not row[0].startswith(b"a")]

    after = Partials(rows, b"two", offset=1)
    after.count("clicks", 1)
    assert after.monitor.beat() == []
    after.mark("1s")
    assert after.beat("2s") == []
    assert _states(after.beat("2s")) == ["pending"]


def test_an_alert_row_written_after_a_replay_wins_over_an_older_one() -> None:
    before = _low()
    before.beat("2s")
    rows = before.monitor.drain()
    after = Partials(rows, b"two", offset=0)
    after.count("impressions", 10)
    after.count("clicks", 9, fence=2)
    after.mark("3s")
    assert _states(after.beat("3s")) == ["inactive"]
    rows += [*after.monitor.drain(), *after.monitor.drain()]
    after.beat("4s")
    rows += after.monitor.drain()

    assert not Partials(rows, b"three").monitor.alerts


def test_an_ended_alert_is_forgotten_after_a_day() -> None:
    partials = _low()
    partials.beat("2s")
    partials.mark("13s")
    partials.beat("13s")
    partials.mark("10m")
    assert _states(partials.beat("10m")) == ["resolved"]
    rows = partials.monitor.drain()
    partials.mark("25h")
    partials.beat("25h")
    rows += partials.monitor.drain()
    partials.beat("26h")
    rows += partials.monitor.drain()

    assert not partials.monitor.alerts
    assert not Partials(rows, b"two").monitor.alerts


def _fired() -> tuple[Partials, list[Row], Alert]:
    """An alert that fired, its durable rows, and nobody knows whether its message was sent."""
    before = _low()
    before.beat("2s")
    before.mark("13s")
    [fired] = before.beat("13s")
    return before, before.monitor.drain(), fired


def test_an_alert_that_may_not_have_been_sent_is_told_once_more_as_it_was() -> None:
    before, rows, fired = _fired()
    after = Partials(rows, b"two", offset=before.offset - 1)  # not acknowledged: read again

    assert [alert.identity for alert in after.beat("13s")] == [fired.identity]
    assert after.beat("14s") == []


def test_an_alert_that_ended_meanwhile_is_resolved_after_it_was_told_once_more() -> None:
    before, rows, fired = _fired()
    after = Partials(rows, b"two", before.offset)
    after.count("clicks", 10, "13s", fence=2)

    assert [alert.identity for alert in after.beat("14s")] == [fired.identity]
    rows += after.monitor.drain()
    [resolved] = after.beat("15s")
    rows += after.monitor.drain()
    assert (resolved.state, resolved.fingerprint) == ("resolved", fired.fingerprint)

    again = Partials(rows, b"three", after.offset)
    assert [alert.identity for alert in again.beat("16s")] == [resolved.identity]


def test_a_pending_alert_is_no_news_after_a_restart() -> None:
    before = _low()
    before.beat("2s")
    after = Partials(before.monitor.drain(), b"two", before.offset)
    assert after.beat("3s") == []


# -- what is worked out, and when ------------------------------------------------------------------


def _beats(slices: int, most_readings: int | None) -> tuple[Monitor, list[int]]:
    """How many slices' clicks are on the board, beat by beat."""
    plan = build.plan(events=["click"], windows=("5m",), slices=[("campaign",)])
    monitor = Monitor(plan, [("clicks", 0)], b"one", most_readings)
    monitor.restored()
    pane: tuple[int, int, Sums, Crowds] = (10, START_S, {"clicks": 1}, {})
    messages = [
        DrivenRecord(
            n,
            at_ms("1s"),
            encode_partial(Partial("clicks", 0, 1, [pane])),
            b's[["campaign","c%d"]]' % n,
        )
        for n in range(slices)
    ]
    monitor.take(messages)
    found = []
    for _ in range(slices + 1):
        monitor.beat()
        found.append(len(monitor.board.of("clicks", "5m")))
    return monitor, found


def test_a_beat_works_out_no_more_than_the_bound_and_everything_gets_its_turn() -> None:
    _, at_once = _beats(20, None)
    monitor, found = _beats(20, 1)

    assert at_once[0] == 20
    assert found[:3] == [1, 2, 3]
    assert found[-1] == 20
    assert {r.value for r in monitor.board.of("clicks", "5m")} == {1.0}


def test_nothing_is_worked_out_again_until_something_changes_or_its_window_moves() -> None:
    partials = _low()
    partials.beat("2s")
    seen = [_worked_out_at(partials, "5m"), _worked_out_at(partials, "24h")]
    partials.beat("3s")
    assert seen == [_worked_out_at(partials, "5m"), _worked_out_at(partials, "24h")] == [2.0, 2.0]
    partials.count("clicks", 2, "4s", fence=2)
    partials.beat("4s")
    assert [_worked_out_at(partials, "5m"), _worked_out_at(partials, "24h")] == [4.0, 4.0]
    for at in range(50, 400, 50):
        partials.mark(f"{at}s")
        partials.beat(f"{at}s")
    assert partials.monitor.board.get("click_through_rate", "5m") is None
    assert _worked_out_at(partials, "24h") == 4.0


def _worked_out_at(partials: Partials, window: str) -> float:
    reading = partials.monitor.board.get("click_through_rate", window)
    assert reading is not None
    return reading.as_of - START_S


def test_only_readings_that_rest_on_a_topic_that_falls_silent_are_worked_out_again() -> None:
    partials = _low()
    partials.beat("2s")
    partials.mark("61s", ["impressions"])
    partials.beat("62s")
    board = partials.monitor.board

    assert {r.trust for r in board.of("impressions", "1h")} == {"provisional"}
    assert {r.trust for r in board.of("clicks", "1h")} == {"incomplete"}
    partials.mark("63s")
    partials.beat("63s")
    assert {r.trust for r in partials.monitor.board.of("clicks", "1h")} == {"provisional"}


def test_money_without_a_rate_makes_a_reading_incomplete_and_is_listed() -> None:
    driver = build.driven(
        [
            ("order", build.order("10.00")),
            ("order", build.order("7", currency="JPY")),
            ("order", build.order("2.50", currency="USD")),
            ("order", build.order("1.25", currency="USD")),
        ],
        events=["order"],
        rates="date,currency,rate\n2026-03-01,JPY,0.01\n",
    )
    revenue = driver.reading("revenue", "5m")
    orders = driver.reading("orders", "5m")

    assert revenue is not None
    assert orders is not None
    assert (revenue.value, revenue.trust) == (10.07, "incomplete")
    assert driver.unpriced == [Unpriced("USD", 3.75, 2)]
    assert orders.trust == "provisional"


def test_any_kpi_can_be_read_over_any_window_and_the_one_before() -> None:
    partials = _low()
    partials.beat("2s")
    partials.mark("6m")
    partials.beat("6m")
    monitor = partials.monitor
    [before] = monitor.read("impressions", "5m", [()], before=True)

    assert before.value == 10.0
    assert not list(monitor.read("impressions", "5m", [()]))
    with pytest.raises(KeyError):
        list(monitor.read("impressions", "7d"))


OBJECTIVE = """
objectives:
  more_orders:
    name: {en: More orders, fr: Plus de commandes}
    kpi: orders
    target: 4
    start: 2026-02-20
    deadline: 2026-03-20
    owner: sales
    kpis: [orders, revenue, average_order_value]
"""


def test_objectives_are_assessed_over_their_own_span() -> None:
    catalogue = build.extended_catalogue(OBJECTIVE)
    driver = build.driven(
        [("order", build.order(at=at)) for at in ("-3h", "-7d", "-9d", "-15d")],
        events=["order"],
        catalogue=catalogue,
    )
    [progress] = driver.objectives

    assert (progress.objective.id, progress.value) == ("more_orders", 3.0)


def test_the_readings_of_a_slice_that_has_gone_leave_the_board() -> None:
    """Even if nothing else happens any more."""
    monitor, _ = _beats(3, None)
    assert len(monitor.board) > 0
    for n, at in enumerate(("1h", "2h", "5d"), start=100):
        mark = encode_mark(Mark("clicks", 0, at_ms(at), 0))
        monitor.take([DrivenRecord(n, at_ms(at), mark, MARK_KEY)])
        monitor.beat()

    assert not list(monitor.merger.slices)
    assert len(monitor.board) == 0
    assert len(monitor.before) == 0


def test_a_slice_that_goes_and_comes_back_between_two_beats_is_read() -> None:
    monitor, _ = _beats(1, None)
    late = START_S + 5 * 86_400
    partial = encode_partial(Partial("clicks", 0, 9, [(10, late, {"clicks": 4}, {})]))
    mark = encode_mark(Mark("clicks", 0, late * 1000, 0))
    monitor.take(
        [
            DrivenRecord(100, late * 1000, mark, MARK_KEY),
            DrivenRecord(101, late * 1000 + 1, partial, b's[["campaign","c0"]]'),
        ]
    )
    monitor.beat()

    assert [r.value for r in monitor.board.of("clicks", "5m")] == [4.0]


# -- the windows before ----------------------------------------------------------------------------


def _with_parts(number: int) -> Monitor:
    """A monitor with the total and so many channels: 5 clicks now, and 3 five minutes ago."""
    plan = build.plan(events=["impression", "click"], windows=["5m", "1h"])
    monitor = Monitor(plan, SOURCES, b"one")
    parts: list[tuple[tuple[str, str], ...]] = [(), (("campaign", "c"),)]
    parts += [(("channel", f"c{n:02}"),) for n in range(number)]
    panes: list[tuple[int, int, Sums, Crowds]] = [
        (10, START_S, {"clicks": 3}, {}),
        (10, START_S + 300, {"clicks": 5}, {}),
    ]
    value = encode_partial(Partial("clicks", 0, 1, panes))
    records = [
        DrivenRecord(n, at_ms("301s"), value, b"s" + slice_key(p)) for n, p in enumerate(parts)
    ]
    monitor.take([*records, DrivenRecord(len(parts), at_ms("400s"), b"", TICK_KEY)])
    monitor.beat()
    return monitor


def test_of_the_total_and_of_channels_the_window_before_is_on_a_board_of_its_own() -> None:
    monitor = _with_parts(2)
    now, before = monitor.board, monitor.before
    for part in ((), (("channel", "c00"),)):
        current, earlier = now.get("clicks", "5m", part), before.get("clicks", "5m", part)
        assert current is not None
        assert earlier is not None
        assert (current.value, earlier.value) == (5, 3)
    assert now.get("clicks", "1h", (("campaign", "c"),)) is not None
    assert before.get("clicks", "5m", (("campaign", "c"),)) is None


def test_where_the_window_before_is_empty_there_is_nothing_on_that_board() -> None:
    assert _with_parts(0).before.get("clicks", "1h") is None


def test_only_so_many_slices_of_a_partition_are_compared() -> None:
    monitor = _with_parts(MOST_COMPARED + 5)
    assert len(monitor.before.slices) == MOST_COMPARED


def test_an_alert_that_is_told_again_after_a_restart_is_no_fresh_change() -> None:
    partials = _low()
    partials.beat("2s")
    partials.mark("15s")
    assert _states(partials.beat("15s")) == ["firing"]
    assert _states(partials.monitor.fresh) == ["firing"]
    rows = partials.monitor.drain()
    again = Partials(rows, b"two", partials.offset)
    assert _states(again.beat("16s")) == ["firing"]
    assert again.monitor.fresh == []


def test_what_is_watched_is_read_as_it_is_and_only_so_much_is_kept() -> None:
    monitor = _with_parts(5)
    part = (("channel", "c01"),)
    for before in (False, True):
        watched = monitor.watch("clicks", "1h", part, before=before)
        assert watched == next(monitor.read("clicks", "1h", [part], before=before), None)
    state = monitor.merger._slices[part]
    kept = len(state.views)
    monitor.merger.unwatch(part, 1, before=False)
    assert len(state.views) == kept - 1
    assert monitor.watch("clicks", "1h", part, before=False) is not None
    for n in range(MOST_WATCHED):
        monitor.watch("clicks", "5m", (("channel", f"gone {n}"),), before=False)
    assert len(monitor._watched) == MOST_WATCHED


def test_the_windows_before_are_read_once_a_step_and_late_events_are_in_them_by_the_next() -> None:
    monitor = _with_parts(1)
    before = monitor.before
    offset = monitor.merger.version + 1
    late = encode_partial(Partial("clicks", 0, 2, [(10, START_S + 10, {"clicks": 4}, {})]))
    records = [
        DrivenRecord(offset, at_ms("401s"), late, b"s" + slice_key(())),
        DrivenRecord(offset + 1, at_ms("402s"), b"", TICK_KEY),
    ]
    monitor.take(records)
    monitor.beat()
    assert monitor.before is before
    monitor.take([DrivenRecord(offset + 2, at_ms("411s"), b"", TICK_KEY)])
    monitor.beat()
    reading = monitor.before.get("clicks", "5m")
    assert reading is not None
    assert reading.value == 7
