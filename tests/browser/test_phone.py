"""The page on a phone: everything is there, and nothing sticks out."""

from __future__ import annotations

from typing import Any, Final

import pytest
from playwright.sync_api import expect

from tests.browser import shop
from tests.browser.conftest import Open
from tests.browser.fake_worker import FakeWorker
from tests.browser.seen import status, tile

pytestmark = pytest.mark.browser

PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
}

WIDER = """() => [...document.querySelectorAll("body *")].filter((node) => {
  const { right, width, left } = node.getBoundingClientRect();
  return width > 1 && !node.closest("#boards, .sr") && (right > innerWidth + 1 || left < -1);
}).map((node) => node.className || node.tagName)"""

FITS = "() => document.documentElement.scrollWidth <= innerWidth"


class TestAPhone:
    @pytest.mark.parametrize("address", ["", "?lang=fr&theme=dark", "?board=shop&window=today"])
    def test_needs_no_scrolling_sideways(self, address: str, opened: Open) -> None:
        page = opened(address, **PHONE)
        page.locator(".alert .more summary").first.click()
        assert page.evaluate(WIDER) == []
        assert page.evaluate(FITS)

    def test_needs_none_with_long_names_either(self, worker: FakeWorker, opened: Open) -> None:
        name = "spring" * 20
        row = {**shop.rows("revenue", "channel")[0], "member": name}
        worker.overrides.update(
            breakdown={"by": "channel", "kpi": "revenue", "rows": [row], "more": 0},
            alerts=[shop.roas(slice={"campaign": name}, summary=name, owner=name)],
            missing=[{"worker": f"http://{name}:1", "reason": name, "slices": [name]}],
            silent_topics=[name],
            tiles={"revenue": shop.tile("revenue", value=987_654_321.99, before=987_654_320.5)},
        )
        page = opened(f"?channel={name}", **PHONE)
        page.locator(".alert .more summary").first.click()
        assert page.evaluate(WIDER) == []
        assert page.evaluate(FITS)

    def test_shows_which_board_it_is_on(self, opened: Open) -> None:
        page = opened("?board=customers", **PHONE)
        expect(page.get_by_role("link", name="Customers")).to_be_in_viewport(ratio=1)

    def test_shows_a_dialog_that_fits(self, opened: Open) -> None:
        page = opened(**PHONE)
        tile(page, "return_on_ad_spend").get_by_role("button", name="About").tap()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert page.evaluate(WIDER) == []

    def test_shows_all_parts_below_each_other(self, opened: Open) -> None:
        page = opened(**PHONE)
        tops = page.locator(".area").evaluate_all(
            "(areas) => areas.map((area) => area.getBoundingClientRect().top)"
        )
        assert len(tops) == 5
        assert tops == sorted(tops)
        expect(status(page)).to_be_visible()

    def test_has_buttons_that_a_thumb_can_hit(self, opened: Open) -> None:
        page = opened(**PHONE)
        small = page.locator("button:visible, select:visible, summary:visible").evaluate_all(
            """(nodes) => nodes.map((node) => node.getBoundingClientRect())
              .filter(({ width, height }) => width < 32 || height < 34).length"""
        )
        assert small == 0


class TestAWideScreen:
    def test_shows_the_alerts_beside_the_tiles(self, opened: Open) -> None:
        page = opened()
        alerts = page.locator(".alerts-area").bounding_box()
        tiles = page.locator(".tiles-area").bounding_box()
        assert alerts is not None
        assert tiles is not None
        assert alerts["x"] > tiles["x"] + tiles["width"]
        assert alerts["y"] == tiles["y"]
