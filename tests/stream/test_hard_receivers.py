"""Receivers that misbehave, by real sockets: each hears the newest in the end, and no other waits.

Tests set the clock by which tries are due; only what a try does takes real time.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import pairwise
from typing import Any, Final

import pytest
import trustme

from kpistream.cli.wiring.receivers import HttpReceiver, HttpWay, ReceiverSpec
from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.telling.dispatches import Dispatch, Identity
from kpistream.core.alerting.telling.routing import FINGERPRINT, ReceiverPlan
from kpistream.edges.egress import Egress
from kpistream.edges.messages import Credentials, Links
from kpistream.edges.retry import RetryPolicy
from kpistream.edges.webhook import Attempt, AttemptResult, Target, WebhookSender
from kpistream.stream.courier import MOST_AT_ONCE
from tests.support.alerting import START, firing, resolved
from tests.support.hard_host import OK, Answer, HardHost, drips, floods, hangs, hangs_up, says
from tests.support.notified import LAYOUT, Broker, Worker, settle
from tests.support.ports import kept_port

LOOPBACK: Final = ip_network("127.0.0.0/8")
TRUSTED, STRANGE = trustme.CA(), trustme.CA()

SHIPPED: Final = RetryPolicy()
PATIENT: Final = RetryPolicy(try_s=20.0, first_wait_s=0.002, longest_wait_s=0.02)
BRIEF: Final = RetryPolicy(try_s=0.3, first_wait_s=0.002, longest_wait_s=0.02)

MOST_TRIES: Final = 50
"""Where the machine is slow, a brief try of a host that is well again may fail, too."""

DELIVERED, FAILED, REFUSED, DISABLED = (
    AttemptResult.delivered,
    AttemptResult.failed,
    AttemptResult.refused,
    AttemptResult.disabled,
)
FIRES, ENDED = {"autumn": "firing"}, {"autumn": "resolved"}


# -- who takes part --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Try:
    """A try: when it was due (seconds after the start), what it said, and what came of it."""

    at_s: float
    message_id: str
    told: tuple[Identity, ...]
    states: dict[str, str]
    attempt: Attempt


class Listener(HttpReceiver):
    """A receiver as the settings make it, with a patience of its own, that remembers its tries."""

    def __init__(
        self, spec: ReceiverSpec, way: HttpWay, sender: WebhookSender, policy: RetryPolicy
    ) -> None:
        super().__init__(spec, way, sender, Links())
        self._policy = policy
        self.running = 0
        self.tries: list[Try] = []

    @property
    def policy(self) -> RetryPolicy:
        return self._policy

    @property
    def results(self) -> list[AttemptResult]:
        return [one.attempt.result for one in self.tries]

    async def tell(self, dispatch: Dispatch) -> Attempt:
        self.running += 1
        try:
            attempt = await super().tell(dispatch)
        finally:
            self.running -= 1
        states = {alert.all_labels["campaign"]: alert.state.value for alert in dispatch.alerts}
        at_s, told = dispatch.at - START, dispatch.identities
        self.tries.append(Try(at_s, dispatch.message_id, told, states, attempt))
        return attempt


class Story:
    """A worker, a hard receiver, which it is about, and a good one, which must not notice."""

    def __init__(self, worker: Worker, host: HardHost, hard: Listener, good: Listener) -> None:
        self.worker = worker
        self.host = host
        self.hard = hard
        self.good = good

    async def take(self, *alerts: Alert) -> None:
        """These are in the log; the good receiver has heard of them before any time went by."""
        at_s, before = self.worker.now_s - START, len(self.good.tries)
        await self.worker.take(*alerts)
        await until_calm(self.good)
        news = self.good.tries[before:]
        assert {(one.at_s, one.attempt.result) for one in news} == {(at_s, DELIVERED)}
        told = {identity for one in news for identity in one.told}
        assert {alert.identity for alert in alerts} <= told

    async def at(self, seconds: float) -> None:
        """So long after the start, and what was begun then has ended."""
        await self.worker.at(seconds)
        await until_calm(self.hard, self.good)

    async def until_delivered(self, at_s: float) -> None:
        """Try, second by second, until the hard receiver has taken what it is owed."""
        for seconds in range(MOST_TRIES):
            await self.at(at_s + seconds)
            if self.hard.results[-1] is DELIVERED:
                return
        pytest.fail(f"never delivered: {self.hard.tries[-1]}")

    async def assert_nothing_is_owed(self) -> None:
        """An hour later nobody has heard anything more, and nothing was given up."""
        told = len(self.hard.tries), len(self.good.tries)
        await self.at(self.worker.now_s - START + 3_600)
        assert (len(self.hard.tries), len(self.good.tries)) == told
        assert self.worker.waiting == {"hard": 0, "good": 0}
        assert LAYOUT.dead_letters not in self.worker.broker.topics

    def assert_ids_name_what_is_said(self) -> None:
        """Each try of the same words has the same id, and other words have another."""
        ids = defaultdict(set)
        for one in self.hard.tries:
            ids[one.told].add(one.message_id)
        assert {len(found) for found in ids.values()} == {1}
        assert len({one.message_id for one in self.hard.tries}) == len(ids)


async def until_calm(*listeners: Listener) -> None:
    """Wait until what is due was tried, and has ended."""
    await settle()
    async with asyncio.timeout(60):
        while any(one.running for one in listeners):
            await asyncio.sleep(0.002)
            await settle()


@asynccontextmanager
async def story(
    policy: RetryPolicy, answer: Answer = OK, broker: Broker | None = None, **named: Any
) -> AsyncIterator[Story]:
    """A worker that has recovered; nobody listens at the hard receiver's host yet."""
    scheme = named.pop("scheme", "http")
    async with AsyncExitStack() as stack:
        host = HardHost(stack.enter_context(kept_port()), answer)
        other = HardHost(stack.enter_context(kept_port()))
        for each in (host, other):
            stack.push_async_callback(each.down)
        await other.up()
        hard = await listener(stack, "hard", f"{scheme}://127.0.0.1:{host.port}", policy, **named)
        good = await listener(stack, "good", f"http://127.0.0.1:{other.port}", PATIENT, **named)
        worker = Worker(broker or Broker(), hard, good)
        worker.start()
        stack.push_async_callback(worker.kill)
        await settle()
        yield Story(worker, host, hard, good)


async def listener(
    stack: AsyncExitStack, name: str, url: str, policy: RetryPolicy, **plan: Any
) -> Listener:
    trust = ssl.create_default_context()
    TRUSTED.configure_trust(trust)
    target = Target.parse(f"{url}/alerts")
    way = HttpWay(target, (LOOPBACK,), Credentials(url=str(target.url)), None)
    timing = {"group_wait_s": 0.0, "group_interval_s": 0.0, **plan}
    spec = ReceiverSpec((name,), "webhook", ReceiverPlan(name=name, **timing), way)
    egress = Egress([LOOPBACK], tls=trust)
    sender = await stack.enter_async_context(WebhookSender(target, policy, egress=egress))
    return Listener(spec, way, sender, policy)


def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def campaigns(*names: str, at_s: float = 0.0, ended: bool = False) -> list[Alert]:
    """Alerts of campaigns that fire, or ended, since so many seconds after the start."""
    made = resolved if ended else firing
    return [made(START + at_s, slice=(("channel", "ads"), ("campaign", name))) for name in names]


# -- what they do ----------------------------------------------------------------------------------

GOOD: Final = b"HTTP/1.1 200 OK\r\n"
BAD: Final = b"HTTP/1.1 503 Unavailable\r\n"

BAD_ANSWERS: Final = {
    "500": (says(500), PATIENT, FAILED, "answered 500"),
    "429": (says(429, "Retry-After: 0"), PATIENT, FAILED, "answered 429"),
    "404": (says(404), PATIENT, REFUSED, "answered 404"),
    "302": (
        says(302, "Location: /elsewhere"),
        PATIENT,
        FAILED,
        "answered 302 (redirects are not followed)",
    ),
    "no answer": (hangs, BRIEF, FAILED, "no answer within 0.3 s"),
    "a status a byte at a time": (
        drips(b"", b"HTTP/1.1 200 " + b"O" * 9_000),
        BRIEF,
        FAILED,
        "no answer within 0.3 s",
    ),
    "headers a byte at a time": (drips(GOOD, b"a: b\r\n"), BRIEF, FAILED, "no answer within 0.3 s"),
    "a body a byte at a time": (drips(BAD + b"\r\n", b"x"), PATIENT, FAILED, "answered 503"),
    "a body without an end": (
        floods(BAD + b"\r\n", b"x" * 65_536),
        PATIENT,
        FAILED,
        "answered 503",
    ),
    "headers without an end": (floods(GOOD, b"a: b\r\n"), PATIENT, FAILED, "ClientResponseError"),
    "no HTTP": (floods(b"", b"\x16\x03\x01\x02" * 100), PATIENT, FAILED, "ClientResponseError"),
    "hung up": (hangs_up, PATIENT, FAILED, "ServerDisconnectedError"),
}


async def assert_it_hears_the_end_once_it_is_well(
    it: Story, well: ssl.SSLContext | None = None
) -> list[Try]:
    """An alert fires and ends while the host is hard; the tries until then."""
    await it.take(firing())
    await until_calm(it.hard)
    await it.at(1)
    await it.take(resolved(START + 1))
    await it.at(2)
    hard_tries = it.hard.tries[:]
    await it.host.down()
    it.host.answer = OK
    await it.host.up(well)
    await it.until_delivered(3)
    await it.assert_nothing_is_owed()
    it.assert_ids_name_what_is_said()
    assert [one.states for one in hard_tries] == [FIRES, FIRES, ENDED]
    assert [one.attempt.number for one in hard_tries] == [1, 2, 1]
    assert it.host.heard[-1] == ("/alerts", hard_tries[-1].message_id, ENDED)
    assert {heard.path for heard in it.host.heard} == {"/alerts"}
    return hard_tries


class TestAHostThatWasHard:
    @pytest.mark.parametrize(
        ("answer", "policy", "result", "problem"), BAD_ANSWERS.values(), ids=BAD_ANSWERS
    )
    async def test_hears_the_end_of_what_it_may_have_heard(
        self,
        answer: Answer,
        policy: RetryPolicy,
        result: AttemptResult,
        problem: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("kpistream.edges.webhook.MAX_ANSWER_S", 0.1)
        async with story(policy, answer) as it:
            await it.host.up()
            tries = await assert_it_hears_the_end_once_it_is_well(it)
        told = {(one.attempt.result, one.attempt.problem) for one in tries}
        assert told == {(result, problem)}
        assert {heard.message_id for heard in it.host.heard} >= {t.message_id for t in tries}

    async def test_hears_the_end_when_nobody_had_listened(self) -> None:
        async with story(PATIENT) as it:
            tries = await assert_it_hears_the_end_once_it_is_well(it)
        refused = "cannot connect (ConnectionRefusedError)"
        assert {one.attempt.problem for one in tries} == {refused}
        assert [heard.states for heard in it.host.heard] == [ENDED]

    async def test_hears_the_end_when_its_certificate_was_not_to_be_trusted(self) -> None:
        async with story(PATIENT, scheme="https") as it:
            await it.host.up(tls(STRANGE))
            tries = await assert_it_hears_the_end_once_it_is_well(it, tls(TRUSTED))
        assert {"certificate is not trusted" in one.attempt.problem for one in tries} == {True}
        assert [heard.states for heard in it.host.heard] == [ENDED]

    @pytest.mark.parametrize(
        ("meanwhile", "states", "is_the_first"),
        [
            ([], FIRES, True),
            ([resolved(START + 1)], ENDED, False),
            ([resolved(START + 1), firing(START + 2)], FIRES, False),
            ([resolved(START + 1), firing(START + 2), resolved(START + 3)], ENDED, False),
        ],
        ids=["nothing", "an end", "a new beginning", "a new end"],
    )
    async def test_hears_what_is_newest_once(
        self, meanwhile: list[Alert], states: dict[str, str], is_the_first: bool
    ) -> None:
        async with story(PATIENT) as it:
            await it.take(firing())
            await until_calm(it.hard)
            for alert in meanwhile:
                await it.take(alert)
            await it.host.up()
            await it.until_delivered(10)
            await it.assert_nothing_is_owed()
            it.assert_ids_name_what_is_said()
        [heard] = it.host.heard
        assert heard.states == states
        assert (heard.message_id == it.hard.tries[0].message_id) is is_the_first


class TestAHostThatSays:
    @pytest.mark.parametrize(
        "answer",
        [floods(GOOD + b"\r\n", b"x" * 65_536), drips(GOOD + b"\r\n", b"x")],
        ids=["as fast as it can", "a byte at a time"],
    )
    async def test_yes_without_an_end_is_told_once(self, answer: Answer) -> None:
        async with story(BRIEF, answer) as it:
            await it.host.up()
            await it.take(firing())
            await until_calm(it.hard)
            await it.until_delivered(1)
            told = len(it.hard.tries)
            await it.assert_nothing_is_owed()
        assert it.hard.results == [FAILED] * (told - 1) + [DELIVERED]

    async def test_when_to_come_back_is_not_asked_before(self) -> None:
        async with story(PATIENT, says(429, "Retry-After: 60")) as it:
            await it.host.up()
            await it.take(firing())
            await until_calm(it.hard)
            it.host.answer = OK
            await it.take(resolved(START + 1))
            await it.at(59.9)
            assert it.hard.results == [FAILED]
            await it.at(60)
            assert it.hard.results == [FAILED, DELIVERED]
            await it.assert_nothing_is_owed()
        assert [heard.states for heard in it.host.heard] == [FIRES, ENDED]

    async def test_that_it_is_gone_is_asked_no_more_before_a_restart(self) -> None:
        broker = Broker()
        async with story(PATIENT, says(410), broker) as it:
            await it.host.up()
            await it.take(firing())
            await until_calm(it.hard)
            await it.take(resolved(START + 1))
            await it.at(7_200)
            assert len(it.host.heard) == len(it.hard.tries) == 1
            assert it.worker.stage.disabled == {"hard"}
            assert it.worker.tries == {("hard", "disabled"): 1, ("good", "delivered"): 2}
            [delivery] = [d for d in it.worker.stage.deliveries(9) if d.receiver == "hard"]
            assert (delivery.outcome, delivery.status) == ("disabled", 410)
            assert delivery.problem == "answered 410 (switched off)"
        async with story(PATIENT, OK, broker) as it:
            await it.host.up()
            await it.until_delivered(7_201)
            assert it.worker.stage.disabled == frozenset()
            await it.assert_nothing_is_owed()
        assert [heard.states for heard in it.host.heard] == [ENDED]


async def test_a_host_that_never_answers_holds_up_nobody() -> None:
    names = [f"c{n}" for n in range(5 * MOST_AT_ONCE)]
    async with story(PATIENT, hangs, group_by=(FINGERPRINT,)) as it:
        await it.host.up()
        await it.take(*campaigns(*names))
        await it.take(*campaigns(*names, at_s=1, ended=True))
        assert len(it.good.tries) == 2 * len(names)
        assert (it.hard.running, it.hard.tries) == (MOST_AT_ONCE, [])
        assert it.worker.waiting == {"hard": MOST_AT_ONCE, "good": 0}


async def test_a_host_that_is_away_for_ten_minutes_hears_in_one_message_how_things_are() -> None:
    """Tried as the settings ship it: rarer and rarer, by a clock that goes on in steps of 5 s."""
    news = {
        100: campaigns("autumn", at_s=100, ended=True),
        300: campaigns("spring", at_s=300, ended=True),
        400: campaigns("autumn", at_s=400),
        595: campaigns("winter", at_s=595),
    }
    async with story(SHIPPED) as it:
        await it.take(*campaigns("autumn", "spring"))
        for seconds in range(0, 600, 5):
            await it.at(seconds)
            if seconds in news:
                await it.take(*news[seconds])
            if seconds == 200:
                # Between two tries: the hard receiver cannot have heard of it.
                await it.take(*campaigns("summer", at_s=200))
                await it.take(*campaigns("summer", at_s=200.1, ended=True))
        outage = it.hard.tries[:]
        await it.host.up()
        await it.until_delivered(600)
        await it.take(*campaigns("autumn", "winter", at_s=it.worker.now_s - START, ended=True))
        await until_calm(it.hard)
        await it.assert_nothing_is_owed()
        it.assert_ids_name_what_is_said()
    assert [heard.states for heard in it.host.heard] == [
        {"autumn": "firing", "winter": "firing", "spring": "resolved"},
        {"autumn": "resolved", "winter": "resolved"},
    ]
    waits_s = [after.at_s - before.at_s for before, after in pairwise(outage)]
    assert waits_s == sorted(waits_s)
    assert waits_s[-8:] == [45.0] * 8
    assert {one.attempt.result for one in outage} == {FAILED}
