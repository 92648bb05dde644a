"""``kpistream compute``: the monitor as a batch tool, over files and without a broker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kpistream.cli.lines import write_json
from kpistream.cli.logs import log_to_stderr
from kpistream.cli.options import Catalogue, Config, Json, Rules, Windows, names
from kpistream.cli.progress import ProgressLine
from kpistream.core.instants import rfc3339
from kpistream.settings import load_settings

if TYPE_CHECKING:
    from kpistream.cli.backtesting.arrivals import Arrival
    from kpistream.core.alerting.alerts import Alert
    from kpistream.core.driver import Driver
    from kpistream.core.plan import Plan


def compute(
    files: Annotated[
        list[str],
        typer.Argument(help="NDJSON files of events; - for standard input.", show_default=False),
    ],
    config: Config = None,
    catalogue: Catalogue = None,
    rules: Rules = None,
    windows: Windows = None,
    json: Json = False,
) -> None:
    """Compute readings, alerts and objectives from files of events, with the worker's own core.

    Time is the arrival of the events: `arrived_at` where a line has it, or else `occurred_at`.
    The readings are as of the last arrival; alerts are shown as they changed on the way. Event
    types of your own are read as the settings declare them.
    """
    from kpistream.cli.backtesting.arrivals import arrivals
    from kpistream.cli.wiring.wiring import build_plan
    from kpistream.core.driver import Driver
    from kpistream.core.events.event_types import SHIPPED

    settings = load_settings(config, catalogue=catalogue, rules=rules, windows=names(windows))
    log_to_stderr("WARNING")
    plan = build_plan(settings)
    # Those of one's own are always read; a shipped one may be none of the topics.
    event_types = tuple(dict.fromkeys((*SHIPPED, *plan.topics)))
    driver = Driver(plan)
    changes: list[Alert] = []
    unread: Counter[str] = Counter()
    with ProgressLine() as line:
        events = line.counted(arrivals(files, event_types), "events")
        for alert in _driven(driver, _of_types(plan.topics, events, unread)):
            if json:
                write_json(alert.to_dict(), flush=False)
            elif alert.is_news:
                changes.append(alert)
    outcomes = outcomes_document(driver, unread)
    if json:
        for document in _documents(plan, driver):
            write_json(document, flush=False)
        write_json(outcomes)
        return
    from kpistream.cli.tables import print_report

    print_report(plan, driver, changes, outcomes)


def _documents(plan: Plan, driver: Driver) -> Iterator[dict[str, Any]]:
    """The readings, the objectives and the money that has no rate, in their published forms.

    The same events give the same lines in the same order: KPIs and windows as they are declared,
    and of each all traffic before its slices.
    """
    kpis = {kpi: place for place, kpi in enumerate(plan.catalogue.kpis)}
    windows = {window.name: place for place, window in enumerate(plan.windows)}
    for reading in sorted(
        driver.board,
        key=lambda one: (
            kpis[one.kpi],
            windows[one.window],
            len(one.slice),
            one.slice,
            one.currency or "",
        ),
    ):
        yield reading.to_dict()
    yield from (progress.to_dict() for progress in driver.objectives)
    for apart in driver.unpriced:
        yield {"kind": "unpriced", **apart._asdict()}


def _driven(driver: Driver, arrivals: Iterable[Arrival]) -> Iterator[Alert]:
    """Drive all events through; the alerts as they change."""
    for arrival in arrivals:
        yield from driver.feed(arrival.event_type, arrival.value, arrival.arrived_ms)
        # Nobody asks for them here, and a large file may have many.
        driver.dead_letters.clear()
    yield from driver.finish()


def _of_types(
    types: Container[str], arrivals: Iterable[Arrival], unread: Counter[str]
) -> Iterator[Arrival]:
    """The events of these types; the others are counted and left unread, as a worker does."""
    for arrival in arrivals:
        if arrival.event_type in types:
            yield arrival
        else:
            unread[arrival.event_type] += 1


def outcomes_document(driver: Driver, unread: Mapping[str, int]) -> dict[str, Any]:
    """What became of the events, by event type, outcome and reason."""
    counts = driver.counts
    return {
        "kind": "outcomes",
        "as_of": rfc3339(driver.board.as_of) if driver.board.as_of else None,
        "produced": sum(sum(counted.values()) for counted in counts.values()),
        "outcomes": [
            {"event": event, "outcome": outcome, "reason": reason, "records": records}
            for event, counted in counts.items()
            for (outcome, reason), records in _in_order(counted)
        ],
        "unread": dict(unread),
    }


def _in_order(counts: Mapping[Any, int]) -> list[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda item: (item[0][0], item[0][1] or ""))
