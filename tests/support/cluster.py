"""A cluster that dies all the time: the core between topics that are lists, by a seeded schedule.

Each partition of an event topic has a process that measures it, each one of the partials topic a
process that merges it. A process pauses between any two sends; there it may be killed, or become a
zombie: another one takes over, and both go on. A flush may become durable in any part before its
process dies. Tables are compacted at any moment. Everything follows from the seed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from random import Random
from typing import Final

from kpistream.core.driver import DrivenRecord
from kpistream.core.measuring.measure import Flush, PartitionMeasurer
from kpistream.core.measuring.partials import MARK_KEY, SLICE_PREFIX, TICK_KEY, Source, encode_mark
from kpistream.core.monitoring.monitor import Monitor
from kpistream.core.plan import Plan
from kpistream.core.slices import owner_of

CLAIM_MARGIN_MS: Final = 15_000

Row = tuple[bytes, bytes | None]
Sends = Sequence[Callable[[], None]]


@dataclass(slots=True)
class Table:
    """A changelog partition and the committed offset of the partition it stands for."""

    rows: list[Row] = field(default_factory=list)
    committed: int = 0

    def append(self, rows: Sequence[Row]) -> None:
        """Make a batch of rows durable."""
        self.rows.extend(rows)

    def compact(self, random: Random) -> None:
        """Keep the last row of each key, up to some point; forget removals before another."""
        cut = random.randint(0, len(self.rows))
        last = {key: n for n, (key, _) in enumerate(self.rows[:cut])}
        kept = [self.rows[n] for n in sorted(last.values())]
        forgotten = random.randint(0, len(kept))
        kept = [row for n, row in enumerate(kept) if n >= forgotten or row[1] is not None]
        self.rows = kept + self.rows[cut:]


@dataclass(eq=False, slots=True)
class Process:
    """One owner of a partition: its state, and its life as a generator of moments."""

    name: str
    table: Table
    state: PartitionMeasurer | Monitor
    life: Iterator[None] = field(default_factory=lambda: iter(()))
    position: int = 0
    acknowledged: int = 0
    is_zombie: bool = False

    def is_done(self, end: int) -> bool:
        """Whether everything before ``end`` is flushed and committed."""
        return self.table.committed >= end


class Cluster:
    """The logs, the tables and the processes."""

    def __init__(
        self, plan: Plan, event_partitions: int, partitions: int, seed: int, *, start_ms: int
    ) -> None:
        self.now_ms = start_ms
        self.random = Random(seed)
        self.events: dict[tuple[str, int], list[DrivenRecord]] = {
            (event, p): [] for event in plan.topics for p in range(event_partitions)
        }
        self.partials: list[list[DrivenRecord]] = [[] for _ in range(partitions)]
        self.dead_letters: set[tuple[str, int, int, str]] = set()
        self.measuring: dict[tuple[str, int], Process] = {}
        self.merging: dict[int, Process] = {}
        self.zombies: list[Process] = []
        self.is_calm = False
        self.claims = True
        self.makes_zombies = True
        self._plan = plan
        self._owners = count()
        self._tables: dict[tuple[str, int], Table] = {}
        for event, p in self.events:
            self._start_measuring(event, p)
        for p in range(partitions):
            self._start_merging(p)

    @property
    def sources(self) -> list[Source]:
        """Every partition of every event topic."""
        return [(self._plan.topics[event], p) for event, p in self.events]

    @property
    def table_rows(self) -> dict[str, int]:
        """How many rows each table holds after compaction."""
        rows: dict[str, int] = {}
        for (name, p), table in self._tables.items():
            live = {key for key, value in dict(table.rows).items() if value is not None}
            rows[f"{name}-{p}"] = len(live)
        return rows

    def produce(self, event: str, partition: int, value: bytes | None, timestamp_ms: int) -> int:
        """Append a record to an event topic; its offset, which may leave a hole."""
        log = self.events[event, partition]
        offset = log[-1].offset + 1 if log else 0
        offset += self.random.random() < 0.05
        log.append(DrivenRecord(offset, timestamp_ms, value))
        return offset

    # -- the schedule ------------------------------------------------------------------------------

    def tick(self) -> None:
        """Let every partition of the partials topic know the time."""
        for p in range(len(self.partials)):
            self._send_partial(p, TICK_KEY, b"")

    def stir(self, moments: int) -> None:
        """Let processes run, die, turn into zombies, and tables be compacted."""
        random = self.random
        for _ in range(moments):
            chance = random.random()
            if chance < 0.90:
                self._step(random.choice(self._living()))
            elif chance < 0.94:
                self._replace(random.choice(self._owners_now()), zombie=False)
            elif chance < 0.96:
                self._replace(random.choice(self._owners_now()), zombie=self.makes_zombies)
            elif chance < 0.97 and self.zombies:
                self.zombies.remove(random.choice(self.zombies))
            else:
                random.choice(list(self._tables.values())).compact(random)

    def settle(self) -> None:
        """Let everything be measured, flushed, merged and committed, without another crash."""
        self.zombies.clear()
        self.is_calm = True
        for process in list(self.measuring.values()):
            self._finish(process)
        self.tick()
        for process in list(self.merging.values()):
            self._finish(process)
        self.is_calm = False

    def _finish(self, process: Process) -> None:
        while not process.is_done(self._end(process)):
            process = self._step(process)

    def _end(self, process: Process) -> int:
        log = self._log(process)
        return log[-1].offset + 1 if log else 0

    def _log(self, process: Process) -> list[DrivenRecord]:
        name, p = process.name.rsplit("-", 1)
        return self.partials[int(p)] if name == "merged" else self.events[name, int(p)]

    def _living(self) -> list[Process]:
        return self._owners_now() + self.zombies

    def _owners_now(self) -> list[Process]:
        return [*self.measuring.values(), *self.merging.values()]

    def _step(self, process: Process) -> Process:
        """Let a process run to its next pause; the process that runs from then on."""
        try:
            next(process.life)
        except StopIteration:
            if not process.is_zombie:
                return self._replace(process, zombie=False)
            self.zombies.remove(process)
        return process

    def _replace(self, process: Process, *, zombie: bool) -> Process:
        if zombie:
            process.is_zombie = True
            self.zombies.append(process)
        name, p = process.name.rsplit("-", 1)
        if name == "merged":
            return self._start_merging(int(p))
        return self._start_measuring(name, int(p))

    # -- measuring ---------------------------------------------------------------------------------

    def _start_measuring(self, event: str, p: int) -> Process:
        table = self._tables.setdefault((event, p), Table())
        measurer = PartitionMeasurer(event, p, self._plan, self._new_owner())
        for row in table.rows:
            measurer.restore(*row)
        process = Process(f"{event}-{p}", table, measurer, position=table.committed)
        process.life = self._measure(process, measurer, self.events[event, p])
        self.measuring[event, p] = process
        return process

    def _measure(
        self, process: Process, measurer: PartitionMeasurer, log: list[DrivenRecord]
    ) -> Iterator[None]:
        committed = process.table.committed
        while True:
            for _ in range(self.random.randint(1, 3)):
                chunk = self._next_chunk(process, log)
                if chunk:
                    measurer.measure(chunk, self.now_ms)
                elif self.claims:
                    measurer.claim(self.now_ms - CLAIM_MARGIN_MS)
                yield
            flush = measurer.drain(committed)
            if flush is not None:
                dies_in = self._last_stage(3)
                if (yield from self._deliver(self._messages(process, flush), dies_in == 0)):
                    return
                if (yield from self._deliver(self._appends(process, flush.rows), dies_in == 1)):
                    return
                if dies_in == 2:
                    return
                process.acknowledged = measurer.offset + 1
            committed = self._commit(process, committed)
            yield
            if flush is not None:
                for p in range(len(self.partials)):
                    self._send_partial(p, MARK_KEY, encode_mark(flush.mark))
                    yield

    def _messages(self, process: Process, flush: Flush) -> Sends:
        event = process.name.rsplit("-", 1)[0]
        letters = [(event, d.partition, d.offset, d.reason.value) for d in flush.dead_letters]
        sends: list[Callable[[], None]] = [partial(self.dead_letters.add, one) for one in letters]
        for key, value in flush.partials:
            owner = owner_of(key, len(self.partials))
            sends.append(partial(self._send_partial, owner, SLICE_PREFIX + key, value))
        return sends

    # -- merging -----------------------------------------------------------------------------------

    def _start_merging(self, p: int) -> Process:
        table = self._tables.setdefault(("merged", p), Table())
        monitor = Monitor(self._plan, self.sources, self._new_owner())
        for row in table.rows:
            monitor.restore(*row)
        monitor.restored()
        process = Process(f"merged-{p}", table, monitor, position=table.committed)
        process.life = self._merge(process, monitor, self.partials[p])
        self.merging[p] = process
        return process

    def _merge(self, process: Process, monitor: Monitor, log: list[DrivenRecord]) -> Iterator[None]:
        while True:
            for _ in range(self.random.randint(1, 3)):
                monitor.take(self._next_chunk(process, log))
                yield
            if self.random.random() < 0.1:
                monitor.beat()
            reached = process.position
            dies_in = self._last_stage(2)
            if (yield from self._deliver(self._appends(process, monitor.drain()), dies_in == 0)):
                return
            if dies_in == 1:
                return
            process.acknowledged = reached
            self._commit(process, 0)
            yield

    # -- what both do ------------------------------------------------------------------------------

    def _next_chunk(self, process: Process, log: list[DrivenRecord]) -> list[DrivenRecord]:
        first = bisect_left(log, process.position, key=lambda record: record.offset)
        most = len(log) if self.is_calm else self.random.choice((1, 2, 5, 30))
        chunk = log[first : first + most]
        if chunk:
            process.position = chunk[-1].offset + 1
        return chunk

    def _commit(self, process: Process, known: int) -> int:
        """Commit what is acknowledged, or later; what the process knows to be committed."""
        if process.is_zombie or not (self.is_calm or self.random.random() < 0.7):
            return known
        process.table.committed = max(process.table.committed, process.acknowledged)
        return process.table.committed

    def _last_stage(self, stages: int) -> int | None:
        """The stage of a flush in which its process dies, if it does."""
        if self.is_calm or self.random.random() > 0.12:
            return None
        return self.random.randrange(stages)

    def _deliver(self, sends: Sends, lossy: bool) -> Generator[None, None, bool]:
        """Send one by one, or any part of it; true if the process is to die now."""
        if lossy:
            is_prefix, cut = self.random.random() < 0.5, self.random.randint(0, len(sends))
            for n, send in enumerate(sends):
                if n < cut if is_prefix else self.random.random() < 0.5:
                    send()
            return True
        for send in sends:
            send()
            yield
        return False

    def _appends(self, process: Process, rows: Sequence[Row]) -> list[Callable[[], None]]:
        """The rows in batches, as sends."""
        sends: list[Callable[[], None]] = []
        start = 0
        while start < len(rows):
            end = start + self.random.choice((1, 2, 10))
            sends.append(partial(process.table.append, rows[start:end]))
            start = end
        return sends

    def _send_partial(self, p: int, key: bytes, value: bytes) -> None:
        log = self.partials[p]
        log.append(DrivenRecord(log[-1].offset + 1 if log else 0, self.now_ms, value, key))

    def _new_owner(self) -> bytes:
        return b"owner-%d" % next(self._owners)
