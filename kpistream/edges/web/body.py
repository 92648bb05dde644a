"""Bodies of requests: JSON of a known shape, and not too much of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from kpistream.edges.web.problem import Problem

MOST_BYTES: Final = 16 * 1024
"""The largest body that is read."""

JSON: Final = "application/json"

_T = TypeVar("_T")


async def read_body(request: web.Request, shape: type[_T]) -> _T:
    """What was sent; raises Problem 415 unless it says that it is JSON, 413 and 400."""
    if request.content_type != JSON:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the Content-Type must be {JSON}", [JSON])
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge:
        detail = f"more than {MOST_BYTES:,} bytes"
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail) from None
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"the body: {error}") from None
