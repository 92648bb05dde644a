"""``kpistream backtest``: what rules would have told of, over events that are past."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kpistream.cli.compute import outcomes_document
from kpistream.cli.failures import FAILED, WRONG, Failure
from kpistream.cli.lines import write_json
from kpistream.cli.logs import log_to_stderr
from kpistream.cli.options import Broker, Catalogue, Config, Json, Windows, names, seconds
from kpistream.cli.progress import ProgressLine
from kpistream.settings import Settings, load_settings

if TYPE_CHECKING:
    from kpistream.cli.backtesting.arrivals import Arrival
    from kpistream.cli.backtesting.verdict import Verdict
    from kpistream.core.alerting.proof.backtest import Backtest
    from kpistream.core.plan import Plan

RULE_FILES: Final = (".yml", ".yaml")
"""How the names of files of rules end; all others are files of events."""

DEFAULT_GRACE: Final = "15m"


def backtest(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files of rules (.yml), those of the settings unless given; and NDJSON files of "
            "events, - for standard input.",
            show_default=False,
        ),
    ] = None,
    from_kafka: Annotated[
        bool, typer.Option("--from-kafka", help="Read the event topics, as far as they go now.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="TIME",
            help="Leave out what arrived before, such as 2026-03-01T10:00:00Z or 2026-03-01.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--to", metavar="TIME", help="Leave out what arrived then or after."),
    ] = None,
    incidents: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="YAML list of what went wrong, to judge the rules by."),
    ] = None,
    grace: Annotated[
        str,
        typer.Option(
            metavar="SPAN", help="How long after an incident a firing may still tell of it."
        ),
    ] = DEFAULT_GRACE,
    silences: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="YAML list of spans in which nobody is told."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw what fired when, as SVG.")
    ] = None,
    config: Config = None,
    catalogue: Catalogue = None,
    windows: Windows = None,
    broker: Broker = None,
    json: Json = False,
) -> None:
    """Replay events through alert rules with the worker's own core: what would have fired?

    Time is the arrival of the events, as for `kpistream compute`; from Kafka it is the time of the
    records. With incidents, the rules are judged: how many firings were about one (precision), how
    many incidents were told of (recall), and how soon.
    """
    from kpistream.cli.backtesting.verdict import Evidence, Verdict
    from kpistream.cli.wiring.wiring import build_plan
    from kpistream.core.alerting.proof.backtest import Backtest

    rules, events = _sorted_out(files or [], from_kafka)
    settings = load_settings(
        config, catalogue=catalogue, rules=rules or None, windows=names(windows), broker=broker
    )
    log_to_stderr("WARNING", libraries="CRITICAL")
    plan = build_plan(settings)
    if not plan.rules:
        raise Failure("there are no rules to test: name files of them, or set `rules`", WRONG)
    evidence = Evidence.read(plan, incidents, silences, seconds(grace))
    span_ms = _moment_ms("--from", since, plan), _moment_ms("--to", until, plan)
    test, unread = Backtest(plan), Counter[str]()
    with ProgressLine() as line:
        coming = _past(settings, plan, events, span_ms)
        for arrival in line.counted(coming, "events"):
            if arrival.event_type in plan.topics:
                test.feed(arrival.event_type, arrival.value, arrival.arrived_ms)
            else:
                unread[arrival.event_type] += 1
    test.finish()
    verdict = Verdict.of(plan, test, evidence)
    if picture is not None:
        _draw(picture, verdict)
    _report(verdict, test, unread, json=json)


def _sorted_out(files: Iterable[str], from_kafka: bool) -> tuple[list[Path], list[str]]:
    """The files of rules, and those of events."""
    given = list(files)
    rules = [Path(name) for name in given if name.endswith(RULE_FILES)]
    events = [name for name in given if not name.endswith(RULE_FILES)]
    if from_kafka and events:
        raise Failure(f"--from-kafka reads no files of events: leave out {events[0]}", WRONG)
    if not from_kafka and not events:
        raise Failure("name files of events (NDJSON), or read them with --from-kafka", WRONG)
    return rules, events


def _moment_ms(flag: str, text: str | None, plan: Plan) -> int | None:
    from kpistream.core.alerting.proof.moments import parse_moment

    try:
        return None if text is None else round(parse_moment(text, plan.days) * 1000)
    except ValueError as error:
        raise Failure(f"{flag}: {error}", WRONG) from None


def _past(
    settings: Settings, plan: Plan, files: list[str], span_ms: tuple[int | None, int | None]
) -> Iterator[Arrival]:
    """The events that arrived within the span, in the order of arrival."""
    from kpistream.core.events.event_types import SHIPPED

    from_ms, to_ms = span_ms
    if files:
        from kpistream.cli.backtesting.arrivals import arrivals

        # Those of one's own are always read; a shipped one may be none of the topics.
        coming = arrivals(files, tuple(dict.fromkeys((*SHIPPED, *plan.topics))))
    else:
        from kpistream.cli.backtesting.kafka_arrivals import kafka_arrivals
        from kpistream.cli.wiring.wiring import connection

        coming = kafka_arrivals(connection(settings), plan.topics, from_ms, to_ms)
    if to_ms is not None:
        coming = takewhile(lambda arrival: arrival.arrived_ms < to_ms, coming)
    return (one for one in coming if from_ms is None or one.arrived_ms >= from_ms)


def _draw(path: Path, verdict: Verdict) -> None:
    from kpistream.cli.backtesting.timeline import timeline

    try:
        path.write_text(timeline(verdict.picture()), encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path}: {error.strerror or error}", FAILED) from error


def _report(verdict: Verdict, test: Backtest, unread: Counter[str], *, json: bool) -> None:
    if json:
        for document in verdict.documents():
            write_json(document, flush=False)
        write_json(outcomes_document(test.driver, unread))
        return
    from kpistream.cli.backtesting.tables import print_verdict

    print_verdict(verdict, sum(unread.values()))
