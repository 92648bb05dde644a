"""Alerts through the library Apprise, which knows more than a hundred services.

It makes its own connections: `Egress` cannot check where they go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from threading import Thread
from typing import Any, Final, TypeVar

from kpistream.core.alerting.alerts import AlertState
from kpistream.core.alerting.rules.rule import Severity
from kpistream.edges.messages import words
from kpistream.edges.messages.message import Message
from kpistream.edges.messages.plain import AT, cut

TIMEOUT_S: Final = 30.0
"""The longest that is waited for the library."""

KINDS: Final = {
    Severity.info: "info",
    Severity.warning: "warning",
    Severity.critical: "failure",
}
"""What Apprise calls our severities."""

MOST_TITLE: Final = 250
MOST_BODY: Final = 16_000

ESCAPES: Final = {"@": AT}
"""Many of the services are chats; of their markup Apprise takes care."""

OVER: Final = "success"


T = TypeVar("T")


class AppriseMissing(RuntimeError):
    """Apprise is not installed; the message says how to."""


class InvalidAppriseUrl(ValueError):
    """A URL of no service that Apprise knows; the message does not repeat it."""


class AppriseReceiver:
    """Somebody whom Apprise tells, at the service that a URL of its own kind names.

    Raises AppriseMissing, and InvalidAppriseUrl. The library blocks, so each message has a thread.
    """

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S) -> None:
        self._library = _library().Apprise()
        self._timeout_s = timeout_s
        self._thread: Thread | None = None
        self._turn = asyncio.Lock()
        if not self._library.add(url):
            raise InvalidAppriseUrl("Apprise knows no service with such a URL")

    async def tell(self, message: Message) -> bool:
        """Whether the service took the message in time; one message after the other.

        Nothing is sent while the thread of an earlier message is still at it.
        """
        async with self._turn:
            return await self._tell(message)

    async def _tell(self, message: Message) -> bool:
        if self._thread is not None and self._thread.is_alive():
            return False
        told: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        # A daemon: one that hangs does not keep the worker from ending.
        self._thread = Thread(target=self._notify, args=(message, told), daemon=True)
        self._thread.start()
        try:
            return await asyncio.wait_for(told, self._timeout_s)
        except TimeoutError:
            return False

    def _notify(self, message: Message, told: asyncio.Future[bool]) -> None:
        try:
            done = bool(self._library.notify(**notification(message)))
        except Exception as error:
            self._settle(told, told.set_exception, error)
        else:
            self._settle(told, told.set_result, done)

    def _settle(self, told: asyncio.Future[bool], settle: Callable[[T], None], end: T) -> None:
        # Nobody may wait any more, nor the loop be there: then this raises RuntimeError.
        with suppress(RuntimeError):
            told.get_loop().call_soon_threadsafe(lambda: None if told.done() else settle(end))


def notification(message: Message) -> dict[str, Any]:
    """What Apprise is given: a title, a body of plain text, and how urgent it is."""
    texts = [f"{words.title(one)}\n{words.text(one, message.links)}" for one in message.alerts]
    return {
        "title": cut(words.headline(message), MOST_TITLE, ESCAPES),
        "body": cut("\n\n".join(texts), MOST_BODY, ESCAPES),
        "notify_type": _kind(message),
        "body_format": "text",
    }


def _kind(message: Message) -> str:
    if not message.firing:
        return OVER
    order = list(Severity)
    firing = (alert for alert in message.alerts if alert.state is AlertState.firing)
    return KINDS[max((alert.severity for alert in firing), key=order.index)]


def _library() -> Any:
    try:
        return import_module("apprise")
    except ImportError:
        problem = "receivers of the kind apprise need a library: pip install 'kpistream[apprise]'"
        raise AppriseMissing(problem) from None
