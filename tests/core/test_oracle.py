"""Whatever happens, every measure, KPI and window of the driver is what the oracle says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpistream.core.driver import BEAT_MS, Driver
from tests.support import builders as build
from tests.support.any_events import USERS_FILE, AnyEvents
from tests.support.oracle import Oracle
from tests.support.oracle_events import (
    DIMENSIONS,
    FIELDS,
    FLAG,
    MONEY,
    MOMENT,
    DECIMAL,
    Contract,
    LABEL,
    choice,
    whole,
)
from tests.support.oracle_kpis import KPIS, kpi_of
from tests.support.oracle_measures import MEASURES, Measured, between, is_, known, not_

EXAMPLES: Final = int(os.environ.get("EXACTNESS_EXAMPLES", "40"))
"""How many worlds are tried; continuous integration tries more."""

WINDOWS: Final = (
    *("5m", "1h", "24h", "7d", "30d"),
    *("today", "this_week", "this_month", "this_quarter"),
)
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

CONTRACT: Final[Contract] = {
    **FIELDS,
    "test_drive": {
        "grade": choice("a", "b", "c"),
        "price": MONEY.or_none,
        "rating": DECIMAL.or_none,
        "minutes": whole(-600, 600).or_none,
        "waited_s": whole(0, 86_400).or_none,
        "driver": LABEL,
        "sunny": FLAG.or_none,
        "booked_at": MOMENT.or_none,
        "period_start": MOMENT.or_none,
    },
}

USERS_MEASURES: Final[Mapping[str, Measured]] = {
    "drives": Measured("test_drive"),
    "drive_prices": Measured("test_drive", "total", "price"),
    "drive_prices_squared": Measured("test_drive", "squares", "price", {"grade": is_("a", "b")}),
    "drive_ratings": Measured("test_drive", "total", "rating"),
    "drive_ratings_squared": Measured("test_drive", "squares", "rating"),
    "good_drives": Measured("test_drive", where={"rating": between(4.5, 10**12)}),
    "middling_drives": Measured("test_drive", where={"rating": between(-1, 3)}),
    "drive_minutes": Measured("test_drive", "total", "minutes", {"grade": not_("c")}),
    "drive_minutes_squared": Measured("test_drive", "squares", "minutes"),
    "drive_waits": Measured("test_drive", "total", "waited_s"),
    "drivers": Measured("test_drive", "distinct", "driver", {"sunny": not_(False)}),
    "drive_notice": Measured("test_drive", "elapsed", "booked_at"),
    "known_drivers": Measured("test_drive", where={"driver": known}),
    "unknown_drivers": Measured("test_drive", where={"driver": is_(None, "")}),
    "drive_balance": Measured(
        "test_drive", "level", None, {"grade": is_("a")}, {"grade": is_("b", "c")}, "end",
        {((), ""): 1000},
    ),
    "drive_credit": Measured(
        "test_drive", "level", "price", {"grade": is_("a", "b")}, {"grade": is_("b", "c")}, "end",
        {((), "EUR"): 500_000_000, ((("channel", "ads"),), "USD"): 20_500_000},
    ),
    "rating_at_start": Measured(
        "test_drive", "level", "rating", {"grade": is_("a")}, {"grade": is_("b")}, "start",
        {((), ""): -2_500_000},
    ),
    "credit_at_start": Measured(
        "test_drive", "level", "price", {"grade": is_("a")}, {"grade": is_("b")}, "start",
        {((), "USD"): 9_990_000},
    ),
    "order_squares": Measured("order", "squares", "revenue"),
    "cart_values": Measured("cart", "total", "value"),
    "lead_customers": Measured("lead", "distinct", "customer_id"),
    "call_time": Measured("activity", "total", "duration_ms", {"kind": is_("call")}),
    "metric_values": Measured("metric", "total", "value", {"name": is_("share", "margin")}),
}

exact = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
        if seconds > 120:
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
            for window in WINDOWS:
                self.check_window(part, window)

    def check_outcomes(self) -> None:
        for event_type, counts in self.driver.counts.items():
            found = {(str(o), r and str(r)): n for (o, r), n in counts.items()}
            assert found == self.oracle.outcomes(event_type), event_type

    def check_window(self, part: tuple[tuple[str, str], ...], window: str) -> None:
        now_s = self.now_ms / 1000
        for before in (False, True):
            expected = self.oracle.view(part, window, now_s, before=before)
            assert self.driver.view(part, window, before=before) == expected, (part, window, before)
            read = self.driver.before if before else self.driver.reading
            for kpi in KPIS:
                exact = kpi_of(kpi, expected, self._reporting)
                reading = read(kpi, window, **dict(part))
                assert (reading and reading.value) == (exact and float(exact)), (kpi, part, window)


def _rates(local: datetime) -> str:
    days = {"today": 0, "yesterday": 1, "a_month_ago": 31}
    dates = {
        name: datetime.fromtimestamp(local.timestamp() - 86_400 * back, ZoneInfo("UTC")).date()
        for name, back in days.items()
    }
    return RATES.format(**dates)


@given(
    seed=seeds,
    records=sizes,
    pace_s=paces,
    start=st.sampled_from(STARTS),
    reporting=st.sampled_from(["EUR", "USD", "JPY"]),
)
@exact
def test_every_measure_kpi_and_window_is_what_the_oracle_says(
    seed: int, records: int, pace_s: float, start: tuple[str, str], reporting: str
) -> None:
    world = World(seed, pace_s, start, reporting)
    world.live(records)
    world.check()
