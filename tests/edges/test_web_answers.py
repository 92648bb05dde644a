"""Answers with the course of KPIs, the words of the catalogue, slices, history and health."""

from __future__ import annotations

from collections.abc import AsyncIterator
from threading import get_ident
from typing import Any

import pytest
from aiohttp import ClientSession

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.telling.suppression import Suppression
from kpistream.core.monitoring.readings import Board
from kpistream.core.windows.steps import MOST_STEPS
from kpistream.edges.metrics import Telemetry
from kpistream.edges.web import Readiness, published
from kpistream.edges.web.readiness import broker_silent
from kpistream.edges.web.series_query import MOST_KPIS
from kpistream.edges.web.suppressions import MOST_AT_ONCE
from tests.support.builders import START_S
from tests.support.front_desk import FrontDesk
from tests.support.known import CAMPAIGNS, CHANNELS, KnownWorker, server, worker

MINUTES = "from=2026-03-01T10:00:00Z&to=2026-03-01T10:10:00Z"


class Reader:
    """A client of one web server."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session

    async def get(self, path: str, status: int = 200) -> Any:
        async with self._session.get(f"/api/v1/{path}") as answer:
            assert answer.status == status, await answer.text()
            return await answer.json(content_type=None)

    async def problem(self, path: str) -> str:
        return str((await self.get(path, 400))["detail"])


@pytest.fixture
def known() -> KnownWorker:
    made = worker()
    made.desk = FrontDesk()
    return made


@pytest.fixture
async def reader(known: KnownWorker) -> AsyncIterator[Reader]:
    async with server(known) as started, ClientSession(started.url) as session:
        yield Reader(session)


class TestSeries:
    async def test_are_told_step_by_step_between_two_moments(self, reader: Reader) -> None:
        found = await reader.get(f"series?kpi=clicks&{MINUTES}&step=1m")
        assert found["step"] == "1m"
        assert len(found["edges"]) == 11
        assert found["edges"][0] == "2026-03-01T10:00:00Z"
        [course] = found["series"]
        assert set(course) == set(published.Course.__struct_fields__)
        assert {len(course[name]) for name in ("values", "samples", "complete")} == {10}
        one = await reader.get(f"series?kpi=clicks&{MINUTES}&step=10m")
        assert one["edges"] == ["2026-03-01T10:00:00Z", "2026-03-01T10:10:00Z"]
        assert one["series"][0]["values"] == [sum(course["values"])]

    async def test_of_a_window_have_a_step_that_suits_it(self, reader: Reader) -> None:
        for query, step in (("window=5m", "10s"), ("window=1h", "1m"), ("", "15m")):
            assert (await reader.get(f"series?kpi=clicks&{query}"))["step"] == step
        asked = await reader.get("series?kpi=clicks&window=1h&step=15m")
        assert (asked["step"], len(asked["series"][0]["values"])) == ("15m", 5)

    async def test_of_a_slice_are_those_of_its_members(self, reader: Reader) -> None:
        by_channel = [
            (await reader.get(f"series?kpi=clicks&{MINUTES}&step=10m&channel={channel}"))["series"]
            for channel in CHANNELS
        ]
        whole = (await reader.get(f"series?kpi=clicks&{MINUTES}&step=10m&channel="))["series"]
        assert [one["slice"] for [one] in by_channel] == [{"channel": name} for name in CHANNELS]
        assert sum(one["values"][0] for [one] in by_channel) == whole[0]["values"][0]

    async def test_of_several_kpis_come_in_the_order_asked_for(self, reader: Reader) -> None:
        found = await reader.get("series?kpi=revenue&kpi=clicks&kpi=revenue")
        shown = [(one["kpi"], one["currency"]) for one in found["series"]]
        assert shown == [("revenue", "EUR"), ("clicks", None)]

    async def test_up_to_now_end_with_the_step_that_is_going_on(self, reader: Reader) -> None:
        found = await reader.get("series?kpi=clicks&from=2026-03-01T09:30:00Z&step=15m")
        assert found["edges"][-1] == "2026-03-01T10:15:00Z"
        one = await reader.get("series?kpi=clicks&from=2026-03-01T10:00:00Z&step=2h")
        assert one["edges"][-1] == "2026-03-01T12:00:00Z"
        assert one["series"][0]["values"] == [47]

    @pytest.mark.parametrize(
        ("query", "problem"),
        [
            ("", "kpi is missing"),
            ("kpi=clics", "unknown kpi 'clics'"),
            ("kpi=clicks&window=2h", "unknown window '2h'"),
            ("kpi=clicks&window=1h&window=5m", "window can be given once"),
            ("kpi=clicks&country=fr", "unknown parameter 'country'"),
            ("kpi=clicks&channel=a&channel=b", "channel can be given once"),
            (f"kpi=clicks&window=1h&{MINUTES}", "either a window, or from and to"),
            ("kpi=clicks&to=2026-03-01T10:00:00Z", "to without from"),
            ("kpi=clicks&from=soon", "from 'soon' is no moment"),
            ("kpi=clicks&from=2026-03-01T10:00:00", "with a zone"),
            ("kpi=clicks&from=1926-03-01T10:00:00Z", "not of the years 2000 to 2099"),
            ("kpi=clicks&from=2026-03-01T10:00:00Z&to=2026-03-01T10:00:00Z", "after it starts"),
            (f"kpi=clicks&{MINUTES}&step=often", "is not a length"),
            (f"kpi=clicks&{MINUTES}&step=5s", "a multiple of 10s"),
            (f"kpi=clicks&{MINUTES}&step=36h", "whole days"),
            ("kpi=clicks&window=24h&step=10s", f"more than {MOST_STEPS:,} steps"),
            ("kpi=clicks&from=2000-01-01T00:00:00Z&step=10s", f"more than {MOST_STEPS:,} steps"),
            ("kpi=clicks&from=2000-01-01T00:00:00Z&step=37d", "not longer than 800d"),
            ("kpi=clicks&scope=all", "unknown scope 'all'"),
        ],
    )
    async def test_that_make_no_sense_are_explained(
        self, reader: Reader, query: str, problem: str
    ) -> None:
        assert problem in await reader.problem(f"series?{query}")

    @pytest.mark.parametrize("scope", ["", "&scope=worker"])
    async def test_of_a_worker_that_is_not_ready_say_so(
        self, reader: Reader, known: KnownWorker, scope: str
    ) -> None:
        known.readiness = Readiness(("recovering clicks-0",))
        found = await reader.get(f"series?kpi=clicks{scope}")
        assert found["series"]
        [missing] = found["missing"]
        assert (missing["worker"], missing["reason"]) == (known.url, "recovering clicks-0")
        known.board = Board()
        problem = await reader.get(f"series?kpi=clicks{scope}", 503)
        assert problem["detail"] == "the worker is not ready: recovering clicks-0"

    async def test_of_a_worker_whose_broker_is_away_are_there_and_marked_as_old(
        self, reader: Reader, known: KnownWorker
    ) -> None:
        known.readiness = Readiness((broker_silent(START_S),))
        for path in ("series?kpi=clicks", "readings?kpi=clicks", "view?window=5m", "alerts"):
            found = await reader.get(path)
            assert found.get("series") or found.get("readings") or found.get("alerts"), path
            [missing] = found["missing"]
            assert missing["worker"] == known.url
            assert missing["reason"] == "the broker has not answered since 2026-03-01T10:00:00Z"

    async def test_are_of_so_many_kpis_at_most(self, reader: Reader, known: KnownWorker) -> None:
        kpis = list(known.plan.catalogue.kpis)
        query = "&".join(f"kpi={kpi}" for kpi in kpis[: MOST_KPIS + 1])
        assert f"{MOST_KPIS} are the most" in await reader.problem(f"series?{query}")
        assert (await reader.get(f"series?{query.rpartition('&')[0]}"))["series"]


class TestKpis:
    async def test_are_told_with_all_that_can_be_asked_for(
        self, reader: Reader, known: KnownWorker
    ) -> None:
        found = await reader.get("kpis")
        catalogue = known.plan.catalogue
        assert [kpi["id"] for kpi in found["kpis"]] == list(catalogue.kpis)
        assert found["windows"] == ["5m", "1h", "24h"]
        assert found["slices"] == ["total", "channel", "campaign", "channel_campaign"]
        assert (found["currency"], found["zone"]) == ("EUR", "UTC")
        assert found["dashboards"]["overview"] == list(catalogue.dashboards["overview"])
        assert found["funnels"].keys() == catalogue.funnels.keys()
        by_id = {kpi["id"]: kpi for kpi in found["kpis"]}
        roas = by_id["return_on_ad_spend"]
        assert (roas["unit"], roas["has_money"], roas["direction"]) == ("ratio", True, "up")
        assert by_id["clicks"]["windows"]

    async def test_take_no_parameters(self, reader: Reader) -> None:
        assert "unknown parameter 'kpi'" in await reader.problem("kpis?kpi=clicks")


class TestSlices:
    async def test_are_all_that_anything_is_known_of(self, reader: Reader) -> None:
        found = await reader.get("slices")
        assert len(found["slices"]) == 1 + 3 + 2 + 6
        assert found["truncated"] is False
        assert {"set": "total", "members": {}} in found["slices"]

    async def test_of_one_set_can_be_asked_for(self, reader: Reader) -> None:
        found = (await reader.get("slices?slice=campaign"))["slices"]
        assert [one["members"] for one in found] == [{"campaign": name} for name in CAMPAIGNS]

    async def test_are_so_many_at_most(self, reader: Reader) -> None:
        found = await reader.get("slices?limit=2")
        assert (len(found["slices"]), found["truncated"]) == (2, True)
        assert len((await reader.get("slices?limit=000000002"))["slices"]) == 2
        for limit in ("0", "many", "10001", "0" * 8 + "100001", "0" * 9 + "1", "1" * 5_000):
            assert "is no number from 1 to" in await reader.problem(f"slices?limit={limit}")


class TestAlertsByFingerprint:
    async def test_are_those_asked_for(self, reader: Reader, known: KnownWorker) -> None:
        first = known.alerts[0].fingerprint
        found = (await reader.get(f"alerts?fingerprint={first}&fingerprint={'0' * 16}"))["alerts"]
        assert [one["fingerprint"] for one in found] == [first]

    async def test_are_those_of_alerts(self, reader: Reader) -> None:
        assert "is no fingerprint" in await reader.problem("alerts?fingerprint=all")

    async def test_say_what_suppresses_them(self, reader: Reader, known: KnownWorker) -> None:
        desk = FrontDesk()
        desk.suppressed = Suppression(muted=("shop",))
        known.desk = desk
        one = known.alerts[0].fingerprint
        found = await reader.get(f"suppressions?fingerprint={one}")
        assert found == {one: published_suppression(muted_receivers=["shop"])}
        most = "&".join(f"fingerprint={number:016x}" for number in range(MOST_AT_ONCE))
        assert len(await reader.get(f"suppressions?{most}")) == MOST_AT_ONCE
        too_many = await reader.problem(f"suppressions?{most}&fingerprint={one}")
        assert f"{MOST_AT_ONCE:,} are the most" in too_many


def published_suppression(**named: Any) -> dict[str, Any]:
    lists: dict[str, Any] = {"silenced_by": [], "inhibited_by": [], "muted_receivers": []}
    return {**lists, "acknowledged": None, **named}


class TestHistory:
    async def test_has_the_changes_between_two_moments(
        self, reader: Reader, known: KnownWorker
    ) -> None:
        found = await reader.get(f"alerts/history?{MINUTES}")
        assert [one["fingerprint"] for one in found["transitions"]] == [
            alert.fingerprint for alert in known.log
        ]
        assert found["transitions"]
        assert found["truncated"] is False
        assert (await reader.get("alerts/history?from=2026-04-01T00:00:00Z"))["transitions"] == []

    async def test_goes_back_a_day_unless_more_is_asked_for(
        self, reader: Reader, known: KnownWorker
    ) -> None:
        to = "to=2026-03-02T10:30:00Z"
        assert (await reader.get(f"alerts/history?{to}"))["transitions"] == []
        longer = await reader.get(f"alerts/history?{to}&from=2026-03-01T00:00:00Z")
        assert len(longer["transitions"]) == len(known.log)

    async def test_says_since_when_the_log_is_whole_unless_it_ever_was(
        self, reader: Reader, known: KnownWorker
    ) -> None:
        assert (await reader.get(f"alerts/history?{MINUTES}"))["since"] is None
        known.log_since_ms = 1_772_359_200_000
        found = await reader.get(f"alerts/history?{MINUTES}")
        assert found["since"] == "2026-03-01T10:00:00Z"

    async def test_is_so_long_at_most(self, reader: Reader) -> None:
        found = await reader.get(f"alerts/history?{MINUTES}&limit=1")
        assert (len(found["transitions"]), found["truncated"]) == (1, True)

    async def test_is_written_in_another_thread(
        self, reader: Reader, known: KnownWorker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        threads: list[int] = []
        to_dict = Alert.to_dict

        def watched(alert: Alert) -> dict[str, Any]:
            threads.append(get_ident())
            return to_dict(alert)

        monkeypatch.setattr(Alert, "to_dict", watched)
        found = await reader.get(f"alerts/history?{MINUTES}")
        assert len(threads) == len(found["transitions"]) == len(known.log)
        assert get_ident() not in threads

    async def test_is_not_told_while_the_broker_is_away(
        self, reader: Reader, known: KnownWorker
    ) -> None:
        known.is_log_away = True
        assert (await reader.get("alerts/history", 503))["detail"] == "the broker does not answer"

    @pytest.mark.parametrize(
        "query", ["from=soon", "to=2026-03-01", "from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z"]
    )
    async def test_is_of_a_span(self, reader: Reader, query: str) -> None:
        assert await reader.problem(f"alerts/history?{query}")


class TestHealth:
    async def test_says_how_far_a_worker_is(self, reader: Reader, known: KnownWorker) -> None:
        telemetry = Telemetry()
        telemetry.lag("clicks", 0, 3)
        telemetry.lag("orders", 0, 4)
        telemetry.watermark("clicks", 0, float(START_S))
        known.telemetry, known.silent_topics = telemetry.snapshot(), ("orders",)
        found = await reader.get("health")
        [one] = found["workers"]
        assert found["status"] == "ok"
        assert (one["lag_records"], one["silent_topics"]) == (7, ["orders"])
        assert one["watermark_age_s"] > 0
        assert one["slices"] == ["total", "channel", "campaign", "channel_campaign"]
        assert (one["is_notifier"], one["ready"], one["partitions"]) == (True, True, [0])

    async def test_says_what_a_worker_waits_for(self, reader: Reader, known: KnownWorker) -> None:
        known.readiness, known.board, known.desk = Readiness(("recovering",)), Board(), None
        found = await reader.get("health")
        [one] = found["workers"]
        assert found["status"] == "degraded"
        assert (one["ready"], one["reasons"], one["as_of"]) == (False, ["recovering"], None)
        assert (one["watermark_age_s"], one["is_notifier"]) == (None, False)


class TestShapes:
    """What is published of an alert has a shape of its own: both must have the same fields."""

    def test_of_an_alert_are_those_of_the_alert(self, known: KnownWorker) -> None:
        told = set(published.ToldAlert.__struct_fields__)
        assert told == {"kind", *Alert.__struct_fields__} == set(known.alerts[0].to_dict())
        assert set(published.Alert.__struct_fields__) == {*told, "suppression"}

    def test_of_an_objective_are_those_of_its_progress(self, known: KnownWorker) -> None:
        shown = set(known.objectives[0].to_dict())
        assert set(published.Objective.__struct_fields__) == shown

    def test_of_the_story_are_not_empty(self, known: KnownWorker) -> None:
        assert {alert.state for alert in known.alerts} >= {AlertState.firing}
        assert known.objectives
        assert len(known.board) > 100
