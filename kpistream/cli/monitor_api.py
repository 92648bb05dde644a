"""A running worker's API, as the commands use it that ask and say something about alerts."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from typing import IO, Annotated, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

import typer

from kpistream.cli.failures import FAILED, WRONG, Failure
from kpistream.settings import TOKEN_VARIABLE

DEFAULT_URL: Final = "http://127.0.0.1:6066"
TIMEOUT_S: Final = 15.0
MOST_BYTES: Final = 64 * 1024 * 1024

Url = Annotated[
    str, typer.Option("--url", help="Where a worker's web server listens.", metavar="URL")
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar=TOKEN_VARIABLE,
        metavar="TOKEN",
        help="One of the workers' `read_tokens`; to acknowledge or silence, one of `write_tokens`.",
        show_default=False,
        show_envvar=True,
    ),
]
Author = Annotated[
    str | None,
    typer.Option(
        "--author",
        metavar="NAME",
        help="Who says so; your user name unless given.",
        show_default=False,
    ),
]
Comment = Annotated[str, typer.Option("--comment", metavar="TEXT", help="Why.")]


class MonitorApi:
    """The API of one worker; what goes wrong becomes a :class:`Failure` that says so."""

    def __init__(self, url: str, token: str | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise Failure(f"{url!r} is no URL such as {DEFAULT_URL}", WRONG)
        self._url = url.rstrip("/")
        self._token = token
        # Neither proxies nor redirects: the token is for the worker alone.
        self._opener = build_opener(ProxyHandler({}), _NoRedirects)

    def get(self, path: str) -> Any:
        """What the worker answers."""
        return self._ask("GET", path, None)

    def post(self, path: str, document: Mapping[str, Any]) -> Any:
        """Say something."""
        return self._ask("POST", path, document)

    def delete(self, path: str, document: Mapping[str, Any]) -> Any:
        """Take something back."""
        return self._ask("DELETE", path, document)

    def _ask(self, method: str, path: str, document: Mapping[str, Any] | None) -> Any:
        request = Request(f"{self._url}/api/v1/{path}", method=method)  # noqa: S310 - http alone
        if document is not None:
            request.data = json.dumps(document).encode()
            request.add_header("Content-Type", "application/json")
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                return self._read(answer)
        except HTTPError as error:
            with error:
                raise self._refusal(error) from None
        except URLError as error:
            raise self._nobody(error.reason) from None
        except (OSError, HTTPException, ValueError) as error:
            raise self._nobody(error) from None

    def _read(self, answer: HTTPResponse) -> Any:
        try:
            return json.loads(answer.read(MOST_BYTES))
        except ValueError:
            raise Failure(f"what answers at {self._url} is no worker of kpistream") from None

    def _refusal(self, error: HTTPError) -> Failure:
        detail = _detail(error)
        if detail is None:
            return Failure(f"what answers at {self._url} is no worker of kpistream: {error.code}")
        hint = f" (--token, {TOKEN_VARIABLE})" if error.code == 401 else ""
        return Failure(detail + hint, WRONG if error.code in (400, 404, 409) else FAILED)

    def _nobody(self, reason: object) -> Failure:
        return Failure(
            f"no worker answers at {self._url}: {reason}; start one with `kpistream worker`, "
            "or say with --url where one is"
        )


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        return None


def _detail(error: HTTPError) -> str | None:
    """What a problem says is wrong; None for an answer that is no problem of ours."""
    try:
        detail = json.loads(error.read(MOST_BYTES))["detail"]
    except (ValueError, KeyError, TypeError, OSError):
        return None
    return detail if isinstance(detail, str) else None


def part(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")


def printable(text: str) -> str:
    """What others wrote, without what could steer a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def author_or_user(author: str | None) -> str:
    """Who says something; raises Failure when the machine does not know who asks."""
    if author:
        return author
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise Failure("say who you are with --author", WRONG) from None
