"""Bodies of requests: JSON of a known shape, and not too much of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final, TypeVar

import msgspec
from aiohttp import web

from kpistream.edges.web.problem import Problem

MOST_BYTES: Final = 16 * 1024
"""The largest body that is read."""

JSON: Final = "application/json"

Words = Annotated[str, msgspec.Meta(max_length=500)]
Author = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]

_T = TypeVar("_T")


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """What somebody says; a field that means nothing is a mistake."""


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
