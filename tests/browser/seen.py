"""What a page shows, as short texts."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

PATIENCE_MS = 30_000
"""The most that a page is waited for; it is shown as soon as it is there."""

expect.set_options(timeout=PATIENCE_MS)


def plain(text: str) -> str:
    """Text without the special spaces that numbers have."""
    return " ".join(text.replace("\u2212", "-").split())


def tile(page: Page, kpi: str) -> Locator:
    """A KPI's tile."""
    return page.locator(f".tile[data-kpi={kpi}]")


def value(page: Page, kpi: str) -> Locator:
    """The number on a tile."""
    return tile(page, kpi).locator(".tile-value")


def text(found: Locator) -> str:
    """The text that is seen."""
    return plain(found.inner_text())


def status(page: Page) -> Locator:
    """Whether the page is live."""
    return page.locator("#status")


def alert(page: Page, fingerprint: str) -> Locator:
    """An alert's card."""
    return page.locator(f".alert[data-fingerprint='{fingerprint}']")


def drawn(page: Page) -> None:
    """Wait until what has come so far is on the screen."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
