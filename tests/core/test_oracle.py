"""Whatever happens, every measure, KPI and window of the driver is what the oracle says."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import count
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kpistream.core.driver import BEAT_MS, Driver
from kpistream.core.measuring.sketch import STANDARD_ERROR
from tests.support import builders as build
from tests.support.any_events import CONTRACT, USERS_FILE, USERS_MEASURES, AnyEvents
from tests.support.oracle import Oracle
from tests.support.oracle_events import DIMENSIONS
from tests.support.oracle_kpis import KPIS, kpi_of
from tests.support.oracle_measures import MEASURES, Slice

EXAMPLES: Final = int(os.environ.get("EXACTNESS_EXAMPLES", "40")) // 4
"""How many worlds each property is tried on; continuous integration tries more."""

WINDOWS: Final = (
    *("5m", "1h", "24h", "7d", "30d"),
    *("today", "this_week", "this_month", "this_quarter"),
)
_SPANS: Final = tuple((window, before) for window in WINDOWS for before in (False, True))
SLICES: Final = ((), ("channel",), ("channel", "store"))

STARTS: Final = (
    ("Europe/Paris", "2026-03-28T21:00:00"),
    ("Europe/Paris", "2026-03-29T01:59:30"),
    ("Europe/Paris", "2026-10-24T23:30:00"),
    ("Europe/Paris", "2026-10-25T02:59:00"),
    ("Europe/Paris", "2026-03-31T23:50:00"),
    ("UTC", "2028-02-28T23:59:00"),
    ("UTC", "2028-02-29T12:00:00"),
    ("UTC", "2025-12-31T23:40:00"),
    ("Asia/Kathmandu", "2026-05-31T23:59:55"),
    ("America/Sao_Paulo", "2018-11-03T23:30:00"),
    ("Australia/Lord_Howe", "2026-04-05T01:30:00"),
)
"""Time zones, and moments shortly before something happens to their clocks or calendars."""

RATES: Final = """Date,USD,JPY,KWD,
{today},1.0837,163.06,N/A,
{yesterday},1.1,160,0.3331,
{a_month_ago},0.9,150.5,0.3,
"""

exact = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    # A seed does not shrink to anything simpler, only the number of records does.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 150)
paces = st.sampled_from([0.05, 1.0, 20.0, 600.0, 20_000.0, 500_000.0])
"""Seconds between two records, about."""


class Leaper(Driver):
    """A driver that may be away for a while, as a worker that was stopped."""

    def leap(self, now_ms: int) -> None:
        """Let time pass without a beat on the way."""
        list(self.beat(now_ms))
        self._now_ms, self._next_beat_ms = now_ms, now_ms + BEAT_MS


class World:
    """A driver, the events that it gets, and the oracle that gets the same."""

    def __init__(self, seed: int, pace_s: float, start: tuple[str, str], reporting: str) -> None:
        zone, clock = start
        local = datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(zone))
        self.now_ms = int(local.timestamp()) * 1000
        self.random = Random(seed)
        self._pace_s = pace_s
        self._events = AnyEvents(self.random)
        self._offsets = count()
        rates = _rates(local)
        self.oracle = Oracle(
            windows=WINDOWS,
            zone=zone,
            rates=rates,
            reporting=reporting,
            slice_sets=SLICES,
            dimensions=(*DIMENSIONS, "store"),
            contract=CONTRACT,
            measures={**MEASURES, **USERS_MEASURES},
        )
        plan = build.plan(
            windows=WINDOWS,
            slices=SLICES,
            catalogue=build.extended_catalogue(USERS_FILE),
            zone=zone,
            currency=reporting,
            rates=rates,
        )
        self.driver = Leaper(plan)
        self._reporting = reporting

    def live(self, records: int) -> None:
        """Let records arrive."""
        for _ in range(records):
            self.pass_time(self.random.expovariate(1 / self._pace_s))
            event_type, value = self._events.record(self.now_ms)
            list(self.driver.feed(event_type, value, self.now_ms))
            self.oracle.take(event_type, 0, next(self._offsets), self.now_ms, value)

    def pass_time(self, seconds: float) -> None:
        """Move the clock on."""
        self.now_ms += round(seconds * 1000)
        if seconds > 15:
            self.driver.leap(self.now_ms)
        else:
            list(self.driver.advance(self.now_ms))

    # -- judging -----------------------------------------------------------------------------------

    def check(self) -> None:
        """Everything that the driver holds is what the oracle says."""
        self.driver.leap(self.now_ms)
        self.check_outcomes()
        parts = sorted(self.oracle.slices())
        for part in parts:
            self.check_views(part)
        for part in {(), *parts[-1:]}:
            self.check_kpis(part)

    def check_outcomes(self) -> None:
        for event_type, counts in self.driver.counts.items():
            found = {(str(o), r and str(r)): n for (o, r), n in counts.items()}
            assert found == self.oracle.outcomes(event_type), event_type

    def check_views(self, part: Slice) -> None:
        for window, before in _SPANS:
            expected = self._expected(part, window, before)
            found = self.driver.view(part, window, before=before)
            assert found == expected, (part, window, before)

    def _expected(self, part: Slice, window: str, before: bool) -> Mapping[str, int]:
        """What the oracle says; a slice of which nothing is left but levels of 0 is forgotten."""
        view = self.oracle.view(part, window, self.now_ms / 1000, before=before)
        if part not in self.driver.slices:
            assert part not in self.oracle.slices() or not any(view.values())
            return {}
        return view

    def check_kpis(self, part: Slice) -> None:
        for window, before in _SPANS:
            view = dict(self._expected(part, window, before))
            read = self.driver.before if before else self.driver.reading
            for kpi in KPIS:
                exact = kpi_of(kpi, view, self._reporting)
                reading = read(kpi, window, **dict(part))
                found = None if reading is None else reading.value
                assert found == (None if exact is None else float(exact)), (kpi, part, window)


def _rates(local: datetime) -> str:
    days = {"today": 0, "yesterday": 1, "a_month_ago": 31}
    dates = {
        name: datetime.fromtimestamp(local.timestamp() - 86_400 * back, ZoneInfo("UTC")).date()
        for name, back in days.items()
    }
    return RATES.format(**dates)


starts = st.sampled_from(STARTS)
currencies = st.sampled_from(["EUR", "USD", "JPY"])


@given(seed=seeds, records=sizes, pace_s=paces, start=starts, reporting=currencies)
@exact
def test_every_measure_kpi_and_window_is_what_the_oracle_says(
    seed: int, records: int, pace_s: float, start: tuple[str, str], reporting: str
) -> None:
    world = World(seed, pace_s, start, reporting)
    world.live(records)
    world.check()


@given(seed=seeds, records=st.integers(1, 12), pace_s=paces, start=starts)
@exact
def test_it_still_is_while_panes_are_consolidated_and_forgotten(
    seed: int, records: int, pace_s: float, start: tuple[str, str]
) -> None:
    world = World(seed, pace_s, start, "EUR")
    for days in (0.02, 0.4, 1, 5, 20, 60, 120):
        world.live(records)
        world.check()
        world.pass_time(days * 86_400)
        world.check()


@given(seed=seeds, names=st.integers(1, 12))
@settings(max_examples=EXAMPLES, deadline=None)
def test_members_beyond_the_limit_share_a_slice_and_nothing_is_lost(seed: int, names: int) -> None:
    random = Random(seed)
    plan = build.plan(slices=((), ("channel",)), limits={"channel": 3}, events=("order",))
    driver = Leaper(plan)
    oracle = Oracle(slice_sets=((), ("channel",)))
    # Within a minute, since after it a larger member may take the place of a smaller one.
    for number in range(58):
        now_ms = build.START_MS + number * 1000
        channel = f"c{random.randrange(names)}"
        value = build.order(f"{random.random():.2f}", f"{number}s", channel=channel)
        list(driver.feed("order", value, now_ms))
        oracle.take("order", 0, number, now_ms, value)
    driver.leap(build.START_MS + 59_000)

    parts = {part for _, part in _readings(driver, "orders") if part}
    assert len(parts) == min(names, 4, len(oracle.slices()) - 1)
    total = oracle.view((), "5m", build.START_S + 59)
    assert driver.view((), "5m") == total
    shares: Counter[str] = Counter()
    for part in parts:
        shares.update(driver.view(part, "5m"))
    assert dict(shares) == total


def _readings(driver: Driver, kpi: str) -> Iterator[tuple[float, Slice]]:
    return ((reading.value, reading.slice) for reading in driver.board.of(kpi, "5m"))


@pytest.mark.parametrize(
    ("people", "panes", "is_exact"),
    [(1000, 1, True), (5000, 1, False), (15_000, 20, True), (30_000, 40, False)],
)
def test_people_are_exact_in_small_crowds_and_within_four_standard_errors_in_large_ones(
    people: int, panes: int, is_exact: bool
) -> None:
    driver = Driver(build.plan(slices=[()], events=["impression"]))
    for number in range(people):
        at = f"{-10 * (number % panes)}s"
        twice = build.impression(at, visitor_id=f"person {number}")
        list(driver.feed("impression", twice, build.START_MS))
        again = build.impression(at, visitor_id=f"person {number}")
        list(driver.feed("impression", again, build.START_MS))
    list(driver.finish())
    reach = driver.view((), "1h")["reach"]

    assert abs(reach - people) <= (0 if is_exact else 4 * STANDARD_ERROR * people)
    assert driver.view((), "1h")["impressions"] == 2 * people
