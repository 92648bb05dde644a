"""Watching: what it costs a busy worker to be scraped, and to have many live pages open.

One worker goes through phases: alone, scraped, with pages, and all at once. Between any two of them
it is left alone again, since it gets slower or faster by itself; what a phase costs is what it
takes more than the two beside it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from statistics import mean, median
from typing import Any, Final

import msgspec

from bench.clicks import CHANNELS, campaign_names
from bench.gauge import Gauge
from bench.pages import Report
from bench.probes import Probes
from bench.processes import Child, ChildError
from bench.scraper import Scrape, Scraper, scrape_once
from bench.sending import SingleClicks, steady_emitter
from bench.slices import MEMBER_LIMIT
from bench.stage import Stage, real_kafka
from bench.worker import Worker

APP: Final = "bench-watching"
FULL: Final = 19_900
"""A page of metrics with as many series is full, but for what changes between two scrapes."""

_PROBES_A_SECOND: Final = 5
_LOOK_EVERY_S: Final = 0.1
"""Each look goes through all readings there are."""
_WARM_UP_S: Final = 5.0
_SETTLE_S: Final = 3.0
_PATIENCE_S: Final = 60.0
_FILL_S: Final = 60.0
_FILLED_AT_ONCE: Final = 500
_TRICKLE_EVERY_S: Final = 0.5

_decode_report: Final = msgspec.json.Decoder(Report).decode


@dataclass(frozen=True, slots=True)
class Kind:
    """What is done to the worker in a phase."""

    is_scraped: bool = False
    pages: int = 0
    questions: int = 0

    @property
    def is_alone(self) -> bool:
        """Whether nothing is."""
        return not self.is_scraped and not self.pages

    @property
    def name(self) -> str:
        """The same in words."""
        asked = "1 question" if self.questions == 1 else f"{self.questions} questions"
        done = ["scraped"] if self.is_scraped else []
        done += [f"{self.pages} pages, {asked}"] if self.pages else []
        return ", ".join(done) or "alone"


@dataclass(frozen=True, slots=True)
class Scraped:
    """The scrapes of one format in a phase."""

    format: str
    seconds: list[float]
    series: list[int]
    size: list[int]
    """Bytes of each page, unpacked."""
    packed: list[int]
    """Bytes of each page on the way."""


@dataclass(frozen=True, slots=True)
class Phase:
    """What was seen while something was done to the worker."""

    kind: Kind
    cpu: float
    """Processor time of the worker a second: 1 is a whole core."""
    gauge_s: list[float]
    """Seconds from the acknowledgement of each probe to the gauge that counts it."""
    page_s: list[float]
    """The same to each page that watches."""
    scrapes: list[Scraped]
    pages: Report | None


@dataclass(frozen=True, slots=True)
class Watching:
    """All phases, in order, and how much the worker had to show at the end."""

    events_per_s: float
    """What the worker accepted meanwhile."""
    phases: list[Phase]
    slices: int
    series: int
    dropped: int
    """Series that a page of metrics had no room for."""

    @property
    def costs(self) -> list[float | None]:
        """Of each phase, the processor time a second that it took more; None for those alone."""
        return extra_cpu([(phase.kind.is_alone, phase.cpu) for phase in self.phases])


def extra_cpu(phases: Sequence[tuple[bool, float]]) -> list[float | None]:
    """What each phase took more than the mean of the nearest phases alone, before and after it.

    The phases are given by whether the worker was alone, and what it took; the first and the last
    are alone. None for those alone. Raises ValueError otherwise.
    """
    if not phases or not phases[0][0] or not phases[-1][0]:
        raise ValueError("the first and the last phase must be alone")
    extra: list[float | None] = []
    for number, (is_alone, cpu) in enumerate(phases):
        before, after = phases[:number], phases[number + 1 :]
        extra.append(None if is_alone else cpu - mean((_alone(before[::-1]), _alone(after))))
    return extra


def _alone(phases: Iterable[tuple[bool, float]]) -> float:
    return next(cpu for is_alone, cpu in phases if is_alone)


def kinds(pages: int, questions: int) -> list[Kind]:
    """The phases, in order: each between two that are alone."""
    busy = [
        Kind(is_scraped=True),
        Kind(pages=pages, questions=1),
        Kind(pages=pages, questions=questions),
        Kind(is_scraped=True, pages=pages, questions=questions),
    ]
    return [Kind(), *(kind for one in busy for kind in (one, Kind()))]


def measure_watching(
    rate: float,
    seconds: float,
    campaigns: int,
    pages: int,
    questions: int,
    tell: Callable[[str], None],
) -> Watching:
    """Go through all phases, each of so many seconds, while the emitter plays `steady`.

    Beside it there is a click a phase of each of so many campaigns: enough for a full page of
    metrics. So many live pages ask one question, and then so many different ones.
    """
    with real_kafka() as stage:
        measurement = _Measurement(stage, seconds, campaigns, tell)
        return asyncio.run(measurement.run(rate, kinds(pages, questions)))


class _Measurement:
    def __init__(
        self, stage: Stage, seconds: float, campaigns: int, tell: Callable[[str], None]
    ) -> None:
        self._stage = stage
        self._seconds = seconds
        self._campaigns = campaign_names(campaigns)
        self._tell = tell
        self._clicks_sent = 0

    async def run(self, rate: float, order: Sequence[Kind]) -> Watching:
        lasts_s = _FILL_S + len(order) * (self._seconds + _SETTLE_S + _PATIENCE_S)
        with self._worker() as worker:
            await asyncio.to_thread(worker.wait_ready)
            with steady_emitter(self._stage, rate, lasts_s) as emitter:
                async with SingleClicks(self._stage.bootstrap) as clicks:
                    self._tell(f"a click of each of {len(self._campaigns):,} campaigns ...")
                    await self._fill(clicks)
                    await _until_full(worker)
                    found = await self._phases(worker, clicks, order)
                    emitter.check()
        return found

    def _worker(self) -> Worker:
        settings = {
            "broker": self._stage.bootstrap,
            "app_id": APP,
            "member_limits": msgspec.json.encode({"campaign": MEMBER_LIMIT}).decode(),
        }
        return Worker(self._stage.directory / "worker.log", settings)

    async def _phases(
        self, worker: Worker, clicks: SingleClicks, order: Sequence[Kind]
    ) -> Watching:
        gauge = Gauge(clicks, _LOOK_EVERY_S)
        phases = []
        async with _while_open(gauge.watch(worker)):
            await asyncio.sleep(_WARM_UP_S)
            before, started_s = await _accepted(worker), time.monotonic()
            for kind in order:
                phases.append(await self._phase(worker, kind, clicks, gauge))
                self._tell(_in_short(phases[-1]))
            rate = (await _accepted(worker) - before) / (time.monotonic() - started_s)
        page = (await scrape_once(worker.url)).page
        return Watching(rate, phases, page.slices, page.series, page.dropped)

    # -- a phase -----------------------------------------------------------------------------------

    async def _phase(self, worker: Worker, kind: Kind, clicks: SingleClicks, gauge: Gauge) -> Phase:
        probes = round(self._seconds * _PROBES_A_SECOND)
        scraper = Scraper(worker.url)
        with self._pages(worker, kind, gauge.sent + probes) as pages:
            async with _while_open(*([scraper.run()] if kind.is_scraped else [])):
                await asyncio.sleep(_SETTLE_S)
                scraper.scrapes.clear()
                cpu_s, started_s = worker.cpu_s, time.monotonic()
                async with _while_open(self._trickle(clicks)):
                    sent = await gauge.send(probes, self._seconds)
                cpu = (worker.cpu_s - cpu_s) / (time.monotonic() - started_s)
                scrapes = list(scraper.scrapes)
                await _wait_for_all(worker, gauge)
            report = await _report_of(pages)
        return Phase(
            kind=kind,
            cpu=cpu,
            gauge_s=gauge.probes.latencies_of(sent),
            page_s=[] if report is None else page_latencies(gauge.probes.unseen(sent), report),
            scrapes=scraped(scrapes),
            pages=report,
        )

    def _pages(
        self, worker: Worker, kind: Kind, probes: int
    ) -> AbstractContextManager[Child | None]:
        """The pages, until they have shown so many probes."""
        if not kind.pages:
            return nullcontext()
        arguments = ["-m", "bench.pages", worker.url, "--pages", str(kind.pages)]
        arguments += ["--questions", str(kind.questions), "--probes", str(probes)]
        arguments += ["--seconds", str(_SETTLE_S + self._seconds)]
        log = self._stage.directory / "pages.log"
        return Child(arguments, log, reports=True, stops_in_order=False)

    # -- clicks of many campaigns ------------------------------------------------------------------

    async def _fill(self, clicks: SingleClicks) -> None:
        left = len(self._campaigns)
        while left > 0:
            await self._click(clicks, min(left, _FILLED_AT_ONCE))
            left -= _FILLED_AT_ONCE

    async def _trickle(self, clicks: SingleClicks) -> None:
        """A click a phase of each campaign, until it is cancelled."""
        at_once = round(len(self._campaigns) * _TRICKLE_EVERY_S / self._seconds)
        while True:
            await asyncio.gather(asyncio.sleep(_TRICKLE_EVERY_S), self._click(clicks, at_once))

    async def _click(self, clicks: SingleClicks, count: int) -> None:
        """So many clicks at once, each of the campaign that has had none for longest."""
        numbers = range(self._clicks_sent, self._clicks_sent + count)
        self._clicks_sent += count
        await asyncio.gather(*(self._click_of(clicks, number) for number in numbers))

    async def _click_of(self, clicks: SingleClicks, number: int) -> None:
        which = number % len(self._campaigns)
        await clicks.send(f"c-{number}", CHANNELS[which % len(CHANNELS)], self._campaigns[which])


def scraped(scrapes: Iterable[Scrape]) -> list[Scraped]:
    """Some scrapes by their format."""
    by_format: dict[str, list[Scrape]] = {}
    for scrape in scrapes:
        by_format.setdefault(scrape.format, []).append(scrape)
    return [_of_one_format(format, some) for format, some in by_format.items()]


def _of_one_format(format: str, scrapes: Sequence[Scrape]) -> Scraped:
    pages = [scrape.page for scrape in scrapes]
    return Scraped(
        format,
        seconds=[scrape.seconds for scrape in scrapes],
        series=[page.series for page in pages],
        size=[page.size for page in pages],
        packed=[len(scrape.body) for scrape in scrapes],
    )


def all_followed(report: Report) -> Report:
    """The report; raises ChildError unless each page had a frame, and patches from then on."""
    if report.followed < report.pages:
        raise ChildError(f"{report.followed} of {report.pages} pages were told what they should")
    return report


def page_latencies(sent: Probes[int], report: Report) -> list[float]:
    """Seconds from each probe to each page that watches; raises ChildError if one never came."""
    latencies = []
    for sights in report.sights:
        probes = sent.unseen()
        shown = 0
        for sight in sights:
            for number in range(shown + 1, sight.probes + 1):
                probes.seen(number, sight.at_s)
            shown = max(shown, sight.probes)
        if probes.missing:
            raise ChildError(f"{probes.missing} probes never came to a page")
        latencies += probes.latencies_s
    return latencies


def _in_short(phase: Phase) -> str:
    text = f"{phase.kind.name}: {phase.cpu:.0%} of a core, "
    text += f"gauge after {median(phase.gauge_s):.2f} s (median)"
    if phase.page_s:
        text += f", page after {median(phase.page_s):.2f} s"
    if phase.scrapes:
        text += f", scrape in {median(s for some in phase.scrapes for s in some.seconds):.2f} s"
    return text


@asynccontextmanager
async def _while_open(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do this beside what is in the context, and no longer."""
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(one) for one in work]
        yield
        for one in running:
            one.cancel()


async def _until_full(worker: Worker) -> None:
    """Wait until the page of metrics has no more room."""
    deadline_s = time.monotonic() + _FILL_S
    while (page := (await scrape_once(worker.url)).page).series < FULL:
        worker.check()
        if time.monotonic() > deadline_s:
            raise ChildError(f"the page of metrics has {page.series} series, {FULL} are full")
        await asyncio.sleep(_LOOK_EVERY_S)


async def _wait_for_all(worker: Worker, gauge: Gauge) -> None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while missing := gauge.probes.missing:
        worker.check()
        if time.monotonic() > deadline_s:
            raise ChildError(f"{missing} probes never came out")
        await asyncio.sleep(_LOOK_EVERY_S)


async def _report_of(pages: Child | None) -> Report | None:
    if pages is None:
        return None
    return all_followed(_decode_report(await asyncio.to_thread(pages.report)))


async def _accepted(worker: Worker) -> int:
    return await asyncio.to_thread(worker.accepted)
