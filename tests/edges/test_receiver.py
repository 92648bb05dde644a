"""A webhook receiver for this machine, and alerts as a line for a terminal."""

from __future__ import annotations

import aiohttp
import pytest

from kpistream.core.alerting.alerts import Alert
from kpistream.edges.messages import Credentials, Request, shape_of
from kpistream.edges.receiver import ReceivedAlert, Receiver
from tests.edges.messages import sample
from tests.support.alerting import firing, resolved


def line(status: str, **annotations: str) -> str:
    labels = {
        "alertname": "rule",
        "severity": "warning",
        "kpi": "unsubscribe_rate",
        "window": "1m",
        "owner": "crm",
        "channel": "email",
    }
    said = {"summary": "It is bad.", "action": "Stop it.", **annotations}
    start, end = "2026-03-01T10:00:00Z", "2026-03-01T10:01:00Z"
    return ReceivedAlert(status, labels, said, start, end, "0").line()


def request(alert: Alert, message_id: str = "msg_1") -> Request:
    told = sample.message(alert, message_id=message_id)
    [found] = shape_of("webhook")(told, Credentials())
    return found


async def deliver(receiver: Receiver, sent: Request) -> int:
    headers = {**sent.headers, "webhook-id": sent.message_id}
    async with (
        aiohttp.ClientSession() as session,
        session.post(receiver.url, data=sent.body, headers=headers) as answer,
    ):
        return answer.status


def test_a_firing_alert_says_what_to_do() -> None:
    assert line("firing", value="0.0123456", value_text="1.23 %") == (
        "FIRING warning rule [channel=email] unsubscribe_rate 1.23 % over 1m. "
        "It is bad. -> crm: Stop it."
    )


def test_a_firing_alert_says_why_and_how_sure_if_that_is_known() -> None:
    assert line("firing", value_text="1.23 %", why="It rose.", how_sure="20 events") == (
        "FIRING warning rule [channel=email] unsubscribe_rate 1.23 % over 1m. "
        "It is bad. It rose. 20 events. -> crm: Stop it."
    )


def test_a_resolved_alert_only_says_since_when_it_was() -> None:
    assert line("resolved", value="0.005", value_text="0.5 %") == (
        "RESOLVED warning rule [channel=email] unsubscribe_rate 0.5 % over 1m, "
        "since 2026-03-01T10:00:00Z"
    )


def test_the_number_is_shown_where_nobody_put_it_in_words() -> None:
    assert "unsubscribe_rate 0.005 over" in line("firing", value="0.005")


async def test_the_receiver_shows_each_alert_once() -> None:
    sent = [request(firing()), request(firing()), request(resolved(), "msg_2")]
    async with Receiver() as receiver:
        assert [await deliver(receiver, each) for each in sent] == [200, 200, 200]
        shown = [await receiver.next(), await receiver.next()]
        assert receiver.waiting == 0
    assert [one.status for one in shown] == ["firing", "resolved"]
    assert shown[0].line() == (
        "FIRING critical roas_below_one [channel=ads campaign=autumn] return_on_ad_spend "
        "80 % over 1h. A campaign earns less than it costs. raw threshold, not tested; "
        "100 events. -> performance marketing: Pause the campaign."
    )


async def test_a_shown_alert_cannot_move_the_cursor() -> None:
    hostile = line("firing", summary="\x1b[2Jgone\nnew")
    assert " [2Jgone new" in hostile
    assert hostile.isprintable()


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
        body = request(firing()).body
        for status, asked_s in ((200, None), (503, "1")):
            async with session.post(receiver.url, data=body) as response:
                assert response.status == status
                assert response.headers.get("Retry-After") == asked_s
        assert receiver.waiting == 1
