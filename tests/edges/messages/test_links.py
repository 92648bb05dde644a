"""Links lead where they say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.why.why import Evidence
from kpistream.core.monitoring.readings import Board
from kpistream.core.slices import Slice
from kpistream.edges.messages import Links
from kpistream.edges.messages.links import LONGEST
from kpistream.edges.web import WebServer
from kpistream.edges.web.knowledge import Found
from tests.edges.messages import sample
from tests.support import builders as build
from tests.support.alerting import START, reading
from tests.support.known import Known, server

BOARDS = Path(__file__).parents[3] / "grafana" / "dashboards"

CAMPAIGNS = [
    (("channel", "ads"), ("campaign", name)) for name in ("autumn", "a&b=c #1 100%", "(not set)")
]
SLICES = [(), (("channel", "ads"),), *CAMPAIGNS]


class Worker(Known):
    """One that has these slices, and what they were in the window before."""

    def __init__(self) -> None:
        sets = ((), ("channel",), ("channel", "campaign"))
        super().__init__(build.plan(windows=("1h",), slices=sets))
        self.board = Board(tuple(reading(slice=part) for part in SLICES), START)

    def read(self, kpi: str, window: str, before: bool, wanted: Callable[[Slice], bool]) -> Found:
        earlier = [reading(2.1, slice=part) for part in SLICES]
        return [found for found in earlier if wanted(found.slice)], False


def site() -> WebServer:
    return server(Worker())


async def found(url: str) -> list[tuple[dict[str, str], float]]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200, await answer.text()
        readings = json.loads(await answer.text())["readings"]
    return [(each["slice"], each["value"]) for each in readings]


@pytest.mark.parametrize("part", SLICES, ids=str)
async def test_the_query_is_answered_with_the_alerts_value_and_nothing_else(
    part: Slice,
) -> None:
    alert = sample.roas(slice=part)
    async with site() as started:
        links = Links(started.url)
        assert await found(links.query(alert)) == [(dict(alert.slice), 0.8)]
        assert await found(links.before(alert)) == [(dict(alert.slice), 2.1)]


def test_the_live_page_opens_on_the_alerts_slice_and_window() -> None:
    links = Links("https://kpis.example.org", boards={"return_on_ad_spend": "acquisition"})
    assert links.page(sample.roas()) == (
        "https://kpis.example.org/?board=acquisition&window=1h&kpi=return_on_ad_spend"
        "&channel=ads&campaign=autumn"
    )
    assert Links().page(sample.roas()) == ""


def test_an_alert_is_found_by_its_fingerprint() -> None:
    alert = sample.roas()
    assert sample.LINKS.alert(alert) == (
        f"https://kpis.example.org/api/v1/alerts/{alert.fingerprint}"
    )


@pytest.mark.parametrize("alert", [sample.roas(), sample.unsubscribes()])
def test_the_dashboard_is_that_of_the_kpi_with_the_slice_chosen(alert: Alert) -> None:
    url = urlsplit(sample.LINKS.dashboard(alert))
    uid = url.path.removeprefix("/d/")
    board = json.loads((BOARDS / f"{uid.removeprefix('kpistream-')}.json").read_text("utf-8"))
    chosen = {name: value for name, [value] in parse_qs(url.query).items()}
    variables = {f"var-{each['name']}" for each in board["templating"]["list"]}
    assert board["uid"] == uid
    assert chosen.keys() <= variables | {"from", "to"}
    assert {f"var-{name}": member for name, member in alert.slice}.items() <= chosen.items()
    assert (chosen["from"], chosen["to"]) == ("1772355600000", "1772362800000")


def test_a_long_window_is_shown_as_a_whole() -> None:
    day = sample.roas(evidence=Evidence("below 1", "raw", covers_s=86_400.0))
    assert "from=1772272800000&to=1772445600000" in sample.LINKS.dashboard(day)


def test_a_kpi_on_no_dashboard_is_looked_at_on_the_first() -> None:
    links = Links(dashboard_url="https://g.example.org/d/kpistream-{board}/{kpi}/{window}")
    assert links.dashboard(sample.roas()).endswith("kpistream-overview/return_on_ad_spend/1h")


def test_a_name_that_a_dashboards_url_cannot_have_is_answered_with_those_it_can() -> None:
    with pytest.raises(ValueError, match=r"unknown \{chanel\} .* allowed: \{kpi\}, \{window\}"):
        Links(dashboard_url="https://g.example.org/{chanel}")


@pytest.mark.parametrize(
    ("label", "link"),
    [
        ("https://wiki.example.org/a b(c)", "https://wiki.example.org/a%20b%28c%29"),
        ("javascript:alert(1)", ""),
        ("look in the wiki", ""),
    ],
)
def test_a_runbook_is_a_link_of_the_web(label: str, link: str) -> None:
    assert Links().runbook(sample.roas(labels={"runbook_url": label})) == link


def test_without_addresses_there_are_no_links() -> None:
    assert Links().of(sample.roas()) == {}


def test_nothing_in_a_member_can_end_a_link() -> None:
    for url in sample.LINKS.of(sample.hostile()).values():
        assert not set(url) & set("<>()|\"'` \n\u202e")


def test_a_link_that_no_chat_would_take_is_left_out() -> None:
    long = sample.roas(slice=(("campaign", "夏" * LONGEST),))
    assert sample.LINKS.of(long).keys() == {"Alert"}
