"""What the page says while its worker answers, and the worker's broker does not."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.fake_worker import FakeWorker
from tests.browser.seen import status, text

pytestmark = pytest.mark.browser

SINCE = "the broker has not answered since 2026-11-22T14:00:00Z"


def test_a_worker_whose_broker_is_away_is_told_from_one_that_is_gone(
    worker: FakeWorker, opened: Open
) -> None:
    cut_off = {"worker": "http://10.0.0.3:6066", "reason": SINCE, "slices": []}
    gone = {"worker": "http://10.0.0.7:6066", "reason": "did not answer in time", "slices": []}
    worker.overrides["missing"] = [cut_off, gone]
    page = opened()
    still = text(page.locator("[data-notice=cut-off]"))
    assert "1 worker hears nothing of the broker: what it is in charge of stands still." in still
    assert "http://10.0.0.3:6066: since 14:00:00 UTC" in still
    missing = text(page.locator("[data-notice=missing]"))
    assert "1 worker does not answer" in missing
    assert "10.0.0.3" not in missing


def test_since_when_a_worker_stands_still_is_told_in_the_language_of_the_page(
    worker: FakeWorker, opened: Open
) -> None:
    odd = {"worker": "http://b:2", "reason": "the broker has not answered since X", "slices": []}
    worker.overrides["missing"] = [{"worker": "http://b:1", "reason": SINCE, "slices": []}, odd]
    page = opened("?lang=fr", locale="fr-FR")
    still = text(page.locator("[data-notice=cut-off]"))
    assert "http://b:1 : depuis 14:00:00 UTC" in still
    assert "http://b:2 : the broker has not answered since X" in still


def test_that_the_broker_is_back_is_seen_at_once(worker: FakeWorker, opened: Open) -> None:
    worker.overrides["missing"] = [{"worker": "http://b:1", "reason": SINCE, "slices": []}]
    page = opened()
    expect(page.locator("[data-notice=cut-off]")).to_be_visible()
    worker.patch(missing=[])
    expect(page.locator("[data-notice=cut-off]")).to_have_count(0)


def test_a_time_that_stands_still_is_called_stale_though_the_worker_answers(
    worker: FakeWorker, opened: Open
) -> None:
    page = opened(is_live=False)
    page.clock.install()
    page.reload()
    expect(status(page)).to_have_text("Live")
    page.clock.fast_forward(2_000)
    worker.patch(firing=3)
    expect(page.locator("#firing-count")).to_have_text("3 firing")
    expect(status(page)).to_have_text("Live")
    page.clock.fast_forward(16_000)
    expect(status(page)).to_have_text(re.compile(r"^Stale since \d\d:\d\d:\d\d$"))
    worker.patch(firing=4)
    expect(page.locator("#firing-count")).to_have_text("4 firing")
    expect(status(page)).to_have_text(re.compile("^Stale since"))
    worker.patch(as_of="2026-11-22T23:30:00Z")
    expect(status(page)).to_have_text("Live")


def test_a_time_that_moves_is_live_for_ever(worker: FakeWorker, opened: Open) -> None:
    page = opened(is_live=False)
    page.clock.install()
    page.reload()
    expect(status(page)).to_have_text("Live")
    for minute in range(31, 40):
        page.clock.fast_forward(2_000)
        worker.patch(as_of=f"2026-11-22T23:{minute}:00Z")
        expect(page.locator("#as-of")).to_contain_text(f":{minute}:00")
    expect(status(page)).to_have_text("Live")
