"""A worker that shows its KPIs only to who knows a read token."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.fake_worker import FakeWorker
from tests.browser.seen import status, value

pytestmark = pytest.mark.browser

TOKEN = "a-token-of-32-characters-or-more"  # noqa: S105 - of a fake worker


@pytest.fixture(autouse=True)
def locked(worker: FakeWorker) -> None:
    worker.token = TOKEN


class TestAToken:
    def test_is_asked_for_until_it_is_right(self, opened: Open) -> None:
        page = opened(is_live=False)
        field = page.get_by_label("Read token")
        expect(field).to_be_focused()
        expect(status(page)).to_have_text("Locked")
        field.fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("That is not a token this worker knows.")
        page.get_by_label("Read token").fill(TOKEN)
        page.get_by_role("button", name="Open").click()
        expect(status(page)).to_have_text("Live")
        expect(value(page, "revenue")).to_have_text("€48,210.55")
        expect(page.get_by_label("Read token")).to_have_count(0)

    def test_goes_in_the_head_and_never_in_an_address(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        asked: list[str] = []
        page = opened("#token=" + TOKEN, is_live=False)
        page.on("request", lambda request: asked.append(request.url))
        page.reload()
        expect(status(page)).to_have_text("Live")
        assert worker.authorisations[-1] == f"Bearer {TOKEN}"
        assert asked
        assert not any(TOKEN in url for url in asked)

    def test_in_the_fragment_is_taken_out_of_the_address(self, opened: Open) -> None:
        page = opened("?window=24h#token=" + TOKEN)
        assert page.url.endswith("/?window=24h")

    def test_is_known_until_the_tab_is_closed(self, opened: Open) -> None:
        page = opened("#token=" + TOKEN)
        page.reload()
        expect(status(page)).to_have_text("Live")
        assert page.evaluate("() => localStorage.length") == 0
        assert page.evaluate("() => document.cookie") == ""

    def test_that_is_taken_back_is_asked_for_again(self, worker: FakeWorker, opened: Open) -> None:
        page = opened("#token=" + TOKEN)
        worker.token = "another"  # noqa: S105 - of a fake worker
        worker.bye()
        expect(page.get_by_label("Read token")).to_be_visible()
        expect(value(page, "revenue")).to_be_hidden()
