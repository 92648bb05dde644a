"""axe-core finds nothing serious, whatever is shown and however."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Open
from tests.browser.fake_worker import FakeWorker
from tests.browser.seen import tile

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
STILL = {"reduced_motion": "reduce"}


def serious(page: Page) -> list[str]:
    """What axe-core takes for serious or critical, each with where it is."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


class TestAxe:
    @pytest.mark.parametrize(
        ("address", "options"),
        [
            ("?theme=light", {}),
            ("?theme=dark", {}),
            ("", {"color_scheme": "dark"}),
            ("?theme=light", PHONE),
            ("?theme=dark&lang=fr", PHONE),
            ("?lang=fr", {"locale": "fr-FR"}),
            ("?board=shop&channel=email", {}),
            ("?embed=1", {}),
        ],
    )
    def test_finds_nothing_serious(
        self, address: str, options: dict[str, Any], worker: FakeWorker, opened: Open
    ) -> None:
        worker.overrides["missing"] = [
            {"worker": "http://b:1", "reason": "gone", "slices": ["total"]}
        ]
        page = opened(address, **STILL, **options)
        page.locator(".alert .more summary").first.click()
        page.locator(".resolved > summary").click()
        assert serious(page) == []

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_finds_nothing_serious_in_a_dialog(self, theme: str, opened: Open) -> None:
        page = opened(f"?theme={theme}", **STILL)
        tile(page, "return_on_ad_spend").get_by_role("button", name="About").click()
        assert serious(page) == []

    def test_finds_nothing_serious_where_a_token_is_asked_for(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        worker.token = "secret"  # noqa: S105 - of a fake worker
        page = opened(is_live=False, **STILL)
        page.get_by_label("Read token").wait_for()
        assert serious(page) == []

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_finds_nothing_serious_while_the_worker_is_away(
        self, theme: str, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened(f"?theme={theme}", **STILL)
        page.locator(".alert .more summary").first.click()
        worker.stop()
        page.locator("[data-notice=away]").wait_for()
        assert serious(page) == []

    def test_would_find_something(self, opened: Open) -> None:
        page = opened(**STILL)
        page.evaluate("() => document.getElementById('window').labels[0].remove()")
        assert any("select-name" in one for one in serious(page))


class TestThemes:
    BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"

    def test_follow_the_system_unless_one_is_chosen(self, opened: Open) -> None:
        dark = opened(color_scheme="dark").evaluate(self.BACKGROUND)
        light = opened(color_scheme="light").evaluate(self.BACKGROUND)
        assert dark != light
        assert opened("?theme=light", color_scheme="dark").evaluate(self.BACKGROUND) == light
        assert opened("?theme=dark", color_scheme="light").evaluate(self.BACKGROUND) == dark


class TestMotion:
    def test_there_is_none_for_those_who_want_none(self, opened: Open) -> None:
        page = opened(**STILL)
        assert page.evaluate("() => document.getAnimations().length") == 0
