"""What is told to whom: durable before and after each try, whatever receivers and workers do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog

from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.telling.dispatches import Dispatch
from kpistream.core.alerting.telling.routing import FINGERPRINT, ReceiverPlan
from kpistream.core.alerting.telling.silences import SilenceEnded
from kpistream.edges.retry import RetryPolicy
from kpistream.edges.web.desk import BrokerAway
from kpistream.edges.webhook import Attempt, AttemptResult
from kpistream.stream import notifying
from kpistream.stream.controls import encode_control
from kpistream.stream.courier import MOST_AT_ONCE
from kpistream.stream.notifying import OLD_S
from kpistream.stream.sender import SendError
from tests.support.alerting import START, firing, resolved
from tests.support.notified import LAYOUT, Broker, Worker, acknowledged, settle, silence

OK, FAILED, REFUSED, DENIED, DISABLED = (
    AttemptResult.delivered,
    AttemptResult.failed,
    AttemptResult.refused,
    AttemptResult.denied,
    AttemptResult.disabled,
)


class Chat:
    """A receiver that takes what it is told as its script says, and then everything."""

    def __init__(self, name: str = "chat", *script: AttemptResult, **plan: Any) -> None:
        usual = {"group_wait_s": 0.0, "group_interval_s": 0.0}
        self.plan = ReceiverPlan(name=name, **{**usual, **plan})
        self.policy = RetryPolicy(give_up_after_s=1000.0, most_refusals=2)
        self.script = list(script)
        self.told: list[list[str]] = []
        self.ids: list[str] = []
        self.hangs = False
        self.is_stubborn = False
        self.running = 0
        self.before: Callable[[Dispatch], None] = lambda _: None

    async def tell(self, dispatch: Dispatch) -> Attempt:
        self.before(dispatch)
        self.told.append([str(alert.state) for alert in dispatch.alerts])
        self.ids.append(dispatch.message_id)
        self.running += 1
        try:
            if self.hangs:
                await asyncio.Event().wait()
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            if not self.is_stubborn:
                raise
        finally:
            self.running -= 1
        result = self.script.pop(0) if self.script else OK
        status, problem = (200, "") if result is OK else (503, "answered 503")
        return Attempt("example.org", dispatch.tries + 1, result, status, problem)


@asynccontextmanager
async def worker(broker: Broker, *chats: Chat) -> AsyncIterator[Worker]:
    started = Worker(broker, *chats)
    started.start()
    await settle()
    try:
        yield started
    finally:
        await started.kill()


def campaigns(count: int) -> list[Alert]:
    """Alerts that fire for so many campaigns."""
    return [firing(slice=(("channel", "ads"), ("campaign", f"c{n}"))) for n in range(count)]


class TestDeliveries:
    async def test_follow_the_alert_and_are_not_repeated_by_a_restart(self) -> None:
        broker, chat = Broker(), Chat()
        async with worker(broker, chat) as first:
            await first.take(firing())
        async with worker(broker, chat) as second:
            await second.take(firing())
            await second.take(resolved())
        async with worker(broker, chat):
            pass
        assert chat.told == [["firing"], ["resolved"]]
        assert LAYOUT.dead_letters not in broker.topics

    async def test_are_durable_before_their_first_byte_is_sent(self) -> None:
        broker, chat = Broker(), Chat()
        durable: list[bool] = []
        chat.before = lambda dispatch: durable.append(broker.knows(dispatch.message_id))
        async with worker(broker, chat) as one:
            await one.take(firing())
        assert durable == [True]

    async def test_do_not_tell_of_what_fired_long_ago_when_the_log_is_read_anew(self) -> None:
        chat = Chat()
        async with worker(Broker(), chat) as one:
            await one.take(firing(), ago_s=OLD_S + 1)
            assert chat.told == []
            await one.take(resolved(), ago_s=OLD_S)
            await one.take(firing(START + 600))
        assert chat.told == [["firing"]]

    async def test_tell_of_what_fired_long_ago_and_is_told_of_again(self) -> None:
        broker, chat = Broker(), Chat()
        async with worker(broker, chat) as one:
            await one.take(firing(), ago_s=OLD_S + 1)
            await one.take(firing())
        assert chat.told == [["firing"]]

    async def test_tell_of_an_end_however_late_it_is_read(self) -> None:
        chat = Chat()
        async with worker(Broker(), chat) as one:
            await one.take(firing())
            await one.take(resolved(), ago_s=10 * OLD_S)
        assert chat.told == [["firing"], ["resolved"]]

    @pytest.mark.parametrize("result", [FAILED, REFUSED, DENIED])
    async def test_are_tried_again_under_the_same_id(self, result: AttemptResult) -> None:
        chat = Chat("chat", result)
        async with worker(Broker(), chat) as one:
            await one.take(firing())
            assert (len(chat.told), one.waiting) == (1, {"chat": 1})
            await one.at(1)
            assert (len(chat.told), one.waiting) == (2, {"chat": 0})
            assert one.tries == {("chat", result.value): 1, ("chat", "delivered"): 1}
        assert len(set(chat.ids)) == 1

    async def test_tell_the_newest_state_of_what_changed_meanwhile(self) -> None:
        chat = Chat("chat", FAILED)
        async with worker(Broker(), chat) as one:
            await one.take(firing())
            await one.take(resolved(START + 1))
            await one.at(2)
        assert chat.told == [["firing"], ["resolved"]]
        assert len(set(chat.ids)) == 2

    async def test_to_one_that_wants_no_more_end(self) -> None:
        chat = Chat("chat", DISABLED)
        async with worker(Broker(), chat) as one:
            await one.take(firing())
            await one.take(resolved(START + 1))
            await one.at(100_000)
            assert one.stage.disabled == {"chat"}
        assert chat.told == [["firing"]]

    async def test_to_a_slow_receiver_delay_no_other_one(self) -> None:
        slow, quick = Chat("slow"), Chat("quick")
        slow.hangs = True
        async with worker(Broker(), slow, quick) as one:
            await one.take(firing())
            await one.take(resolved())
            assert (slow.told, quick.told) == ([["firing"]], [["firing"], ["resolved"]])

    async def test_are_but_a_few_at_once_for_each_receiver(self) -> None:
        chat = Chat(group_by=(FINGERPRINT,))
        chat.hangs = True
        async with worker(Broker(), chat) as one:
            await one.take(*campaigns(MOST_AT_ONCE + 3))
            assert chat.running == MOST_AT_ONCE
            await one.at(1)
            assert chat.running == MOST_AT_ONCE
        assert chat.running == 0

    async def test_that_nobody_foresaw_to_fail_fail_alone(self) -> None:
        broken, sound = Chat("broken"), Chat("sound")

        def burst(_: Dispatch) -> None:
            raise ZeroDivisionError

        broken.before = burst
        async with worker(Broker(), broken, sound) as one:
            with structlog.testing.capture_logs() as logs:
                await one.take(firing())
            assert sound.told == [["firing"]]
            assert one.tries == {("broken", "failed"): 1, ("sound", "delivered"): 1}
        assert "ZeroDivisionError" in [line.get("problem") for line in logs]

    async def test_are_logged_without_what_they_say(self) -> None:
        async with worker(Broker(), Chat("chat", FAILED)) as one:
            with structlog.testing.capture_logs() as logs:
                await one.take(firing())
        [line] = [line for line in logs if line["event"] == "notification"]
        assert (line["receiver"], line["outcome"], line["status"]) == ("chat", "failed", 503)
        assert line["group"] == '{}:{alertname="roas_below_one"}'
        assert (line["tries"], line["again_in_s"], line["log_level"]) == (1, 0.4, "error")


class TestAReceiverThatTakesNothing:
    async def test_leaves_dead_letters_that_are_durable_before_the_end_is(self) -> None:
        broker, chat, alert = Broker(), Chat("chat", REFUSED, REFUSED), firing()
        async with worker(broker, chat) as one:
            await one.take(alert)
            await one.at(1)
            assert one.tries[("chat", "gave_up")] == 1
            assert one.waiting == {"chat": 0}
        [(key, value, headers)] = broker.topics[LAYOUT.dead_letters]
        assert key == alert.fingerprint.encode()
        assert json.loads(value)["changed_at"] == alert.to_dict()["changed_at"]
        assert dict(headers) == {
            "receiver": b"chat",
            "outcome": b"gave_up",
            "problem": b"answered 503",
            "message_id": chat.ids[0].encode(),
        }
        assert broker.written[-2:] == [LAYOUT.dead_letters, LAYOUT.notified_table]

    async def test_is_told_of_the_next_change(self) -> None:
        chat = Chat("chat", REFUSED, REFUSED)
        async with worker(Broker(), chat) as one:
            await one.take(firing())
            await one.at(1)
            await one.take(resolved(START + 2))
            await one.at(3)
        assert chat.told == [["firing"], ["firing"], ["resolved"]]

    async def test_is_tried_no_more_when_a_restart_follows(self) -> None:
        broker, chat = Broker(), Chat("chat", REFUSED, REFUSED)
        async with worker(broker, chat) as one:
            await one.take(firing())
            await one.at(1)
        async with worker(broker, chat) as other:
            await other.at(2)
        assert len(chat.told) == 2


class TestAPartitionThatMoves:
    async def test_breaks_tries_off_and_the_next_owner_sends_the_same_message(self) -> None:
        broker, chat = Broker(), Chat()
        chat.hangs = True
        async with worker(broker, chat) as loser:
            await loser.take(firing())
            assert chat.running == 1
            await loser.stage.flush()
            loser.stage.on_partition_revoked(0)
            await settle()
            assert (chat.running, loser.stage.is_owner, loser.waiting) == (0, False, {})
            chat.hangs = False
            async with worker(broker, chat):
                pass
        assert chat.told == [["firing"], ["firing"]]
        assert len(set(chat.ids)) == 1

    async def test_counts_no_try_that_ends_after_it_has_gone(self) -> None:
        broker, chat = Broker(), Chat()
        chat.hangs = chat.is_stubborn = True
        async with worker(broker, chat) as loser:
            await loser.take(firing())
            written = len(broker.written)
            loser.stage.on_partition_revoked(0)
            await settle()
            assert (chat.running, loser.tries, len(broker.written)) == (0, {}, written)

    async def test_can_come_back_to_the_same_worker(self) -> None:
        broker, chat = Broker(), Chat()
        async with worker(broker, chat) as one:
            await one.take(firing())
            one.stage.on_partition_revoked(0)
            await settle()
            await one.kill()
            one.start()
            await one.take(resolved())
        assert chat.told == [["firing"], ["resolved"]]

    async def test_is_not_there_before_it_has_recovered(self) -> None:
        stage = Worker(Broker(), Chat()).stage
        stage.on_partition_assigned(0)
        assert not stage.is_owner
        assert stage.suppression(firing()) is None
        assert (stage.silences(), stage.deliveries(9), stage.disabled) == ((), (), frozenset())

    async def test_leaves_a_failure_to_write_to_whoever_runs_the_courier(self) -> None:
        broker, chat = Broker(), Chat()
        chat.hangs = True
        async with worker(broker, chat) as one:
            broker.is_away = True
            with pytest.raises(SendError):
                await one.take(firing())
            await one.at(1)
            [error] = await asyncio.gather(*one.tasks, return_exceptions=True)
        assert "what is to be told" in str(error)
        assert chat.told == []


class TestWhatPeopleSay:
    async def test_is_taken_from_the_log_in_its_order(self) -> None:
        chat = Chat()
        async with worker(Broker(), chat) as one:
            await one.take(silence(), firing())
            assert chat.told == []
            assert one.stage.suppression(firing()).silenced_by == ("one",)  # type: ignore[union-attr]
            await one.take(SilenceEnded(id="one", at=START))
            assert chat.told == [["firing"]]

    async def test_of_silences_is_kept_by_a_restart(self) -> None:
        broker, chat = Broker(), Chat()
        async with worker(broker, chat) as one:
            await one.take(silence(), firing())
        async with worker(broker, chat) as other:
            assert [held.id for held in other.stage.silences()] == ["one"]
            assert chat.told == []
            await other.at(601)
            assert chat.told == [["firing"]]

    async def test_of_acknowledging_is_kept_by_a_restart(self) -> None:
        broker, chat = Broker(), Chat(repeat_interval_s=60.0)
        async with worker(broker, chat) as one:
            await one.take(firing())
            await one.at(61)
            assert len(chat.told) == 2
            await one.take(acknowledged(firing()))
        async with worker(broker, chat) as other:
            await other.at(600)
            assert len(chat.told) == 2
            await other.take(resolved(START + 601))
            assert chat.told[-1] == ["resolved"]

    async def test_gets_to_the_log_whoever_has_the_notifier(self) -> None:
        broker = Broker()
        await Worker(broker).stage.say(silence())
        assert broker.topics == {LAYOUT.alerts: [encode_control(silence())]}

    async def test_is_not_said_to_be_there_when_the_broker_is_away(self) -> None:
        broker = Broker()
        broker.is_away = True
        with pytest.raises(BrokerAway):
            await Worker(broker).stage.say(silence())

    async def test_is_not_waited_for_without_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Silent(Broker):
            async def send_all(self, rows: Any) -> None:
                await asyncio.Event().wait()

        monkeypatch.setattr(notifying, "SAY_S", 0.01)
        with pytest.raises(BrokerAway):
            await Worker(Silent()).stage.say(silence())

    @pytest.mark.parametrize(
        "bad",
        [
            (b"silence:one", b""),
            (b"silence:one", b"\x02\x80"),
            (b"silence:one", b"\x01\xff"),
            (b"ack:one", b"\x01\x80"),
            (b"0123456789abcdef", b"no alert"),
            (b"", b""),
        ],
    )
    async def test_that_cannot_be_read_is_left_out_and_logged(
        self, bad: tuple[bytes, bytes]
    ) -> None:
        chat = Chat()
        async with worker(Broker(), chat) as one:
            with structlog.testing.capture_logs() as logs:
                await one.take(bad, firing())
        assert "left out of the topic of alerts" in [line["event"] for line in logs]
        assert chat.told == [["firing"]]
