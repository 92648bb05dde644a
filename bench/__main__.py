"""`python -m bench`: all benchmarks, or one of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

import msgspec

from bench import report
from bench.hot_path import clicks, cprofile, measured_stages, shipped_plan
from bench.kpi_cost import measure_kpi_cost
from bench.latency import measure_latency
from bench.pages import QUESTIONS
from bench.processes import ROOT
from bench.slices import measure_slices, measure_states
from bench.throughput import measure_throughput
from bench.watching import measure_watching

PAGE: Final = ROOT / "docs" / "benchmarks.md"
Found = tuple[dict[str, Any], str]
"""What a benchmark found, as data and as text."""


def main() -> None:
    """Run what the command line asks for; tables to standard output, progress to the other."""
    given = _arguments()
    chosen = [given.benchmark] if given.benchmark != "all" else list(BENCHMARKS)
    found = {name: BENCHMARKS[name](given) for name in chosen}
    if given.json:
        print(msgspec.json.encode({name: data for name, (data, _) in found.items()}).decode())
    else:
        for name, (_, text) in found.items():
            print(f"\n{name}\n\n{text}")
        print(f"\n{report.machine()}")
    if given.write:
        _write({name: text for name, (_, text) in found.items()})


def _throughput(given: argparse.Namespace) -> Found:
    found = measure_throughput(given.events, given.rounds, given.naive_seconds, _tell)
    data = asdict(found)
    data |= {"over_naive": asdict(found.over_naive), "over_bare": asdict(found.over_bare)}
    return data, report.throughput_text(found)


def _latency(given: argparse.Namespace) -> Found:
    found = measure_latency(
        given.rate, given.seconds, given.gauge_probes, given.webhook_probes, _tell
    )
    return asdict(found), report.latency_text(found)


def _watching(given: argparse.Namespace) -> Found:
    found = measure_watching(
        given.rate,
        given.phase_seconds,
        given.campaigns,
        given.pages,
        given.questions,
        _tell,
    )
    return {**asdict(found), "costs": found.costs}, report.watching_text(found)


def _profile(given: argparse.Namespace) -> Found:
    plan, records = shipped_plan(), clicks(given.profile_events, seed=1)
    stages = measured_stages(plan, records, rounds=5)
    text = report.stages_text(stages)
    if given.cprofile:
        text += "\n\n" + cprofile(plan, records)
    return {"us_per_event": stages}, text


def _slices(given: argparse.Namespace) -> Found:
    few, many = given.slices
    found = measure_slices(given.slice_events, given.slice_rounds, few, many, _tell)
    data = asdict(found)
    data |= {"speed": asdict(found.speed), "cpu": asdict(found.cpu)}
    return data, report.slices_text(found)


def _state(given: argparse.Namespace) -> Found:
    found = measure_states(_tell)
    return asdict(found), report.states_text(found)


def _kpis(given: argparse.Namespace) -> Found:
    found = measure_kpi_cost(shipped_plan(), given.profile_events, rounds=5)
    return {**asdict(found), "reading_us": found.reading_us}, report.kpi_cost_text(found)


BENCHMARKS: Final[dict[str, Callable[[argparse.Namespace], Found]]] = {
    "throughput": _throughput,
    "latency": _latency,
    "watching": _watching,
    "profile": _profile,
    "slices": _slices,
    "state": _state,
    "kpis": _kpis,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="How fast, how late, and where the time goes."
    )
    parser.add_argument("benchmark", nargs="?", choices=("all", *BENCHMARKS), default="all")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    parser.add_argument(
        "--write", action="store_true", help="put the tables into docs/benchmarks.md"
    )
    throughput = parser.add_argument_group("throughput")
    throughput.add_argument("--events", type=int, default=1_000_000, help="clicks to read")
    throughput.add_argument("--rounds", type=int, default=3, help="runs of each contestant")
    throughput.add_argument(
        "--naive-seconds", type=float, default=10.0, help="how long the naive agent may run"
    )
    latency = parser.add_argument_group("latency, and the rate of watching")
    latency.add_argument("--rate", type=float, default=5_000.0, help="events/s of the emitter")
    latency.add_argument("--seconds", type=float, default=40.0, help="how long to send probes")
    latency.add_argument("--gauge-probes", type=int, default=250)
    latency.add_argument("--webhook-probes", type=int, default=100)
    watching = parser.add_argument_group("watching")
    watching.add_argument(
        "--phase-seconds", type=float, default=30.0, help="how long each phase is measured"
    )
    watching.add_argument(
        "--campaigns", type=int, default=300, help="so many more fill the page of metrics"
    )
    watching.add_argument("--pages", type=int, default=200, help="open live pages")
    watching.add_argument(
        "--questions",
        type=int,
        choices=range(2, len(QUESTIONS) + 1),
        default=5,
        help="what they ask, where it is not the same",
    )
    profile = parser.add_argument_group("profile")
    profile.add_argument("--profile-events", type=int, default=200_000)
    profile.add_argument("--cprofile", action="store_true", help="what cProfile says, too")
    slices = parser.add_argument_group("slices")
    slices.add_argument("--slices", type=int, nargs=2, default=(100, 10_000), help="few and many")
    slices.add_argument("--slice-events", type=int, default=3_000_000, help="clicks of each")
    slices.add_argument("--slice-rounds", type=int, default=2, help="runs of each")
    return parser.parse_args()


def _tell(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


def _write(texts: dict[str, str]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, text in {**texts, "machine": report.machine()}.items():
        page = report.written(page, name, text)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
