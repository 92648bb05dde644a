"""Whatever dies and whenever, every count, cent and outcome is that of a batch over the log."""

from __future__ import annotations

import os
from collections import Counter
from itertools import count
from random import Random
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpistream.core.measure import PartitionMeasurer
from kpistream.core.merge import Merger
from kpistream.core.monitor import Monitor
from kpistream.core.plan import Plan
from kpistream.core.slices import partition_of, slice_key
from tests.support import builders
from tests.support.builders import START_MS
from tests.support.cluster import Cluster
from tests.support.oracle import Oracle

EXAMPLES: Final = int(os.environ.get("EXACTNESS_EXAMPLES", "40"))
"""How many clusters each property is tried on; continuous integration tries more."""

EVENTS: Final = ("click", "session", "order", "cost", "email")
EVENT_PARTITIONS: Final = 2
PARTITIONS: Final = 2

exact = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 120)
paces = st.sampled_from([0.05, 1.0, 20.0, 600.0, 5000.0])
"""Seconds between two records, about."""


class World:
    """A cluster, the traffic that it gets, and the oracle that gets the same."""

    def __init__(self, seed: int, pace_s: float, *, broker_time: bool = True) -> None:
        self.plan = _plan()
        self.random = Random(seed)
        self.oracle = Oracle()
        self.cluster = Cluster(self.plan, EVENT_PARTITIONS, PARTITIONS, seed, start_ms=START_MS)
        self.cluster.claims = broker_time
        self._pace_s = pace_s
        self._broker_time = broker_time
        self._sent: list[tuple[str, int, bytes | None]] = []
        self._ids = count()

    def live(self, records: int) -> None:
        """Let records arrive while the cluster lives and dies."""
        for _ in range(records):
            self.pass_time(self.random.expovariate(1 / self._pace_s))
            self.send(*self._traffic())
            self.cluster.stir(self.random.choice([0, 5, 20, 100]))

    def pass_time(self, seconds: float) -> None:
        """Move the clock on."""
        self.cluster.now_ms += round(seconds * 1000)
        self.cluster.tick()

    def send(self, event: str, partition: int, value: bytes | None) -> None:
        """Produce a record, and have the oracle judge it."""
        timestamp_ms = self._arrival_ms()
        offset = self.cluster.produce(event, partition, value, timestamp_ms)
        self.oracle.take(event, partition, offset, timestamp_ms, value)
        self._sent.append((event, partition, value))

    def _arrival_ms(self) -> int:
        now_ms, random = self.cluster.now_ms, self.random
        if self._broker_time or random.random() < 0.5:
            return now_ms
        return now_ms - round(random.choice([1, 30, 1000, -500]) * random.random() * 1000)

    def _traffic(self) -> tuple[str, int, bytes | None]:
        random = self.random
        partition = random.randrange(EVENT_PARTITIONS)
        chance = random.random()
        if chance < 0.15 and self._sent:
            return random.choice(self._sent[-40:])
        if chance < 0.22:
            return random.choice(EVENTS), partition, random.choice(_BROKEN)
        event = random.choice(EVENTS)
        return event, partition, self._event(event)

    def _event(self, event: str) -> bytes:
        random = self.random
        common: dict[str, Any] = {
            "event_id": f"{random.choice('ab')}-{next(self._ids)}",
            "at": f"{self._occurred_s():.6f}s",
            "channel": random.choice(["email", "ads", " ADS ", None]),
            "campaign": random.choice(["autumn", "Autumn", "spring"]),
        }
        match event:
            case "session":
                pages, took = random.randint(1, 3), random.randint(0, 900_000)
                return builders.session(duration_ms=took, page_views=pages, **common)
            case "order":
                currency, amount = random.choice(_PRICES)
                kind = random.choice(["purchase", "purchase", "refund"])
                return builders.order(amount, currency=currency, kind=kind, **common)
            case "cost":
                return builders.cost(f"{random.randint(0, 9999) / 100:.2f}", **common)
            case "email":
                kind = random.choice(["delivered", "opened", "clicked", "unsubscribed", "bounced"])
                return builders.email(kind, machine_open=random.random() < 0.3, **common)
        return builders.event(**common)

    def _occurred_s(self) -> float:
        """Seconds after START: mostly now, sometimes long ago, at a tier's very edge, or ahead."""
        random = self.random
        now_s = (self.cluster.now_ms - START_MS) / 1000
        edge = random.choice([900, 10_800, 259_200, -60]) + random.choice([0, 1e-6, -1e-6, 1e-3])
        ages = [random.random() * 5, random.random() * 60, random.random() * 1200]
        ages += [random.random() * 20_000, random.random() * 300_000, edge, -random.random() * 90]
        return now_s - random.choices(ages, [40, 20, 10, 10, 8, 8, 4])[0]

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
        mergers = [_merger(self.cluster.merging[p].state) for p in range(PARTITIONS)]
        known = self.oracle.slices() | {part for merger in mergers for part in merger.slices}
        for part in sorted(known):
            merger = mergers[partition_of(slice_key(part), PARTITIONS)]
            for index, window in enumerate(self.plan.windows):
                span = part, window.length_s, window.grain_s, merger.now_ms / 1000
                assert merger.sums(part, index) == self.oracle.window(*span), span
                before = self.oracle.window_before(*span)
                assert merger.sums(part, index, before=True) == before, span

    def check_bounds(self) -> None:
        """State does not grow with time."""
        for p in range(PARTITIONS):
            merger = _merger(self.cluster.merging[p].state)
            slices = sum(1 for _ in merger.slices)
            assert merger.panes_held <= 650 * slices


def _plan() -> Plan:
    return builders.plan(windows=("5m", "1h", "24h"), events=EVENTS)


def _ledger(state: object) -> dict[tuple[str, str | None], int]:
    assert isinstance(state, PartitionMeasurer)
    return {(str(o), r and str(r)): n for (o, r), n in state.ledger.counts.items()}


def _merger(state: object) -> Merger:
    assert isinstance(state, Monitor)
    return state.merger


_PRICES: Final = [
    ("EUR", "49.99"),
    ("EUR", "0.01"),
    ("USD", "10"),
    ("JPY", "700"),
    ("KWD", "1.005"),
]
_BROKEN: Final = [
    None,
    b"",
    b'{"event_id": "x-1", "occurred',
    b"[]",
    b'{"id": "x-2", "occurred_at": "2026-03-01T10:00:00Z"}',
]


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


@given(seed=seeds, parts=st.lists(st.integers(1, 40), min_size=2, max_size=4), pace_s=paces)
@exact
def test_windows_are_exact_at_any_time_while_panes_are_consolidated(
    seed: int, parts: list[int], pace_s: float
) -> None:
    world = World(seed, pace_s)
    for records in parts:
        world.live(records)
        world.check()
        world.check_bounds()
    for hours in (0.3, 1, 5, 20, 30):
        world.pass_time(hours * 3600)
        world.cluster.stir(50)
        world.check()
