"""The log of alerts: each change once, by when it happened, whenever it was told."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from kpistream.core.alerting import alerts
from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.edges.web.changes import Changes
from kpistream.edges.web.desk import BrokerAway
from kpistream.stream import alert_log
from kpistream.stream.alert_log import change_key, read_alert_log
from kpistream.stream.connection import Connection
from kpistream.stream.controls import encode_control
from tests.edges.boards import alert
from tests.support.notified import silence

HOUR_MS = 3_600_000
T0 = 1_772_359_200_000
Told = tuple[int, Alert | None]
"""When something was told, and what; None for something that people said."""


def change(at_ms: int, told_ms: int | None = None, **changes: object) -> Told:
    """A change at a moment after T0, told then or later, in milliseconds."""
    changed = msgspec.structs.replace(alert(), changed_at=(T0 + at_ms) / 1000, **changes)
    return T0 + (at_ms if told_ms is None else told_ms), changed


class Log:
    """A topic of alerts and the client that reads it; its first records may be gone."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.gone = 0
        self.is_silent = False
        self._position = 0

    def __call__(self, **_: Any) -> Log:
        return self

    async def start(self) -> None:
        if self.is_silent:
            await asyncio.sleep(60)

    async def stop(self) -> None: ...

    def assign(self, partitions: list[Any]) -> None: ...

    def seek(self, _: Any, offset: int) -> None:
        self._position = offset

    async def position(self, _: Any) -> int:
        return self._position

    async def beginning_offsets(self, partitions: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(partitions, self.gone)

    async def end_offsets(self, partitions: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(partitions, len(self.told))

    async def offsets_for_times(self, wanted: dict[Any, int]) -> dict[Any, Any]:
        [(partition, from_ms)] = wanted.items()
        held = enumerate(self.told[self.gone :], start=self.gone)
        found = (SimpleNamespace(offset=n, timestamp=at) for n, (at, _) in held if at >= from_ms)
        return {partition: next(found, None)}

    async def getmany(self, partition: Any, max_records: int, **_: Any) -> dict[Any, list[Any]]:
        first = self._position
        self._position = min(first + max_records, len(self.told))
        told = enumerate(self.told[first : self._position], start=first)
        return {partition: [_record(offset, at_ms, one) for offset, (at_ms, one) in told]}


def _record(offset: int, at_ms: int, one: Alert | None) -> SimpleNamespace:
    key, value = encode_control(silence()) if one is None else (change_key(one), alerts.encode(one))
    return SimpleNamespace(offset=offset, timestamp=at_ms, key=key, value=value)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    held = Log()
    monkeypatch.setattr(alert_log, "AIOKafkaConsumer", held)
    return held


async def read(from_ms: int, to_ms: int, most: int = 100) -> Changes:
    return await read_alert_log(Connection("x:1"), "alerts", T0 + from_ms, T0 + to_ms, most)


async def test_a_change_that_was_told_after_the_end_is_in_the_span_of_when_it_happened(
    log: Log,
) -> None:
    log.told.append(change(HOUR_MS - 100, HOUR_MS + 700))
    assert len((await read(0, HOUR_MS)).alerts) == 1
    assert len((await read(HOUR_MS, 2 * HOUR_MS)).alerts) == 0


async def test_a_change_that_is_told_again_is_one_with_the_newest_values_until_the_end(
    log: Log,
) -> None:
    for told_ms, value in ((1_000, 0.9), (61_000, 0.8), (HOUR_MS + 1_000, 0.1)):
        log.told.append(change(1_000, told_ms, value=value))
    [found], is_more, _ = await read(0, HOUR_MS)
    assert (found.value, is_more) == (0.8, False)


async def test_a_change_of_which_only_the_newest_telling_is_kept_is_found_however_late_that_was(
    log: Log,
) -> None:
    log.told += [change(1_000, 90 * 24 * HOUR_MS), change(2_000)]
    found = await read(0, HOUR_MS)
    assert [one.changed_at for one in found.alerts] == [T0 / 1000 + 1, T0 / 1000 + 2]


async def test_changes_come_in_their_order_and_no_more_than_asked_for(log: Log) -> None:
    log.told += [change(at_ms) for at_ms in (3_000, 1_000, 2_000)]
    found = await read(0, HOUR_MS, most=3)
    assert [one.changed_at for one in found.alerts] == [T0 / 1000 + n for n in (1, 2, 3)]
    assert not found.is_truncated
    assert (await read(0, HOUR_MS, most=2)).is_truncated


async def test_what_people_say_and_a_condition_that_only_began_to_hold_are_no_changes(
    log: Log,
) -> None:
    log.told += [(T0, None), change(1_000, state=AlertState.pending)]
    assert await read(0, HOUR_MS) == ([], False, None)


async def test_a_log_of_which_nothing_is_gone_knows_all_that_was_ever_told(log: Log) -> None:
    log.told.append(change(1_000))
    assert (await read(0, HOUR_MS)).since_ms is None


async def test_a_log_whose_first_records_are_gone_says_since_when_it_knows(log: Log) -> None:
    log.told += [change(1_000), change(2_000, 5_000), change(9_000)]
    log.gone = 1
    found = await read(0, HOUR_MS)
    assert (len(found.alerts), found.since_ms) == (2, T0 + 5_000)
    assert (await read(8_000, HOUR_MS, most=0)).since_ms == T0 + 5_000


async def test_a_log_of_which_all_is_gone_knows_nothing_of_the_span(log: Log) -> None:
    log.told.append(change(1_000))
    log.gone = 1
    assert await read(0, HOUR_MS) == ([], False, T0 + HOUR_MS)


def test_a_change_is_named_alike_whenever_it_is_told_and_no_other_is() -> None:
    told = [change(1_000), change(1_000, value=0.1), change(2_000)]
    told.append(change(1_000, state=AlertState.resolved))
    names = [change_key(one) for _, one in told if one is not None]
    assert names[0] == names[1]
    assert len(set(names)) == 3


async def test_a_broker_that_says_nothing_is_away(
    monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    log.is_silent = True
    monkeypatch.setattr(alert_log, "PATIENCE_S", 0.05)
    with pytest.raises(BrokerAway):
        await read(0, HOUR_MS)
