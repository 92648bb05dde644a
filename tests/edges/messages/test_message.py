"""Messages, and the requests that carry them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kpistream.core.alerting.alerts import AlertState
from kpistream.core.alerting.telling.dispatches import Dispatch
from kpistream.edges.messages import Credentials, Message
from kpistream.edges.messages.message import post
from tests.edges.messages import sample


def test_a_message_says_what_a_dispatch_asks_for() -> None:
    dispatch = Dispatch(
        receiver="chat",
        group=(("alertname", "roas_below_one"),),
        message_id="msg_1",
        alerts=(sample.roas(),),
        truncated=2,
        tries=1,
        refusals=0,
        failures=1,
        first_try_at=1.0,
        at=7.0,
        reason="repeat",
        number=3,
        repeat=1,
    )
    assert Message.of(dispatch, sample.LINKS) == Message(
        receiver="chat",
        group_key='{}:{alertname="roas_below_one"}',
        group_labels={"alertname": "roas_below_one"},
        message_id="msg_1",
        alerts=(sample.roas(),),
        truncated=2,
        reason="repeat",
        links=sample.LINKS,
        now=7.0,
    )


@pytest.mark.parametrize("alerts", [(), (sample.roas(state=AlertState.pending),)])
def test_a_message_tells_of_alerts_that_fire_or_are_resolved(alerts: tuple[()]) -> None:
    with pytest.raises(ValueError, match="fire or are resolved"):
        sample.message(*alerts)


def test_a_message_fires_as_long_as_one_of_its_alerts_does() -> None:
    assert sample.message(sample.roas(), sample.over()).status == "firing"
    assert sample.message(sample.over()).status == "resolved"


def test_alerts_without_room_are_counted() -> None:
    told = sample.message(sample.roas(), sample.unsubscribes(), sample.over(), truncated=4)
    fewer = told.fewer(1)
    assert (fewer.alerts, fewer.truncated) == ((sample.roas(),), 6)


def test_secrets_are_never_shown() -> None:
    secret = Credentials(url="https://s3cret", routing_key="s3cret", headers={"X": "s3cret"})
    request = post(sample.message(sample.roas()), secret, b"s3cret")
    assert "s3cret" not in f"{secret!r} {request!r}"


def test_a_receiver_has_headers_of_its_own() -> None:
    credentials = replace(sample.CREDENTIALS, headers={"Authorization": "Bearer x"})
    request = post(sample.message(sample.roas()), credentials, b"{}")
    assert request.headers == {"Authorization": "Bearer x", "Content-Type": "application/json"}
