"""Slices: what ten thousand of them cost, beside a hundred.

The same worker reads two topics in turns. Both hold as many clicks of as many visitors; those of
one are of few campaigns, those of the other of so many that nearly every click is of another one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from bench.clicks import Clicks, campaigns_for, slices_of
from bench.figures import Run, Spread, ratios
from bench.processes import Child
from bench.slice_state import State
from bench.stage import Stage, preload, real_kafka
from bench.throughput import worker_run_and_peak
from kpistream.settings import Settings

LIVE_SLICES: Final = (1_000, 10_000)
OLD_SLICES: Final = 10
FEW_PEOPLE: Final = 10

MEMBER_LIMIT: Final = 20_000
"""No campaign shall share `__other__`."""

_decode_state: Final = msgspec.json.Decoder(State).decode


@dataclass(frozen=True, slots=True)
class Crowd:
    """The runs of a worker over so many slices, with the most memory it had in each, in bytes."""

    slices: int
    runs: list[Run]
    peaks: list[int]


@dataclass(frozen=True, slots=True)
class Slices:
    """Few slices and many, in rounds."""

    records: int
    few: Crowd
    many: Crowd

    @property
    def speed(self) -> Spread:
        """Events a second with many slices over those with few."""
        return ratios(self.many.runs, self.few.runs, lambda run: run.events_per_s)

    @property
    def cpu(self) -> Spread:
        """Processor time of an event with many slices over that with few."""
        return ratios(self.many.runs, self.few.runs, lambda run: run.cpu_us)


def measure_slices(
    events: int, rounds: int, few: int, many: int, tell: Callable[[str], None]
) -> Slices:
    """Run a worker over about so few and so many slices, so many times each, in turns."""
    crowds = [Crowd(slices_of(campaigns_for(slices)), [], []) for slices in (few, many)]
    records = 0
    with real_kafka() as stage:
        for slices in (few, many):
            tell(f"filling a topic with {events:,} clicks of {slices:,} slices ...")
            clicks = Clicks(seed=1, campaigns=campaigns_for(slices))
            records = asyncio.run(preload(stage, events, clicks, _topic(slices)))
        for number in range(1, rounds + 1):
            for slices, crowd in zip((few, many), crowds, strict=True):
                run, peak = _worker_run(stage, slices, number, records)
                crowd.runs.append(run)
                crowd.peaks.append(peak)
                tell(
                    f"round {number}: {crowd.slices:,} slices {run.events_per_s:,.0f}/s, "
                    f"{run.cpu_us:.1f} us of CPU/event, {peak / 1e6:,.0f} MB"
                )
    return Slices(records, *crowds)


def _worker_run(stage: Stage, slices: int, number: int, records: int) -> tuple[Run, int]:
    topics = {**Settings().topics, "click": _topic(slices)}
    settings = {
        "topics": msgspec.json.encode(topics).decode(),
        "member_limits": msgspec.json.encode({"campaign": MEMBER_LIMIT}).decode(),
    }
    app_id = f"bench-{slices}-{number}"
    return worker_run_and_peak(stage, app_id, records, _topic(slices), settings)


def _topic(slices: int) -> str:
    return f"clicks_of_{slices}_slices"


# -- state -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class States:
    """The state of slices that are active all the time: live, and after half a year."""

    live: list[State]
    of_few_people: State
    of_new_people: State


def measure_states(tell: Callable[[str], None]) -> States:
    """Fill a core with each case, each in a process of its own."""
    live = []
    for slices in LIVE_SLICES:
        tell(f"a quarter of an hour of {slices:,} slices ...")
        live.append(_state("live", str(slices)))
    tell(f"half a year of {OLD_SLICES} slices ...")
    few = _state("old", str(OLD_SLICES), "--people", str(FEW_PEOPLE))
    tell(f"half a year of {OLD_SLICES} slices, with new people all the time ...")
    return States(live, few, _state("old", str(OLD_SLICES)))


def _state(*arguments: str) -> State:
    with TemporaryDirectory(prefix="kpistream-bench-") as name:
        command = ["-m", "bench.slice_state", *arguments]
        log = Path(name) / "state.log"
        with Child(command, log, reports=True, stops_in_order=False) as child:
            return _decode_state(child.report())
