import json
from typing import Any

import aiohttp
import pytest

from kpistream.core.alerting.alerts import judge
from kpistream.edges.alertmanager_payload import message_id, number_text, payload
from kpistream.edges.receiver import Receiver
from kpistream.edges.webhook import Delivery, DeliveryOutcome, Target, WebhookSender
from tests.support.alerting import firing, reading, resolved, rule

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
