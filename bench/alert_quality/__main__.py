"""`python -m bench.alert_quality`: simulate, and write docs/alert-quality.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from typing import Any, Final

from bench.alert_quality import page
from bench.alert_quality.crowd import measure_crowd
from bench.alert_quality.leavers import measure_leavers
from bench.alert_quality.losses import CASES, measure_losses
from bench.alert_quality.quiet import measure_drifts, measure_quiet
from bench.processes import ROOT

PAGE: Final = ROOT / "docs" / "alert-quality.md"
MAILS: Final = (10_000, 20_000, 50_000, 100_000, 200_000)
SEED: Final = 1
"""Of what is simulated with one seed."""

Job = tuple[Callable[..., Any], tuple[Any, ...]]


def main() -> None:
    """Simulate everything in parallel processes; progress to standard error."""
    given = _arguments()
    weeks = range(1, given.weeks + 1)
    jobs: dict[str, list[Job]] = {
        "quiet": [(measure, (s,)) for s in weeks for measure in (measure_quiet, measure_drifts)],
        "leavers": [(measure_leavers, (mails, given.cases, SEED)) for mails in MAILS],
        "losses": [(measure_losses, (case, given.runs, SEED)) for case in CASES],
        "crowd": [(measure_crowd, (seed,)) for seed in range(1, given.crowds + 1)],
    }
    with get_context("spawn").Pool(given.processes) as pool:
        waiting = {
            name: [pool.apply_async(function, taken) for function, taken in of]
            for name, of in jobs.items()
        }
        found = {name: list(_results(name, of)) for name, of in waiting.items()}
    texts = (
        page.quiet_text(_flat(found["quiet"])),
        page.leavers_text(_flat(found["leavers"]), SEED),
        page.losses_text(found["losses"], SEED),
        page.crowd_text(_flat(found["crowd"])),
    )
    PAGE.write_text(page.page(texts), encoding="utf-8")


def _results(name: str, waiting: list[Any]) -> Iterator[Any]:
    for number, result in enumerate(waiting, 1):
        yield result.get()
        print(f"{name}: {number} of {len(waiting)}", file=sys.stderr, flush=True)


def _flat(lists: list[list[Any]]) -> list[Any]:
    return [one for several in lists for one in several]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.alert_quality", description="How false and how late alerts are."
    )
    parser.add_argument("--weeks", type=int, default=4, help="weeks in which nothing is wrong")
    parser.add_argument("--cases", type=int, default=60, help="of doubled unsubscribe rates")
    parser.add_argument("--runs", type=int, default=30, help="of campaigns that lose money")
    parser.add_argument("--crowds", type=int, default=4, help="weeks with many campaigns")
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
