"""Alerts through Apprise."""

from __future__ import annotations

import asyncio
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from kpistream.edges.messages import Links, Message
from kpistream.edges.messages.apprise import (
    MOST_BODY,
    AppriseMissing,
    AppriseReceiver,
    InvalidAppriseUrl,
    notification,
)
from kpistream.edges.messages.plain import units
from tests.edges.messages import sample


class Library:
    """Stands for Apprise: keeps what it is given, and hangs or fails if told to."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.may_go = threading.Event()
        self.may_go.set()
        self.done = threading.Event()
        self.error: Exception | None = None

    def add(self, url: str) -> bool:
        return url.startswith("json://")

    def notify(self, **said: Any) -> bool:
        self.may_go.wait()
        if self.error is not None:
            raise self.error
        self.told.append(said)
        self.done.set()
        return True


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    found = Library()
    monkeypatch.setitem(sys.modules, "apprise", SimpleNamespace(Apprise=lambda: found))
    return found


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (sample.message(sample.unsubscribes(), sample.roas(), sample.over()), "failure"),
        (sample.message(sample.unsubscribes()), "warning"),
        (sample.message(sample.over()), "success"),
    ],
)
def test_the_library_is_given_a_title_a_body_and_how_urgent_it_is(
    message: Message, kind: str
) -> None:
    said = notification(message)
    assert said["notify_type"] == kind
    assert said["body"].count("\nWhere: ") == len(message.alerts)
    assert said["body_format"] == "text"


def test_nobody_is_called_and_nothing_is_endless() -> None:
    said = notification(sample.message(*[sample.hostile()] * 50, links=Links()))
    assert "@everyone" not in said["body"]
    assert units(said["body"]) <= MOST_BODY


async def test_what_the_library_says_is_what_became_of_it(library: Library) -> None:
    assert await AppriseReceiver("json://x").tell(sample.message(sample.roas()))
    assert [each["title"] for each in library.told] == ["roas_below_one: 1 firing"]


async def test_a_library_that_hangs_is_not_waited_for_and_not_asked_again(
    library: Library,
) -> None:
    library.may_go.clear()
    receiver = AppriseReceiver("json://x", timeout_s=0.0)
    told = sample.message(sample.roas())
    assert [await receiver.tell(told), await receiver.tell(told)] == [False, False]
    library.may_go.set()
    # The same thread ends; had there been another one, it would have told twice.
    await asyncio.to_thread(library.done.wait, 60)
    assert len(library.told) == 1


async def test_an_error_of_the_library_is_not_hidden(library: Library) -> None:
    library.error = TypeError("no such thing")
    with pytest.raises(TypeError, match="no such thing"):
        await AppriseReceiver("json://x").tell(sample.message(sample.roas()))


def test_a_url_that_the_library_does_not_know_is_not_repeated(library: Library) -> None:
    with pytest.raises(InvalidAppriseUrl) as raised:
        AppriseReceiver("s3cret://x")
    assert "s3cret" not in str(raised.value)


def test_without_the_library_it_is_said_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(AppriseMissing, match=r"pip install 'kpistream\[apprise\]'"):
        AppriseReceiver("json://x")


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
async def test_the_real_library_delivers(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook", method="POST").respond_with_data("ok")
    receiver = AppriseReceiver(f"json://{httpserver.host}:{httpserver.port}/hook")
    assert await receiver.tell(sample.message(sample.hostile()))
    [(request, _)] = httpserver.log
    said = request.get_json()
    assert (said["title"], said["type"]) == ("roas_below_one: 1 firing", "failure")
    assert said["message"].startswith("CRITICAL roas_below_one")
