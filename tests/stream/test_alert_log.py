"""The log of alerts: each change once, by when it happened, whenever it was told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import msgspec
import pytest

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.edges.web.desk import BrokerAway
from kpistream.stream import alert_log
from kpistream.stream.alert_log import TOLD_AFTER_MS, read_alert_log
from kpistream.stream.connection import Connection
from tests.edges.boards import alert

HOUR_MS = 3_600_000
T0 = 1_772_359_200_000
Told = tuple[int, Alert]


def change(at_ms: int, told_ms: int | None = None, **changes: object) -> Told:
    """A change at a moment after T0, told then or later, in milliseconds."""
    changed = msgspec.structs.replace(alert(), changed_at=(T0 + at_ms) / 1000, **changes)
    return T0 + (at_ms if told_ms is None else told_ms), changed


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[Told]:
    """What the topic holds, in the order in which it was told."""
    held: list[Told] = []

    async def records(link: Connection, topic: str, from_ms: int) -> AsyncIterator[Told]:
        for at_ms, one in held:
            if at_ms >= from_ms:
                yield at_ms, one

    monkeypatch.setattr(alert_log, "_records", records)
    return held


async def read(from_ms: int, to_ms: int, most: int = 100) -> tuple[Sequence[Alert], bool]:
    return await read_alert_log(Connection("x:1"), "alerts", T0 + from_ms, T0 + to_ms, most)


async def test_a_change_that_was_told_after_the_end_is_in_the_span_of_when_it_happened(
    log: list[Told],
) -> None:
    log.append(change(HOUR_MS - 100, HOUR_MS + 700))
    assert len((await read(0, HOUR_MS))[0]) == 1
    assert len((await read(HOUR_MS, 2 * HOUR_MS))[0]) == 0


async def test_a_change_that_is_told_again_is_one_with_the_newest_values_until_the_end(
    log: list[Told],
) -> None:
    for told_ms, value in ((1_000, 0.9), (61_000, 0.8), (HOUR_MS + 1_000, 0.1)):
        log.append(change(1_000, told_ms, value=value))
    [found], is_more = await read(0, HOUR_MS)
    assert (found.value, is_more) == (0.8, False)


async def test_changes_come_in_their_order_and_no_more_than_asked_for(log: list[Told]) -> None:
    log += [change(at_ms) for at_ms in (3_000, 1_000, 2_000)]
    found, is_more = await read(0, HOUR_MS, most=3)
    assert [one.changed_at for one in found] == [T0 / 1000 + n for n in (1, 2, 3)]
    assert not is_more
    assert (await read(0, HOUR_MS, most=2))[1]


async def test_a_condition_that_only_began_to_hold_is_no_change_that_people_hear_of(
    log: list[Told],
) -> None:
    log.append(change(1_000, state=AlertState.pending))
    assert await read(0, HOUR_MS) == ([], False)


async def test_what_was_told_long_after_the_end_is_not_waited_for(log: list[Told]) -> None:
    log.append(change(1_000, HOUR_MS + TOLD_AFTER_MS))
    log.append(change(2_000, 2_000))
    assert await read(0, HOUR_MS) == ([], False)


async def test_a_broker_that_says_nothing_is_away(
    monkeypatch: pytest.MonkeyPatch, log: list[Told]
) -> None:
    async def records(link: Connection, topic: str, from_ms: int) -> AsyncIterator[Told]:
        await asyncio.sleep(60)
        yield change(0)

    monkeypatch.setattr(alert_log, "_records", records)
    monkeypatch.setattr(alert_log, "PATIENCE_S", 0.05)
    with pytest.raises(BrokerAway):
        await read(0, HOUR_MS)
