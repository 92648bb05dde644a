"""Carries a message to a webhook: tries, waits, tries again, and says what came of it.

A 2xx answer is success. A redirect is a failure and never followed. Any other answer below 500 is
a refusal, except 408, 425 and 429; those, 5xx, and no answer at all are tried again, as patiently
as the policy allows and the receiver asks by Retry-After. Only the host of a URL is ever shown,
because the rest often is the secret.
"""

import asyncio
import random as randomness
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import Final, Self

import aiohttp
from yarl import URL

from kpistream.edges.retry import RetryPolicy, retry_after_s

MAX_ANSWER_BYTES: Final = 64 * 1024
"""The most of an answer that is read, and thrown away, to use its connection again."""

TRY_AGAIN: Final = frozenset({408, 425, 429})
"""Answers below 500 that may be different later."""

USER_AGENT: Final = "kpistream"
CONNECT_S: Final = 5.0
SHORTEST_TRY_S: Final = 0.05


class InvalidWebhookUrl(ValueError):
    """A URL that no webhook can have; the message does not repeat it."""


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
        except ValueError:
            raise InvalidWebhookUrl("a webhook's URL cannot be read") from None
        if url.scheme not in ("http", "https") or not url.host:
            raise InvalidWebhookUrl("a webhook's URL must be http://host/... or https://host/...")
        return cls(url, url.host)

    def __str__(self) -> str:
        return self.host


class TryResult(StrEnum):
    """What came of one try: of `failed` another one follows, after `gave_up` none does."""

    delivered = "delivered"
    refused = "refused"
    failed = "failed"
    gave_up = "gave_up"


class DeliveryOutcome(StrEnum):
    """What came of a message."""

    delivered = "delivered"
    refused = "refused"
    gave_up = "gave_up"


@dataclass(frozen=True, slots=True)
class Try:
    """One try: its number from 1, the answer's status if there was one, and what was wrong.

    ``asked_s`` is how long the receiver asked to be left alone.
    """

    host: str
    number: int
    result: TryResult
    status: int | None = None
    problem: str = ""
    asked_s: float | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of a message, after how many tries, and why when it did not arrive."""

    host: str
    message_id: str
    outcome: DeliveryOutcome
    tries: int
    status: int | None = None
    problem: str = ""


Observe = Callable[[Try], None]
Sleep = Callable[[float], Awaitable[None]]


def _unobserved(happened: Try) -> None:
    """Nobody asked to hear of tries."""


class WebhookSender:
    """Sends messages to one target; an async context manager that owns its connections.

    ``observe`` hears of each try. Sleep, clock and chance are passed in by tests.
    """

    def __init__(
        self,
        target: Target,
        policy: RetryPolicy | None = None,
        *,
        observe: Observe = _unobserved,
        sleep: Sleep = asyncio.sleep,
        monotonic_s: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = randomness.random,
    ) -> None:
        self._target = target
        self._policy = policy or RetryPolicy()
        self._observe = observe
        self._sleep = sleep
        self._monotonic_s = monotonic_s
        self._random = random
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # trust_env stays off: a proxy or a netrc of the environment must not see the messages.
        self._session = aiohttp.ClientSession(
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": USER_AGENT},
        )
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

    async def send(self, body: bytes, message_id: str) -> Delivery:
        """Deliver a JSON body, or give up; a receiver knows repeats by `message_id`."""
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "Idempotency-Key": message_id,
        }
        deadline = self._monotonic_s() + self._policy.total_s
        number = 0
        while True:
            number += 1
            happened = await self._try(number, body, headers, deadline - self._monotonic_s())
            wait_s = self._policy.wait_s(number, happened.asked_s, self._random)
            is_last = number >= self._policy.tries or self._monotonic_s() + wait_s >= deadline
            if is_last and happened.result is TryResult.failed:
                happened = replace(happened, result=TryResult.gave_up)
            self._observe(happened)
            if happened.result is not TryResult.failed:
                return _delivery(message_id, happened)
            await self._sleep(wait_s)

    async def _try(
        self, number: int, body: bytes, headers: Mapping[str, str], left_s: float
    ) -> Try:
        if self._session is None:
            raise RuntimeError("a WebhookSender sends inside `async with`")
        limit_s = max(SHORTEST_TRY_S, min(self._policy.try_s, left_s))
        timeout = aiohttp.ClientTimeout(total=limit_s, connect=min(CONNECT_S, limit_s))
        try:
            async with self._session.post(
                self._target.url,
                data=body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                await _drain(response)
                return _answered(self._target.host, number, response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            problem = _problem(error, limit_s)
            return Try(self._target.host, number, TryResult.failed, problem=problem)


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read a bounded part of the answer; its status is known, so that nothing here can fail it."""
    with suppress(aiohttp.ClientError, TimeoutError, OSError):
        read = 0
        while read < MAX_ANSWER_BYTES and (chunk := await response.content.read(8192)):
            read += len(chunk)
    if not response.content.at_eof():
        response.close()


def _answered(host: str, number: int, response: aiohttp.ClientResponse) -> Try:
    status = response.status
    if 200 <= status < 300:
        return Try(host, number, TryResult.delivered, status)
    problem = f"answered {status}"
    if status >= 500 or status in TRY_AGAIN:
        asked_s = retry_after_s(response.headers.get("Retry-After"), datetime.now(UTC))
        return Try(host, number, TryResult.failed, status, problem, asked_s)
    redirect = " (redirects are not followed)" if 300 <= status < 400 else ""
    return Try(host, number, TryResult.refused, status, problem + redirect)


def _problem(error: Exception, limit_s: float) -> str:
    """What went wrong, without the texts of exceptions, which may quote the URL."""
    if isinstance(error, TimeoutError):
        return f"no answer within {limit_s:.3g} s"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"cannot connect ({type(error.os_error).__name__})"
    return type(error).__name__


def _delivery(message_id: str, last: Try) -> Delivery:
    outcome = DeliveryOutcome(last.result.value)
    return Delivery(last.host, message_id, outcome, last.number, last.status, last.problem)
