from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from aiohttp.web import Application

from kpistream.edges.web.assets import Asset, Assets, page_folder, read_assets
from kpistream.edges.web.problem import problems_as_json


@pytest.fixture
async def browser() -> AsyncIterator[ClientSession]:
    app = Application(middlewares=[problems_as_json])
    app.add_routes(Assets().routes())
    async with TestServer(app) as server, ClientSession(server.make_url("/")) as session:
        yield session


class TestAssets:
    async def test_are_the_page_at_the_root(self, browser: ClientSession) -> None:
        answer = await browser.get("/")
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "<title>kpistream</title>" in await answer.text()

    async def test_are_all_files_of_the_page_each_with_its_type(
        self, browser: ClientSession
    ) -> None:
        types = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
        names = sorted(file.name for file in page_folder().iterdir())
        assert {"index.html", "style.css", "app.js", "icon.svg"} <= set(names)
        for name in names:
            if name != "index.html":
                answer = await browser.get(f"/page/{name}")
                assert answer.status == 200, name
                assert answer.content_type == types[Path(name).suffix]

    async def test_have_no_script_or_style_within_the_page(self, browser: ClientSession) -> None:
        page = await (await browser.get("/")).text()
        assert "<style" not in page
        assert "style=" not in page
        assert page.count("<script") == page.count('<script type="module" src="page/app.js">') == 1

    @pytest.mark.parametrize("path", ["/", "/page/app.js"])
    async def test_are_sent_once_while_they_stay_the_same(
        self, path: str, browser: ClientSession
    ) -> None:
        first = await browser.get(path)
        assert first.headers["Cache-Control"] == "no-cache"
        etag = first.headers["ETag"]
        for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
            again = await browser.get(path, headers={"If-None-Match": known})
            assert again.status == 304
            assert await again.read() == b""
            assert again.headers["ETag"] == etag
        changed = await browser.get(path, headers={"If-None-Match": '"other"'})
        assert changed.status == 200

    @pytest.mark.parametrize("path", ["/", "/page/style.css"])
    async def test_can_be_asked_about(self, path: str, browser: ClientSession) -> None:
        answer = await browser.head(path)
        whole = await (await browser.get(path)).read()
        assert answer.status == 200
        assert answer.headers["Content-Length"] == str(len(whole))
        assert await answer.read() == b""

    @pytest.mark.parametrize(
        "path",
        [
            "/page/",
            "/page/nothing.js",
            "/page/index.html",
            "/page/../assets.py",
            "/page/%2e%2e/assets.py",
            "/page/..%2fassets.py",
            "/page/%2fetc%2fpasswd",
            "/page/app.js%00",
            "/page/app.js/",
            "/page/./",
        ],
    )
    async def test_are_no_other_files(self, path: str, browser: ClientSession) -> None:
        from yarl import URL

        url = URL(str(browser._base_url).rstrip("/") + path, encoded=True)
        answer = await browser.get(url)
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"

    async def test_cannot_be_changed(self, browser: ClientSession) -> None:
        answer = await browser.post("/page/app.js", data=b"x")
        assert answer.status == 405


class TestAFolder:
    def test_shows_only_files_of_kinds_that_pages_have(self, tmp_path: Path) -> None:
        (tmp_path / "app.js").write_text("1")
        (tmp_path / "secret.key").write_text("2")
        (tmp_path / "folder.js").mkdir()
        assert set(read_assets(tmp_path)) == {"app.js"}

    def test_has_another_tag_for_each_content(self) -> None:
        tags = {Asset.of("a.js", body).etag for body in (b"1", b"2", b"1")}
        assert len(tags) == 2
