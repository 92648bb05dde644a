"""``kpistream emit``: traffic from a scenario or from files, to a broker or to a file."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import typer

from kpistream.cli.failures import WRONG, Failure
from kpistream.cli.lines import write_json
from kpistream.cli.logs import log_to_stderr
from kpistream.cli.options import Broker, Config, Json, seconds
from kpistream.cli.progress import ProgressLine
from kpistream.cli.signals import stop_on_signals
from kpistream.cli.tallies import tally_document, tally_text
from kpistream.core.events.event_types import SHIPPED
from kpistream.settings import Settings, load_settings

if TYPE_CHECKING:
    from kpistream.edges.emitter.emission import Emission
    from kpistream.edges.emitter.play import Progress
    from kpistream.edges.emitter.scenario import Scenario
    from kpistream.edges.emitter.sink import Sink
    from kpistream.edges.emitter.tally import Tally
    from kpistream.edges.ndjson import EventLine

DEFAULT_SCENARIO: Final = "story"
DEFAULT_RATE: Final = 200.0
DEFAULT_SEED: Final = 1
ROUND_S: Final = 600.0
"""A scenario without a duration begins anew this often, in seconds."""

_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Traffic:
    """The traffic asked for; ``duration_s`` is None for traffic without an end."""

    scenario: Scenario
    rate: float
    seed: int
    duration_s: float | None

    def emissions(self, start_ms: int) -> Iterator[Emission]:
        """The scenario's events in time order, round after round unless it has a duration."""
        from kpistream.edges.emitter.simulator import Simulator

        if self.duration_s is not None:
            yield from Simulator(self.scenario, self.rate, self.seed, start_ms, self.duration_s)
            return
        for number in count():
            begin_ms = start_ms + number * round(ROUND_S * 1000)
            yield from Simulator(self.scenario, self.rate, self.seed, begin_ms, ROUND_S)


def emit(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="NDJSON files of events to send as they are, - for standard input; "
            "without any, a scenario is played.",
            show_default=False,
        ),
    ] = None,
    config: Config = None,
    broker: Broker = None,
    rate: Annotated[
        float | None,
        typer.Option(metavar="NUMBER", help=f"Events per second; {DEFAULT_RATE:g} unless given."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help=f"The same seed, the same traffic; {DEFAULT_SEED} unless given.",
        ),
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help=f"story, steady or chaos; {DEFAULT_SCENARIO} unless given."
        ),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(
            parser=seconds,
            metavar="SPAN",
            help="How long the scenario lasts, such as 90 or 3m; unless given, it begins anew "
            f"every {ROUND_S / 60:g} minutes until stopped.",
        ),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER", help="Play this many times as fast; above 1 the events end now."
        ),
    ] = None,
    start: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S%z"],
            metavar="TIME",
            help="With --to-file: when the scenario starts, such as 2026-03-01T10:00:00Z; "
            "so that it ends now unless given.",
        ),
    ] = None,
    to_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Write NDJSON to a file (- for standard output), not to Kafka."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Send seeded traffic, or the events of files, to the topics of a broker.

    Ends with a tally of what was emitted: what a monitor must find. Creates no topics.
    """
    settings = load_settings(config, broker=broker)
    log_to_stderr("WARNING", libraries="CRITICAL")
    given = {"rate": rate, "seed": seed, "scenario": scenario, "duration": duration}
    if files:
        _refuse("reading events from files", given | {"speed": speed, "to-file": to_file})
        asyncio.run(_send_files(settings, files, json))
        return
    traffic = _Traffic(
        _scenario(scenario or DEFAULT_SCENARIO, settings.currency),
        _above_0("rate", DEFAULT_RATE if rate is None else rate),
        DEFAULT_SEED if seed is None else seed,
        duration,
    )
    if to_file is not None:
        _refuse("writing to a file", {"speed": speed, "broker": broker})
        if duration is None:
            raise Failure("--to-file needs a --duration: the file must end", WRONG)
        start_ms = _now_ms() - round(duration * 1000) if start is None else _epoch_ms(start)
        asyncio.run(_write(traffic, to_file, start_ms, json))
        return
    _refuse("playing to a broker", {"start": start})
    asyncio.run(_play(settings, traffic, _above_0("speed", 1.0 if speed is None else speed), json))


def _refuse(doing: str, options: Mapping[str, object]) -> None:
    for name, value in options.items():
        if value is not None:
            raise Failure(f"--{name} makes no sense when {doing}", WRONG)


def _above_0(name: str, number: float) -> float:
    if not 0 < number < math.inf:
        raise Failure(f"--{name}: {number:g} is not a number above 0", WRONG)
    return number


def _scenario(name: str, currency: str) -> Scenario:
    from kpistream.edges.emitter.shipped import SCENARIOS

    if name not in SCENARIOS:
        known = ", ".join(SCENARIOS)
        raise Failure(f"--scenario: unknown scenario {name!r}; allowed: {known}", WRONG)
    return SCENARIOS[name].in_currency(currency)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _epoch_ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


# -- to a broker -----------------------------------------------------------------------------------


@asynccontextmanager
async def _kafka(settings: Settings, timestamps: bool = False) -> AsyncIterator[Sink]:
    """A sink to the event topics, which exist."""
    from kpistream.cli.broker import broker_of, require_topics
    from kpistream.cli.wiring.wiring import connection
    from kpistream.edges.emitter.kafka_sink import KafkaSink

    link = connection(settings)
    servers, options = ",".join(link.servers), link.client_options()
    with broker_of(settings):
        await require_topics(settings)
        sink = KafkaSink(servers, settings.topics, timestamps=timestamps, options=options)
        async with sink:
            yield sink


async def _play(settings: Settings, traffic: _Traffic, speed: float, json: bool) -> None:
    """Play a scenario in time until it ends or somebody stops it."""
    from kpistream.edges.emitter.play import play
    from kpistream.edges.emitter.tally import Tally

    start_ms = _start_ms(traffic, speed)
    if missing := SHIPPED.keys() - settings.topics.keys():
        listed = ", ".join(sorted(missing))
        raise Failure(f"a scenario has every event type; `topics` has none for {listed}", WRONG)
    tally, opened = Tally(), None
    try:
        async with _kafka(settings, timestamps=speed != 1) as sink:
            opened = sink
            with ProgressLine() as line:
                playing = asyncio.ensure_future(
                    play(
                        traffic.emissions(start_ms),
                        sink,
                        start_ms,
                        speed=speed,
                        tally=tally,
                        report=lambda progress: line.show(_progress_text(settings, progress)),
                    )
                )
                await _until_stopped(playing)
    finally:
        # After a failure, too: what was sent until then is on the topics.
        if opened is not None:
            _show_tally(tally, opened.acknowledged, traffic.scenario.currency, json)


def _start_ms(traffic: _Traffic, speed: float) -> int:
    """When to start, so that no event is ever ahead of the clock."""
    if speed == 1:
        return _now_ms()
    if traffic.duration_s is None:
        raise Failure("--speed needs a --duration", WRONG)
    ahead_s = max(0.0, traffic.duration_s * (1 - 1 / speed))
    return _now_ms() - round(ahead_s * 1000)


async def _until_stopped(playing: asyncio.Task[Progress]) -> None:
    """Wait for the end of a play; a signal ends it after what was sent is safe."""
    stop = asyncio.Event()
    stop_on_signals(stop)
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if playing.done():
        stopping.cancel()
        playing.result()
        return
    playing.cancel()
    with suppress(asyncio.CancelledError):
        await playing


def _progress_text(settings: Settings, progress: Progress) -> str:
    behind = f", {progress.behind_s:.1f} s behind" if progress.behind_s else ""
    return f"{progress.acknowledged:,} events to {settings.broker}{behind}"


async def _send_files(settings: Settings, files: list[str], json: bool) -> None:
    """Send the events of files as fast as the broker takes them."""
    from kpistream.edges.emitter.replay import replay
    from kpistream.edges.ndjson import read_event_files

    opened = None
    try:
        async with _kafka(settings) as sink:
            opened = sink
            with ProgressLine() as line:
                types = tuple(dict.fromkeys((*SHIPPED, *settings.topics)))
                lines = line.counted(read_event_files(files, types), "events")
                await replay(_with_topics(settings, lines), sink)
    finally:
        if opened is not None:
            _show_sent(opened.acknowledged, json)


def _show_sent(sent: int, json: bool) -> None:
    if json:
        write_json({"kind": "tally", "produced": sent})
    else:
        typer.echo(f"{sent:,} events sent", err=True)


def _with_topics(settings: Settings, lines: Iterable[EventLine]) -> Iterator[EventLine]:
    for line in lines:
        if line.event_type not in settings.topics:
            problem = f"line {line.number}: the setting `topics` has none for {line.event_type}"
            raise Failure(problem, WRONG)
        yield line


# -- to a file -------------------------------------------------------------------------------------


async def _write(traffic: _Traffic, path: str, start_ms: int, json: bool) -> None:
    """Write a scenario's events at once; a signal ends it after what it has begun."""
    from kpistream.edges.emitter.ndjson_sink import NdjsonSink
    from kpistream.edges.emitter.tally import Tally

    if path == "-" and json:
        raise Failure("--json and --to-file - both want standard output", WRONG)
    tally, stop = Tally(), asyncio.Event()
    stop_on_signals(stop)
    with _opened(path) as stream, ProgressLine() as line:
        sink = NdjsonSink(stream)
        emissions = line.counted(traffic.emissions(start_ms), "events")
        while not stop.is_set() and (batch := list(islice(emissions, _AT_ONCE))):
            await sink.send(batch)
            for emission in batch:
                tally.enter(emission)
            # The loop hears of signals only between two batches.
            await asyncio.sleep(0)
        await sink.flush()
    _show_tally(tally, sink.acknowledged, traffic.scenario.currency, json)


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    if path == "-":
        yield sys.stdout.buffer
        return
    try:
        with Path(path).open("wb") as stream:
            yield stream
    except OSError as error:
        raise Failure(f"{path}: {error.strerror or error}", WRONG) from error


def _show_tally(tally: Tally, acknowledged: int, currency: str, json: bool) -> None:
    document = tally_document(tally, acknowledged, currency)
    if json:
        write_json(document)
    else:
        typer.echo(tally_text(document), err=True)
