"""Takes the pictures of live pages: `python -m tests.browser.pictures docs/pictures`."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from kpistream.cli.terminal.app import TopApp
from kpistream.cli.terminal.feed import Feed
from kpistream.cli.terminal.query import Query
from kpistream.cli.terminal.vocabulary import Vocabulary
from tests.browser.conftest import ARGUMENTS
from tests.browser.fake_worker import FakeWorker

WIDE: Final = {"width": 1440, "height": 1250}
PHONE: Final = {"width": 390, "height": 844}

SHOTS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "live-page": ("?theme=light", {"viewport": WIDE}),
    "live-page-dark": ("?theme=dark", {"viewport": WIDE}),
    "live-page-phone": (
        "?theme=light",
        {"viewport": PHONE, "device_scale_factor": 2, "is_mobile": True, "has_touch": True},
    ),
}
"""The name of a picture to the address and the browser it is taken of."""


OPENED: Final = {"live-page-dark"}
"""The pictures that show all of an alert."""


def take(browser: Browser, url: str, options: dict[str, Any]) -> Page:
    """The page as it is when everything has come."""
    page = browser.new_context(locale="en-GB", reduced_motion="reduce", **options).new_page()
    page.goto(url)
    page.wait_for_selector("#status[data-state=live]")
    page.wait_for_selector(".alert")
    return page


TERMINAL: Final = (140, 34)
"""Columns and lines of the terminal."""


async def terminal(worker: FakeWorker) -> str:
    """What `kpistream top` shows, as a drawing."""
    shown = Query("overview", "1h", "channel", "revenue")
    app = TopApp(Feed(worker.url.rstrip("/")), Vocabulary.of(worker.kpis), shown)
    async with app.run_test(size=TERMINAL) as pilot:
        while "firing" not in (drawing := app.export_screenshot(title="kpistream top")):
            await pilot.pause(0.1)
        return drawing


def main(folder: Path) -> None:
    """Write all pictures into a folder."""
    with FakeWorker() as worker:  # before Playwright, which has a loop of its own
        (folder / "top.svg").write_text(asyncio.run(terminal(worker)), "utf-8")
    with FakeWorker() as worker, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        for name, (address, options) in SHOTS.items():
            page = take(browser, worker.url + address, options)
            if name in OPENED:
                page.click(".alert .more summary")
            page.screenshot(path=folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
