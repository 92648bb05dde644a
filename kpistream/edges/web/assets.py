"""Assets: the files of the live page, read once and sent as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from aiohttp import ETag, hdrs, web

from kpistream.edges.web.problem import Problem

INDEX: Final = "index.html"

_CONTENT_TYPES: Final[Mapping[str, str]] = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
"""The end of a file's name to what is in it; other files are not sent."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as browsers get it; ``etag`` is another as soon as a byte is."""

    body: bytes
    content_type: str
    etag: str

    @classmethod
    def of(cls, name: str, body: bytes) -> Asset:
        """A file by its name and bytes; raises KeyError if such files are not sent."""
        ending = name.rpartition(".")[2]
        etag = hashlib.blake2b(body, digest_size=12).hexdigest()
        return cls(body, _CONTENT_TYPES[ending], etag)

    def is_known_to(self, request: web.Request) -> bool:
        """Whether whoever asks has this very file already."""
        known = request.if_none_match or ()
        return any(etag.value in (self.etag, "*") for etag in known)


def read_assets(folder: Traversable) -> Mapping[str, Asset]:
    """The files of a folder that are sent, by name."""
    return {
        file.name: Asset.of(file.name, file.read_bytes())
        for file in folder.iterdir()
        if file.is_file() and file.name.rpartition(".")[2] in _CONTENT_TYPES
    }


def page_folder() -> Traversable:
    """Where the live page's files are, in a checkout and in a wheel alike."""
    return files("kpistream.edges.web") / "page"


class Assets:
    """Serves the page at `/` and its files at `/page/<name>`; no other file can be named."""

    def __init__(self, assets: Mapping[str, Asset] | None = None) -> None:
        self._assets = read_assets(page_folder()) if assets is None else assets

    def routes(self) -> list[web.RouteDef]:
        """What is at which path; HEAD is answered, too."""
        return [web.get("/", self.index), web.get("/page/{name}", self.file)]

    async def index(self, request: web.Request) -> web.Response:
        """The page."""
        return _answer(request, self._assets[INDEX])

    async def file(self, request: web.Request) -> web.Response:
        """One of its files; a :class:`Problem` if there is none of that name."""
        name = request.match_info["name"]
        asset = self._assets.get(name)
        if asset is None or name == INDEX:
            raise Problem(HTTPStatus.NOT_FOUND, f"there is nothing at {request.path}")
        return _answer(request, asset)


def _answer(request: web.Request, asset: Asset) -> web.Response:
    """The file, or that it has not changed; browsers ask each time, so a new release is seen."""
    is_known = asset.is_known_to(request)
    response = web.Response(headers={hdrs.CACHE_CONTROL: "no-cache"})
    response.etag = ETag(asset.etag)
    if is_known:
        response.set_status(HTTPStatus.NOT_MODIFIED)
    else:
        response.headers[hdrs.CONTENT_TYPE] = asset.content_type
        response.body = asset.body
    return response
