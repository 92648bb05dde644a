"""Whatever dies and whenever, every count, cent and outcome is that of a batch over the log."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any, Final
from zlib import crc32

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kpistream.core.measuring.measure import PartitionMeasurer
from kpistream.core.merging.merge import Merger
from kpistream.core.monitoring.monitor import Monitor
from kpistream.core.plan import Plan
from kpistream.core.slices import owner_of, set_of, slice_key
from tests.support import builders
from tests.support.any_events import CONTRACT, USERS_FILE, USERS_MEASURES, AnyEvents
from tests.support.builders import START_MS
from tests.support.cluster import Cluster
from tests.support.held import panes_held
from tests.support.oracle import Oracle
from tests.support.oracle_measures import MEASURES

EXAMPLES: Final = int(os.environ.get("EXACTNESS_EXAMPLES", "5"))
"""How many clusters each property is tried on; continuous integration tries more."""

EVENTS: Final = ("click", "session", "order", "cost", "email", "customer", "test_drive")
EVENT_PARTITIONS: Final = 2
PARTITIONS: Final = 2
WINDOWS: Final = (
    *("5m", "1h", "24h", "7d", "30d"),
    *("today", "this_week", "this_month", "this_quarter"),
)
ZONE: Final = "Europe/Paris"
RATES: Final = "Date,USD,JPY,\n2026-03-01,1.0837,163.06,\n2026-02-27,1.1,160,\n"
LIMITS: Final = {"channel": 1, "campaign": 1}

exact = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    # A cluster takes seconds: a failure is told as it was found.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
pytestmark = pytest.mark.timeout(300 + 60 * EXAMPLES)
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 120)
lives = st.lists(st.integers(1, 40), min_size=1, max_size=4)
paces = st.sampled_from([0.05, 1.0, 20.0, 600.0, 5000.0])
"""Seconds between two records, about."""


class World:
    """A cluster, the traffic that it gets, and the oracle that gets the same."""

    def __init__(self, seed: int, pace_s: float, *, broker_time: bool = True, **named: Any) -> None:
        self.plan = _plan(**named)
        self.random = Random(seed)
        self.oracle = Oracle(
            windows=WINDOWS,
            zone=ZONE,
            rates=RATES,
            contract=CONTRACT,
            measures={**MEASURES, **USERS_MEASURES},
        )
        self.cluster = Cluster(self.plan, EVENT_PARTITIONS, PARTITIONS, seed, start_ms=START_MS)
        self.cluster.claims = broker_time
        self._pace_s = pace_s
        self._broker_time = broker_time
        self._events = AnyEvents(self.random, EVENTS)

    def live(self, records: int) -> None:
        """Let records arrive while the cluster lives and dies."""
        for _ in range(records):
            self.pass_time(self.random.expovariate(1 / self._pace_s))
            self.send(*self._events.record(self.cluster.now_ms))
            self.cluster.stir(self.random.choice([0, 5, 20, 100]))

    def pass_time(self, seconds: float) -> None:
        """Move the clock on."""
        self.cluster.now_ms += round(seconds * 1000)
        self.cluster.tick()

    def send(self, event: str, value: bytes | None) -> None:
        """Produce a record, and have the oracle judge it; one that is sent again stays together."""
        partition = crc32(value or b"") % EVENT_PARTITIONS
        timestamp_ms = self._arrival_ms()
        offset = self.cluster.produce(event, partition, value, timestamp_ms)
        self.oracle.take(event, partition, offset, timestamp_ms, value)

    def _arrival_ms(self) -> int:
        now_ms, random = self.cluster.now_ms, self.random
        if self._broker_time or random.random() < 0.5:
            return now_ms
        return now_ms - round(random.choice([1, 30, 1000, -500]) * random.random() * 1000)

    # -- judging -----------------------------------------------------------------------------------

    def check(self) -> None:
        """Everything that the settled cluster holds is what the oracle says."""
        self.cluster.settle()
        self.check_outcomes()
        self.check_windows()

    def check_outcomes(self) -> None:
        expected: dict[tuple[str, int], Counter[Any]] = {
            at: Counter() for at in self.cluster.events
        }
        for taken in self.oracle.taken:
            expected[taken.event_type, taken.partition][taken.outcome, taken.reason] += 1
        for at, log in self.cluster.events.items():
            found = _ledger(self.cluster.measuring[at].state)
            assert found == expected[at]
            assert sum(found.values()) == len(log)
        assert self.cluster.dead_letters == self.oracle.dead_letters()

    def check_windows(self) -> None:
        known = self.oracle.slices() | {part for m in self.mergers for part in m.slices}
        for part in sorted(known):
            merger = self.mergers[owner_of(slice_key(part), PARTITIONS)]
            for index, window in enumerate(WINDOWS):
                for before in (False, True):
                    found = merger.sums(part, index, before=before)
                    assert found == self._expected(part, window, before), (part, window, before)

    def check_totals(self) -> None:
        """The slices of each set come to the total, whatever members have one of their own."""
        self.cluster.settle()
        self.check_outcomes()
        for names in self.plan.slicing.sets:
            owner = owner_of(slice_key(tuple((name, "") for name in names)), PARTITIONS)
            merger = self.mergers[owner]
            parts = [part for part in merger.slices if set_of(part) == names]
            for index, window in enumerate(WINDOWS):
                for before in (False, True):
                    views = [merger.sums(part, index, before=before) for part in parts]
                    expected = self._expected((), window, before)
                    assert _added(views) == _added([expected]), (names, window, before)

    def check_bounds(self) -> None:
        """State does not grow with time."""
        for merger in self.mergers:
            assert panes_held(merger) <= 923 * len(list(merger.slices))

    @property
    def mergers(self) -> list[Merger]:
        """Who merges which partition."""
        return [_merger(self.cluster.merging[p].state) for p in range(PARTITIONS)]

    def _expected(
        self, part: tuple[tuple[str, str], ...], window: str, before: bool
    ) -> Mapping[str, int]:
        now_s = self.mergers[0].now_ms / 1000
        view = self.oracle.view(part, window, now_s, before=before)
        if part and all(part not in m.slices for m in self.mergers):
            # Nothing is left of it but levels of 0.
            assert not any(view.values())
            return {}
        return view


def _plan(**named: Any) -> Plan:
    catalogue = builders.extended_catalogue(USERS_FILE)
    return builders.plan(
        windows=WINDOWS, events=EVENTS, catalogue=catalogue, zone=ZONE, rates=RATES, **named
    )


def _added(views: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sum of some views, without people, who may be in several, and without openings."""
    total: Counter[str] = Counter()
    for view in views:
        total.update(view)
    return {key: amount for key, amount in total.items() if amount and _adds_up(key)}


def _adds_up(key: str) -> bool:
    measured = {**MEASURES, **USERS_MEASURES}[key.split("@")[0].split("#")[0].split("!")[0]]
    return measured.kind != "distinct" and not measured.opening


def _ledger(state: object) -> dict[tuple[str, str | None], int]:
    assert isinstance(state, PartitionMeasurer)
    return {(str(o), r and str(r)): n for (o, r), n in state.ledger.counts.items()}


def _merger(state: object) -> Merger:
    assert isinstance(state, Monitor)
    return state.merger


@given(seed=seeds, records=sizes, pace_s=paces)
@exact
def test_crashes_zombies_and_replays_change_no_count_and_no_cent(
    seed: int, records: int, pace_s: float
) -> None:
    world = World(seed, pace_s)
    world.live(records)
    world.check()


@given(seed=seeds, records=sizes, pace_s=paces)
@exact
def test_out_of_order_timestamps_of_producers_change_nothing_either(
    seed: int, records: int, pace_s: float
) -> None:
    world = World(seed, pace_s, broker_time=False)
    world.live(records)
    world.check()


@given(seed=seeds, parts=lives, pace_s=paces)
@exact
def test_windows_are_exact_at_any_time_while_panes_are_consolidated(
    seed: int, parts: list[int], pace_s: float
) -> None:
    world = World(seed, pace_s)
    for records in parts:
        world.live(records)
        world.check()
        world.check_bounds()
    for hours in (0.3, 1, 5, 20, 30, 700, 5000):
        world.pass_time(hours * 3600)
        world.cluster.stir(50)
        world.check()


@given(seed=seeds, parts=lives, pace_s=paces)
@exact
def test_members_beyond_the_limit_are_in_the_total_whatever_dies(
    seed: int, parts: list[int], pace_s: float
) -> None:
    """Without zombies: two owners at once may disagree on who is beyond the limit."""
    world = World(seed, pace_s, limits=LIMITS)
    world.cluster.makes_zombies = False
    for records in parts:
        world.live(records)
        world.check_totals()
    for hours in (0.3, 5, 60, 400):
        world.pass_time(hours * 3600)
        world.cluster.stir(50)
        world.check_totals()
