"""Problems: errors as JSON that say what is wrong and what would be right (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus

import msgspec
from aiohttp import web

_log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Problem(Exception):
    """A request that cannot be answered; ``allowed`` lists what would have been possible."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        allowed: Iterable[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self._headers = headers
        self.status = status
        self.detail = detail
        self.allowed = list(allowed)

    def response(self) -> web.Response:
        """The problem as ``application/problem+json``."""
        document = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
            "allowed": self.allowed,
        }
        return web.Response(
            status=self.status,
            body=msgspec.json.encode(document),
            content_type="application/problem+json",
            headers=self._headers,
        )


@web.middleware
async def problems_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure with a problem; an unforeseen one is logged and tells nothing."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPMethodNotAllowed as failure:
        return _method_not_allowed(failure)
    except web.HTTPNotFound:
        return Problem(HTTPStatus.NOT_FOUND, f"there is nothing at {request.path}").response()
    except web.HTTPException as failure:
        return Problem(HTTPStatus(failure.status), failure.reason).response()
    except Exception:
        _log.exception("no answer to %s %s", request.method, request.path)
        detail = "the worker failed to answer; its log says why"
        return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail).response()


def _method_not_allowed(failure: web.HTTPMethodNotAllowed) -> web.Response:
    allowed = sorted(failure.allowed_methods)
    detail = f"{failure.method} is not possible here"
    response = Problem(HTTPStatus.METHOD_NOT_ALLOWED, detail, allowed).response()
    response.headers["Allow"] = ", ".join(allowed)
    return response
