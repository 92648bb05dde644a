from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any, cast

import faust
import pytest
from faust.types import TP

from kpistream.stream.pulse import Sign
from kpistream.stream.transport import (
    GROUP,
    BatchConsumer,
    BatchConsumerThread,
    Chunk,
    ChunkContinuityError,
    Continuity,
    Record,
    chunk_topic,
    drain,
)

CLICKS = ("clicks", 0)
ORDERS = ("orders", 0)


def records(*offsets: int) -> list[Record]:
    return cast("list[Record]", [SimpleNamespace(offset=o, timestamp=0) for o in offsets])


def chunk(*offsets: int, previous: int | None = None, run: int = 1) -> Chunk:
    return Chunk(CLICKS, records(*offsets), run, previous)


class TestChunk:
    def test_it_knows_its_first_and_last_offset_although_there_are_holes(self) -> None:
        made = chunk(3, 7, 9)
        assert (made.first, made.last, len(made)) == (3, 9, 3)

    def test_it_forgets_its_records_once_they_are_taken(self) -> None:
        made = chunk(3, 4)
        assert [record.offset for record in made.take()] == [3, 4]
        assert len(made) == 0
        assert made.last == 4


class TestContinuity:
    def test_it_admits_chunks_that_follow_each_other(self) -> None:
        continuity = Continuity()
        continuity.check(chunk(5, 6))
        continuity.check(chunk(7, 9, previous=6))
        continuity.check(chunk(12, previous=9))

    def test_it_admits_a_repetition_after_a_seek(self) -> None:
        continuity = Continuity()
        continuity.check(chunk(5, 6, run=1))
        continuity.check(chunk(5, 6, run=2))

    @pytest.mark.parametrize(
        "second",
        [
            pytest.param(chunk(9, previous=8), id="a chunk was dropped"),
            pytest.param(chunk(5, 6, previous=None), id="a chunk was repeated"),
            pytest.param(chunk(6, 7, previous=6), id="a record was repeated"),
            pytest.param(
                chunk(9, previous=6, run=2), id="the first chunk after a seek was dropped"
            ),
        ],
    )
    def test_it_names_what_was_lost_or_repeated(self, second: Chunk) -> None:
        continuity = Continuity()
        continuity.check(chunk(5, 6))
        with pytest.raises(ChunkContinuityError, match="clicks-0: the chunk of offsets"):
            continuity.check(second)

    def test_it_judges_each_partition_by_itself(self) -> None:
        continuity = Continuity()
        continuity.check(Chunk(CLICKS, records(5), 1, None))
        continuity.check(Chunk(ORDERS, records(0), 1, None))
        continuity.check(Chunk(CLICKS, records(6), 1, 5))


class TestBehind:
    """A partition whose log ends at offset 10, and of which some offsets are no records."""

    @staticmethod
    def thread(position: int | None, last: int | None, highwater: int | None = 10) -> Any:
        state = SimpleNamespace(_position=position, highwater=highwater)
        assignment = SimpleNamespace(state_value={CLICKS: state}.get)
        made = cast(Any, object.__new__(BatchConsumerThread))
        subscription = SimpleNamespace(assignment=assignment)
        made._consumer = SimpleNamespace(_subscription=SimpleNamespace(subscription=subscription))
        made._handing_over = threading.Lock()
        made._last = {} if last is None else {CLICKS: last}
        return made

    @pytest.mark.parametrize(
        ("position", "last", "measured", "behind"),
        [
            pytest.param(10, 9, 9, 0, id="everything is measured"),
            pytest.param(10, 7, 7, 0, id="markers follow the last record"),
            pytest.param(10, None, -1, 0, id="all records expired"),
            pytest.param(10, 7, 3, 6, id="a chunk is still queued"),
            pytest.param(8, 7, 7, 2, id="records are still to be fetched"),
            pytest.param(10, None, 12, 0, id="read in an earlier run"),
        ],
    )
    def test_it_counts_what_is_to_be_fetched_and_measured(
        self, position: int, last: int | None, measured: int, behind: int
    ) -> None:
        assert self.thread(position, last).behind(TP(*CLICKS), measured) == behind

    def test_nobody_knows_before_the_first_fetch(self) -> None:
        assert self.thread(None, None).behind(TP(*CLICKS), -1) is None
        assert self.thread(0, None, highwater=None).behind(TP(*CLICKS), -1) is None

    def test_nobody_knows_of_a_partition_of_another_worker(self) -> None:
        assert self.thread(10, 9).behind(TP(*ORDERS), 9) is None


class TestSigns:
    """Two partitions, of which the broker has answered one."""

    def setup_method(self) -> None:
        self.clicks = SimpleNamespace(paused=False, timestamp=1_000)
        self.orders = SimpleNamespace(paused=False, timestamp=None)
        states = {CLICKS: self.clicks, ORDERS: self.orders}
        assignment = SimpleNamespace(tps=states.keys(), state_value=states.get)
        subscription = SimpleNamespace(assignment=assignment)
        self.records: dict[tuple[str, int], object] = {}
        self.connections = {
            (0, "default"): SimpleNamespace(_last_action=7.0),
            (0, "coordination"): SimpleNamespace(_last_action=9.0),
        }
        self.thread = cast(Any, object.__new__(BatchConsumerThread))
        self.thread._consumer = SimpleNamespace(
            _subscription=SimpleNamespace(subscription=subscription),
            _fetcher=SimpleNamespace(_records=self.records),
            _client=SimpleNamespace(_conns=self.connections),
        )

    def test_are_another_for_each_partition_that_was_answered(self) -> None:
        before = self.thread.signs()
        self.clicks.timestamp = 1_100
        now = self.thread.signs()
        assert {tp for tp in now if now[tp] != before[tp]} == {CLICKS}
        assert now[ORDERS].is_asked

    def test_ask_for_nothing_of_partitions_that_are_paused_or_have_records_here(self) -> None:
        self.clicks.paused = True
        self.records[ORDERS] = object()
        signs = self.thread.signs()
        assert not signs[CLICKS].is_asked
        assert not signs[ORDERS].is_asked
        assert signs[CLICKS].newest == 1_000

    def test_of_the_group_are_the_newest_answer_to_anything(self) -> None:
        assert self.thread.signs()[GROUP] == Sign(9.0)
        self.connections[0, "coordination"]._last_action = 12.0
        assert self.thread.signs()[GROUP] == Sign(12.0)

    def test_of_the_group_are_there_without_partitions_and_without_connections(self) -> None:
        self.thread._consumer._subscription.subscription = None
        self.connections.clear()
        assert list(self.thread.signs()) == [GROUP]
        assert self.thread.signs()[GROUP].is_asked


class FakeResult:
    """Stands for aiokafka's FetchResult."""

    def __init__(self, *offsets: int) -> None:
        self.left = records(*offsets)
        self._partition_records = SimpleNamespace()

    def has_more(self) -> bool:
        return bool(self.left)

    def getall(self, most: int) -> list[Record]:
        taken, self.left = self.left[:most], self.left[most:]
        return taken


class FakeError:
    def check_raise(self) -> None:
        raise OSError("fetch failed")


class FakeFetcher:
    def __init__(self, **results: Any) -> None:
        self._records = {(topic, 0): result for topic, result in results.items()}
        self._subscriptions = SimpleNamespace(is_assigned=lambda tp: tp[0] != "gone")
        self._wait_consume_future = None
        self.asked_for_more = 0

    def _notify(self, _future: object) -> None:
        self.asked_for_more += 1

    def drain(self, *partitions: tuple[str, int], most: int = 2) -> dict[str, list[int]]:
        taken = drain(cast(Any, self), frozenset(partitions), most)
        return {tp[0]: [record.offset for record in found] for tp, found in taken}


@pytest.fixture(autouse=True)
def fake_fetch_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kpistream.stream.transport.FetchResult", FakeResult)


class TestDrain:
    def test_every_partition_gets_its_share(self) -> None:
        fetcher = FakeFetcher(clicks=FakeResult(1, 2, 3), orders=FakeResult(7))
        assert fetcher.drain(CLICKS, ORDERS) == {"clicks": [1, 2], "orders": [7]}
        assert fetcher.drain(CLICKS, ORDERS) == {"clicks": [3]}
        assert fetcher.drain(CLICKS, ORDERS) == {}
        assert fetcher.asked_for_more == 2

    def test_no_partition_means_none_and_not_all(self) -> None:
        assert FakeFetcher(clicks=FakeResult(1)).drain() == {}

    def test_a_partition_that_is_not_asked_for_keeps_its_records(self) -> None:
        fetcher = FakeFetcher(clicks=FakeResult(1), orders=FakeResult(2))
        assert fetcher.drain(ORDERS) == {"orders": [2]}
        assert fetcher.drain(CLICKS) == {"clicks": [1]}

    def test_records_of_a_partition_that_is_no_longer_assigned_are_forgotten(self) -> None:
        fetcher = FakeFetcher(gone=FakeResult(1))
        assert fetcher.drain(CLICKS) == {}
        assert fetcher._records == {}

    def test_an_error_waits_until_what_was_fetched_is_handed_out(self) -> None:
        fetcher = FakeFetcher(clicks=FakeResult(1), orders=FakeError())
        assert fetcher.drain(CLICKS, ORDERS) == {"clicks": [1]}
        with pytest.raises(OSError, match="fetch failed"):
            fetcher.drain(CLICKS, ORDERS)
        assert fetcher.drain(CLICKS, ORDERS) == {}


async def test_the_queue_of_a_chunk_topic_is_short() -> None:
    app = faust.App("test")
    assert chunk_topic(app, "clicks", maxsize=3).clone().queue.maxsize == 3


def consumer(generation: int = 1) -> Any:
    made = cast(Any, BatchConsumer.__new__(BatchConsumer))
    made.app = SimpleNamespace(consumer_generation_id=generation, crashed=False)
    made._acked = {TP(*CLICKS): []}
    made._unacked_messages = set()
    made._waiting_for_ack = None
    made._n_acked = 0
    return made


class FakeMessage(SimpleNamespace):
    __hash__ = object.__hash__  # type: ignore[assignment]


def message(offset: int, generation: int = 1) -> Any:
    return FakeMessage(tp=TP(*CLICKS), offset=offset, generation_id=generation, acked=False)


class TestAck:
    def test_the_offset_after_the_last_acknowledged_chunk_is_committed(self) -> None:
        made = consumer()
        assert made._new_offset(TP(*CLICKS)) is None
        assert made.ack(message(9))
        assert made.ack(message(20))
        assert made._new_offset(TP(*CLICKS)) == 21

    def test_offset_0_is_committed_as_1(self) -> None:
        made = consumer()
        made.ack(message(0))
        assert made._new_offset(TP(*CLICKS)) == 1

    def test_a_second_ack_of_the_same_chunk_does_nothing(self) -> None:
        made, twice = consumer(), message(9)
        assert [made.ack(twice), made.ack(twice)] == [True, False]

    def test_a_chunk_of_an_earlier_generation_is_not_committed(self) -> None:
        made = consumer(generation=2)
        assert not made.ack(message(9, generation=1))
        assert made._new_offset(TP(*CLICKS)) is None


class Clock:
    def time(self) -> float:
        return 0.0


def stopping(made: Any, flush: Any) -> list[str]:
    """Give the consumer a flush, and write down whether it commits or crashes."""
    done: list[str] = []

    async def commit() -> None:
        done.append("commit")

    async def crash(error: Exception) -> None:
        done.append(f"crash: {error}")

    made.transport = SimpleNamespace(on_revoke_flush=flush)
    made._loop = Clock()
    made._crashed = made._stopped = asyncio.Event()
    made.diag = SimpleNamespace(set_flag=lambda _flag: None, unset_flag=lambda _flag: None)
    made.commit_and_end_transactions = commit
    made.crash = crash
    return done


class TestWaitEmpty:
    async def test_it_flushes_until_all_is_acknowledged_and_then_commits(self) -> None:
        made = consumer()
        left = [message(1), message(2)]
        made._unacked_messages = set(left)

        async def flush() -> None:
            made.ack(left.pop())

        done = stopping(made, flush)
        await made.wait_empty()
        assert (left, done) == ([], ["commit"])
        assert made._new_offset(TP(*CLICKS)) == 3

    async def test_it_flushes_once_although_nothing_waits_for_an_ack(self) -> None:
        flushes: list[int] = []

        async def flush() -> None:
            flushes.append(1)

        made = consumer()
        done = stopping(made, flush)
        await made.wait_empty()
        assert (flushes, done) == ([1], ["commit"])

    async def test_a_flush_that_fails_crashes_without_a_commit(self) -> None:
        async def flush() -> None:
            raise OSError("broker away")

        made = consumer()
        done = stopping(made, flush)
        await made.wait_empty()
        assert done == ["crash: broker away"]

    async def test_after_a_crash_nothing_is_flushed_or_committed(self) -> None:
        async def flush() -> None:
            raise AssertionError("flushed")

        made = consumer()
        done = stopping(made, flush)
        made.app.crashed = True
        await made.wait_empty()
        assert done == []

    async def test_a_crash_while_the_flush_waited_keeps_the_offsets_from_being_committed(
        self,
    ) -> None:
        made = consumer()

        async def flush() -> None:
            made.app.crashed = True

        done = stopping(made, flush)
        await made.wait_empty()
        assert done == []
