"""What is shown stands in the address, so that it can be shared and embedded."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.fake_worker import FakeWorker
from tests.browser.seen import status, tile

pytestmark = pytest.mark.browser


def shown(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


class TestAnAddress:
    def test_says_what_is_asked_of_the_worker(self, worker: FakeWorker, opened: Open) -> None:
        page = opened("?board=shop&window=24h&by=device&kpi=sessions&channel=email&theme=dark")
        assert worker.asked == [
            {
                "board": "shop",
                "window": "24h",
                "by": "device",
                "kpi": "sessions",
                "channel": "email",
            }
        ]
        assert page.locator("#window").input_value() == "24h"
        assert page.locator("html").get_attribute("data-theme") == "dark"
        expect(page.get_by_role("link", name="Shop")).to_have_attribute("aria-current", "page")
        expect(page.get_by_role("button", name="Remove filter channel: email")).to_be_visible()

    def test_is_kept_up_with_what_is_chosen(self, opened: Open) -> None:
        page = opened()
        page.get_by_role("link", name="Shop").click()
        expect(tile(page, "sessions")).to_be_visible()
        page.get_by_label("Window").select_option("24h")
        page.get_by_label("Broken down by").select_option("device")
        page.get_by_label("Colours").select_option("dark")
        assert shown(page) == {
            "board": ["shop"],
            "window": ["24h"],
            "by": ["device"],
            "kpi": ["sessions"],
            "theme": ["dark"],
        }

    def test_can_be_gone_back_to(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        page.get_by_role("link", name="Shop").click()
        expect(tile(page, "sessions")).to_be_visible()
        worker.wait_until_asked(board="shop")
        page.go_back()
        expect(tile(page, "return_on_ad_spend")).to_be_visible()
        expect(page.locator(".tile[data-kpi=sessions]")).to_have_count(0)
        expect(status(page)).to_have_text("Live")
        worker.wait_until_asked(board="overview")
        assert [query["board"] for query in worker.asked] == ["overview", "shop", "overview"]

    def test_with_what_does_not_exist_shows_the_nearest(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        opened("?board=nonsense&window=1y&by=colour&kpi=luck&colour=red&lang=xx&theme=pink")
        assert worker.asked == [
            {"board": "overview", "window": "1h", "by": "channel", "kpi": "revenue"}
        ]

    def test_with_what_does_not_exist_is_corrected(self, opened: Open) -> None:
        page = opened("?board=nonsense&window=1y&colour=red&channel=email&lang=fr&embed=1")
        before = page.evaluate("() => history.length")
        assert shown(page) == {
            "board": ["overview"],
            "window": ["1h"],
            "channel": ["email"],
            "lang": ["fr"],
            "embed": ["1"],
        }
        page.reload()
        page.wait_for_selector("#status[data-state=live]")
        assert page.evaluate("() => history.length") == before

    @pytest.mark.parametrize("query", ["", "?window=24h&channel=email&theme=dark"])
    def test_with_what_does_exist_stays(self, query: str, worker: FakeWorker, opened: Open) -> None:
        assert opened(query).url == worker.url + query

    def test_offers_only_dimensions_that_there_are_sums_for(self, opened: Open) -> None:
        page = opened("?channel=email")
        offered = page.get_by_label("Broken down by").locator("option").all_inner_texts()
        assert offered == ["campaign", "device"]
        page = opened("?device=mobile")
        offered = page.get_by_label("Broken down by").locator("option").all_inner_texts()
        assert offered == ["channel"]

    def test_names_no_board_where_there_is_none(self, worker: FakeWorker, opened: Open) -> None:
        worker.kpis["dashboards"] = {}
        page = opened()
        assert "board" not in worker.asked[-1]
        expect(tile(page, "revenue")).to_be_visible()
        expect(page).to_have_title("(2) KPIs · kpistream")

    def test_works_below_a_path_of_a_proxy(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        assert all(
            not (found.get_attribute("href") or found.get_attribute("src") or "").startswith("/")
            for found in page.locator("[href], [src]").all()
        )


class TestARefusal:
    def test_is_shown_with_a_way_out(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        worker.refuses = "there are no slices by device"
        page.get_by_label("Window").select_option("24h")
        notice = page.locator("[data-notice=problem]")
        expect(notice).to_contain_text("there are no slices by device")
        expect(status(page)).to_have_text("Not possible")
        worker.refuses = None
        notice.get_by_role("button", name="Show everything").click()
        expect(status(page)).to_have_text("Live")
        expect(notice).to_have_count(0)


class TestAnEmbeddedPage:
    def test_has_no_controls_of_its_own(self, opened: Open) -> None:
        page = opened("?embed=1")
        for gone in (".brand", "#settings", "#boards", "#choices"):
            expect(page.locator(gone)).to_be_hidden()
        expect(status(page)).to_be_visible()
        expect(tile(page, "revenue")).to_be_visible()

    def test_stays_embedded_when_something_is_chosen(self, opened: Open) -> None:
        page = opened("?embed=1&lang=fr")
        tile(page, "visitors").locator(".tile-face").click()
        assert shown(page)["embed"] == ["1"]
        assert shown(page)["lang"] == ["fr"]
