"""Names that somebody chose to do harm are shown as what they are: text."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import shop
from tests.browser.conftest import Open
from tests.browser.fake_worker import FakeWorker
from tests.browser.seen import alert

pytestmark = pytest.mark.browser

MARKUP = '<img src=x onerror="window.isHurt=1"><script>window.isHurt=1</script>\'"&amp;'
BENT = "shoes\u202egnp.exe\u200b\x1b[2J\u0000"


def hostile(**changes: Any) -> dict[str, Any]:
    why = shop.roas()["why"] | {"sentence": MARKUP}
    known = {"author": MARKUP, "comment": MARKUP}
    ordinary = {
        "slice": {"channel": MARKUP, "campaign": BENT},
        "summary": MARKUP,
        "action": MARKUP,
        "owner": MARKUP,
        "why": why,
        "labels": {"runbook_url": "javascript:window.isHurt=1"},
        "suppression": {"acknowledged": known, "muted_receivers": [MARKUP]},
    }
    return shop.roas(**ordinary | changes)


class TestHostileNames:
    def test_are_text_wherever_they_stand(self, worker: FakeWorker, opened: Open) -> None:
        rows = [{**shop.rows("revenue", "channel")[0], "member": name} for name in (MARKUP, BENT)]
        worker.overrides.update(
            breakdown={"by": "channel", "kpi": "revenue", "rows": rows, "more": 0},
            alerts=[hostile()],
            objectives=[shop.sales(name={"en": MARKUP, "fr": MARKUP}, owner=MARKUP)],
            missing=[{"worker": MARKUP, "reason": MARKUP, "slices": [MARKUP]}],
            silent_topics=[MARKUP],
        )
        page = opened()
        expect(page.locator("tbody .member").first).to_have_text(MARKUP)
        expect(page.locator(".objective h3")).to_have_text(MARKUP)
        page.locator(".alert .more summary").first.click()
        page.locator("tbody .member").first.click()
        expect(page.locator(".chip")).to_contain_text("<img")
        assert page.locator("main img, main script").count() == 0
        assert page.evaluate("() => window.isHurt") is None

    def test_have_no_characters_that_nobody_sees(self, worker: FakeWorker, opened: Open) -> None:
        worker.overrides["alerts"] = [hostile()]
        shown = alert(opened(), shop.roas()["fingerprint"]).text_content() or ""
        assert "gnp.exe" in shown
        assert not {"\u202e", "\u200b", "\x1b", "\u0000"} & set(shown)

    def test_lead_nowhere_but_to_the_web(self, worker: FakeWorker, opened: Open) -> None:
        worker.overrides["alerts"] = [hostile()]
        link = opened().locator(".alert a").first
        assert link.get_attribute("href") is None
        expect(link).to_be_hidden()

    def test_break_no_address(self, worker: FakeWorker, opened: Open) -> None:
        name = "a&b=c#d%20+é"
        row = {**shop.rows("revenue", "channel")[0], "member": name}
        told = {"by": "channel", "kpi": "revenue", "rows": [row], "more": 0}
        worker.overrides["breakdown"] = told
        page = opened()
        page.locator("tbody .member").click()
        expect(page.locator(".chip")).to_contain_text(name)
        page.reload()
        page.wait_for_selector("#status[data-state=live]")
        worker.wait_until_asked(channel=name)
