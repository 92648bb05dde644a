"""Whatever happens, in whatever order, each receiver ends up knowing what is true, and no more.

The model knows nothing of groups, waits and rows: only what happened and which messages went out.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.alerting.telling.acknowledgements import Acknowledgement
from kpistream.core.alerting.telling.dispatches import Dispatch, Outcome
from kpistream.core.alerting.telling.notifier import Notifier
from kpistream.core.alerting.telling.routing import ReceiverPlan
from kpistream.core.alerting.telling.silences import SilenceEnded
from kpistream.core.measuring.owned_rows import Row
from kpistream.core.slices import Slice
from tests.support.telling import Life, alert, over, silence

PARTS: list[Slice] = [(), (("channel", "email"),), (("channel", "ads"),)]
RULES: dict[str, dict[str, Any]] = {
    "tracking": {"inhibits": ("roas",)},
    "roas": {"inhibits": ("cpc",)},
    "cpc": {"inhibits": ("roas",), "severity": Severity.info},
}
PLANS = [
    ReceiverPlan(
        name="chat", group_wait_s=0.5, group_interval_s=10.0, repeat_interval_s=300.0, most_alerts=2
    ),
    ReceiverPlan(
        name="pager",
        severities=frozenset({"critical"}),
        group_by=("fingerprint",),
        group_wait_s=0.0,
        group_interval_s=5.0,
        repeat_interval_s=None,
    ),
    ReceiverPlan(name="mail", group_by=("channel",), send_resolved=True),
]
NAMES = st.sampled_from([plan.name for plan in PLANS])
OUTCOMES = st.sampled_from(["delivered", "delivered", "failed", "refused", "denied", "gave_up"])
LONG_S = 10_000.0


class Told:
    """What one receiver was told of one alert."""

    def __init__(self) -> None:
        self.may_fire = False
        """Whether a beginning was tried since the last end that was delivered."""
        self.delivered: tuple[str, AlertState, float] | None = None
        self.done: set[tuple[str, AlertState, float]] = set()
        self.given_up: set[tuple[str, AlertState, float]] = set()


class Notifying(RuleBasedStateMachine):
    """A worker, its receivers, those who silence and acknowledge, and kills."""

    @initialize()
    def begin(self) -> None:
        self.now_s = 1_000.0
        self.life = Life(*PLANS)
        self.truth: dict[str, Alert] = {}
        self.log: list[tuple[int, Alert]] = []
        self.silenced: dict[str, float] = {}
        self.in_flight: dict[tuple[str, Any], Dispatch] = {}
        self.told: dict[tuple[str, str], Told] = {}
        self.names: dict[str, tuple[Any, ...]] = {}
        self.last_settled: dict[tuple[str, Any], float] = {}
        self.begun: dict[tuple[str, Any], Dispatch] = {}
        """Messages that were being sent when the worker was killed."""

    @property
    def notifier(self) -> Notifier:
        return self.life.notifier

    # -- what happens ------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.0, 10.0, 60.0, 400.0]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(name=st.sampled_from(sorted(RULES)), part=st.sampled_from(PARTS))
    def an_alert_changes(self, name: str, part: Slice) -> None:
        self.now_s += 0.01
        begun = alert(name, self.now_s, part, **RULES[name])
        held = self.truth.get(begun.fingerprint)
        fires = held is not None and held.state is AlertState.firing
        self.hear(over(held, self.now_s) if held is not None and fires else begun)

    @rule(data=st.data())
    def its_values_change(self, data: st.DataObject) -> None:
        firing = [one for one in self.truth.values() if one.state is AlertState.firing]
        if firing:
            one = data.draw(st.sampled_from(firing))
            self.hear(msgspec.structs.replace(one, value=0.1, held_at=self.now_s))

    @rule(data=st.data())
    def the_log_is_read_again(self, data: st.DataObject) -> None:
        back = data.draw(st.integers(0, len(self.log)))
        for offset, one in self.log[back:]:
            self.notifier.alert(offset, one, self.now_s)

    @rule(id=st.sampled_from("xy"), text=st.sampled_from(["alertname=roas", "channel=email"]))
    def somebody_silences(self, id: str, text: str) -> None:
        ends_at = self.now_s + 100.0
        self.life.says(self.now_s, silence(text, id=id, starts_at=self.now_s, ends_at=ends_at))
        self.silenced[id] = ends_at

    @rule(id=st.sampled_from("xy"))
    def somebody_ends_a_silence(self, id: str) -> None:
        self.life.says(self.now_s, SilenceEnded(id=id, at=self.now_s))

    @rule(data=st.data())
    def somebody_acknowledges(self, data: st.DataObject) -> None:
        if self.truth:
            one = data.draw(st.sampled_from(sorted(self.truth.values(), key=lambda a: a.rule)))
            self.life.says(
                self.now_s,
                Acknowledgement(
                    fingerprint=one.fingerprint, since=one.changed_at, author="a", at=self.now_s
                ),
            )

    @rule()
    def the_worker_is_killed(self) -> None:
        self.life.killed()
        self.begun.update(self.in_flight)
        self.in_flight = {}

    @rule(outcome=OUTCOMES)
    def an_earlier_owner_writes_late(self, outcome: Outcome) -> None:
        earlier, self.begun = self.notifier, {}
        self.life.killed()
        for dispatch in self.in_flight.values():
            earlier.tried(dispatch, outcome, self.now_s, 1.0)
            self.settled(dispatch, outcome)
        late: list[Row] = earlier.drain()
        self.life.rows.update(late)
        self.in_flight = {}
        self.life.killed()

    # -- what is sent ------------------------------------------------------------------------------

    @rule(receiver=NAMES)
    def a_try_begins(self, receiver: str) -> None:
        for dispatch in self.notifier.due(receiver, self.now_s):
            self.check(dispatch)
            self.notifier.trying(dispatch)
            self.life.flush()
            self.in_flight[receiver, dispatch.group] = dispatch
            for one in dispatch.alerts:
                told = self.of(receiver, one)
                told.may_fire |= one.state is AlertState.firing

    @rule(outcome=OUTCOMES, is_flushed=st.booleans())
    def tries_end(self, outcome: Outcome, is_flushed: bool) -> None:
        for dispatch in self.in_flight.values():
            self.notifier.tried(dispatch, outcome, self.now_s, 2.0)
            if is_flushed:
                self.settled(dispatch, outcome)
            else:
                self.may_be_settled(dispatch, outcome)
        self.in_flight = {}
        if is_flushed:
            self.life.flush()

    def settled(self, dispatch: Dispatch, outcome: Outcome) -> None:
        self.may_be_settled(dispatch, outcome)
        if outcome in ("delivered", "gave_up"):
            self.last_settled[dispatch.receiver, dispatch.group] = self.now_s
            for one in dispatch.alerts:
                self.of(dispatch.receiver, one).done.add(one.identity)

    def may_be_settled(self, dispatch: Dispatch, outcome: Outcome) -> None:
        for one in dispatch.alerts:
            told = self.of(dispatch.receiver, one)
            if outcome == "delivered":
                told.delivered = one.identity
            elif outcome == "gave_up":
                told.given_up.add(one.identity)

    # -- what must be so ---------------------------------------------------------------------------

    def check(self, dispatch: Dispatch) -> None:
        """A message says what is true, to whom it concerns, and under a name of its own."""
        key = dispatch.receiver, dispatch.group
        assert key not in self.in_flight
        interval_s = next(p.group_interval_s for p in PLANS if p.name == dispatch.receiver)
        assert self.now_s >= self.last_settled.get(key, 0.0) + interval_s
        self.check_begun(dispatch, self.begun.pop(key, None))
        assert 0 < len(dispatch.alerts) <= 50
        said = (dispatch.receiver, dispatch.group, dispatch.identities, dispatch.repeat)
        assert self.names.setdefault(dispatch.message_id, said) == said
        for one in dispatch.alerts:
            assert one.identity == self.truth[one.fingerprint].identity
            if one.state is AlertState.firing:
                status = self.notifier.status(one, self.now_s)
                assert not status.silenced_by
                assert not status.inhibited_by
                is_repeat = dispatch.reason == "repeat"
                assert not (is_repeat and dispatch.tries == 0 and status.acknowledged)
            else:
                told = self.of(dispatch.receiver, one)
                assert told.may_fire
                assert one.identity not in told.done
        is_news = any(
            one.identity not in self.of(dispatch.receiver, one).done for one in dispatch.alerts
        )
        assert is_news or dispatch.reason == "repeat"

    def check_begun(self, dispatch: Dispatch, begun: Dispatch | None) -> None:
        """What was being sent at a kill goes first, unless it is not so any more."""
        for one in begun.alerts if begun else ():
            status = self.notifier.status(one, self.now_s)
            is_muted = bool(status.silenced_by or status.inhibited_by)
            if one.identity != self.truth[one.fingerprint].identity or (
                is_muted and one.state is AlertState.firing
            ):
                return
        assert begun is None or dispatch.message_id == begun.message_id

    @invariant()
    def the_next_moment_is_known(self) -> None:
        for plan in PLANS:
            next_s = self.notifier.next_due_s(plan.name, self.now_s)
            if self.notifier.due(plan.name, self.now_s):
                assert next_s == self.now_s

    def teardown(self) -> None:
        """Let everything end that keeps anybody from being told; then all is told."""
        if not hasattr(self, "life"):
            return
        for dispatch in self.in_flight.values():
            self.notifier.tried(dispatch, "failed", self.now_s, 1.0)
        self.in_flight = {}
        self.now_s += LONG_S
        for _ in range(40):
            self.now_s += 20.0
            for plan in PLANS:
                self.a_try_begins(plan.name)
            self.tries_end("delivered", is_flushed=True)
        for plan in PLANS:
            for one in self.truth.values():
                self.check_told(plan, one)

    def check_told(self, plan: ReceiverPlan, one: Alert) -> None:
        told = self.of(plan.name, one)
        if one.identity in told.given_up:
            return
        if one.state is not AlertState.firing:
            assert told.delivered is None or told.delivered[1] is not AlertState.firing
            return
        is_free = not self.notifier.status(one, self.now_s).inhibited_by
        if is_free and plan.takes(one.all_labels):
            counted = plan.most_alerts < 50
            assert counted or told.delivered == one.identity

    def hear(self, one: Alert) -> None:
        self.life.hears(self.now_s, one)
        self.log.append((self.life.offset, one))
        self.truth[one.fingerprint] = one

    def of(self, receiver: str, one: Alert) -> Told:
        return self.told.setdefault((receiver, one.fingerprint), Told())


Notifying.TestCase.settings = settings(
    max_examples=120,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


TestNotifying = Notifying.TestCase


def test_the_model_finds_a_notifier_that_forgets_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "kpistream.core.alerting.telling.notices.Notice.may_know", property(lambda _: False)
    )
    machine = Notifying()
    machine.begin()
    machine.an_alert_changes("tracking", ())
    machine.time_passes(1.0)
    machine.a_try_begins("pager")
    machine.tries_end("delivered", is_flushed=True)
    machine.an_alert_changes("tracking", ())
    with pytest.raises(AssertionError):
        machine.teardown()
