"""Sorting: a calm lot sorted by columns is what its records come to one by one."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.driver import DrivenRecord
from kpistream.core.measuring.sorting import LATE_AFTER_S, Sorted, Sorter
from tests.support import builders as build
from tests.support.builders import START_MS, click

AGES_S = (0, 1, 9, 55, 59, 60, 61, 69, 70, 71, 75, 600, 659, 660, 900, 8_000, 100_000, -59, -61)
"""Around every limit: of the on-time part of a pane, of the tiers' reaches, of the skew."""


def _sorter(*, columns: bool, monkeypatch: pytest.MonkeyPatch) -> Sorter:
    sorter = Sorter("click", ("clicks", 0), build.plan())
    warm = DrivenRecord(0, START_MS, click(event_id="warm"))
    sorter.sort([warm], START_MS)
    if not columns:
        monkeypatch.setattr(sorter, "_is_calm", lambda *_: False)
    return sorter


def _lot(random: Random, size: int) -> list[DrivenRecord]:
    records, arrived_s = [], 0.0
    for offset in range(1, size + 1):
        arrived_s += random.choice((0, 0.001, 0.5))
        age_s = random.choice(AGES_S) + random.choice((0, 0, 0.001, -0.001))
        number = random.randint(0, 2 * size)
        at, channel = f"{arrived_s - age_s:.6f}s", random.choice(("ads", "email"))
        value: bytes | None = click(at, event_id=f"c{number}", channel=channel)
        if random.random() < 0.1:
            value = random.choice((None, b"{", b"{}"))
        records.append(DrivenRecord(offset, START_MS + round(arrived_s * 1000), value))
    return records


def _told(lot: Sorted) -> Any:
    """A lot without regard to the order in which its parts were found."""
    groups = {key: sorted(event.event_id for event in events) for key, events in lot.groups.items()}
    counts = {key: number for key, number in lot.counts.items() if number}
    letters = sorted((one.offset, one.reason, one.detail) for one in lot.dead_letters)
    return groups, counts, letters, lot.accepted


@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 60))
def test_columns_and_single_records_come_to_the_same(seed: int, size: int) -> None:
    records = _lot(Random(seed), size)
    now_ms = records[-1].timestamp
    with pytest.MonkeyPatch.context() as monkeypatch:
        by_columns = _sorter(columns=True, monkeypatch=monkeypatch)
        one_by_one = _sorter(columns=False, monkeypatch=monkeypatch)
        assert by_columns._is_calm([r.timestamp for r in records], now_ms)
        lot = by_columns.sort(records, now_ms)
        assert _told(lot) == _told(one_by_one.sort(records, now_ms))
        assert by_columns.watermark_ms == one_by_one.watermark_ms
        assert len(lot.lags_s) + lot.sampled == lot.accepted
        assert lot.accepted + sum(lot.counts.values()) == len(records)


@pytest.mark.parametrize(
    ("arrived_s", "width"), [(LATE_AFTER_S + 10, 10), (LATE_AFTER_S + 11, -10)]
)
def test_an_event_is_late_for_its_pane_a_minute_after_the_end(arrived_s: int, width: int) -> None:
    sorter = Sorter("click", ("clicks", 0), build.plan())
    record = DrivenRecord(0, START_MS + arrived_s * 1000, click("0s"))

    [key] = sorter.sort([record], record.timestamp).groups
    assert key[:2] == (width, START_MS // 1000)


def test_old_events_of_a_calm_lot_are_told_each_and_of_the_others_one_in_64() -> None:
    sorter = Sorter("click", ("clicks", 0), build.plan())
    sorter.sort([DrivenRecord(0, START_MS, click())], START_MS)
    ages_s = [5] * 100 + [100, 7000]
    records = [DrivenRecord(n, START_MS, click(f"-{age}s")) for n, age in enumerate(ages_s, 1)]
    lot = sorter.sort(records, START_MS)

    assert (list(lot.sampled_lags_s), lot.sampled, lot.lags_s) == ([5, 5], 100, [100, 7000])


def test_the_lag_of_a_cost_is_the_age_of_the_first_moment_it_covers() -> None:
    sorter = Sorter("cost", ("costs", 0), build.plan())
    value = build.cost(at="-6h", since="-30h")
    lot = sorter.sort([DrivenRecord(0, START_MS, value)], START_MS)

    assert (lot.lags_s, sorter.ages_s) == ([30 * 3600], [6 * 3600])
