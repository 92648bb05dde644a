"""The guard: who may ask, and who may say something."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from kpistream.edges.web.operation import Access
from kpistream.edges.web.problem import Problem

READ_SETTING: Final = "read_tokens"
WRITE_SETTING: Final = "write_tokens"
"""The settings of what people must know from elsewhere."""

_SCHEME: Final = "bearer"

_PASSED_ON: Final = ("forwarded", "via", "x-real-ip")
_PASSED_ON_START: Final = "x-forwarded-"
"""The headers that proxies add, in small letters."""


class Unguarded(ValueError):
    """Everybody in the network could read what is served."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets in who knows a token; without any, programs on the machine itself.

    ``host`` is what the web server listens on. Who may write may read, too. A page of another site
    never gets to write: a browser says where it comes from (Origin), and where it believes to be
    (Host), which tells a name that was bent to this machine (DNS rebinding) from the machine's own.
    Who comes through a proxy is not on the machine, as far as the proxy says that it is one.
    """

    host: str = "127.0.0.1"
    read_tokens: tuple[str, ...] = field(default=(), repr=False)
    write_tokens: tuple[str, ...] = field(default=(), repr=False)

    def refuse_openness(self) -> None:
        """Raise Unguarded if others can connect and need not know anything to read."""
        if not is_loopback(self.host) and not self.read_tokens:
            raise Unguarded(
                f"everybody who reaches {self.host} could read everything: set {READ_SETTING}, "
                "or web_host to 127.0.0.1"
            )

    def needs_token(self, access: Access) -> bool:
        """Whether it takes a token."""
        if access == "open":
            return False
        return bool(self.read_tokens or (access == "write" and self.write_tokens))

    def check(self, request: web.Request, access: Access) -> None:
        """Raise Problem unless this request may do what it asks for."""
        if access == "read":
            self._check_reader(request)
        elif access == "write":
            self._check_origin(request)
            self._check_writer(request)

    def _check_reader(self, request: web.Request) -> None:
        if _knows(request, (*self.read_tokens, *self.write_tokens)):
            return
        if self.read_tokens:
            raise _unknown(f"one of the {READ_SETTING} or {WRITE_SETTING}")
        if not is_loopback(self.host) or not _is_to_this_machine(request):
            raise _for_this_machine("seen", READ_SETTING)

    def _check_writer(self, request: web.Request) -> None:
        if _knows(request, self.write_tokens):
            return
        if self.write_tokens:
            if self.read_tokens and _knows(request, self.read_tokens):
                detail = f"with this token one may read; to write takes one of the {WRITE_SETTING}"
                raise Problem(HTTPStatus.FORBIDDEN, detail)
            raise _unknown(f"one of the {WRITE_SETTING}")
        self._check_reader(request)
        if not _is_from_this_machine(request) or not _is_to_this_machine(request):
            raise _for_this_machine("changed", WRITE_SETTING)

    def _check_origin(self, request: web.Request) -> None:
        for origin in request.headers.getall(hdrs.ORIGIN, []):
            if _host_of(origin) != request.host.lower():
                raise Problem(HTTPStatus.FORBIDDEN, "a page of another site may change nothing")


def _knows(request: web.Request, tokens: Iterable[str]) -> bool:
    """Whether who asks has one of these tokens; each is compared, however many there are."""
    scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    # As bytes, since of other texts only ASCII can be compared in constant time.
    sent = _bytes(given.strip())
    is_same = [hmac.compare_digest(sent, _bytes(token)) for token in tokens]
    return scheme.lower() == _SCHEME and any(is_same)


def _unknown(wanted: str) -> Problem:
    detail = f"needs the header Authorization: Bearer, with {wanted}"
    return Problem(HTTPStatus.UNAUTHORIZED, detail, headers={hdrs.WWW_AUTHENTICATE: "Bearer"})


def _for_this_machine(verb: str, setting: str) -> Problem:
    detail = (
        f"without {setting}, this can be {verb} on the worker's machine alone, at a name of it "
        f"such as localhost and through no proxy; or set {setting}"
    )
    return Problem(HTTPStatus.FORBIDDEN, detail)


def _is_to_this_machine(request: web.Request) -> bool:
    """Whether who asks believes to be at this machine, and no proxy was asked instead."""
    return is_loopback(_name_of(request.host)) and not _is_passed_on(request)


def _is_passed_on(request: web.Request) -> bool:
    names = map(str.lower, request.headers)
    return any(name in _PASSED_ON or name.startswith(_PASSED_ON_START) for name in names)


def _is_from_this_machine(request: web.Request) -> bool:
    return request.remote is not None and is_loopback(request.remote)


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
