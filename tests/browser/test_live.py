"""The page follows a worker, and says so when it cannot."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import shop
from tests.browser.conftest import Open
from tests.browser.fake_worker import FakeWorker
from tests.browser.seen import alert, drawn, status, tile, value

pytestmark = pytest.mark.browser

WATCH = """() => {
  window.touched = [];
  new MutationObserver((all) => {
    for (const { target } of all) {
      const node = target.nodeType === Node.TEXT_NODE ? target.parentElement : target;
      const place = node.closest("[data-kpi], tr, .alert, .objective") ?? node;
      window.touched.push(place.dataset?.kpi ?? place.id ?? place.className);
    }
  }).observe(document.documentElement, {
    subtree: true, childList: true, characterData: true, attributes: true,
  });
}"""


COLOUR = "(node) => getComputedStyle(node).color"


def touched(page: Page) -> set[str]:
    drawn(page)
    return set(page.evaluate("() => window.touched"))


class TestAValue:
    def test_changes_without_the_page_loading_anew(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        page.evaluate("() => { window.isSame = true; }")
        worker.patch(tiles={"revenue": shop.tile("revenue", value=50_000.01)})
        expect(value(page, "revenue")).to_have_text("€50,000.01")
        worker.patch(tiles={"revenue": shop.tile("revenue", value=50_000.02)})
        expect(value(page, "revenue")).to_have_text("€50,000.02")
        assert page.evaluate("() => window.isSame")
        assert len(worker.asked) == 1

    def test_flashes_when_it_changes_and_only_then(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        worker.patch(tiles={"revenue": shop.tile("revenue", value=1.0)})
        expect(value(page, "revenue")).to_have_attribute("data-flash", "a")
        assert value(page, "visitors").get_attribute("data-flash") is None

    def test_leaves_when_it_is_gone(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        worker.tell("patch", {"tiles": {"revenue": None}})
        expect(value(page, "revenue")).to_have_text("no value over 1 hour")
        expect(value(page, "conversion_rate")).to_have_text("3.27%")

    def test_leaves_with_all_when_nobody_knows_any_more(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened()
        gone = [{"worker": "http://b:1", "reason": "no answer", "slices": ["total"]}]
        worker.tell("patch", {"tiles": {}, "missing": gone})
        expect(value(page, "revenue")).to_have_text("no value over 1 hour")
        expect(value(page, "visitors")).to_have_text("no value over 1 hour")
        expect(page.locator("[data-notice=missing]")).to_be_visible()


class TestAPatch:
    def test_touches_the_tile_that_it_is_about_and_nothing_else(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened()
        page.evaluate(WATCH)
        worker.patch(tiles={"revenue": shop.tile("revenue", value=50_000.01)})
        expect(value(page, "revenue")).to_have_text("€50,000.01")
        assert touched(page) == {"revenue"}

    def test_that_changes_nothing_touches_nothing(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        page.evaluate(WATCH)
        worker.patch(tiles={"revenue": shop.tile("revenue")}, funnel=None)
        expect(page.locator(".funnel-area")).to_be_hidden()
        assert "revenue" not in touched(page)

    def test_tells_how_far_time_has_come(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        expect(page.locator("#as-of")).to_have_text("Data up to 10:00:00 UTC")
        worker.patch(as_of="2026-11-22T10:00:05Z")
        expect(page.locator("#as-of")).to_have_text("Data up to 10:00:05 UTC")

    def test_updates_the_dialog_that_is_open(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        tile(page, "revenue").get_by_role("button", name="About").click()
        expect(page.locator(".details-value")).to_have_text("€48,210.55")
        worker.patch(tiles={"revenue": shop.tile("revenue", value=50_000.01)})
        expect(page.locator(".details-value")).to_have_text("€50,000.01")


class TestAnAlert:
    def test_appears_is_announced_and_resolves(self, worker: FakeWorker, opened: Open) -> None:
        worker.overrides["alerts"] = []
        page = opened()
        expect(page.get_by_text("All quiet")).to_be_visible()

        worker.patch(alerts=[shop.roas()])
        card = page.locator("#active-alerts .alert")
        expect(card).to_have_count(1)
        expect(card).to_have_attribute("data-state", "firing")
        expect(page.locator("#said")).to_have_text(
            "New alert: Return on ad spend (ROAS), display · autumn sale"
        )
        expect(page).to_have_title(re.compile(r"^\(1\) "))

        worker.patch(alerts=[shop.roas(state="resolved", value=1.4)])
        expect(page.locator("#active-alerts .alert")).to_have_count(0)
        expect(page.locator("#resolved-alerts .alert")).to_have_count(1)
        expect(page.get_by_text("1 resolved")).to_be_visible()
        expect(page.get_by_text("All quiet")).to_be_visible()
        expect(page.locator("#said")).to_have_text(re.compile("^Resolved: Return on ad spend"))
        expect(page).to_have_title("Overview · kpistream")

    def test_stays_open_while_its_value_changes(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        fingerprint = "d0f537b5fbd28f67"
        alert(page, fingerprint).locator("summary").click()
        worker.patch(alerts=[shop.unsubscribes(severity="critical"), shop.roas(value=0.5)])
        expect(alert(page, fingerprint).locator(".alert-value")).to_have_text("0.5")
        expect(alert(page, fingerprint).get_by_text("Pause the campaign.")).to_be_visible()

    def test_is_counted_though_it_is_one_of_many_that_are_not_told(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened()
        expect(page.locator("#firing-count")).to_have_text("2 firing")
        worker.patch(firing=150)
        expect(page.locator("#firing-count")).to_have_text("150 firing")
        expect(page.locator("#alerts")).to_contain_text("148 more fire.")
        expect(page).to_have_title(re.compile(r"^\(150\) "))

    def test_grows_older_with_the_time_of_the_data(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        worker.patch(as_of="2026-11-22T12:30:00Z")
        expect(alert(page, "d0f537b5fbd28f67").locator(".alert-since")).to_have_text("for 2 hrs")


class TestAWorkerThatGoesAway:
    def test_is_followed_again_when_it_is_back(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        worker.stop()
        expect(status(page)).to_have_text("Reconnecting…")
        expect(value(page, "revenue")).to_be_visible()
        worker.overrides["tiles"] = {"revenue": shop.tile("revenue", value=9.99)}
        worker.start()
        expect(status(page)).to_have_text("Live")
        expect(value(page, "revenue")).to_have_text("€9.99")

    def test_leaves_a_page_that_says_since_when_it_is_stale(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened(is_live=False)
        page.clock.install()
        page.reload()
        expect(status(page)).to_have_text("Live")
        worker.stop()
        expect(status(page)).to_have_text("Reconnecting…")
        page.clock.fast_forward(30_000)
        expect(status(page)).to_have_text(re.compile(r"^Stale since \d\d:\d\d:\d\d$"))
        assert status(page).get_attribute("role") == "status"

    def test_leaves_a_page_that_says_that_it_may_be_old(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        worker.overrides["alerts"] = []
        page = opened(is_live=False)
        page.clock.install()
        page.reload()
        expect(page.get_by_text("All quiet")).to_be_visible()
        colour = value(page, "revenue").evaluate(COLOUR)
        worker.stop()
        expect(status(page)).to_have_text("Reconnecting…")
        away = page.locator("[data-notice=away]")
        page.clock.run_for(3_100)
        expect(away).to_have_text(
            re.compile(r"not answered since \d\d:\d\d:\d\d: what stands here may be old\.$")
        )
        expect(page.get_by_text("All quiet")).to_have_count(0)
        expect(page.get_by_text("Whether an alert fires is not known")).to_be_visible()
        assert page.locator("#page").evaluate("(page) => getComputedStyle(page).filter") != "none"
        assert value(page, "revenue").evaluate(COLOUR) != colour

        worker.start()
        page.clock.run_for(20_000)
        expect(status(page)).to_have_text("Live")
        expect(away).to_have_count(0)
        expect(page.get_by_text("All quiet")).to_be_visible()
        assert page.locator("#page").evaluate("(page) => getComputedStyle(page).filter") == "none"

    def test_that_is_back_soon_leaves_nothing_old(self, worker: FakeWorker, opened: Open) -> None:
        page = opened(is_live=False)
        page.clock.install()
        page.reload()
        expect(status(page)).to_have_text("Live")
        worker.bye()
        page.clock.run_for(2_000)
        expect(status(page)).to_have_text("Live")
        page.clock.run_for(5_000)
        expect(page.locator("[data-notice=away]")).to_have_count(0)
        assert page.locator("body").get_attribute("data-away") is None

    def test_may_say_goodbye(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        worker.bye()
        expect(status(page)).to_have_text("Live")
        page.wait_for_function("() => !document.hidden")
        worker.patch(tiles={"revenue": shop.tile("revenue", value=3.33)})
        for _ in range(2):
            expect(value(page, "revenue")).to_have_text("€3.33")
        assert len(worker.asked) == 2

    def test_that_says_nothing_at_all_is_asked_anew(self, worker: FakeWorker, opened: Open) -> None:
        page = opened(is_live=False)
        page.clock.install()
        page.reload()
        expect(status(page)).to_have_text("Live")
        asked = len(worker.asked)
        worker.unready = "recovering"
        page.clock.fast_forward(41_000)
        expect(status(page)).to_have_text("Waiting for the worker")
        worker.unready = None
        expect(status(page)).to_have_text("Live")
        assert len(worker.asked) == asked + 1


class TestAWorkerThatIsNotReady:
    def test_is_asked_until_it_is(self, worker: FakeWorker, opened: Open) -> None:
        worker.unready = "recovering"
        page = opened(is_live=False)
        expect(status(page)).to_have_text("Waiting for the worker")
        notice = page.locator("[data-notice=waiting]")
        expect(notice).to_contain_text("keeps trying")
        expect(notice).to_contain_text("recovering")
        worker.unready = None
        expect(status(page)).to_have_text("Live")
        expect(notice).to_have_count(0)
        expect(value(page, "revenue")).to_have_text("€48,210.55")

    def test_may_have_no_data_yet(self, worker: FakeWorker, opened: Open) -> None:
        worker.overrides.update(
            tiles={
                kpi: shop.tile(kpi, value=None, before=None, trust=None, points=[])
                for kpi in shop.catalogue().dashboards["overview"]
            },
            as_of=None,
            breakdown=None,
            funnel=None,
            alerts=[],
            objectives=[],
        )
        page = opened()
        expect(value(page, "revenue")).to_have_text("no value over 1 hour")
        expect(page.get_by_text("No data yet")).to_be_visible()
        worker.patch(
            as_of="2026-11-22T10:00:00Z", tiles={"revenue": shop.tile("revenue", value=1.0)}
        )
        expect(value(page, "revenue")).to_have_text("€1.00")
        expect(page.get_by_text("No data yet")).to_have_count(0)


class TestAPageThatNobodyLooksAt:
    HIDE = """(state) => {
      Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""

    def test_stops_following_and_goes_on_when_somebody_looks(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened(is_live=False)
        page.clock.install()
        page.reload()
        expect(status(page)).to_have_text("Live")
        page.evaluate(self.HIDE, "hidden")
        page.clock.fast_forward(30_000)
        expect(status(page)).to_have_text("Live")
        worker.patch(as_of="2026-11-22T10:00:30Z")
        expect(page.locator("#as-of")).to_contain_text("10:00:30")
        page.clock.fast_forward(31_000)
        expect(status(page)).to_have_text("Paused")
        page.evaluate(self.HIDE, "visible")
        expect(status(page)).to_have_text("Live")
