"""Silences, acknowledgements, deliveries and receivers: what is asked, what is said, by whom."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession

from kpistream.core.alerting.telling.acknowledgements import Acknowledgement
from kpistream.core.alerting.telling.matchers import parse_matchers
from kpistream.core.alerting.telling.silences import MOST_ACTIVE, Silence, SilenceEnded
from kpistream.core.alerting.telling.suppression import Suppression
from kpistream.edges.web.body import MOST_BYTES
from kpistream.edges.web.deliveries import MOST_DELIVERIES, USUAL_DELIVERIES
from tests.support.alerting import START, firing
from tests.support.front_desk import DELIVERY, NOW, RECEIVER, SILENCE, FrontDesk, server

FIRING = firing()
ENDED = firing(rule="sales_below_plan")
TOKEN = "0123456789abcdef"  # noqa: S105 - of nobody
EMAIL = {"matchers": ["channel=email"], "for": "2h", "author": "ana"}


def silence(id: str = "one", **named: Any) -> Silence:
    return msgspec.structs.replace(SILENCE, id=id, **named)


class Visitor:
    """A client of a worker's web server."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session

    async def ask(self, method: str, path: str, status: int, **options: Any) -> Any:
        async with self._session.request(method, f"/api/v1/{path}", **options) as answer:
            assert answer.status == status, await answer.text()
            if status >= 400:
                assert answer.content_type == "application/problem+json"
            return await answer.json(content_type=None)

    async def get(self, path: str, status: int = 200) -> Any:
        return await self.ask("GET", path, status)

    async def post(self, path: str, body: Any, status: int = 202, **options: Any) -> Any:
        return await self.ask("POST", path, status, json=body, **options)

    async def delete(self, path: str, body: Any, status: int = 202, **options: Any) -> Any:
        return await self.ask("DELETE", path, status, json=body, **options)


@pytest.fixture
def desk() -> FrontDesk:
    return FrontDesk()


@pytest.fixture
async def visitor(desk: FrontDesk) -> AsyncIterator[Visitor]:
    async with server(desk) as started, ClientSession(started.url) as session:
        yield Visitor(session)


class TestAlerts:
    async def test_say_why_nobody_is_told_of_them(self, visitor: Visitor, desk: FrontDesk) -> None:
        said = Acknowledgement(fingerprint=FIRING.fingerprint, since=START, author="ana", at=NOW)
        desk.suppressed = Suppression(
            silenced_by=("one",), inhibited_by=("two",), acknowledged=said, muted=("shop",)
        )
        [alert, _] = (await visitor.get("alerts"))["alerts"]
        assert alert["suppression"] == {
            "silenced_by": ["one"],
            "inhibited_by": ["two"],
            "acknowledged": {
                "fingerprint": FIRING.fingerprint,
                "since": "2026-03-01T10:00:00Z",
                "author": "ana",
                "comment": "",
                "at": "2026-03-01T10:01:00Z",
            },
            "muted_receivers": ["shop"],
        }
        assert alert["evidence"]["condition"] == "below 1"

    async def test_say_nothing_of_it_where_it_is_not_known(
        self, visitor: Visitor, desk: FrontDesk
    ) -> None:
        desk.is_owner = False
        assert [a["suppression"] for a in (await visitor.get("alerts"))["alerts"]] == [None, None]

    async def test_can_be_asked_for_one_by_one(self, visitor: Visitor) -> None:
        found = await visitor.get(f"alerts/{FIRING.fingerprint}")
        assert found == {
            **FIRING.to_dict(),
            "inhibits": [],
            "suppression": {
                "silenced_by": [],
                "inhibited_by": [],
                "acknowledged": None,
                "muted_receivers": [],
            },
        }

    @pytest.mark.parametrize("fingerprint", ["0123456789abcdef", "..", "%2e%2e%2f", "é"])
    async def test_that_do_not_exist_are_not_found(
        self, visitor: Visitor, fingerprint: str
    ) -> None:
        await visitor.get(f"alerts/{fingerprint}", 404)


class TestAcknowledging:
    async def test_is_about_the_firing_that_is_going_on(
        self, visitor: Visitor, desk: FrontDesk
    ) -> None:
        path = f"alerts/{FIRING.fingerprint}/acknowledge"
        answer = await visitor.post(path, {"author": "ana", "comment": "on it"})
        said = Acknowledgement(
            fingerprint=FIRING.fingerprint,
            since=FIRING.changed_at,
            author="ana",
            comment="on it",
            at=NOW,
        )
        assert desk.said == [said]
        assert (answer["author"], answer["since"]) == ("ana", "2026-03-01T10:00:00Z")

    async def test_takes_an_alert_that_fires(self, visitor: Visitor, desk: FrontDesk) -> None:
        body = {"author": "ana"}
        over = await visitor.post(f"alerts/{ENDED.fingerprint}/acknowledge", body, 409)
        assert over["detail"] == "the alert is resolved; only a firing one is acknowledged"
        await visitor.post("alerts/0123456789abcdef/acknowledge", body, 404)
        assert desk.said == []

    async def test_is_no_question(self, visitor: Visitor) -> None:
        await visitor.get(f"alerts/{FIRING.fingerprint}/acknowledge", 405)


class TestSilences:
    async def test_are_listed_with_who_wanted_them(self, visitor: Visitor, desk: FrontDesk) -> None:
        desk.known = [silence()]
        assert await visitor.get("silences") == {
            "silences": [
                {
                    "id": "one",
                    "state": "active",
                    "matchers": ['channel="email"', 'campaign=~"autumn.*"'],
                    "starts_at": "2026-03-01T10:00:00Z",
                    "ends_at": "2026-03-01T10:10:00Z",
                    "author": "ana",
                    "comment": "the mail server moves",
                    "created_at": "2026-03-01T10:00:00Z",
                }
            ]
        }

    @pytest.mark.parametrize(
        ("named", "state"),
        [
            ({}, "active"),
            ({"starts_at": NOW + 1}, "pending"),
            ({"starts_at": START - 9, "ends_at": NOW}, "ended"),
            ({"ended_at": NOW - 1}, "ended"),
        ],
    )
    async def test_are_active_to_come_or_over(
        self, visitor: Visitor, desk: FrontDesk, named: dict[str, Any], state: str
    ) -> None:
        desk.known = [silence(**named)]
        [found] = (await visitor.get("silences"))["silences"]
        assert found["state"] == state

    async def test_can_be_wanted_for_a_while_from_now(
        self, visitor: Visitor, desk: FrontDesk
    ) -> None:
        answer = await visitor.post("silences", {**EMAIL, "comment": "moving"})
        [said] = desk.said
        assert said == Silence(
            id="new",
            matchers=parse_matchers(["channel=email"]),
            starts_at=NOW,
            ends_at=NOW + 7200,
            author="ana",
            comment="moving",
            created_at=NOW,
        )
        assert (answer["id"], answer["ends_at"]) == ("new", "2026-03-01T12:01:00Z")

    async def test_can_be_wanted_between_two_moments(
        self, visitor: Visitor, desk: FrontDesk
    ) -> None:
        span = {"starts_at": "2026-03-02T00:00:00+01:00", "ends_at": "2026-03-02T06:00:00Z"}
        await visitor.post("silences", {"matchers": ["kpi=revenue"], "author": "ana", **span})
        [said] = desk.said
        assert isinstance(said, Silence)
        assert (said.starts_at, said.ends_at) == (START + 13 * 3600, START + 20 * 3600)

    @pytest.mark.parametrize(
        ("changed", "problem"),
        [
            ({"matchers": ["channel"]}, "is no matcher"),
            ({"matchers": []}, "needs a matcher"),
            ({"matchers": ["channel=~.*"]}, "needs a matcher"),
            ({"matchers": ["channel=~("]}, "("),
            ({"matchers": "channel=email"}, "Expected `array`"),
            ({"for": None}, "either `for`"),
            ({"ends_at": "2026-03-02T06:00:00Z"}, "either `for`"),
            ({"for": "2 hours"}, "'2 hours' is not a length"),
            ({"for": "900d"}, "within a year"),
            ({"starts_at": "soon"}, "starts_at 'soon' is no moment"),
            ({"starts_at": "2026-03-02T06:00:00"}, "with a zone"),
            ({"for": None, "ends_at": "2026-03-01T09:00:00Z"}, "ends after it starts"),
            ({"starts_at": "2026-03-01T00:00:00Z"}, "is over already"),
            ({"author": ""}, "length >= 1"),
            ({"author": None}, "Expected `str`"),
            ({"author": "x" * 501}, "length <= 500"),
            ({"comment": "x" * 501}, "length <= 500"),
            ({"until": "noon"}, "unknown field `until`"),
        ],
    )
    async def test_that_make_no_sense_are_explained(
        self, visitor: Visitor, desk: FrontDesk, changed: dict[str, Any], problem: str
    ) -> None:
        answer = await visitor.post("silences", {**EMAIL, **changed}, 400)
        assert problem in answer["detail"]
        assert desk.said == []

    async def test_are_not_without_an_end(self, visitor: Visitor, desk: FrontDesk) -> None:
        desk.known = [silence(f"{n}") for n in range(MOST_ACTIVE)]
        assert "end some first" in (await visitor.post("silences", EMAIL, 409))["detail"]

    async def test_can_be_ended(self, visitor: Visitor, desk: FrontDesk) -> None:
        desk.known = [silence()]
        answer = await visitor.delete("silences/one", {"author": "bo"})
        assert desk.said == [SilenceEnded(id="one", at=NOW, author="bo")]
        assert answer == {"id": "one", "ended_at": "2026-03-01T10:01:00Z"}

    async def test_that_are_over_or_not_there_cannot(
        self, visitor: Visitor, desk: FrontDesk
    ) -> None:
        desk.known = [silence("over", ended_at=START)]
        await visitor.delete("silences/over", {"author": "bo"}, 409)
        await visitor.delete("silences/none", {"author": "bo"}, 404)
        assert desk.said == []


class TestDeliveries:
    async def test_are_listed_with_what_became_of_them(
        self, visitor: Visitor, desk: FrontDesk
    ) -> None:
        desk.sent = [DELIVERY]
        assert await visitor.get("deliveries?limit=1") == {
            "deliveries": [
                {
                    "receiver": "shop",
                    "group": {"alertname": "roas_below_one"},
                    "message_id": "msg_1",
                    "alerts": [
                        {
                            "fingerprint": FIRING.fingerprint,
                            "state": "firing",
                            "changed_at": "2026-03-01T10:00:00Z",
                        }
                    ],
                    "truncated": 0,
                    "reason": "new",
                    "outcome": "failed",
                    "tries": 2,
                    "status": 503,
                    "problem": "answered 503",
                    "first_try_at": "2026-03-01T10:00:00Z",
                    "last_try_at": "2026-03-01T10:00:01Z",
                    "retry_at": "2026-03-01T10:00:03Z",
                }
            ]
        }

    @pytest.mark.parametrize("limit", ["0", "-1", "many", "1001", "", "9" * 5000])
    async def test_are_not_more_than_a_thousand(self, visitor: Visitor, limit: str) -> None:
        assert "limit" in (await visitor.get(f"deliveries?limit={limit}", 400))["detail"]


class TestReceivers:
    @pytest.mark.parametrize(
        ("is_owner", "disabled", "shown"),
        [(True, (), False), (True, ("shop",), True), (False, (), None)],
    )
    async def test_say_whether_they_want_more(
        self,
        visitor: Visitor,
        desk: FrontDesk,
        is_owner: bool,
        disabled: tuple[str, ...],
        shown: bool | None,
    ) -> None:
        desk.is_owner, desk.disabled = is_owner, frozenset(disabled)
        found = await visitor.get("receivers")
        assert found == {"receivers": [{**RECEIVER, "disabled": shown}], "missing": []}


class TestAWorkerWithoutTheNotifier:
    @pytest.mark.parametrize("path", ["silences", "deliveries"])
    async def test_says_that_another_one_has_it(
        self, visitor: Visitor, desk: FrontDesk, path: str
    ) -> None:
        desk.is_owner = False
        detail = (await visitor.get(f"{path}?scope=worker", 503))["detail"]
        assert detail.startswith("another worker has the notifier, the one partition")
        detail = (await visitor.get(path, 503))["detail"]
        assert detail == "no worker is known to have the notifier at the moment"

    async def test_passes_on_what_people_say(self, visitor: Visitor, desk: FrontDesk) -> None:
        desk.is_owner = False
        await visitor.post("silences", EMAIL)
        await visitor.delete("silences/any", {"author": "bo"})
        assert len(desk.said) == 2

    async def test_takes_nothing_before_it_is_connected(self) -> None:
        async with server(None) as started, ClientSession(started.url) as session:
            await Visitor(session).post("silences", EMAIL, 503)
            await Visitor(session).get("silences", 503)
            await Visitor(session).get("receivers")


async def test_while_the_broker_is_away_nothing_is_promised(
    visitor: Visitor, desk: FrontDesk
) -> None:
    desk.is_away = True
    detail = (await visitor.post("silences", EMAIL, 503))["detail"]
    assert "has not acknowledged it; it may hold all the same" in detail


# -- who may write ---------------------------------------------------------------------------------

WRITES = [
    ("POST", "silences", EMAIL),
    ("DELETE", "silences/one", {"author": "bo"}),
    ("POST", f"alerts/{FIRING.fingerprint}/acknowledge", {"author": "bo"}),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
class TestWhoMayWrite:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({}, 202),
            ({"Host": "localhost:6066"}, 202),
            ({"Host": "[::1]:6066"}, 202),
            ({"Host": "127.0.0.1"}, 202),
            ({"Host": "monitor.example.org"}, 403),
            ({"Host": "127.0.0.1.example.org"}, 403),
            ({"Host": "localhost.example.org:6066"}, 403),
            ({"Host": ""}, 403),
            ({"Host": "localhost", "Origin": "http://localhost"}, 202),
            ({"Host": "localhost", "Origin": "http://evil.example"}, 403),
            ({"Host": "localhost", "Origin": "http://localhost:8000"}, 403),
            ({"Host": "localhost", "Origin": "null"}, 403),
            ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ],
    )
    async def test_without_a_token_it_is_who_is_on_the_machine(
        self,
        visitor: Visitor,
        desk: FrontDesk,
        method: str,
        path: str,
        body: Any,
        headers: dict[str, str],
        status: int,
    ) -> None:
        desk.known = [silence()]
        await visitor.ask(method, path, status, json=body, headers=headers)
        assert len(desk.said) == (status == 202)

    @pytest.mark.parametrize(
        "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
    )
    async def test_a_form_of_a_page_is_no_json(
        self, visitor: Visitor, desk: FrontDesk, method: str, path: str, body: Any, kind: str
    ) -> None:
        headers = {"Content-Type": kind}
        await visitor.ask(method, path, 415, data=b'{"author": "ana"}', headers=headers)
        assert desk.said == []

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            (b'{"author": "' + b"x" * MOST_BYTES + b'"}', 413),
            (b"", 400),
            (b"\xff\xfe", 400),
            (b"[" * 10_000, 400),
            (b'{"author": 1}', 400),
            (b"null", 400),
        ],
    )
    async def test_a_body_is_small_and_right(
        self,
        visitor: Visitor,
        desk: FrontDesk,
        method: str,
        path: str,
        body: Any,
        sent: bytes,
        status: int,
    ) -> None:
        headers = {"Content-Type": "application/json"}
        await visitor.ask(method, path, status, data=sent, headers=headers)
        assert desk.said == []


async def test_a_refused_visitor_is_told_how_to_come_in(desk: FrontDesk) -> None:
    async with (
        server(desk, write_tokens=[TOKEN]) as started,
        ClientSession(started.url) as session,
        session.post("/api/v1/silences", json=EMAIL) as answer,
    ):
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_a_new_silence_says_where_it_is(desk: FrontDesk) -> None:
    async with (
        server(desk) as started,
        ClientSession(started.url) as session,
        session.post("/api/v1/silences", json=EMAIL) as answer,
    ):
        assert answer.headers["Location"] == "/api/v1/silences/new"


# -- docs/api.md -----------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
CALLS = re.findall(r"^curl ((?:.*\\\n)?.*)$", PAGE, re.M)


@pytest.mark.parametrize("call", CALLS)
async def test_a_call_of_the_page_is_taken(visitor: Visitor, desk: FrontDesk, call: str) -> None:
    words = shlex.split(call.replace("\\\n", " "))
    method = "DELETE" if words[:2] == ["-X", "DELETE"] else "POST"
    [url] = [word for word in words if word.startswith("http://127.0.0.1:6066/api/v1/")]
    path = re.sub(r"(?<=alerts/)\w+", FIRING.fingerprint, url.partition("/api/v1/")[2])
    desk.known = [silence(path.rpartition("/")[2])]
    await visitor.ask(method, path, 202, json=json.loads(words[words.index("--json") + 1]))
    assert len(desk.said) == 1


def test_the_page_has_calls_and_the_limits_of_the_code() -> None:
    assert len(CALLS) == 3
    assert f"up to {MOST_BYTES // 1024} kB" in PAGE
    assert f"with {MOST_ACTIVE:,} active silences" in PAGE
    assert f"{MOST_DELIVERIES:,} at most" in " ".join(PAGE.split())
    assert f"{USUAL_DELIVERIES} unless given" in " ".join(PAGE.split())
