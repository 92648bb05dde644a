"""Carries a message to a webhook: one attempt, and what came of it.

A 2xx answer is success. 410 switches the endpoint off until a restart. A redirect is never
followed: it fails, as do 408, 425, 429, 5xx and no answer at all; any other answer of 4xx is a
refusal. How long an attempt takes is bounded whatever the receiver does. Only the host of a URL is
ever shown, because the rest often is the secret; of an answer only its status is kept, because it
may repeat what it was sent.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from io import BytesIO
from math import floor
from types import TracebackType
from typing import Final, Self

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from kpistream.edges.egress import Egress, EgressDenied
from kpistream.edges.retry import RetryPolicy, retry_after_s
from kpistream.edges.signing import Signer

MAX_ANSWER_BYTES: Final = 64 * 1024
"""The most of an answer that is read, and thrown away, to use its connection again."""

MAX_ANSWER_S: Final = 1.0
"""The longest that is waited for the rest of an answer once its status is known."""

TRY_AGAIN: Final = frozenset({408, 425, 429})
"""Answers of 4xx that may be different later."""

USER_AGENT: Final = "kpistream"

SENDERS_OWN: Final = frozenset(
    {"connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "webhook-id", "webhook-timestamp", "webhook-signature", "idempotency-key"}
)
"""Headers that nobody else sets: where a request goes and ends, and who it is from."""

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class InvalidWebhookUrl(ValueError):
    """A URL that no webhook can have; the message does not repeat it."""


class InvalidHeader(ValueError):
    """A header that cannot be sent; the message does not repeat its value."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook is. Shown as its host alone."""

    url: URL = field(repr=False)
    host: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The target of an http or https URL; raises InvalidWebhookUrl."""
        try:
            url = URL(text.strip())
            host = url.host
        except ValueError:
            raise InvalidWebhookUrl("a webhook's URL cannot be read") from None
        if url.scheme not in ("http", "https") or not host:
            raise InvalidWebhookUrl("a webhook's URL must be http://host/... or https://host/...")
        return cls(url, host)

    def __str__(self) -> str:
        return self.host


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent: its body, and what names the message, the same at each attempt.

    The headers go with it beside the sender's own; raises InvalidHeader for one of those, and for
    one that would break the request. ``target`` is where to, if not to where the others go.
    """

    body: bytes = field(repr=False)
    message_id: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"
    target: Target | None = None

    def __post_init__(self) -> None:
        for name, value in {**self.headers, "webhook-id": self.message_id}.items():
            if not _HEADER_NAME.fullmatch(name) or not value.isprintable():
                raise InvalidHeader(f"the header {name!a} has characters that none may have")
        for name in self.headers:
            if name.lower() in SENDERS_OWN:
                raise InvalidHeader(f"the header {name} is set by kpistream alone")


class AttemptResult(StrEnum):
    """What came of one attempt.

    After ``failed`` and ``refused`` another one may follow, after ``denied`` too, since names and
    settings change: it made no connection. ``disabled`` is for good.
    """

    delivered = "delivered"
    failed = "failed"
    refused = "refused"
    disabled = "disabled"
    denied = "denied"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: its number from 1, the answer's status if there was one, and what was wrong.

    ``asked_s`` is how long the receiver asked to be left alone, ``took_s`` how long it took; both
    in seconds.
    """

    host: str
    number: int
    result: AttemptResult
    status: int | None = None
    problem: str = ""
    asked_s: float | None = None
    took_s: float = 0.0


def _now() -> datetime:
    return datetime.now(UTC)


class WebhookSender:
    """Sends messages to one target; an async context manager that owns its connections.

    Clocks are passed in by tests.
    """

    def __init__(
        self,
        target: Target,
        policy: RetryPolicy | None = None,
        *,
        egress: Egress,
        signer: Signer | None = None,
        now: Callable[[], datetime] = _now,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._target = target
        self._policy = policy or RetryPolicy()
        self._egress = egress
        self._signer = signer
        self._now = now
        self._monotonic_s = monotonic_s
        self._disabled: set[Target] = set()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # An attempt has one end in time of its own, for whatever it is waiting for.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._policy.connect_s)
        self._session = self._egress.session(timeout)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def attempt(self, request: Request, number: int = 1) -> Attempt:
        """Try once, and raise nothing for what the receiver or the network does.

        Takes ``policy.try_s`` at most. An endpoint that was switched off is left alone.
        """
        if self._session is None:
            raise RuntimeError("a WebhookSender sends inside `async with`")
        target = request.target or self._target
        began_s = self._monotonic_s()
        answer = await self._ask(self._session, target, request)
        if answer.result is AttemptResult.disabled:
            self._disabled.add(target)
        return Attempt(
            target.host,
            number,
            answer.result,
            answer.status,
            answer.problem,
            answer.asked_s,
            self._monotonic_s() - began_s,
        )

    async def _ask(
        self, session: aiohttp.ClientSession, target: Target, request: Request
    ) -> "_Answer":
        if target in self._disabled:
            return _Answer(AttemptResult.disabled, problem="switched off by an answer of 410")
        try:
            return await self._exchange(session, target, request)
        except EgressDenied as denied:
            return _Answer(AttemptResult.denied, problem=str(denied))
        except (aiohttp.ClientError, OSError) as error:
            return _Answer(AttemptResult.failed, problem=_problem(error, self._policy))

    async def _exchange(
        self, session: aiohttp.ClientSession, target: Target, request: Request
    ) -> "_Answer":
        async with asyncio.timeout(self._policy.try_s) as end:
            response = await session.request(
                request.method,
                target.url,
                # As a file, so that a large body is written in parts.
                data=BytesIO(request.body),
                headers=self._headers(request),
                allow_redirects=False,
            )
        try:
            await _drain(response, end.when())
            return _answer(response, self._now())
        finally:
            response.close()

    def _headers(self, request: Request) -> CIMultiDict[str]:
        at = self._now()
        headers = CIMultiDict(
            {
                "User-Agent": USER_AGENT,
                "Content-Type": "application/json",
                "Accept-Encoding": "identity",
            }
        )
        headers.update(request.headers)
        headers["webhook-id"] = headers["Idempotency-Key"] = request.message_id
        headers["webhook-timestamp"] = str(floor(at.timestamp()))
        if self._signer is not None:
            signature = self._signer.signature(request.message_id, at, request.body)
            headers["webhook-signature"] = signature
        return headers


@dataclass(frozen=True, slots=True)
class _Answer:
    result: AttemptResult
    status: int | None = None
    problem: str = ""
    asked_s: float | None = None


async def _drain(response: aiohttp.ClientResponse, end_s: float | None) -> None:
    """Read a bounded part of the answer; its status is known, so that nothing here can fail it."""
    soon_s = asyncio.get_running_loop().time() + MAX_ANSWER_S
    with suppress(aiohttp.ClientError, OSError):
        async with asyncio.timeout_at(min(soon_s, end_s or soon_s)):
            read = 0
            while read < MAX_ANSWER_BYTES and (chunk := await response.content.read(8192)):
                read += len(chunk)


def _answer(response: aiohttp.ClientResponse, now: datetime) -> _Answer:
    status, problem = response.status, f"answered {response.status}"
    if 200 <= status < 300:
        return _Answer(AttemptResult.delivered, status)
    if status == 410:
        return _Answer(AttemptResult.disabled, status, f"{problem} (switched off)")
    if 400 <= status < 500 and status not in TRY_AGAIN:
        return _Answer(AttemptResult.refused, status, problem)
    asked_s = retry_after_s(response.headers.get("Retry-After"), now)
    redirect = " (redirects are not followed)" if 300 <= status < 400 else ""
    return _Answer(AttemptResult.failed, status, problem + redirect, asked_s)


def _problem(error: Exception, policy: RetryPolicy) -> str:
    """What went wrong, without the texts of exceptions, which may quote the URL."""
    match error:
        case aiohttp.ServerTimeoutError():
            return f"no connection within {policy.connect_s:.3g} s"
        case TimeoutError():
            return f"no answer within {policy.try_s:.3g} s"
        case aiohttp.ClientConnectorCertificateError(certificate_error=reason):
            why = getattr(reason, "verify_message", "") or type(reason).__name__
            return f"its certificate is not trusted ({why})"
        case aiohttp.ClientConnectorSSLError():
            return "cannot agree on TLS"
        case aiohttp.ClientConnectorDNSError():
            return "its name cannot be resolved"
        case aiohttp.ClientConnectorError(os_error=reason):
            return f"cannot connect ({type(reason).__name__})"
        case _:
            return type(error).__name__
