"""What the benchmarks found, as tables that read the same in a terminal and on a page."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Final

from bench.figures import Run, Spread, percentile
from bench.kpi_cost import KpiCost
from bench.latency import Latency
from bench.slice_state import Rows, State
from bench.slices import Crowd, Slices, States
from bench.throughput import Throughput
from bench.watching import Phase, Scraped, Watching

_BEGIN: Final = "<!-- {name}: written by `make bench ARGS=--write` -->"
_END: Final = "<!-- end of {name} -->"
PERCENTILES: Final = (50, 95, 99)
_WATCHED: Final = (50, 99, 100)
_WATCHED_NAMES: Final = ("p50", "p99", "max")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table: the first column to the left, figures to the right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(cells, widths) for cells in (lines[0], ruler, *lines[1:]))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return f"| {' | '.join(padded)} |"


def machine() -> str:
    """What it ran on, in a line: figures of different machines do not compare."""
    busy = f"{os.getloadavg()[0]:.1f}"
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores ({platform.machine()}), {python}, load {busy} at the end."


def throughput_text(found: Throughput) -> str:
    """Events per second, side by side."""
    contestants = {
        "kpistream worker": found.worker,
        "bare aiokafka + msgspec + dict": found.bare,
        "naive Faust agent, tumbling 10s": found.naive,
        "naive Faust agent, hopping 5m by 10s": [found.naive_hopping],
    }
    runs = table(
        ("", "events/s", "us of CPU/event", "runs"),
        [_contestant(name, runs) for name, runs in contestants.items()],
    )
    compared = table(
        ("kpistream worker, events/s over", "median", "least", "greatest", "aim"),
        [
            _ratio("naive agent, tumbling", found.over_naive, ">= 40"),
            _ratio("bare loop", found.over_bare, ">= 0.5"),
        ],
    )
    return f"{found.records:,} clicks in 4 partitions.\n\n{runs}\n\n{compared}"


def _contestant(name: str, runs: Sequence[Run]) -> tuple[str, ...]:
    rate = median(run.events_per_s for run in runs)
    return name, f"{rate:,.0f}", f"{median(run.cpu_us for run in runs):,.2f}", str(len(runs))


def _ratio(name: str, spread: Spread, aim: str) -> tuple[str, ...]:
    return (name, *(f"{v:.2f}" for v in (spread.middle, spread.least, spread.greatest)), aim)


def latency_text(found: Latency) -> str:
    """Percentiles of both ways."""
    ways = {"event to gauge": found.gauge_s, "event to webhook call": found.webhook_s}
    return f"At {found.events_per_s:,.0f} events/s.\n\n" + table(
        ("seconds", *(f"p{p}" for p in PERCENTILES), "max", "probes", "aim"),
        [
            (
                name,
                *(f"{percentile(values, p):.2f}" for p in (*PERCENTILES, 100)),
                str(len(values)),
                "p99 < 2",
            )
            for name, values in ways.items()
        ],
    )


def watching_text(found: Watching) -> str:
    """Scrapes, latencies and processor time by phase."""
    busy = [phase for phase in found.phases if not phase.kind.is_alone]
    scrapes = table(
        ("seconds of a scrape", *_WATCHED_NAMES, "series", "MB", "kB as gzip", "scrapes", "aim"),
        [_scraped(phase, one) for phase in busy for one in phase.scrapes],
    )
    alone = [s for phase in found.phases if phase.kind.is_alone for s in phase.gauge_s]
    latencies = table(
        ("seconds from an event", *_WATCHED_NAMES, "probes", "aim"),
        [
            _probed("to gauge, alone", alone),
            *(_probed(f"to gauge, {phase.kind.name}", phase.gauge_s) for phase in busy),
            *(_probed(f"to page, {p.kind.name}", p.page_s) for p in busy if p.page_s),
        ],
    )
    costs = table(
        ("in this order", "% of a core", "more than alone", "messages/s", "kB/s", "aim"),
        [_cost(*pair) for pair in zip(found.phases, found.costs, strict=True)],
    )
    head = f"At {found.events_per_s:,.0f} events/s. {found.slices:,} slices; {found.series:,} "
    head += f"series are on a page of metrics, {found.dropped:,} more had no room."
    return f"{head}\n\n{scrapes}\n\n{latencies}\n\n{costs}"


def _scraped(phase: Phase, scrapes: Scraped) -> tuple[str, ...]:
    return (
        f"{scrapes.format}, {phase.kind.name}",
        *(f"{percentile(scrapes.seconds, p):.2f}" for p in _WATCHED),
        f"{min(scrapes.series):,}",
        f"{median(scrapes.size) / 1e6:.1f}",
        f"{median(scrapes.packed) / 1e3:,.0f}",
        str(len(scrapes.seconds)),
        "max < 1",
    )


def _probed(name: str, seconds: Sequence[float]) -> tuple[str, ...]:
    figures = (f"{percentile(seconds, p):.2f}" for p in _WATCHED)
    return name, *figures, str(len(seconds)), "p99 < 2"


def _cost(phase: Phase, more: float | None) -> tuple[str, ...]:
    pages = phase.pages
    return (
        phase.kind.name,
        f"{phase.cpu * 100:.0f}",
        "" if more is None else f"{more * 100:+.1f}",
        "" if pages is None else f"{pages.messages / pages.open_s:,.0f}",
        "" if pages is None else f"{pages.size / pages.open_s / 1e3:,.0f}",
        "< 10" if pages is not None and not phase.kind.is_scraped else "",
    )


def stages_text(stages: Mapping[str, float]) -> str:
    """Microseconds an event by stage of the core."""
    return table(
        ("stage of the core", "us/event"), [(name, f"{us:.2f}") for name, us in stages.items()]
    )


def slices_text(found: Slices) -> str:
    """Few slices and many, side by side."""
    runs = table(
        ("slices", "events/s", "us of CPU/event", "most MB", "runs", "aim"),
        [_crowd(found.few, ""), _crowd(found.many, "< 1,000 MB")],
    )
    compared = table(
        (_over(found), "median", "least", "greatest", "aim"),
        [
            _ratio("events/s", found.speed, ">= 0.7"),
            _ratio("CPU/event", found.cpu, ""),
        ],
    )
    return f"{found.records:,} clicks in 4 partitions.\n\n{runs}\n\n{compared}"


def _over(found: Slices) -> str:
    return f"{found.many.slices:,} slices over {found.few.slices:,}"


def _crowd(crowd: Crowd, aim: str) -> tuple[str, ...]:
    rate = median(run.events_per_s for run in crowd.runs)
    cpu_us = median(run.cpu_us for run in crowd.runs)
    peak = max(crowd.peaks) / 1e6
    figures = (f"{rate:,.0f}", f"{cpu_us:,.2f}", f"{peak:,.0f}", str(len(crowd.runs)))
    return f"{crowd.slices:,}", *figures, aim


def states_text(found: States) -> str:
    """Rows and bytes of slices, live and after half a year."""
    live = table(
        ("a slice, live", "measured rows", "bytes", "merged rows", "bytes", "bytes in memory"),
        [_live_state(state) for state in found.live],
    )
    old = table(
        ("a slice after half a year", "rows", "bytes, few people", "bytes, new people"),
        [
            *(_tier(width, found) for width in sorted(found.of_few_people.merged)),
            ("all", *_old_row(found, _all_rows)),
            ("in memory", "", *(_a_slice(s, s.memory) for s in _old(found))),
            ("in memory, with views", "", *(_a_slice(s, s.memory + s.views) for s in _old(found))),
        ],
    )
    return f"{live}\n\n{old}"


def _live_state(state: State) -> tuple[str, ...]:
    merged = _all_rows(state)
    figures = (state.measured.count, state.measured.size, merged.count, merged.size, state.memory)
    return f"one of {state.slices:,}", *(_a_slice(state, figure) for figure in figures)


def _tier(width_s: int, found: States) -> tuple[str, ...]:
    return f"panes of {width_s:,} s", *_old_row(found, lambda state: state.merged[width_s])


def _old_row(found: States, rows_of: Callable[[State], Rows]) -> tuple[str, ...]:
    few, new = _old(found)
    count = _a_slice(few, rows_of(few).count)
    return count, *(_a_slice(state, rows_of(state).size) for state in (few, new))


def _old(found: States) -> tuple[State, State]:
    return found.of_few_people, found.of_new_people


def _all_rows(state: State) -> Rows:
    rows = state.merged.values()
    return Rows(sum(one.count for one in rows), sum(one.size for one in rows))


def _a_slice(state: State, figure: float) -> str:
    return f"{figure / state.slices:,.0f}"


def kpi_cost_text(found: KpiCost) -> str:
    """What KPIs and people cost."""
    kpis = table(
        ("KPIs", "us/event", "readings", "ms for all of them"),
        [
            (str(c.kpis), f"{c.event_us:.2f}", f"{c.readings:,}", f"{c.survey_us / 1000:.1f}")
            for c in (found.shipped, found.more)
        ],
    )
    compared = table(
        (f"{found.more.kpis - found.shipped.kpis} KPIs more", "median", "least", "greatest", "aim"),
        [_ratio("events/s", found.speed, "~ 1")],
    )
    stages = list(next(iter(found.by_visitors.values())))
    people = table(
        ("us/event of the core", *stages),
        [
            (name, *(f"{costs[stage]:.2f}" for stage in stages))
            for name, costs in found.by_visitors.items()
        ],
    )
    reading = f"A reading more costs {found.reading_us:.2f} us."
    return f"{kpis}\n\n{compared}\n\n{reading}\n\n{people}"


def written(page: str, name: str, text: str) -> str:
    """The page with the text between the section's markers; ValueError without them."""
    begin, end = _BEGIN.format(name=name), _END.format(name=name)
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"the page has no section {name!r}")
    return pattern.sub(lambda _: f"{begin}\n\n{text}\n\n{end}", page)
