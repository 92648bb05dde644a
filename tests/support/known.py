"""What workers know, as tests set it or as a driver makes it, and web servers that show it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import islice
from random import Random
from typing import Any, Final

from kpistream.core.alerting.alerts import Alert
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.driver import Driver
from kpistream.core.monitoring.progress import Progress
from kpistream.core.monitoring.readings import Board, Reading
from kpistream.core.monitoring.series import Series
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice, set_name, set_of
from kpistream.edges.metrics import Exposition, Telemetry, WorkerCollector
from kpistream.edges.metrics.telemetry import Snapshot
from kpistream.edges.web import Readiness, WebServer
from kpistream.edges.web.changes import Changes
from kpistream.edges.web.cluster import Cluster
from kpistream.edges.web.desk import BrokerAway, Desk
from kpistream.edges.web.knowledge import Found
from kpistream.edges.web.live.routes import LiveRoutes
from kpistream.edges.web.peer import Peer
from tests.support import builders as build
from tests.support.alerting import rule
from tests.support.builders import at_ms

SETS: Final = ((), ("channel",), ("campaign",), ("channel", "campaign"))
CHANNELS: Final = ("display", "email", "search")
CAMPAIGNS: Final = ("autumn", "spring")
MOST_SLICES: Final = 2_000

OBJECTIVES: Final = """
objectives:
  clicks_in_march:
    name: {en: Clicks, fr: Clics}
    kpi: clicks
    target: 5000
    start: "2026-03-01"
    deadline: "2026-03-31"
  clicks_by_email:
    name: {en: Clicks by e-mail, fr: Clics par e-mail}
    kpi: clicks
    target: 500
    slice: {channel: email}
    start: "2026-03-01"
    deadline: "2026-03-31"
"""


class Known:
    """What a worker knows; tests replace its parts."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.url = "http://127.0.0.1:6066"
        self.readiness = Readiness()
        self.board = Board()
        self.before = Board()
        self.alerts: Sequence[Alert] = ()
        self.objectives: Sequence[Progress] = ()
        self.desk: Desk | None = None
        self.telemetry: Snapshot = Telemetry().snapshot()
        self.partitions: Sequence[int] = (0,)
        self.sets: Sequence[tuple[str, ...]] = plan.slicing.sets
        self.silent_topics: Sequence[str] = ()
        self.peers: Sequence[Peer] = ()
        self.log: list[Alert] = []
        self.is_log_away = False
        self.log_since_ms: int | None = None

    def read(self, kpi: str, window: str, before: bool, wanted: Callable[[Slice], bool]) -> Found:
        return (), False

    def reading(self, kpi: str, window: str, part: Slice, before: bool) -> Reading | None:
        return None

    def series(self, kpis: Sequence[str], part: Slice, edges: Sequence[int]) -> list[Series] | None:
        return None

    def slices(self, sets: Sequence[tuple[str, ...]], most: int) -> tuple[list[Slice], bool]:
        return [], False

    async def alert_log(self, from_ms: int, to_ms: int, most: int) -> Changes:
        if self.is_log_away:
            raise BrokerAway("the broker does not answer")
        found = [one for one in self.log if from_ms <= one.changed_at * 1000 < to_ms]
        return Changes(found[:most], len(found) > most, self.log_since_ms)

    def peer(self) -> Peer:
        """How the others see it."""
        is_notifier = self.desk is not None and self.desk.is_owner
        return Peer(self.url, tuple(map(set_name, self.sets)), is_notifier)


class KnownWorker(Known):
    """What a worker knows that owns some sets of slices of a driver's."""

    def __init__(self, driver: Driver, plan: Plan, sets: Sequence[tuple[str, ...]] = SETS) -> None:
        super().__init__(plan)
        self._driver = driver
        self.sets = sets
        mine = (reading for reading in driver.board if set_of(reading.slice) in sets)
        self.board = Board(mine, driver.board.as_of)
        self.alerts = [alert for alert in driver.alerts if set_of(alert.slice) in sets]
        self.objectives = [
            progress for progress in driver.objectives if set_of(progress.objective.slice) in sets
        ]

    def read(self, kpi: str, window: str, before: bool, wanted: Callable[[Slice], bool]) -> Found:
        parts = list(islice(filter(wanted, self._mine()), MOST_SLICES + 1))
        found = (self.reading(kpi, window, part, before) for part in parts[:MOST_SLICES])
        return [one for one in found if one is not None], len(parts) > MOST_SLICES

    def reading(self, kpi: str, window: str, part: Slice, before: bool) -> Reading | None:
        read = self._driver.before if before else self._driver.reading
        return read(kpi, window, **dict(part))

    def series(self, kpis: Sequence[str], part: Slice, edges: Sequence[int]) -> list[Series] | None:
        return self._driver.series(kpis, part, edges) if set_of(part) in self.sets else None

    def slices(self, sets: Sequence[tuple[str, ...]], most: int) -> tuple[list[Slice], bool]:
        found = [part for part in self._mine() if set_of(part) in sets]
        return found[:most], len(found) > most

    def _mine(self) -> list[Slice]:
        return sorted(part for part in self._driver.slices if set_of(part) in self.sets)


@cache
def catalogue() -> Catalogue:
    """The catalogue as it ships, with two objectives."""
    return build.extended_catalogue(OBJECTIVES)


def plan() -> Plan:
    """Four sets of slices, two windows, and a rule that fires by channel and for all."""
    often: dict[str, Any] = {"kpi": "clicks", "window": "5m", "above": 1, "for_s": 0.0}
    rules = [
        rule(name="many_clicks", slice={}, minimum_sample=1, **often),
        rule(name="many_by_channel", slice={"channel": "*"}, minimum_sample=1, **often),
    ]
    return build.plan(windows=["5m", "1h", "24h"], rules=rules, catalogue=catalogue())


@cache
def story(seed: int = 7) -> tuple[Driver, tuple[Alert, ...]]:
    """A driver after some minutes of events, and the changes of alerts on the way."""
    random, driver = Random(seed), Driver(plan())
    news: list[Alert] = []
    for second in range(0, 600, 5):
        at = f"{second}s"
        parts: dict[str, Any] = {
            "channel": random.choice(CHANNELS),
            "campaign": random.choice(CAMPAIGNS),
        }
        happened = [
            ("impression", build.impression(at, **parts)),
            ("session", build.session(at, visitor_id=str(random.randrange(50)), **parts)),
        ]
        if random.random() < 0.4:
            happened.append(("click", build.click(at, kind="ad", **parts)))
        if random.random() < 0.2:
            happened.append(("order", build.order(f"{random.randrange(1, 99)}.00", at, **parts)))
        for event, value in happened:
            news += driver.feed(event, value, at_ms(at))
    news += driver.advance(at_ms("601s"))
    news += driver.finish()
    return driver, tuple(alert for alert in news if alert.is_news)


def worker(sets: Sequence[tuple[str, ...]] = SETS) -> KnownWorker:
    """A worker of that story, which owns some sets of slices."""
    driver, news = story()
    made = KnownWorker(driver, plan(), sets)
    made.log = list(news)
    return made


def exposition(known: Known) -> Exposition:
    """The metrics of a worker."""
    collector = WorkerCollector(
        board=lambda: known.board,
        telemetry=Telemetry(),
        alerts=lambda: known.alerts,
        dimensions=known.plan.slicing.dimensions,
        rules=(),
        version="1.2.3",
    )
    return Exposition(collector)


def server(
    known: Known, port: int = 0, *, cluster: Cluster | None = None, **named: Any
) -> WebServer:
    """A web server that shows what a worker knows, with all that a worker's has but the page."""
    others = cluster or Cluster()
    live = LiveRoutes(known, others).routes()
    return WebServer(
        port=port,
        knowledge=known,
        exposition=exposition(known),
        cluster=others,
        **{"routes": live, **named},
    )
