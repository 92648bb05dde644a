"""`kpistream silence`, `ack` and `alerts` against a web server."""

from __future__ import annotations

import asyncio
import getpass
import json
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from kpistream.core.alerting.telling.acknowledgements import Acknowledgement
from kpistream.core.alerting.telling.silences import Silence, SilenceEnded
from kpistream.core.alerting.telling.suppression import Suppression
from tests.cli.conftest import Run
from tests.support.alerting import START, firing
from tests.support.front_desk import NOW, FrontDesk, server

FIRING = firing()
TOKEN = "0123456789abcdef"  # noqa: S105 - of nobody


class Served:
    """A web server in a thread of its own, as commands wait for its answers."""

    def __init__(self, desk: FrontDesk, token: str | None) -> None:
        tokens = [] if token is None else [token]
        self._server = server(desk, read_tokens=tokens, write_tokens=tokens)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> str:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._server.start(), self._loop).result(60)
        return self._server.url

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def desk() -> FrontDesk:
    return FrontDesk()


@pytest.fixture
def url(desk: FrontDesk) -> Iterator[str]:
    with Served(desk, None) as address:
        yield address


class TestSilence:
    def test_add_says_what_is_silenced_until_when(
        self, kpistream: Run, desk: FrontDesk, url: str
    ) -> None:
        words = ("channel=email", "campaign=~autumn.*", "--for", "2h", "--comment", "moving")
        ran = kpistream("silence", "add", *words, "--author", "ana", "--url", url)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out == (
            'silence new of channel="email" campaign=~"autumn.*" until 2026-03-01T12:01:00Z\n'
        )
        [said] = desk.said
        assert isinstance(said, Silence)
        assert (said.author, said.comment, said.starts_at) == ("ana", "moving", NOW)

    def test_add_is_by_who_is_logged_in_unless_somebody_else_is_named(
        self, kpistream: Run, desk: FrontDesk, url: str
    ) -> None:
        kpistream("silence", "add", "kpi=revenue", "--for", "1h", "--comment", "", "--url", url)
        [said] = desk.said
        assert isinstance(said, Silence)
        assert said.author == getpass.getuser()

    @pytest.mark.parametrize(
        "start", ["2026-03-02T00:00:00+01:00", "2026-03-01 23:00+00:00", "2026-03-01T23:00Z"]
    )
    def test_add_can_begin_later(
        self, kpistream: Run, desk: FrontDesk, url: str, start: str
    ) -> None:
        words = ("kpi=revenue", "--for", "1h", "--comment", "night", "--from", start)
        ran = kpistream("silence", "add", *words, "--url", url, "--json")
        assert json.loads(ran.out)["state"] == "pending"
        [said] = desk.said
        assert isinstance(said, Silence)
        assert said.starts_at == START + 13 * 3600

    def test_add_begins_by_the_clock_of_this_machine(
        self, kpistream: Run, desk: FrontDesk, url: str
    ) -> None:
        words = ("kpi=revenue", "--for", "1h", "--comment", "x", "--from", "2026-07-01 22:00")
        kpistream("silence", "add", *words, "--url", url)
        [said] = desk.said
        assert isinstance(said, Silence)
        assert said.starts_at == datetime(2026, 7, 1, 22).timestamp()

    @pytest.mark.parametrize(
        ("words", "problem"),
        [
            (("channel", "--for", "2h"), "'channel' is no matcher"),
            (("channel=email", "--for", "2 weeks"), "'2 weeks' is not a length"),
            (("channel=email", "--for", "1h", "--from", "soon"), "--from 'soon' is no moment"),
        ],
    )
    def test_add_of_what_makes_no_sense_ends_with_2(
        self, kpistream: Run, desk: FrontDesk, url: str, words: tuple[str, ...], problem: str
    ) -> None:
        ran = kpistream("silence", "add", *words, "--comment", "x", "--url", url)
        assert ran.code == 2
        assert problem in ran.err
        assert desk.said == []

    def test_list_shows_them_all(self, kpistream: Run, desk: FrontDesk, url: str) -> None:
        assert kpistream("silence", "list", "--url", url).out == "no silences\n"
        kpistream("silence", "add", "kpi=revenue", "--for", "1h", "--comment", "x", "--url", url)
        desk.known = [one for one in desk.said if isinstance(one, Silence)]
        ran = kpistream("silence", "list", "--url", url)
        assert ran.out.startswith(
            'new  active   2026-03-01T10:01:00Z to 2026-03-01T11:01:00Z  kpi="revenue"  ('
        )
        ran = kpistream("silence", "list", "--json", "--url", url)
        assert [json.loads(line)["id"] for line in ran.out.splitlines()] == ["new"]

    def test_list_lets_nobody_steer_the_terminal(
        self, kpistream: Run, desk: FrontDesk, url: str
    ) -> None:
        words = ("kpi=revenue", "--for", "1h", "--comment", "\x1b[2Jgone")
        kpistream("silence", "add", *words, "--url", url)
        desk.known = [one for one in desk.said if isinstance(one, Silence)]
        assert "?[2Jgone)" in kpistream("silence", "list", "--url", url).out

    def test_expire_ends_one(self, kpistream: Run, desk: FrontDesk, url: str) -> None:
        kpistream("silence", "add", "kpi=revenue", "--for", "1h", "--comment", "x", "--url", url)
        desk.known = [one for one in desk.said if isinstance(one, Silence)]
        ran = kpistream("silence", "expire", "new", "--author", "bo", "--url", url)
        assert ran.out == "silence new ended at 2026-03-01T10:01:00Z\n"
        assert desk.said[-1] == SilenceEnded(id="new", at=NOW, author="bo")

    @pytest.mark.parametrize("id", ["other", "a/b", "..", "a?b"])
    def test_expire_of_one_that_is_not_there_ends_with_2(
        self, kpistream: Run, url: str, id: str
    ) -> None:
        ran = kpistream("silence", "expire", id, "--url", url)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err


class TestAck:
    def test_says_who_looks_after_what(self, kpistream: Run, desk: FrontDesk, url: str) -> None:
        words = (FIRING.fingerprint, "--comment", "on it", "--author", "ana")
        ran = kpistream("ack", *words, "--url", url)
        assert ran.out == (
            f"ana looks after alert {FIRING.fingerprint}, firing since 2026-03-01T10:00:00Z\n"
        )
        [said] = desk.said
        assert isinstance(said, Acknowledgement)
        assert said.comment == "on it"

    def test_of_what_does_not_fire_ends_with_2(self, kpistream: Run, url: str) -> None:
        other = firing(rule="sales_below_plan").fingerprint
        ran = kpistream("ack", other, "--comment", "x", "--url", url)
        assert (ran.code, ran.err) == (
            2,
            "the alert is resolved; only a firing one is acknowledged\n",
        )


class TestAlerts:
    @pytest.mark.parametrize(
        ("suppression", "told"),
        [
            (Suppression(), "yes"),
            (Suppression(silenced_by=("one",)), "silenced by one"),
            (Suppression(inhibited_by=("two",)), "inhibited by two"),
            (Suppression(muted=("shop",)), "not now: shop"),
            (
                Suppression(
                    acknowledged=Acknowledgement(
                        fingerprint=FIRING.fingerprint, since=START, author="ana", at=NOW
                    )
                ),
                "ana looks after it",
            ),
        ],
    )
    def test_are_listed_with_whether_people_are_told(
        self, kpistream: Run, desk: FrontDesk, url: str, suppression: Suppression, told: str
    ) -> None:
        desk.suppressed = suppression
        lines = kpistream("alerts", "--url", url).out.splitlines()
        assert FIRING.fingerprint in lines[1]
        assert "firing" in lines[1]
        assert lines[1].rstrip().endswith(told)
        assert "resolved" in lines[2]

    def test_are_json_on_request(self, kpistream: Run, url: str) -> None:
        ran = kpistream("alerts", "--json", "--url", url)
        first, second = map(json.loads, ran.out.splitlines())
        assert (first["state"], second["state"]) == ("firing", "resolved")
        assert first["suppression"]["silenced_by"] == []


COMMANDS = [
    ("alerts",),
    ("silence", "list"),
    ("silence", "add", "kpi=revenue", "--for", "1h", "--comment", "x"),
    ("silence", "expire", "one"),
    ("ack", "0123456789abcdef", "--comment", "x"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
class TestEachCommand:
    def test_says_so_when_nobody_listens(
        self, kpistream: Run, nobody: str, command: tuple[str, ...]
    ) -> None:
        address = f"http://{nobody}"
        ran = kpistream(*command, "--url", address)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith(f"no worker answers at {address}: ")
        assert "--url" in ran.err

    def test_says_so_when_it_is_no_url(self, kpistream: Run, command: tuple[str, ...]) -> None:
        ran = kpistream(*command, "--url", "file:///etc/passwd")
        assert ran.code == 2
        assert "is no URL" in ran.err

    def test_goes_through_no_proxy(
        self,
        kpistream: Run,
        monkeypatch: pytest.MonkeyPatch,
        desk: FrontDesk,
        url: str,
        nobody: str,
        command: tuple[str, ...],
    ) -> None:
        monkeypatch.setenv("http_proxy", f"http://{nobody}")
        assert "no worker answers" not in kpistream(*command, "--url", url).err


@pytest.mark.parametrize("command", COMMANDS[2:], ids=" ".join)
def test_a_token_is_asked_for_where_one_is_set(
    kpistream: Run, desk: FrontDesk, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Served(desk, TOKEN) as url:
        refused = kpistream(*command, "--url", url)
        assert refused.code == 1
        assert "(--token, KPISTREAM_API_TOKEN)" in refused.err
        monkeypatch.setenv("KPISTREAM_API_TOKEN", TOKEN)
        assert "Bearer" not in kpistream(*command, "--url", url).err


class Stranger(BaseHTTPRequestHandler):
    """Something else that listens: a page, and a way to elsewhere."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        is_page = self.path.startswith("/page/")
        self.send_response(200 if is_page else 302)
        self.send_header("Location", "/page/elsewhere")
        self.end_headers()
        self.wfile.write(b"<html></html>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("place", ["page", "moved"])
def test_what_is_no_worker_is_not_believed_nor_followed(kpistream: Run, place: str) -> None:
    Stranger.asked.clear()
    with HTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        threading.Thread(target=stranger.serve_forever).start()
        url = f"http://127.0.0.1:{stranger.server_port}/{place}"
        ran = kpistream("alerts", "--url", url, "--token", TOKEN)
        stranger.shutdown()
    assert ran.code == 1
    assert f"what answers at {url} is no worker of kpistream" in ran.err
    assert Stranger.asked == [f"/{place}/api/v1/alerts"]
