"""The page by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import shop
from tests.browser.conftest import Open
from tests.browser.fake_worker import FakeWorker
from tests.browser.seen import status, tile, value

pytestmark = pytest.mark.browser

FOCUSED = """() => {
  const node = document.activeElement;
  return node.getAttribute("aria-label") ?? node.id + " " + node.textContent.trim().slice(0, 30);
}"""


def tab_to(page: Page, wanted: str, most: int = 60) -> None:
    """Press Tab until what is wanted has the focus."""
    seen = []
    for _ in range(most):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
        if wanted in seen[-1]:
            return
    pytest.fail(f"{wanted!r} cannot be reached: {seen}")


class TestByKeyboard:
    def test_the_first_thing_is_a_way_past_the_head(self, opened: Open) -> None:
        page = opened()
        page.keyboard.press("Tab")
        expect(page.get_by_text("Skip to the KPIs")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        page.keyboard.press("Tab")
        expect(tile(page, "revenue").locator(".tile-face")).to_be_focused()

    def test_everything_is_reached_in_the_order_in_which_it_is_read(self, opened: Open) -> None:
        page = opened()
        for wanted in (
            "window",
            "setting-language",
            "Overview",
            "Revenue",
            "About Revenue",
            "About Visitors",
            "Details",
            "Broken down by",
            "Show only search",
        ):
            tab_to(page, wanted)

    @pytest.mark.parametrize("key", ["Enter", "Space"])
    def test_a_tile_is_chosen(self, key: str, opened: Open) -> None:
        page = opened()
        face = tile(page, "visitors").locator(".tile-face")
        face.focus()
        page.keyboard.press(key)
        expect(face).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#breakdown-title")).to_have_text("Visitors by")
        expect(face).to_be_focused()

    def test_the_focus_stays_while_values_change(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        face = tile(page, "revenue").locator(".tile-face")
        face.focus()
        worker.patch(tiles={"revenue": shop.tile("revenue", value=1.5)})
        expect(value(page, "revenue")).to_have_text("€1.50")
        expect(face).to_be_focused()

    @pytest.mark.parametrize("browser", ["new", "old"])
    def test_the_focus_stays_on_a_row_that_moves(
        self, browser: str, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened()
        if browser == "old":
            page.evaluate("() => { delete Element.prototype.moveBefore; }")
        button = page.get_by_role("button", name="Show only social")
        button.focus()
        rows = shop.rows("revenue", "channel")
        told = {"by": "channel", "kpi": "revenue", "rows": rows[::-1], "more": 0}
        worker.patch(breakdown=told)
        expect(page.locator("tbody tr").first).to_have_attribute("data-member", "(not set)")
        expect(button).to_be_focused()

    def test_the_focus_goes_to_where_a_filter_can_be_undone(self, opened: Open) -> None:
        page = opened()
        page.get_by_role("button", name="Show only email").focus()
        page.keyboard.press("Enter")
        chip = page.get_by_role("button", name="Remove filter channel: email")
        expect(chip).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#window")).to_be_focused()

    def test_a_dialog_keeps_the_focus_and_gives_it_back(self, opened: Open) -> None:
        page = opened()
        about = tile(page, "revenue").get_by_role("button", name="About")
        about.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Close")).to_be_focused()
        page.keyboard.press("Escape")
        expect(about).to_be_focused()

    def test_what_has_the_focus_can_be_seen(self, opened: Open) -> None:
        page = opened()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")
        assert outline == "3px"

    def test_a_change_of_the_status_is_announced_but_no_tick_of_the_clock(
        self, opened: Open
    ) -> None:
        page = opened()
        assert status(page).get_attribute("role") == "status"
        assert page.locator("[role=status] #as-of, [aria-live] #as-of").count() == 0
