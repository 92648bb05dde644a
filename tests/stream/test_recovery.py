from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from faust.types import TP

from kpistream.stream.recovery import (
    ChangelogRecovery,
    RecoveryStalledError,
    RowTableManager,
    StandbysNotSupportedError,
    read_to_ends,
)
from kpistream.stream.transport import Record

ROWS_0 = TopicPartition("rows", 0)
ROWS_1 = TopicPartition("rows", 1)


class FakeConsumer:
    """Serves offsets batch by batch; the position jumps over holes, as aiokafka's does."""

    def __init__(self, batches: dict[TopicPartition, list[tuple[list[int], int]]]) -> None:
        self.batches = batches
        self.positions = dict.fromkeys(batches, 0)
        self._fetcher = self

    async def position(self, tp: TopicPartition) -> int:
        return self.positions[tp]

    def drain(self, partitions: set[TopicPartition]) -> list[tuple[TopicPartition, list[Record]]]:
        taken = []
        for tp in sorted(partitions):
            if self.batches[tp]:
                offsets, self.positions[tp] = self.batches[tp].pop(0)
                found = [SimpleNamespace(offset=offset) for offset in offsets]
                taken.append((tp, cast("list[Record]", found)))
        return taken


@pytest.fixture(autouse=True)
def fake_fetching(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fetched(_fetcher: object, _timeout_s: float) -> bool:
        await asyncio.sleep(0)
        return False

    monkeypatch.setattr(
        "kpistream.stream.recovery.drain", lambda fetcher, tps, _most: fetcher.drain(tps)
    )
    monkeypatch.setattr("kpistream.stream.recovery.fetched", fetched)


async def read(
    consumer: FakeConsumer, ends: dict[TopicPartition, int]
) -> tuple[int, list[tuple[int, list[int]]]]:
    delivered: list[tuple[int, list[int]]] = []
    count = await read_to_ends(
        cast(Any, consumer),
        ends,
        lambda tp, records: delivered.append((tp.partition, [r.offset for r in records])),
    )
    return count, delivered


class TestReadToEnds:
    async def test_it_delivers_every_batch_of_every_partition(self) -> None:
        consumer = FakeConsumer({ROWS_0: [([0, 1], 2), ([2], 3)], ROWS_1: [([0, 1, 2, 3, 4], 5)]})
        assert await read(consumer, {ROWS_0: 3, ROWS_1: 5}) == (
            8,
            [(0, [0, 1]), (1, [0, 1, 2, 3, 4]), (0, [2])],
        )

    async def test_it_ends_by_position_since_the_last_records_may_be_compacted_away(self) -> None:
        consumer = FakeConsumer({ROWS_0: [([0, 7], 100)]})
        assert await read(consumer, {ROWS_0: 100}) == (2, [(0, [0, 7])])

    async def test_an_empty_changelog_is_not_waited_for(self) -> None:
        assert await read(FakeConsumer({ROWS_0: []}), {ROWS_0: 0}) == (0, [])

    async def test_a_changelog_whose_last_rows_are_gone_ends_when_the_broker_says_so(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def nothing_left(_consumer: object, _tp: object, _end: int) -> bool:
            return True

        monkeypatch.setattr("kpistream.stream.recovery._PROBE_S", 0.0)
        monkeypatch.setattr("kpistream.stream.recovery.nothing_left", nothing_left)
        assert await read(FakeConsumer({ROWS_0: [([0], 1)]}), {ROWS_0: 9}) == (1, [(0, [0])])

    async def test_a_changelog_that_stays_silent_is_an_error(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("kpistream.stream.recovery._STALL_S", 0.0)
        with pytest.raises(RecoveryStalledError, match="rows"):
            await read(FakeConsumer({ROWS_0: [([0], 1)]}), {ROWS_0: 2})


class FakeApp:
    """Writes down, in order, what recovery does to the app and its consumer."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.consumer_generation_id = 4
        self.rebalancing_count = 1
        self.in_recovery = False
        self.assigned = {TP("events", 0), TP("rows", 0)}
        self.standbys: set[TP] = set()
        self.consumer = self.flow_control = self._fetcher = self.assignor = self
        self.on_rebalance_complete = self

    def assigned_actives(self) -> set[TP]:
        return set()

    def assigned_standbys(self) -> set[TP]:
        return self.standbys

    def assignment(self) -> set[TP]:
        return self.assigned

    def is_changelog(self, tp: TP) -> bool:
        return tp.topic == "rows"

    async def send(self) -> None:
        self.steps.append("rebalance complete")

    async def perform_seek(self) -> None:
        self.steps.append("seek")

    def resume(self) -> None:
        self.steps.append("flow control")

    def resume_flow(self) -> None:
        self.steps.append("flow")

    async def maybe_start(self) -> None:
        self.steps.append("fetcher")

    def on_rebalance_end(self) -> None:
        self.steps.append("rebalance end")

    def resume_partitions(self, tps: set[TP]) -> None:
        self.steps.append(f"partitions {sorted(tp.topic for tp in tps)}")


class FakeTables(dict[str, Any]):
    def __init__(self, app: FakeApp) -> None:
        self.app = app

    def take_over(self, _actives: set[TP]) -> dict[Any, Any]:
        self.app.steps.append("take over")
        return {}

    def on_actives_ready(self) -> None:
        self.app.steps.append("actives ready")

    def on_standbys_ready(self) -> None:
        self.app.steps.append("standbys ready")


@pytest.fixture
def app() -> FakeApp:
    return FakeApp()


async def recovered(app: FakeApp, generation: int) -> ChangelogRecovery:
    recovery = ChangelogRecovery(app, cast(Any, FakeTables(app)))
    await recovery.start()
    await asyncio.sleep(0)
    recovery.request(generation)
    await asyncio.sleep(0.02)
    await recovery.stop()
    return recovery


class TestRecovery:
    async def test_event_partitions_are_resumed_last(self, app: FakeApp) -> None:
        recovery = await recovered(app, 4)
        assert recovery.completed.is_set()
        assert app.steps == [
            "take over",
            "rebalance complete",
            "seek",
            "flow control",
            "flow",
            "fetcher",
            "actives ready",
            "standbys ready",
            "rebalance end",
            "partitions ['events']",
        ]

    async def test_a_rebalance_in_the_meantime_leaves_the_streams_alone(self, app: FakeApp) -> None:
        recovery = await recovered(app, 3)
        assert not recovery.completed.is_set()
        assert app.steps == ["take over", "rebalance complete"]

    async def test_an_error_crashes(self, app: FakeApp) -> None:
        app.standbys = {TP("rows", 1)}
        recovery = await recovered(app, 4)
        assert isinstance(recovery.crash_reason, StandbysNotSupportedError)

    async def test_an_error_of_a_recovery_that_another_replaces_does_not(
        self, app: FakeApp
    ) -> None:
        async def rebalance_starts() -> None:
            app.rebalancing_count += 1
            raise OSError("no longer assigned")

        app.perform_seek = rebalance_starts  # type: ignore[method-assign]
        recovery = await recovered(app, 4)
        assert recovery.crash_reason is None
        assert "partitions ['events']" not in app.steps


class Rows:
    """An observer that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def on_partition_assigned(self, partition: int) -> None:
        self.told.append(("assigned", partition))

    def on_partition_revoked(self, partition: int) -> None:
        self.told.append(("revoked", partition))


class TestTakeOver:
    @pytest.fixture
    def rows(self) -> Rows:
        return Rows()

    @pytest.fixture
    def manager(self, rows: Rows) -> Any:
        manager = cast(Any, RowTableManager.__new__(RowTableManager))
        manager._held = {}
        manager._changelogs = {"rows": SimpleNamespace(observer=rows)}
        return manager

    def test_observers_hear_of_their_changelog_partitions_only(
        self, manager: Any, rows: Rows
    ) -> None:
        assert set(manager.take_over({TP("rows", 1), TP("events", 1)})) == {ROWS_1}
        assert rows.told == [("assigned", 1)]

    def test_what_is_still_held_is_forgotten_first(self, manager: Any, rows: Rows) -> None:
        manager.take_over({TP("rows", 0)})
        manager.take_over({TP("rows", 0)})
        assert rows.told == [("assigned", 0), ("revoked", 0), ("assigned", 0)]

    async def test_partitions_are_forgotten_after_they_are_revoked(
        self, manager: Any, rows: Rows
    ) -> None:
        manager.take_over({TP("rows", 0)})
        await manager._after_revoked(None, {TP("rows", 0), TP("events", 0)})
        assert rows.told == [("assigned", 0), ("revoked", 0)]
