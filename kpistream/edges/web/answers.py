"""Answers: documents as JSON."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from aiohttp import web


def json_answer(document: object, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    """A document as an answer."""
    return json_bytes(msgspec.json.encode(document), status)


def json_bytes(body: bytes, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    """JSON that was encoded already as an answer."""
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")
