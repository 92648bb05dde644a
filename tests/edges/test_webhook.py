import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from kpistream.core.alerts import judge
from kpistream.edges.alertmanager_payload import message_id, number_text, payload
from kpistream.edges.receiver import Receiver
from kpistream.edges.retry import RetryPolicy, retry_after_s
from kpistream.edges.webhook import (
    Delivery,
    DeliveryOutcome,
    InvalidWebhookUrl,
    Target,
    Try,
    TryResult,
    WebhookSender,
)
from tests.support.alerting import firing, reading, resolved, rule

SECRET = "T0K3N"  # noqa: S105 - it stands for one
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answer(status: int, **headers: str) -> Answer:
    async def respond(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers=headers, text="an answer")

    return respond


async def hang(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    return web.Response()


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65_536)


async def trickle(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await asyncio.sleep(60)
    return response


@dataclass
class Scene:
    """A server that answers by a script (the last answer stays), and what was seen of a sender."""

    script: list[Answer]
    url: str = ""
    requests: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    tries: list[Try] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    now_s: float = 1000.0

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(dict(request.headers))
        self.bodies.append(await request.read())
        return await self.script[min(len(self.requests), len(self.script)) - 1](request)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_s += seconds

    async def send(self, policy: RetryPolicy | None = None) -> Delivery:
        sender = WebhookSender(
            Target.parse(self.url),
            policy or RetryPolicy(tries=4),
            observe=self.tries.append,
            sleep=self.sleep,
            monotonic_s=lambda: self.now_s,
            random=lambda: 0.0,
        )
        async with sender:
            return await sender.send(b'{"a":1}', "msg_1")

    @property
    def results(self) -> list[tuple[TryResult, int | None]]:
        return [(one.result, one.status) for one in self.tries]


@asynccontextmanager
async def scene(*script: Answer) -> AsyncIterator[Scene]:
    set_up = Scene(list(script))
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", set_up.serve)
    async with TestServer(app) as server:
        set_up.url = str(server.make_url(f"/services/{SECRET}"))
        yield set_up


DELIVERED, REFUSED, FAILED = TryResult.delivered, TryResult.refused, TryResult.failed


async def test_a_message_arrives_as_it_was_sent() -> None:
    async with scene(answer(204)) as it:
        delivery = await it.send()
    assert delivery == Delivery("127.0.0.1", "msg_1", DeliveryOutcome.delivered, 1, 204)
    assert it.bodies == [b'{"a":1}']
    assert it.requests[0]["User-Agent"] == "kpistream"
    assert it.requests[0]["Content-Type"] == "application/json"


async def test_a_failing_receiver_is_tried_again_under_the_same_name() -> None:
    async with scene(answer(500), answer(503), answer(200)) as it:
        delivery = await it.send()
    assert (delivery.outcome, delivery.tries) == (DeliveryOutcome.delivered, 3)
    assert it.results == [(FAILED, 500), (FAILED, 503), (DELIVERED, 200)]
    assert it.waits == [0.5, 1.0]
    assert {one["webhook-id"] for one in it.requests} == {"msg_1"}
    assert {one["Idempotency-Key"] for one in it.requests} == {"msg_1"}


async def test_a_busy_receiver_is_left_alone_for_as_long_as_it_asks() -> None:
    async with scene(answer(429, **{"Retry-After": "7"}), answer(200)) as it:
        delivery = await it.send()
    assert delivery.outcome is DeliveryOutcome.delivered
    assert it.waits == [7.0]


async def test_who_asks_for_too_long_a_wait_is_given_up_without_waiting() -> None:
    async with scene(answer(503, **{"Retry-After": "3600"})) as it:
        delivery = await it.send()
    assert (delivery.outcome, delivery.tries) == (DeliveryOutcome.gave_up, 1)
    assert it.waits == []


async def test_tries_are_bounded_in_number() -> None:
    async with scene(answer(500)) as it:
        delivery = await it.send(RetryPolicy(tries=4))
    assert delivery == Delivery(
        "127.0.0.1", "msg_1", DeliveryOutcome.gave_up, 4, 500, "answered 500"
    )
    assert it.waits == [0.5, 1.0, 2.0]
    assert [result for result, _ in it.results] == [FAILED, FAILED, FAILED, TryResult.gave_up]


async def test_tries_are_bounded_in_time() -> None:
    async with scene(answer(500)) as it:
        delivery = await it.send(RetryPolicy(tries=1000, total_s=30.0, longest_wait_s=8.0))
    assert delivery.outcome is DeliveryOutcome.gave_up
    assert it.waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]


@pytest.mark.parametrize("status", [400, 401, 404, 410, 413])
async def test_a_refusal_is_not_tried_again(status: int) -> None:
    async with scene(answer(status)) as it:
        delivery = await it.send()
    assert (delivery.outcome, delivery.tries, delivery.status) == (
        DeliveryOutcome.refused,
        1,
        status,
    )


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 599])
async def test_an_answer_that_may_change_is_tried_again(status: int) -> None:
    async with scene(answer(status), answer(200)) as it:
        assert (await it.send()).tries == 2


async def test_a_redirect_is_refused_and_not_followed() -> None:
    async with scene(answer(302, Location="/elsewhere"), answer(200)) as it:
        delivery = await it.send()
    assert (delivery.outcome, delivery.status) == (DeliveryOutcome.refused, 302)
    assert delivery.problem == "answered 302 (redirects are not followed)"
    assert len(it.requests) == 1


async def test_a_receiver_that_hangs_is_tried_again() -> None:
    async with scene(hang, answer(200)) as it:
        delivery = await it.send(RetryPolicy(try_s=0.1))
    assert delivery.outcome is DeliveryOutcome.delivered
    assert it.tries[0].problem == "no answer within 0.1 s"


async def test_a_receiver_that_hangs_up_is_tried_again() -> None:
    async with scene(hang_up, answer(200)) as it:
        assert (await it.send()).outcome is DeliveryOutcome.delivered
    assert it.results[-1] == (DELIVERED, 200)


@pytest.mark.parametrize("body", [endless, trickle])
async def test_the_body_of_an_answer_cannot_hold_a_sender(body: Answer) -> None:
    async with scene(body) as it:
        delivery = await it.send(RetryPolicy(try_s=0.5))
    assert (delivery.outcome, delivery.tries) == (DeliveryOutcome.delivered, 1)


async def test_nobody_at_home_is_tried_again_and_given_up() -> None:
    it = Scene([], url=f"http://127.0.0.1:{unused_port()}/services/{SECRET}")
    delivery = await it.send(RetryPolicy(tries=3))
    assert delivery == Delivery(
        "127.0.0.1",
        "msg_1",
        DeliveryOutcome.gave_up,
        3,
        None,
        "cannot connect (ConnectionRefusedError)",
    )


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused_port()}")
    async with scene(answer(200)) as it:
        assert (await it.send()).outcome is DeliveryOutcome.delivered


async def test_the_secret_of_a_url_is_never_shown() -> None:
    target = Target.parse(f"https://user:{SECRET}@hooks.example.com/services/{SECRET}")
    assert str(target) == "hooks.example.com"
    assert SECRET not in repr(target)
    async with scene(answer(404), answer(200)) as it:
        delivery = await it.send()
    assert SECRET not in repr((delivery, it.tries))


@pytest.mark.parametrize(
    "text", ["", "ftp://h/T0K3N", "h/T0K3N", "http:///T0K3N", "http://h:99999/T0K3N", "file:///x"]
)
def test_a_url_that_no_webhook_can_have_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidWebhookUrl) as refused:
        Target.parse(text)
    assert SECRET not in str(refused.value)


async def test_a_sender_that_is_not_open_says_so() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await WebhookSender(Target.parse("http://127.0.0.1/")).send(b"", "msg_1")


@pytest.mark.parametrize(
    ("failed", "asked_s", "chance", "wait_s"),
    [
        (1, None, 0.0, 0.5),
        (1, None, 0.999999, pytest.approx(0.25, abs=1e-5)),
        (4, None, 0.0, 4.0),
        (9999, None, 0.0, 60.0),
        (1, 90.0, 0.0, 90.0),
        (9, 1.0, 0.0, 60.0),
    ],
)
def test_a_wait_doubles_varies_and_respects_what_is_asked(
    failed: int, asked_s: float | None, chance: float, wait_s: float
) -> None:
    assert RetryPolicy().wait_s(failed, asked_s, lambda: chance) == wait_s


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("Sun, 01 Mar 2026 10:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("²", None),
    ],
)
def test_a_receiver_asks_for_time_in_seconds_or_until_a_date(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after_s(header, datetime(2026, 3, 1, 10, tzinfo=UTC)) == seconds


LABELS = {
    "channel": "ads",
    "campaign": "autumn",
    "alertname": "roas_below_one",
    "severity": "critical",
    "kpi": "return_on_ad_spend",
    "window": "1h",
    "owner": "performance marketing",
}
ANNOTATIONS = {
    "summary": "A campaign earns less than it costs.",
    "action": "Pause the campaign.",
    "value": "0.8",
    "threshold": "below 1",
    "sample": "100",
}


def decoded(message: Any) -> Any:
    return json.loads(message.encode())


def test_a_firing_alert_is_told_as_alertmanager_would() -> None:
    assert decoded(payload([firing()], "crm", "https://kpi.example.com")) == {
        "version": "4",
        "groupKey": '{}:{alertname="roas_below_one"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "crm",
        "groupLabels": {"alertname": "roas_below_one"},
        "commonLabels": LABELS,
        "commonAnnotations": ANNOTATIONS,
        "externalURL": "https://kpi.example.com",
        "alerts": [
            {
                "status": "firing",
                "labels": LABELS,
                "annotations": ANNOTATIONS,
                "startsAt": "2026-03-01T10:00:00Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "https://kpi.example.com",
                "fingerprint": firing().fingerprint,
            }
        ],
    }


def test_a_resolved_alert_has_an_end_and_the_labels_and_the_start_it_fired_with() -> None:
    message = payload([resolved()], "crm")
    [told] = message.alerts
    assert (message.status, told["status"]) == ("resolved", "resolved")
    assert told["labels"] == LABELS
    assert told["startsAt"] == "2026-03-01T10:00:00Z"
    assert told["endsAt"] == "2026-03-01T10:05:00Z"
    assert told["fingerprint"] == firing().fingerprint


def test_alerts_of_one_rule_share_a_message_and_what_they_have_in_common() -> None:
    winter, _ = judge(
        rule(for_s=0.0),
        None,
        reading(0.5, slice=(("channel", "ads"), ("campaign", "winter")), currency="EUR"),
        None,
        0.0,
    )
    assert winter is not None
    message = payload([resolved(), winter], "crm")
    assert message.status == "firing"
    assert message.commonLabels == {k: v for k, v in LABELS.items() if k != "campaign"}
    assert "value" not in message.commonAnnotations
    assert message.alerts[1]["labels"]["currency"] == "EUR"


def test_a_rise_tells_both_values() -> None:
    alert, _ = judge(rule(rises_by=0.5, for_s=0.0), None, reading(0.02), reading(0.01), 0.0)
    assert alert is not None
    said = payload([alert], "crm").alerts[0]["annotations"]
    assert (said["previous"], said["value"], said["threshold"]) == ("0.01", "0.02", "rises_by 0.5")


def test_messages_tell_only_of_firing_and_resolved_alerts_of_one_rule() -> None:
    pending, _ = judge(rule(), None, reading(0.8), None, 0.0)
    assert pending is not None
    for wrong in ([], [pending], [firing(), firing(name="another_rule")]):
        with pytest.raises(ValueError, match="of one rule"):
            payload(wrong, "crm")


def test_a_message_is_named_by_the_transitions_it_tells_of() -> None:
    assert message_id([firing()]) == message_id([firing(value=0.4)])
    assert message_id([firing()]) != message_id([resolved()])
    assert message_id([firing()]) != message_id([firing(at_s=1.0)])
    assert message_id([firing(), resolved()]) == message_id([resolved(), firing()])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "no value"),
        (0.8, "0.8"),
        (1 / 3, "0.333333"),
        (12345.678, "12345.7"),
        (1234567.8, "1234568"),
    ],
)
def test_a_value_is_told_in_few_digits(value: float | None, text: str) -> None:
    assert number_text(value) == text


async def deliver(receiver: Receiver, *alerts: Any) -> Delivery:
    async with WebhookSender(Target.parse(receiver.url)) as sender:
        return await sender.send(payload(alerts, "demo").encode(), message_id(alerts))


async def test_the_receiver_shows_each_alert_once() -> None:
    async with Receiver() as receiver:
        for alert in (firing(), firing(), resolved()):
            assert (await deliver(receiver, alert)).outcome is DeliveryOutcome.delivered
        shown = [await receiver.next(), await receiver.next()]
        assert receiver.waiting == 0
    assert [one.status for one in shown] == ["firing", "resolved"]
    assert shown[0].line() == (
        "FIRING critical roas_below_one [channel=ads campaign=autumn] return_on_ad_spend "
        "0.8 over 1h. A campaign earns less than it costs. -> performance marketing: "
        "Pause the campaign."
    )


async def test_a_shown_alert_cannot_move_the_cursor() -> None:
    async with Receiver() as receiver:
        await deliver(receiver, firing(summary="\x1b[2Jgone\nnew"))
        async for alert in receiver.alerts():
            assert " [2Jgone new" in alert.line()
            break


async def test_the_receiver_refuses_what_it_cannot_read() -> None:
    async with Receiver() as receiver, aiohttp.ClientSession() as session:
        for body in (b"", b"[]", b'{"version":"4"}', b"[" * 100_000):
            async with session.post(receiver.url, data=body) as response:
                assert response.status == 400


async def test_a_receiver_that_nobody_reads_asks_to_be_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kpistream.edges.receiver.MAX_WAITING", 1)
    async with Receiver() as receiver, aiohttp.ClientSession() as session:
        body = payload([firing()], "demo").encode()
        for status, asked_s in ((200, None), (503, "1")):
            async with session.post(receiver.url, data=body) as response:
                assert response.status == status
                assert response.headers.get("Retry-After") == asked_s
        assert receiver.waiting == 1
