"""The guard: who may say something, and not only ask."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from kpistream.edges.web.problem import Problem

TOKEN_SETTING: Final = "api_token"  # noqa: S105 - the name of a setting
"""The setting that people must know to write from elsewhere."""

_SCHEME: Final = "bearer"


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets in who knows the token; without one, programs on the machine itself.

    ``host`` is what the web server listens on. A page of another site never gets in: a browser says
    where it comes from (Origin), and where it believes to be (Host), which tells a name that was
    bent to this machine (DNS rebinding) from the machine's own.
    """

    host: str = "127.0.0.1"
    token: str | None = field(default=None, repr=False)

    def check(self, request: web.Request) -> None:
        """Raise Problem unless this request may change something."""
        self._check_origin(request)
        if self.token is not None:
            self._check_token(request, self.token)
        elif not is_loopback(self.host):
            detail = (
                f"nothing can be changed here: the worker listens on {self.host}; set "
                f"{TOKEN_SETTING}, or web_host to 127.0.0.1"
            )
            raise Problem(HTTPStatus.FORBIDDEN, detail)
        elif not is_loopback(_name_of(request.host)):
            detail = (
                f"the Host must be a name of this machine such as localhost; or set {TOKEN_SETTING}"
            )
            raise Problem(HTTPStatus.FORBIDDEN, detail)

    def _check_origin(self, request: web.Request) -> None:
        for origin in request.headers.getall(hdrs.ORIGIN, []):
            if _host_of(origin) != request.host.lower():
                raise Problem(HTTPStatus.FORBIDDEN, "a page of another site may change nothing")

    def _check_token(self, request: web.Request, token: str) -> None:
        scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        # As bytes, since of other texts only ASCII can be compared in constant time.
        is_same = hmac.compare_digest(_bytes(given.strip()), _bytes(token))
        if scheme.lower() != _SCHEME or not is_same:
            detail = f"needs the header Authorization: Bearer, with the {TOKEN_SETTING}"
            raise Problem(
                HTTPStatus.UNAUTHORIZED, detail, headers={hdrs.WWW_AUTHENTICATE: "Bearer"}
            )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether this is the machine itself, and nothing but it."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _host_of(origin: str) -> str | None:
    """The host and port of an origin; None of one that cannot be read."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None
