"""A courier: carries the messages of one receiver, so that no other one waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from kpistream.core.alerting.telling.dispatches import FINAL, Dispatch, Outcome
from kpistream.core.alerting.telling.notifier import Notifier
from kpistream.core.alerting.telling.routing import GroupLabels, ReceiverPlan
from kpistream.edges.metrics import Telemetry
from kpistream.edges.retry import RetryPolicy
from kpistream.edges.webhook import Attempt, AttemptResult

MOST_AT_ONCE: Final = 4
"""The most messages that are on their way to one receiver."""

LONGEST_SLEEP_S: Final = 60.0
"""Clocks are set: so often at least it is looked whether something is due."""

SHORTEST_SLEEP_S: Final = 0.001

_MOST_DELIVERIES: Final = 1_000_000

_AGAIN: Final[Mapping[AttemptResult, Outcome]] = {
    AttemptResult.failed: "failed",
    AttemptResult.refused: "refused",
    AttemptResult.denied: "denied",
}

log = structlog.get_logger(__name__)


class Receiver(Protocol):
    """Somebody who is told of alerts."""

    @property
    def plan(self) -> ReceiverPlan:
        """What they are told, and when."""

    @property
    def policy(self) -> RetryPolicy:
        """How patiently."""

    async def tell(self, dispatch: Dispatch) -> Attempt:
        """Try once to deliver a message; raises nothing for what the receiver does."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What couriers work with: the wall clock (epoch seconds), chance in [0, 1), and `save`.

    ``save`` returns when everything that the notifier has to keep is durable.
    """

    save: Callable[[Notifier], Awaitable[None]]
    telemetry: Telemetry
    clock_s: Callable[[], float]
    random: Callable[[], float]


class Courier:
    """One receiver's messages, from `start` to `stop`: while this worker has the notifier.

    A try is durable before its first byte is sent and after its end, so that a restart tries the
    same message under the same id, and repeats no finished one. At most :data:`MOST_AT_ONCE` are
    under way at once.
    """

    def __init__(self, receiver: Receiver, around: Surroundings) -> None:
        self.receiver = receiver
        self.name = receiver.plan.name
        self._around = around
        self._notifier: Notifier | None = None
        self._wake = asyncio.Event()
        self._tries: set[asyncio.Task[None]] = set()
        self._waiting: set[GroupLabels] = set()

    def start(self, notifier: Notifier) -> None:
        """Carry what this notifier has, what was begun before among it."""
        self._notifier = notifier
        known = notifier.deliveries(_MOST_DELIVERIES)
        self._waiting = {d.group for d in known if d.receiver == self.name and not d.is_final}
        self._around.telemetry.waiting(self.name, len(self._waiting))
        self.wake()

    def stop(self) -> None:
        """Break off what is under way: who has the notifier next tries it again, as it was."""
        self._notifier = None
        for task in self._tries:
            task.cancel()
        self._around.telemetry.waiting(self.name, None)
        self.wake()

    def wake(self) -> None:
        """Look whether something is due: something has happened."""
        self._wake.set()

    async def run(self) -> None:
        """Carry without an end; raises what kept a try from becoming durable."""
        try:
            while True:
                self._wake.clear()
                self._look_after_tries()
                if self._notifier is not None:
                    await self._begin(self._notifier)
                await self._sleep()
        finally:
            for task in self._tries:
                task.cancel()
            await asyncio.gather(*self._tries, return_exceptions=True)

    def _look_after_tries(self) -> None:
        ended = [task for task in self._tries if task.done()]
        self._tries.difference_update(ended)
        for task in ended:
            if not task.cancelled():
                task.result()

    async def _begin(self, notifier: Notifier) -> None:
        free = MOST_AT_ONCE - len(self._tries)
        if free <= 0:
            return
        due = notifier.due(self.name, self._around.clock_s(), most=free)
        for dispatch in due:
            notifier.trying(dispatch)
            self._waiting.add(dispatch.group)
        if due:
            self._around.telemetry.waiting(self.name, len(self._waiting))
            await self._around.save(notifier)
        if self._notifier is notifier:
            for dispatch in due:
                self._try(notifier, dispatch)

    def _try(self, notifier: Notifier, dispatch: Dispatch) -> None:
        task = asyncio.create_task(self._carry(notifier, dispatch), name=f"tell-{self.name}")
        self._tries.add(task)
        task.add_done_callback(lambda _: self.wake())

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(self._rest_s()):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _rest_s(self) -> float | None:
        """How long nothing is due, unless something happens; None if for ever."""
        if self._notifier is None or len(self._tries) >= MOST_AT_ONCE:
            return None
        now_s = self._around.clock_s()
        next_s = self._notifier.next_due_s(self.name, now_s)
        if next_s is None:
            return None
        return min(max(next_s - now_s, SHORTEST_SLEEP_S), LONGEST_SLEEP_S)

    async def _carry(self, notifier: Notifier, dispatch: Dispatch) -> None:
        attempt = await self._attempt(dispatch)
        if self._notifier is not notifier:
            return
        now_s = self._around.clock_s()
        outcome, wait_s = self._judge(dispatch, attempt, now_s)
        notifier.tried(dispatch, outcome, now_s, wait_s, attempt.status, attempt.problem)
        if outcome in FINAL:
            self._waiting.discard(dispatch.group)
        self._tell_of(dispatch, attempt, outcome, wait_s)
        await self._around.save(notifier)

    async def _attempt(self, dispatch: Dispatch) -> Attempt:
        """One try; what nobody foresaw fails this message alone, and says so in the log."""
        try:
            return await self.receiver.tell(dispatch)
        except Exception as error:
            log.exception("a message could not be made", receiver=self.name)
            problem = type(error).__name__
            return Attempt("", dispatch.tries + 1, AttemptResult.failed, problem=problem)

    def _judge(self, dispatch: Dispatch, attempt: Attempt, now_s: float) -> tuple[Outcome, float]:
        """What a try comes to, and for how many seconds there is no other one."""
        if attempt.result is AttemptResult.delivered:
            return "delivered", 0.0
        if attempt.result is AttemptResult.disabled:
            return "disabled", 0.0
        policy = self.receiver.policy
        refusals = dispatch.refusals + (attempt.result is AttemptResult.refused)
        wait_s = policy.wait_s(dispatch.failures + 1, attempt.asked_s, self._around.random)
        if policy.gives_up(now_s + wait_s - dispatch.first_try_at, refusals):
            return "gave_up", 0.0
        return _AGAIN[attempt.result], wait_s

    def _tell_of(
        self, dispatch: Dispatch, attempt: Attempt, outcome: Outcome, wait_s: float
    ) -> None:
        self._around.telemetry.delivery(self.name, outcome)
        self._around.telemetry.waiting(self.name, len(self._waiting))
        tell = log.info if outcome == "delivered" else log.error
        tell(
            "notification",
            receiver=self.name,
            outcome=outcome,
            group=dispatch.group_key,
            alerts=len(dispatch.alerts),
            reason=dispatch.reason,
            message_id=dispatch.message_id,
            tries=dispatch.tries + 1,
            status=attempt.status,
            problem=attempt.problem,
            took_s=round(attempt.took_s, 3),
            again_in_s=round(wait_s, 1),
        )
