"""The monitor: trust, alerts that wait for silent sources, and alerts that outlive a restart."""

from __future__ import annotations

from collections.abc import Iterable

from kpistream.core.alerts import Alert
from kpistream.core.driver import DrivenRecord
from kpistream.core.monitor import Monitor
from kpistream.core.owned_rows import Row
from kpistream.core.partials import MARK_KEY, TICK_KEY, Mark, Partial, encode_mark, encode_partial
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
        value = encode_partial(Partial(measure, 0, fence, [(10, start, {measure: events})]))
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
