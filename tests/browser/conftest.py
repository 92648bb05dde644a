"""A real browser, a fake worker, and a page that shows what it tells."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.fake_worker import FakeWorker

ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "these tests drive Debian's chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def worker() -> Iterator[FakeWorker]:
    with FakeWorker() as worker:
        yield worker


@pytest.fixture
def opened(chromium: Browser, worker: FakeWorker) -> Iterator[Open]:
    """Opens the page in a browser of its own: `opened("?lang=fr", locale="fr-FR")`.

    Whatever goes wrong in the page, and any request to another host, fails the test.
    """
    contexts = []
    wrong: list[str] = []

    def open_page(address: str = "", *, is_live: bool = True, **options: Any) -> Page:
        usual = {"locale": "en-GB", "viewport": {"width": 1440, "height": 900}}
        context = chromium.new_context(**usual | options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.extend(_complaints(message)))
        page.on("request", lambda request: wrong.extend(_strangers(request.url, worker.port)))
        page.goto(worker.url + address)
        if is_live:
            page.wait_for_selector("#status[data-state=live]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


def _complaints(message: Any) -> list[str]:
    """What the browser complains of, but for answers that tests ask for (401, 503, none)."""
    is_expected = message.text.startswith("Failed to load resource")
    return [message.text] if message.type == "error" and not is_expected else []


def _strangers(url: str, port: int) -> list[str]:
    is_own = url.startswith((f"http://127.0.0.1:{port}/", "data:", "blob:"))
    return [] if is_own else [f"asks a stranger: {url}"]
