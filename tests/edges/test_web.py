from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import ClientResponse, ClientSession

from kpistream.core.measuring.partials import TICK_KEY, Partial, encode_partial
from kpistream.core.monitoring.readings import Board, Reading
from kpistream.core.slices import Slice, slice_key
from kpistream.edges.metrics import Exposition, Telemetry
from kpistream.edges.metrics.exposition import Page
from kpistream.edges.web import Readiness, WebServer
from kpistream.edges.web.assets import Assets
from kpistream.edges.web.knowledge import Found
from kpistream.stream.merging import MOST_SLICES, Merging
from tests.edges.boards import alert, board, objective, on_its_way, reading
from tests.support import builders as build
from tests.support.builders import START_S, at_ms
from tests.support.known import Known, server

PLAN = replace(
    build.plan(windows=("5m", "1h"), slices=((), ("channel",), ("channel", "campaign"))),
    catalogue=replace(
        build.shipped_catalogue(),
        kpis={
            name: build.shipped_catalogue().kpis[name] for name in ("click_through_rate", "revenue")
        },
        objectives=(objective(), objective(id="budget")),
    ),
)
EMAIL = (("channel", "email"),)
ADS = (("channel", "ads"),)
AUTUMN = (("channel", "email"), ("campaign", "autumn"))
BOARD = board(
    reading(),
    reading(window="1h"),
    reading(part=EMAIL),
    reading(part=ADS),
    reading(part=AUTUMN),
    reading("revenue", part=EMAIL, value=12.34, denominator=None, currency="EUR"),
)


class Worker(Known):
    """What the web server under test shows; tests replace its parts."""

    def __init__(self) -> None:
        super().__init__(PLAN)
        self.board = BOARD
        self.apart: Sequence[Reading] = ()
        self.is_truncated = False
        self.asked: list[tuple[str, str, bool]] = []
        self.merging: Merging | None = None

    def read(self, kpi: str, window: str, before: bool, wanted: Callable[[Slice], bool]) -> Found:
        assert threading.current_thread() is threading.main_thread()
        if self.merging is not None:
            return self.merging.read(kpi, window, before, wanted)
        self.asked.append((kpi, window, before))
        return [found for found in self.apart if wanted(found.slice)], self.is_truncated

    def server(self, port: int = 0) -> WebServer:
        return server(self, port, pages=Assets().routes())


class Browser:
    """A client of one server."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session

    async def get(self, path: str, **options: Any) -> ClientResponse:
        response = await self.session.get(path, **options)
        await response.read()
        return response

    async def json(self, path: str, status: int = 200) -> Any:
        response = await self.get(path)
        assert response.status == status, await response.text()
        return await response.json(content_type=None)

    async def found(self, query: str) -> list[tuple[str, str, dict[str, str]]]:
        readings = (await self.json(f"/api/v1/readings?{query}"))["readings"]
        return [(r["kpi"], r["window"], r["slice"]) for r in readings]


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
async def browser(worker: Worker) -> AsyncIterator[Browser]:
    async with worker.server() as server, ClientSession(server.url) as session:
        yield Browser(session)


class TestReadings:
    async def test_are_published_with_all_they_were_made_of(self, browser: Browser) -> None:
        assert await browser.json("/api/v1/readings?kpi=revenue") == {
            "as_of": "2026-03-01T10:00:00.250Z",
            "readings": [
                {
                    "kpi": "revenue",
                    "window": "5m",
                    "slice": {"channel": "email"},
                    "value": 12.34,
                    "numerator": 1_200,
                    "denominator": None,
                    "sample": 40_000,
                    "trust": "provisional",
                    "as_of": "2026-03-01T10:00:00.250Z",
                    "currency": "EUR",
                }
            ],
            "missing": [],
        }

    async def test_have_a_currency_even_when_it_is_none(self, browser: Browser) -> None:
        (found,) = (await browser.json("/api/v1/readings?window=1h"))["readings"]
        assert found["currency"] is None

    async def test_are_all_there_when_nothing_in_particular_is_asked(
        self, browser: Browser
    ) -> None:
        assert len(await browser.found("")) == len(BOARD)

    @pytest.mark.parametrize(
        ("query", "slices"),
        [
            ("kpi=click_through_rate&slice=total", [{}]),
            ("kpi=click_through_rate&channel=email", [dict(EMAIL), dict(AUTUMN)]),
            ("kpi=click_through_rate&channel=email&slice=channel", [dict(EMAIL)]),
            ("kpi=click_through_rate&channel=email&campaign=", [dict(EMAIL)]),
            ("channel=email&campaign=autumn", [dict(AUTUMN)]),
            ("slice=channel&channel=ads&channel=email&kpi=revenue", [dict(EMAIL)]),
            (
                "kpi=click_through_rate&slice=channel&channel=ads&channel=email",
                [dict(EMAIL), dict(ADS)],
            ),
            ("slice=total&slice=channel_campaign", [{}, dict(AUTUMN)]),
            ("channel=nobody", []),
            ("channel=%22%20or%201%3D1", []),
        ],
    )
    async def test_are_those_of_the_slices_asked_for(
        self, browser: Browser, query: str, slices: list[dict[str, str]]
    ) -> None:
        found = await browser.found(f"window=5m&{query}")
        assert [members for _, _, members in found] == slices

    async def test_of_several_windows_or_kpis_may_be_asked_at_once(self, browser: Browser) -> None:
        total = "slice=total&kpi=click_through_rate&kpi=revenue"
        assert await browser.found(f"{total}&window=1h&window=5m") == [
            ("click_through_rate", "5m", {}),
            ("click_through_rate", "1h", {}),
        ]

    @pytest.mark.parametrize(
        ("query", "detail", "allowed"),
        [
            (
                "kpi=clics",
                "unknown kpi 'clics'; allowed: click_through_rate, revenue",
                ["click_through_rate", "revenue"],
            ),
            ("window=6m", "unknown window '6m'; allowed: 5m, 1h", ["5m", "1h"]),
            (
                "slice=campaign",
                "unknown slice 'campaign'; allowed: total, channel, channel_campaign",
                ["total", "channel", "channel_campaign"],
            ),
            (
                "country=fr",
                "unknown parameter 'country'; "
                "allowed: kpi, window, slice, before, scope, channel, campaign",
                ["kpi", "window", "slice", "before", "scope", "channel", "campaign"],
            ),
            ("before=yes", "unknown before 'yes'; allowed: true, false", ["true", "false"]),
            (
                "before=true&before=false",
                "before cannot be both; allowed: true, false",
                ["true", "false"],
            ),
            (
                "before=true&window=1h",
                "before=true needs exactly one kpi; allowed: click_through_rate, revenue",
                ["click_through_rate", "revenue"],
            ),
            (
                "before=true&window=1h&kpi=revenue&kpi=click_through_rate",
                "before=true needs exactly one kpi; allowed: click_through_rate, revenue",
                ["click_through_rate", "revenue"],
            ),
            (
                "before=true&kpi=revenue",
                "before=true needs exactly one window; allowed: 5m, 1h",
                ["5m", "1h"],
            ),
            (
                "before=true&kpi=revenue&window=5m&window=1h",
                "before=true needs exactly one window; allowed: 5m, 1h",
                ["5m", "1h"],
            ),
            (
                "before=true&kpi=clics&window=1h",
                "unknown kpi 'clics'; allowed: click_through_rate, revenue",
                ["click_through_rate", "revenue"],
            ),
        ],
    )
    async def test_that_do_not_exist_are_a_problem_that_names_what_does(
        self, browser: Browser, query: str, detail: str, allowed: list[str]
    ) -> None:
        response = await browser.get(f"/api/v1/readings?{query}")
        assert response.status == 400
        assert response.content_type == "application/problem+json"
        assert await response.json(content_type=None) == {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "detail": detail,
            "allowed": allowed,
        }

    async def test_follow_the_board(self, browser: Browser, worker: Worker) -> None:
        worker.board = board()
        assert await browser.found("") == []


class TestReadingsThatAreNotOnTheBoard:
    async def test_are_made_for_who_asks_for_one_kpi_and_one_window(
        self, browser: Browser, worker: Worker
    ) -> None:
        worker.apart = [reading("revenue", window="1h"), reading("revenue", EMAIL, window="1h")]
        assert await browser.found("kpi=revenue&window=1h&slice=channel") == [
            ("revenue", "1h", dict(EMAIL))
        ]
        assert worker.asked == [("revenue", "1h", False)]

    async def test_are_made_for_a_set_of_slices_that_the_board_has_not(
        self, browser: Browser, worker: Worker
    ) -> None:
        worker.apart = [reading(part=EMAIL, window="1h"), reading(window="1h")]
        hourly = "kpi=click_through_rate&window=1h"
        assert await browser.found(f"{hourly}&slice=channel") == [
            ("click_through_rate", "1h", dict(EMAIL))
        ]

    async def test_are_not_made_when_the_board_answers(
        self, browser: Browser, worker: Worker
    ) -> None:
        assert len(await browser.found("kpi=revenue&window=5m")) == 1
        assert worker.asked == []

    @pytest.mark.parametrize(
        "query",
        [
            "kpi=revenue&window=5m&slice=channel&channel=nobody",
            "kpi=revenue&window=5m&channel=nobody&campaign=",
            "kpi=click_through_rate&window=5m&channel=nobody",
            "kpi=click_through_rate&window=5m&slice=channel_campaign&campaign=nothing",
            "kpi=revenue&window=1h&slice=total&channel=email",
            "kpi=revenue&window=1h&slice=channel_campaign&campaign=",
        ],
    )
    async def test_are_not_made_for_members_that_do_not_exist_in_sets_that_the_board_has(
        self, browser: Browser, worker: Worker, query: str
    ) -> None:
        assert await browser.found(query) == []
        assert worker.asked == []

    async def test_are_made_for_those_sets_only_that_the_board_has_not(
        self, browser: Browser, worker: Worker
    ) -> None:
        nobody = (("channel", "nobody"),)
        worker.apart = [
            reading("revenue", nobody),
            reading("revenue", (*nobody, ("campaign", "none"))),
            reading("revenue", AUTUMN),
        ]
        assert await browser.found("kpi=revenue&window=5m&channel=nobody") == [
            ("revenue", "5m", {"channel": "nobody", "campaign": "none"})
        ]

    async def test_say_so_when_they_are_not_all(self, browser: Browser, worker: Worker) -> None:
        worker.apart, worker.is_truncated = [reading("revenue", window="1h")], True
        document = await browser.json("/api/v1/readings?kpi=revenue&window=1h")
        assert list(document) == ["as_of", "truncated", "worked_out", "readings", "missing"]
        assert document["truncated"] is True

    @pytest.mark.parametrize(
        "query",
        [
            "kpi=revenue&channel=nobody",
            "window=1h&channel=nobody",
            "channel=nobody",
            "kpi=revenue&kpi=click_through_rate&window=1h&channel=nobody",
            "kpi=revenue&window=1h&window=5m&channel=nobody",
        ],
    )
    async def test_are_not_made_for_many_kpis_or_windows_at_once(
        self, browser: Browser, worker: Worker, query: str
    ) -> None:
        worker.apart = [reading("revenue", (("channel", "nobody"),), window="1h")]
        assert await browser.found(query) == []
        assert worker.asked == []

    async def test_may_not_be_there_either(self, browser: Browser, worker: Worker) -> None:
        assert await browser.found("kpi=revenue&window=1h") == []
        assert worker.asked == [("revenue", "1h", False)]


class TestReadingsOfTheWindowBefore:
    async def test_are_made_though_the_board_has_the_window(
        self, browser: Browser, worker: Worker
    ) -> None:
        worker.apart = [reading(value=0.02), reading(part=EMAIL), reading(part=AUTUMN)]
        query = "kpi=click_through_rate&window=5m&before=true"
        document = await browser.json(f"/api/v1/readings?{query}&slice=total")
        assert list(document) == ["as_of", "before", "readings", "missing"]
        assert document["before"] is True
        assert [(r["window"], r["slice"], r["value"]) for r in document["readings"]] == [
            ("5m", {}, 0.02)
        ]
        assert await browser.found(f"{query}&channel=email&campaign=") == [
            ("click_through_rate", "5m", dict(EMAIL))
        ]
        assert worker.asked == [("click_through_rate", "5m", True)] * 2

    async def test_are_not_those_of_the_board(self, browser: Browser, worker: Worker) -> None:
        query = "kpi=click_through_rate&window=5m"
        assert await browser.found(f"{query}&before=true") == []
        assert len(await browser.found(f"{query}&before=false")) == 4
        assert worker.asked == [("click_through_rate", "5m", True)]


class TestReadingsOfWhatIsMerged:
    """Which slices are looked at: those of a merge stage that has more than it reads at once."""

    @pytest.fixture
    def views(self, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> list[Slice]:
        """The slices that were read."""
        merging = merged(MOST_SLICES // 2 + 1)
        worker.board, worker.merging = Board((), 1.0), merging
        seen: list[Slice] = []
        for monitor in merging.monitors.values():
            sums = monitor.merger.sums

            def noted(part: Slice, *args: Any, sums: Any = sums, **named: Any) -> Any:
                seen.append(part)
                return sums(part, *args, **named)

            monkeypatch.setattr(monitor.merger, "sums", noted)
        return seen

    async def test_are_so_many_at_most(self, browser: Browser, views: list[Slice]) -> None:
        query = "/api/v1/readings?kpi=click_through_rate&window=5m"
        document = await browser.json(query)
        assert (len(views), len(document["readings"])) == (MOST_SLICES, MOST_SLICES)
        assert document["truncated"] is True

    async def test_are_those_asked_for_and_no_others_are_looked_at(
        self, browser: Browser, views: list[Slice]
    ) -> None:
        query = "/api/v1/readings?kpi=click_through_rate&window=5m&channel="
        answers = [
            await browser.json(f"{query}{channel}{before}")
            for channel, before in product(["c0-7", "c1-7", "nobody"], ["", "&before=true"])
        ]
        sevens = [(("channel", "c0-7"),), (("channel", "c1-7"),)]
        assert views == [sevens[0], sevens[0], sevens[1], sevens[1]]
        found = [[(r["slice"], r["value"]) for r in answer["readings"]] for answer in answers]
        assert found[::2] == [[(dict(sevens[0]), 0.03)], [(dict(sevens[1]), 0.03)], []]
        assert found[1::2] == [[(dict(sevens[0]), 0.05)], [(dict(sevens[1]), 0.05)], []]
        assert not any("truncated" in answer for answer in answers)


def merged(number: int) -> Merging:
    """A merge stage of two partitions with so many channels each: rates of 3 %, and 5 % before."""
    plan = build.plan(events=["impression", "click"], windows=["5m"])
    merging = Merging(plan, [("impressions", 0), ("clicks", 0)], Telemetry())
    panes: list[Any] = [
        (10, START_S + second, {"clicks": clicks, "impressions": 100}, {})
        for second, clicks in ((0, 5), (300, 3))
    ]
    value = encode_partial(Partial("clicks", 0, 1, panes))
    for partition in range(2):
        merging.on_partition_assigned(partition)
        merging.on_partition_recovered(partition, 0)
        parts = [(("channel", f"c{partition}-{n}"),) for n in range(number)]
        records = [(b"s" + slice_key(part), value, "301s") for part in parts]
        records.append((TICK_KEY, b"", "400s"))
        merging.monitors[partition].take(
            cast(Any, SimpleNamespace(offset=n, timestamp=at_ms(at), key=key, value=value))
            for n, (key, value, at) in enumerate(records)
        )
    return merging


class TestBeforeTheFirstBoard:
    @pytest.mark.parametrize("path", ["readings", "alerts", "objectives"])
    async def test_a_worker_that_is_not_ready_says_why(
        self, browser: Browser, worker: Worker, path: str
    ) -> None:
        worker.board, worker.readiness = Board((), 0.0), Readiness(("recovering tables",))
        problem = await browser.json(f"/api/v1/{path}", status=503)
        assert problem["detail"] == "the worker is not ready: recovering tables"

    @pytest.mark.parametrize("path", ["readings", "alerts", "objectives"])
    async def test_one_that_is_ready_has_nothing_as_of_never(
        self, browser: Browser, worker: Worker, path: str
    ) -> None:
        worker.board = Board((), 0.0)
        assert await browser.json(f"/api/v1/{path}") == {
            "as_of": None,
            path: [],
            "missing": [],
        }


class TestAlerts:
    async def test_are_published(self, browser: Browser, worker: Worker) -> None:
        worker.alerts = [alert()]
        document = await browser.json("/api/v1/alerts")
        assert document["as_of"] == "2026-03-01T10:00:00.250Z"
        (published,) = document["alerts"]
        assert published["rule"] == "roas_below_one"
        assert published["state"] == "firing"
        assert published["slice"] == {"channel": "ads", "campaign": "autumn"}

    async def test_take_no_other_parameters(self, browser: Browser) -> None:
        problem = await browser.json("/api/v1/alerts?rule=x", status=400)
        assert problem["detail"] == "unknown parameter 'rule'; allowed: fingerprint, scope"


class TestObjectives:
    async def test_are_published_with_how_far_they_are(
        self, browser: Browser, worker: Worker
    ) -> None:
        worker.objectives = [on_its_way(), on_its_way(id="budget", value=None)]
        document = await browser.json("/api/v1/objectives")
        assert document["as_of"] == "2026-03-01T10:00:00.250Z"
        assert document["objectives"] == [progress.to_dict() for progress in worker.objectives]

    async def test_take_no_other_parameters(self, browser: Browser) -> None:
        problem = await browser.json("/api/v1/objectives?status=missed", status=400)
        assert problem["detail"] == "unknown parameter 'status'; allowed: scope"


class TestHealth:
    async def test_is_alive_whether_ready_or_not(self, browser: Browser, worker: Worker) -> None:
        worker.readiness = Readiness(("recovering",))
        assert await browser.json("/healthz") == {"status": "alive"}

    async def test_is_ready_when_nothing_is_waited_for(self, browser: Browser) -> None:
        assert await browser.json("/readyz") == {"status": "ready", "reasons": []}

    async def test_is_not_ready_for_reasons(self, browser: Browser, worker: Worker) -> None:
        worker.readiness = Readiness(("recovering clicks-0", "no partitions yet"))
        assert await browser.json("/readyz", status=503) == {
            "status": "not ready",
            "reasons": ["recovering clicks-0", "no partitions yet"],
        }


class TestMetrics:
    async def test_are_served_plain_and_compressed(self, browser: Browser) -> None:
        plain = await browser.get("/metrics", headers={"Accept-Encoding": "identity"})
        packed = await browser.get("/metrics", headers={"Accept-Encoding": "gzip"})
        assert plain.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "kpistream_kpi{" in await plain.text()
        assert "kpistream_kpi{" in await packed.text()

    async def test_are_served_as_openmetrics_to_who_asks(self, browser: Browser) -> None:
        accept = "application/openmetrics-text;version=1.0.0"
        response = await browser.get("/metrics", headers={"Accept": accept})
        assert response.content_type == "application/openmetrics-text"
        assert (await response.read()).endswith(b"# EOF\n")

    async def test_leave_the_worker_time_for_its_work(
        self, browser: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made, threads = Exposition.page, []

        def watched(self: Exposition, *asked: str) -> Page:
            threads.append(threading.current_thread())
            return made(self, *asked)

        monkeypatch.setattr(Exposition, "page", watched)
        assert (await browser.get("/metrics")).status == 200
        [thread] = threads
        assert thread is not threading.main_thread()


class TestTheSite:
    async def test_has_a_page_for_people(self, browser: Browser) -> None:
        response = await browser.get("/")
        assert response.content_type == "text/html"
        assert (await browser.get("/page/app.js")).status == 200

    @pytest.mark.parametrize("path", ["/nothing", "/api/v2/readings", "/metrics/", "/../etc"])
    async def test_has_nothing_elsewhere(self, browser: Browser, path: str) -> None:
        response = await browser.get(path)
        assert response.content_type == "application/problem+json"
        assert (await response.json(content_type=None))["title"] == "Not Found"

    async def test_is_for_reading_only(self, browser: Browser) -> None:
        async with browser.session.post("/api/v1/alerts", data=b"x") as response:
            problem = await response.json(content_type=None)
        assert response.status == 405
        assert response.headers["Allow"] == "GET, HEAD"
        assert response.content_type == "application/problem+json"
        assert problem["detail"] == "POST is not possible here"

    async def test_answers_head(self, browser: Browser) -> None:
        async with browser.session.head("/api/v1/readings") as response:
            assert response.status == 200

    @pytest.mark.parametrize("path", ["/", "/metrics", "/healthz", "/nothing"])
    async def test_sends_careful_headers(self, browser: Browser, path: str) -> None:
        headers = (await browser.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["Cache-Control"] == ("no-cache" if path == "/" else "no-store")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in headers
        assert headers["Server"] == "kpistream"

    async def test_tells_nothing_about_a_failure_within_but_logs_it(
        self, browser: Browser, worker: Worker, caplog: pytest.LogCaptureFixture
    ) -> None:
        worker.board = None  # type: ignore[assignment]
        problem = await browser.json("/api/v1/readings", status=500)
        assert problem["detail"] == "the worker failed to answer; its log says why"
        assert "no answer to GET /api/v1/readings" in caplog.text


class TestTheServer:
    async def test_listens_on_this_machine_only(self, worker: Worker) -> None:
        async with worker.server() as server:
            assert server.url == f"http://127.0.0.1:{server.port}"
            assert server.port != 0

    async def test_closes_its_port(self, worker: Worker) -> None:
        async with worker.server() as server:
            port = server.port
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0

    async def test_may_be_stopped_twice_and_started_again(self, worker: Worker) -> None:
        server = worker.server()
        await server.start()
        await server.stop()
        await server.stop()
        async with server, ClientSession(server.url) as session:
            assert (await Browser(session).json("/healthz"))["status"] == "alive"

    async def test_says_when_its_address_is_taken(self, worker: Worker) -> None:
        async with worker.server() as server:
            with pytest.raises(OSError, match=str(server.port)):
                await worker.server(server.port).start()


class Indexed(Board):
    """A board that nobody may go through: it says at once what one KPI is over one window."""

    def __iter__(self) -> Iterator[Reading]:
        raise AssertionError("went through the whole board")


async def test_one_kpi_over_one_window_is_found_without_going_through_the_board(
    browser: Browser, worker: Worker
) -> None:
    worker.board = Indexed(BOARD.readings, BOARD.as_of)
    path = "/api/v1/readings?kpi=click_through_rate&window=5m&channel=email"
    answer = await browser.json(path)
    assert [one["slice"] for one in answer["readings"]] == [dict(EMAIL), dict(AUTUMN)]
    await browser.json("/api/v1/readings?kpi=click_through_rate", status=500)
