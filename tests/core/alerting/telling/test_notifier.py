"""Who is told of what, and when: a table of stories, then what is durable, bounded and visible."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.alerting.telling.acknowledgements import Acknowledgement
from kpistream.core.alerting.telling.dispatches import Outcome
from kpistream.core.alerting.telling.matchers import parse_matchers
from kpistream.core.alerting.telling.mute_times import MuteTime
from kpistream.core.alerting.telling.notifier import Notifier
from kpistream.core.alerting.telling.routing import ReceiverPlan
from kpistream.core.alerting.telling.silences import SilenceEnded, TooManySilences
from kpistream.core.alerting.telling.suppression import Suppression
from tests.support.telling import Life, alert, over, plan, silence

ROAS = alert("roas", 1_000.0)
ROAS_ADS = alert("roas", 1_010.0, (("channel", "ads"),))
CPC = alert("cpc", 1_020.0)
BROKEN = alert("tracking", 1_005.0, part=(), inhibits=("roas",))
DAY_S = 86_400.0


def ends(one: Alert, at_s: float = 1_100.0) -> Alert:
    return over(one, at_s)


def again(at_s: float) -> Alert:
    return alert("roas", at_s)


def ack(one: Alert) -> Acknowledgement:
    return Acknowledgement(
        fingerprint=one.fingerprint, since=one.changed_at, author="ann", at=one.changed_at
    )


QUIET = silence("alertname=roas", starts_at=0.0, ends_at=1_060.0)
REPEAT = plan(repeat_interval_s=3_600.0)
MUTED = plan(mute_times=(MuteTime(name="m", start=dt.time(0, 16), end=dt.time(0, 20)),))
"""Muted from 960 s to 1,200 s."""

Step = tuple[float, Any, list[str] | str]
"""A moment, what happens then (alerts, controls, how tries end), and which messages go out."""

STORIES: dict[str, tuple[ReceiverPlan, list[Step]]] = {
    "an alert is told once": (
        plan(),
        [(1_000, ROAS, ["roas firing"]), (1_001, ROAS, []), (1_002, None, [])],
    ),
    "its end is told once": (
        plan(),
        [
            (1_000, ROAS, ["roas firing"]),
            (1_100, ends(ROAS), ["roas resolved"]),
            (1_101, ends(ROAS), []),
        ],
    ),
    "an old transition changes nothing": (
        plan(),
        [
            (1_000, ROAS, ["roas firing"]),
            (1_100, ends(ROAS), ["roas resolved"]),
            (1_101, ROAS, []),
            (1_102, ROAS_ADS, ["roas firing"]),
        ],
    ),
    "an end of which nobody knows the beginning is not told": (plan(), [(1_100, ends(ROAS), [])]),
    "pending and inactive are not told": (
        plan(),
        [
            (1_000, alert(state=AlertState.pending), []),
            (1_001, alert(state=AlertState.inactive), []),
        ],
    ),
    "it can fire again": (
        plan(),
        [
            (1_000, ROAS, ["roas firing"]),
            (1_100, ends(ROAS), ["roas resolved"]),
            (1_200, again(1_200.0), ["roas firing"]),
        ],
    ),
    "who does not want ends is told of none, and of the next beginning": (
        plan(send_resolved=False),
        [
            (1_000, ROAS, ["roas firing"]),
            (1_100, ends(ROAS), []),
            (1_200, again(1_200.0), ["roas firing"]),
        ],
    ),
    "what came together is told together": (
        plan(group_wait_s=0.5),
        [
            (1_000, ROAS, []),
            (1_000.4, ROAS_ADS, []),
            (1_000.5, None, ["roas firing, roas firing"]),
        ],
    ),
    "another rule is another message": (
        plan(group_wait_s=0.5),
        [(1_000, ROAS, []), (1_000.2, CPC, []), (1_001, None, ["roas firing", "cpc firing"])],
    ),
    "the next message about a group waits for the interval, an end too": (
        plan(group_interval_s=10.0),
        [
            (1_000, ROAS, ["roas firing"]),
            (1_001, ROAS_ADS, []),
            (1_009.9, ends(ROAS, 1_009.0), []),
            (1_010, None, ["roas firing, roas resolved"]),
            (1_015, None, []),
        ],
    ),
    "an alert that fired and ended within the wait is not told": (
        plan(group_wait_s=5.0),
        [(1_000, ROAS, []), (1_001, ends(ROAS, 1_001.0), []), (1_010, None, [])],
    ),
    "while a receiver is down the newest state wins": (
        plan(),
        [
            (1_000, ROAS, "failed"),
            (1_001, ROAS_ADS, "failed"),
            (1_003, ends(ROAS, 1_003.0), ["roas firing, roas resolved"]),
            (1_004, None, []),
        ],
    ),
    "what fired again while a receiver was down is told as it is now": (
        plan(),
        [
            (1_000, ROAS, ["roas firing"]),
            (1_100, ends(ROAS), "failed"),
            (1_102, again(1_102.0), ["roas firing"]),
            (1_103, None, []),
        ],
    ),
    "a failed group waits alone": (
        plan(),
        [(1_000, ROAS, "failed"), (1_000.5, CPC, ["cpc firing"]), (1_001, None, ["roas firing"])],
    ),
    "an end follows a beginning that may have been delivered": (
        plan(),
        [
            (1_000, ROAS, "failed"),
            (1_000.5, ends(ROAS, 1_000.5), []),
            (1_001, None, ["roas resolved"]),
        ],
    ),
    "an end is tried anew after a beginning was given up": (
        plan(),
        [
            (1_000, ROAS, "gave_up"),
            (1_001, None, []),
            (1_100, ends(ROAS), ["roas resolved"]),
        ],
    ),
    "an end that was given up is still owed when the alert fired silently in between": (
        plan(),
        [
            (1_000, ROAS, ["roas firing"]),
            (1_100, ends(ROAS), "gave_up"),
            (1_110, silence("alertname=roas"), []),
            (1_120, again(1_120.0), []),
            (1_130, ends(ROAS, 1_130.0), ["roas resolved"]),
        ],
    ),
    "an end that was told is not owed when the alert fired silently since": (
        plan(),
        [
            (1_000, ROAS, ["roas firing"]),
            (1_100, ends(ROAS), ["roas resolved"]),
            (1_110, silence("alertname=roas"), []),
            (1_120, again(1_120.0), []),
            (1_130, ends(ROAS, 1_130.0), []),
        ],
    ),
    "what is silenced is not told until the silence ends": (
        plan(),
        [
            (900, QUIET, []),
            (1_000, ROAS, []),
            (1_059, None, []),
            (1_060, None, ["roas firing"]),
        ],
    ),
    "what is silenced is told when somebody ends the silence": (
        plan(),
        [
            (900, QUIET, []),
            (1_000, ROAS, []),
            (1_010, SilenceEnded(id="quiet", at=1_010.0), ["roas firing"]),
        ],
    ),
    "what fired and ended in silence is not told": (
        plan(),
        [
            (900, QUIET, []),
            (1_000, ROAS, []),
            (1_050, ends(ROAS, 1_050.0), []),
            (1_060, None, []),
        ],
    ),
    "an end is told in silence to whoever knows of the beginning": (
        plan(),
        [
            (1_000, ROAS, ["roas firing"]),
            (1_010, QUIET, []),
            (1_050, ends(ROAS, 1_050.0), ["roas resolved"]),
        ],
    ),
    "what is silenced is left out of a message about its group": (
        plan(),
        [
            (1_000, ROAS, ["roas firing"]),
            (1_005, silence("channel=email"), []),
            (1_010, ROAS_ADS, ["roas firing"]),
            (1_011, ends(ROAS_ADS, 1_011.0), ["roas resolved"]),
        ],
    ),
    "what another alert mutes is not told until that ends": (
        plan(),
        [
            (1_005, BROKEN, ["tracking firing"]),
            (1_010, ROAS_ADS, []),
            (1_100, ends(BROKEN), ["tracking resolved", "roas firing"]),
        ],
    ),
    "an end is told though another alert mutes it": (
        plan(),
        [
            (1_000, ROAS, ["roas firing"]),
            (1_005, BROKEN, ["tracking firing"]),
            (1_100, ends(ROAS), ["roas resolved"]),
        ],
    ),
    "a muted receiver is told when the mute time is over": (
        MUTED,
        [(1_000, ROAS, []), (1_199, None, []), (1_200, None, ["roas firing"])],
    ),
    "a muted receiver is told of ends": (
        MUTED,
        [
            (950, alert(at_s=950.0), ["roas firing"]),
            (1_000, ends(ROAS, 1_000.0), ["roas resolved"]),
        ],
    ),
    "what goes on firing is told again": (
        REPEAT,
        [
            (1_000, ROAS, ["roas firing"]),
            (4_599, None, []),
            (4_600, None, ["roas firing"]),
            (8_199, None, []),
            (8_200, None, ["roas firing"]),
            (8_201, ends(ROAS, 8_201.0), ["roas resolved"]),
            (99_999, None, []),
        ],
    ),
    "without an interval nothing is told again": (
        plan(repeat_interval_s=None),
        [(1_000, ROAS, ["roas firing"]), (9_999_999, None, [])],
    ),
    "what somebody looks after is not told again, but its end is": (
        REPEAT,
        [
            (1_000, ROAS, ["roas firing"]),
            (1_001, ack(ROAS), []),
            (4_600, None, []),
            (8_200, None, []),
            (8_201, ends(ROAS, 8_201.0), ["roas resolved"]),
        ],
    ),
    "an acknowledgement ends with its firing": (
        REPEAT,
        [
            (1_000, ROAS, ["roas firing"]),
            (1_001, ack(ROAS), []),
            (1_100, ends(ROAS), ["roas resolved"]),
            (1_200, again(1_200.0), ["roas firing"]),
            (4_800, None, ["roas firing"]),
        ],
    ),
    "only what nobody looks after is told again": (
        REPEAT,
        [
            (1_000, ROAS, ["roas firing"]),
            (1_010, ROAS_ADS, ["roas firing, roas firing"]),
            (1_011, ack(ROAS), []),
            (4_610, None, ["roas firing"]),
        ],
    ),
    "a firing that was acknowledged before anybody was told is told once": (
        REPEAT,
        [(999, ack(ROAS), []), (1_000, ROAS, ["roas firing"]), (4_600, None, [])],
    ),
    "what is silenced is not told again until the silence ends": (
        REPEAT,
        [
            (1_000, ROAS, ["roas firing"]),
            (1_001, silence("alertname=roas", ends_at=5_000.0), []),
            (4_600, None, []),
            (5_000, None, ["roas firing"]),
        ],
    ),
    "what was given up is tried again at the next repeat": (
        REPEAT,
        [(1_000, ROAS, "gave_up"), (4_599, None, []), (4_600, None, ["roas firing"])],
    ),
    "a message has no more than it may, news first, and an end waits for room": (
        plan(most_alerts=1),
        [
            (1_010, ROAS_ADS, ["roas firing"]),
            (1_020, alert("roas", 1_020.0), ["roas firing, and 1 more"]),
            (1_100, [ends(ROAS_ADS), ends(ROAS)], ["roas resolved, and 1 more"]),
            (1_101, None, ["roas resolved"]),
            (1_102, None, []),
        ],
    ),
    "of what was only counted no end is told": (
        plan(most_alerts=1),
        [
            (1_010, [ROAS, ROAS_ADS], ["roas firing, and 1 more"]),
            (1_011, None, []),
            (1_100, [ends(ROAS_ADS), ends(ROAS)], ["roas resolved"]),
            (1_101, None, []),
        ],
    ),
    "who is not asked for is not told": (
        plan(severities=frozenset({"critical"})),
        [
            (1_000, alert(severity=Severity.info), []),
            (1_010, alert("cpc", 1_010.0), ["cpc firing"]),
        ],
    ),
    "an end follows even if its rule's severity changed": (
        plan(severities=frozenset({"critical"})),
        [
            (1_000, ROAS, ["roas firing"]),
            (1_100, over(alert(severity=Severity.info), 1_100.0), ["roas resolved"]),
        ],
    ),
    "an alert that becomes critical is told": (
        plan(severities=frozenset({"critical"})),
        [
            (1_000, alert(severity=Severity.info), []),
            (1_010, alert(held_at=1_010.0), ["roas firing"]),
        ],
    ),
    "a denied or refused try is followed by another": (
        plan(),
        [
            (1_000, ROAS, "denied"),
            (1_000.9, None, []),
            (1_001, None, "refused"),
            (1_002, None, ["roas firing"]),
        ],
    ),
    "a receiver that is gone for good is told nothing": (
        plan(),
        [(1_000, ROAS, "disabled"), (2_000, CPC, []), (9_999, ends(ROAS), [])],
    ),
}


def _happen(life: Life, at_s: float, what: Any) -> None:
    for one in what if isinstance(what, list) else [what]:
        if isinstance(one, Alert):
            life.hears(at_s, one)
        elif one is not None:
            life.says(at_s, one)


OF_ONE_PROCESS = {
    *(name for name, (receiver, _) in STORIES.items() if receiver.group_wait_s),
    "a receiver that is gone for good is told nothing",
}
"""What a restart cuts short: waiting for what may come together, and being disabled."""


def play(life: Life, story: str, *, is_killed: bool) -> None:
    for at_s, what, expected in STORIES[story][1]:
        _happen(life, at_s, what)
        if is_killed:
            life.killed()
        if isinstance(expected, str):
            assert len(life.tells(at_s, msgspec.convert(expected, Outcome))) == 1
        else:
            assert life.notifier.next_due_s("chat", at_s) == at_s or not expected
            assert sorted(life.tells(at_s)) == sorted(expected)


@pytest.mark.parametrize("story", STORIES)
def test_story(story: str) -> None:
    play(Life(STORIES[story][0]), story, is_killed=False)


@pytest.mark.parametrize("story", sorted(STORIES.keys() - OF_ONE_PROCESS))
def test_story_on_a_worker_that_is_killed_at_each_step(story: str) -> None:
    play(Life(STORIES[story][0]), story, is_killed=True)


@pytest.mark.parametrize("story", STORIES)
def test_a_story_goes_on_when_the_next_due_moment_says(story: str) -> None:
    receiver, steps = STORIES[story]
    life = Life(receiver)
    moments = [at_s for at_s, _, _ in steps]
    for (at_s, what, expected), next_s in zip(steps, [*moments[1:], 1e9], strict=True):
        _happen(life, at_s, what)
        ends_as = "delivered" if isinstance(expected, list) else expected
        life.tells(at_s, msgspec.convert(ends_as, Outcome))
        following = life.notifier.next_due_s("chat", at_s)
        if following != at_s:
            early = next_s if following is None else min(following, next_s)
            assert life.notifier.due("chat", (at_s + early) / 2) == []


def test_a_message_is_the_same_until_it_is_tried_and_at_each_try() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    assert life.notifier.due("chat", 1_000.0) == life.notifier.due("chat", 1_000.0)
    first, second, third = (life.sends(1_000.0 + n, "failed") for n in range(3))
    [one], [two], [three] = first, second, third
    assert one.message_id == two.message_id == three.message_id
    assert [(d.tries, d.failures, d.first_try_at) for d in (one, two, three)] == [
        (0, 0, 1_000.0),
        (1, 1, 1_000.0),
        (2, 2, 1_000.0),
    ]


def test_other_words_are_another_message_that_counts_its_own_tries() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    [one] = life.sends(1_000.0, "refused")
    life.hears(1_000.5, ROAS_ADS)
    [two] = life.sends(1_001.0, "failed")
    assert (two.tries, two.refusals, two.failures, two.first_try_at) == (0, 0, 1, 1_001.0)
    assert two.message_id != one.message_id


def test_newer_values_of_a_firing_alert_are_told_under_the_same_name() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    [one] = life.sends(1_000.0, "failed")
    life.hears(1_000.5, msgspec.structs.replace(ROAS, value=0.5, held_at=1_000.5))
    [two] = life.sends(1_001.0)
    assert (one.alerts[0].value, two.alerts[0].value) == (0.8, 0.5)
    assert one.message_id == two.message_id
    life.hears(1_002.0, ROAS)
    assert life.tells(1_002.0) == []


def test_each_repeat_is_a_message_of_its_own() -> None:
    life = Life(REPEAT)
    life.hears(1_000.0, ROAS)
    sent = [life.sends(at)[0] for at in (1_000.0, 4_600.0, 8_200.0)]
    assert [one.reason for one in sent] == ["new", "repeat", "repeat"]
    assert [one.repeat for one in sent] == [0, 1, 2]
    assert len({one.message_id for one in sent}) == 3


def test_a_repeat_after_a_change_is_not_an_earlier_repeat() -> None:
    life = Life(REPEAT)
    life.hears(1_000.0, ROAS)
    sent = life.sends(1_000.0) + life.sends(4_600.0)
    life.hears(4_700.0, ROAS_ADS)
    sent += life.sends(4_700.0)
    life.hears(4_800.0, ends(ROAS_ADS, 4_800.0))
    sent += life.sends(4_800.0) + life.sends(8_400.0)
    assert [one.repeat for one in sent] == [0, 1, 0, 0, 2]
    assert sent[1].identities == sent[4].identities
    assert len({one.message_id for one in sent}) == 5


def test_a_repeat_that_failed_keeps_its_name_through_a_restart() -> None:
    life = Life(REPEAT)
    life.hears(1_000.0, ROAS)
    life.sends(1_000.0)
    [one] = life.sends(4_600.0, "failed")
    life.killed()
    [two] = life.sends(4_601.0)
    assert (two.message_id, two.repeat, two.tries) == (one.message_id, 1, 1)


def test_receivers_are_told_apart() -> None:
    life = Life(plan("chat"), plan("pager"))
    life.hears(1_000.0, ROAS)
    [one], [two] = life.sends(1_000.0, "disabled"), life.sends(1_000.0, to="pager")
    assert one.message_id != two.message_id
    assert life.notifier.disabled == {"chat"}
    assert life.notifier.next_due_s("chat", 1_001.0) is None
    life.hears(1_002.0, ends(ROAS))
    assert life.tells(1_002.0, to="pager") == ["roas resolved"]


def test_why_a_message_is_sent() -> None:
    life = Life()
    reasons = []
    for at, one in [
        (1_000.0, ROAS),
        (1_010.0, ROAS_ADS),
        (1_100.0, ends(ROAS)),
        (1_200.0, ends(ROAS_ADS, 1_200.0)),
        (1_300.0, again(1_300.0)),
    ]:
        life.hears(at, one)
        reasons += [dispatch.reason for dispatch in life.sends(at)]
    assert reasons == ["new", "changed", "changed", "changed", "new"]


def test_firing_alerts_come_first_and_the_newest_of_them() -> None:
    life = Life()
    for one in (ROAS, ROAS_ADS):
        life.hears(1_010.0, one)
        life.tells(1_010.0)
    newest = alert("roas", 1_030.0, (("channel", "tv"),))
    life.hears(1_040.0, ends(ROAS_ADS, 1_040.0), newest)
    [sent] = life.sends(1_040.0)
    assert [one.changed_at for one in sent.alerts] == [1_030.0, 1_000.0, 1_040.0]
    assert (sent.group_key, sent.group_labels) == (
        '{}:{alertname="roas"}',
        {"alertname": "roas"},
    )


def test_an_alert_can_be_a_group_of_its_own() -> None:
    life = Life(plan(group_by=("fingerprint",)))
    life.hears(1_010.0, ROAS, ROAS_ADS)
    assert life.tells(1_010.0) == ["roas firing", "roas firing"]


def test_only_so_many_groups_are_looked_for_and_the_rest_stays_due() -> None:
    life = Life(plan(group_by=("fingerprint",)))
    life.hears(1_010.0, ROAS, ROAS_ADS, CPC)
    [one] = life.notifier.due("chat", 1_020.0, most=1)
    life.notifier.trying(one)
    [two] = life.notifier.due("chat", 1_020.0, most=1)
    assert one.group != two.group
    assert len(life.notifier.due("chat", 1_020.0)) == 2


def test_what_has_been_waiting_longest_is_first() -> None:
    life = Life(plan(group_by=("fingerprint",)))
    for at, one in [(1_020.0, CPC), (1_021.0, ROAS), (1_022.0, ROAS_ADS)]:
        life.hears(at, one)
    due = life.notifier.due("chat", 1_030.0)
    assert [dispatch.alerts[0] for dispatch in due] == [CPC, ROAS, ROAS_ADS]


# --- what is being sent -------------------------------------------------------------------------


def test_a_group_is_not_sent_twice_at_once() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    [one] = life.notifier.due("chat", 1_000.0)
    life.notifier.trying(one)
    life.hears(1_001.0, ROAS_ADS)
    assert life.notifier.due("chat", 1_002.0) == []
    assert life.notifier.next_due_s("chat", 1_002.0) is None
    with pytest.raises(ValueError, match="is being sent to chat already"):
        life.notifier.trying(one)
    life.notifier.tried(one, "delivered", 1_003.0)
    assert life.tells(1_003.0) == ["roas firing, roas firing"]


def test_only_what_is_being_sent_has_an_outcome() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    [one] = life.notifier.due("chat", 1_000.0)
    with pytest.raises(ValueError, match="is not being sent to chat"):
        life.notifier.tried(one, "delivered", 1_000.0)


def test_an_alert_that_ended_while_its_beginning_was_sent_is_told_then() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    [one] = life.notifier.due("chat", 1_000.0)
    life.notifier.trying(one)
    life.hears(1_001.0, ends(ROAS, 1_001.0))
    life.notifier.tried(one, "delivered", 1_002.0)
    assert life.tells(1_002.0) == ["roas resolved"]


def test_what_was_given_up_is_buried_once() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    life.sends(1_000.0, "failed")
    assert life.notifier.buried() == []
    [dispatch] = life.sends(1_001.0, "gave_up")
    [burial] = life.notifier.buried()
    assert (burial.dispatch, burial.status, burial.problem, burial.at) == (
        dispatch,
        200,
        "as told",
        1_001.0,
    )
    assert life.notifier.buried() == []


# --- what survives ------------------------------------------------------------------------------


def test_after_a_kill_in_the_middle_of_a_try_the_same_message_goes_first() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    [one] = life.notifier.due("chat", 1_000.0)
    life.notifier.trying(one)
    life.flush()
    life.hears(1_001.0, ROAS_ADS)
    life.killed()
    [two] = life.sends(1_002.0)
    assert (two.message_id, two.alerts, two.tries) == (one.message_id, one.alerts, 1)
    assert life.tells(1_002.0) == ["roas firing, roas firing"]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (ends(ROAS), ["roas resolved"]),
        (silence("alertname=roas", ends_at=9_999.0), []),
        (BROKEN, ["tracking firing"]),
    ],
    ids=["it ended", "it was silenced", "it was muted"],
)
def test_after_a_kill_a_message_that_is_not_true_any_more_is_not_sent(
    what: Any, told: list[str]
) -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    life.notifier.trying(life.notifier.due("chat", 1_000.0)[0])
    life.flush()
    _happen(life, 1_100.0, what)
    life.killed()
    assert life.tells(1_200.0) == told


def test_a_failed_message_is_read_again_after_a_restart() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    life.sends(1_000.0, "failed", wait_s=60.0)
    life.hears(1_001.0, ROAS_ADS)
    life.killed()
    assert life.tells(1_059.0) == []
    assert life.tells(1_060.0) == ["roas firing, roas firing"]


def test_what_was_not_flushed_was_not_done() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    [one] = life.notifier.due("chat", 1_000.0)
    life.notifier.trying(one)
    life.killed()
    life.hears(1_001.0, ends(ROAS, 1_001.0))
    assert life.tells(1_001.0) == []


def test_a_restart_ends_being_disabled() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    [one] = life.sends(1_000.0, "disabled")
    life.killed()
    [two] = life.sends(1_001.0)
    assert two.message_id == one.message_id


def test_a_new_receiver_is_told_of_what_fires() -> None:
    life = Life()
    life.hears(1_000.0, ROAS, CPC)
    life.hears(1_050.0, ends(CPC, 1_050.0))
    life.tells(1_050.0)
    life.killed(plan(), plan("pager"))
    assert life.tells(1_100.0, to="pager") == ["roas firing"]
    assert life.tells(1_100.0) == []


def test_a_receiver_that_comes_back_is_told_what_it_is_owed() -> None:
    life = Life(plan("chat"), plan("pager"))
    life.hears(1_000.0, ROAS)
    life.tells(1_000.0)
    life.tells(1_000.0, to="pager")
    life.killed(plan("pager"))
    life.hears(1_100.0, ends(ROAS))
    assert life.tells(1_100.0, to="pager") == ["roas resolved"]
    life.killed(plan("chat"))
    assert life.tells(1_200.0) == ["roas resolved"]


def test_an_alert_stays_in_the_group_in_which_it_was_told_when_grouping_changes() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    life.tells(1_000.0)
    life.killed(plan(group_by=("channel",)))
    life.hears(1_100.0, ends(ROAS))
    [end] = life.sends(1_100.0)
    life.hears(1_200.0, again(1_200.0))
    [beginning] = life.sends(1_200.0)
    assert (end.group_labels, beginning.group_labels) == (
        {"alertname": "roas"},
        {"channel": "email"},
    )


def test_a_late_row_of_an_earlier_owner_undoes_nothing() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    late = dict(life.rows)
    life.killed()
    assert life.tells(1_000.0) == ["roas firing"]
    life.hears(1_100.0, ends(ROAS))
    assert life.tells(1_100.0) == ["roas resolved"]
    life.rows.update(late)
    life.killed()
    assert life.tells(1_200.0) == []


def test_an_earlier_owner_that_still_delivers_leaves_what_it_knows() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    earlier = life.notifier
    life.killed()
    [dispatch] = earlier.due("chat", 1_000.0)
    earlier.trying(dispatch)
    earlier.tried(dispatch, "delivered", 1_000.0)
    life.rows.update(earlier.drain())
    life.killed()
    assert life.tells(1_001.0) == []
    life.hears(1_100.0, ends(ROAS))
    assert life.tells(1_100.0) == ["roas resolved"]


def test_silences_and_acknowledgements_survive() -> None:
    life = Life(REPEAT)
    for id in ("quiet", "quiet too"):
        life.says(900.0, silence("alertname=cpc", id=id, ends_at=20_000.0))
    life.hears(1_020.0, ROAS, CPC)
    life.says(1_020.0, ack(ROAS))
    assert life.tells(1_020.0) == ["roas firing"]
    life.killed()
    assert life.tells(5_000.0) == []
    assert [one.id for one in life.notifier.silences(5_000.0)] == ["quiet too", "quiet"]
    assert life.notifier.status(ROAS, 5_000.0).acknowledged == ack(ROAS)
    assert life.notifier.status_of(ROAS.fingerprint, 5_000.0) == life.notifier.status(ROAS, 5_000.0)
    assert life.notifier.status_of("nobody", 5_000.0) is None
    life.hears(6_000.0, ends(ROAS, 6_000.0))
    life.flush()
    life.killed()
    assert life.notifier.status(ROAS, 6_000.0).acknowledged is None


def test_a_row_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="a row of format 9; this release reads format 1 only"):
        Notifier([plan()]).restore(b"achat@1", b"\x09abc")


def test_two_receivers_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="the same name"):
        Notifier([plan(), plan()])


# --- what is bounded ----------------------------------------------------------------------------


def test_what_ended_is_forgotten_a_day_later_by_the_newest_alert() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    life.tells(1_000.0)
    life.hears(1_100.0, ends(ROAS))
    life.tells(1_100.0)
    life.hears(0.0, alert("cpc", 1_100.0 + DAY_S))
    assert len(life.notifier) == 2
    life.hears(0.0, alert("cpm", 1_101.0 + DAY_S))
    assert len(life.notifier) == 2
    assert [one.fingerprints for one in life.notifier.deliveries(10)] == []
    life.flush()
    rules = {row for row, value in life.rows.items() if value is not None}
    life.killed()
    assert len(life.notifier) == 2
    assert not [row for row in rules if ROAS.fingerprint.encode() in row]


def test_an_end_that_could_not_be_told_is_not_forgotten() -> None:
    life = Life()
    life.hears(1_000.0, ROAS)
    life.tells(1_000.0)
    life.hears(1_100.0, ends(ROAS))
    life.hears(0.0, alert("cpc", 1_200.0 + DAY_S))
    assert sorted(life.tells(2_000.0 + DAY_S)) == ["cpc firing", "roas resolved"]


def test_what_ended_makes_room_and_what_finds_none_is_counted() -> None:
    life = Life(plan("chat"), plan("pager"), most_notices=4)
    life.hears(1_020.0, ROAS, CPC)
    for receiver in ("chat", "pager"):
        life.tells(1_020.0, to=receiver)
    life.hears(1_030.0, alert("cpm", 1_030.0))
    assert life.tells(1_030.0) == []
    assert (life.notifier.left_out, len(life.notifier)) == (2, 4)
    life.hears(1_100.0, ends(ROAS))
    life.hears(1_110.0, alert("cpl", 1_110.0))
    assert life.notifier.left_out == 4
    for receiver in ("chat", "pager"):
        assert life.tells(1_110.0, to=receiver) == ["roas resolved"]
    life.hears(1_120.0, alert("cpa", 1_120.0))
    assert life.tells(1_120.0) == ["cpa firing"]
    assert (life.notifier.left_out, len(life.notifier)) == (4, 4)
    assert life.killed().left_out == 4  # cpm and cpl find no room for either receiver again


def test_alerts_that_nobody_asked_for_are_bounded_too() -> None:
    life = Life(plan(severities=frozenset()), most_notices=2)
    life.hears(1_020.0, ROAS, CPC, alert("cpm", 1_020.0))
    assert (life.notifier.left_out, len(life.notifier)) == (1, 0)


def test_a_silence_too_many_is_refused() -> None:
    life = Life()
    life.says(0.0, *(silence("alertname=roas", id=str(n)) for n in range(1_000)))
    with pytest.raises(TooManySilences):
        life.says(0.0, silence("alertname=roas"))


# --- what people can see ------------------------------------------------------------------------


def test_why_an_alert_is_not_told_can_be_seen() -> None:
    pager = plan("pager", severities=frozenset({"info"}), mute_times=MUTED.mute_times)
    life = Life(MUTED, pager, plan("mail"))
    life.hears(1_005.0, ROAS, BROKEN)
    life.says(1_005.0, QUIET, ack(ROAS))
    assert life.notifier.status(ROAS, 1_005.0) == Suppression(
        silenced_by=("quiet",),
        inhibited_by=(BROKEN.fingerprint,),
        acknowledged=ack(ROAS),
        muted=("chat",),
    )
    assert life.notifier.status(BROKEN, 1_300.0) == Suppression()


def test_silences_are_listed_the_newest_first_and_for_a_while_after_their_end() -> None:
    life = Life()
    quiet = [
        silence("alertname=roas", id=id, created_at=at, ends_at=1_000.0)
        for id, at in (("a", 1.0), ("c", 3.0), ("b", 2.0))
    ]
    life.says(0.0, *quiet)
    assert [one.id for one in life.notifier.silences(1_000.0 + 5 * DAY_S)] == ["c", "b", "a"]
    assert life.notifier.silences(1_001.0 + 5 * DAY_S) == []


def test_the_newest_message_of_each_group_can_be_seen_also_after_a_restart() -> None:
    life = Life(plan("chat"), plan("pager"))
    life.hears(1_000.0, ROAS)
    life.sends(1_000.0, "failed")
    [last] = life.sends(1_001.0)
    life.hears(1_020.0, CPC)
    life.sends(1_020.0, "refused")
    life.sends(1_030.0, to="pager")
    for notifier in (life.notifier, life.killed()):
        seen = notifier.deliveries(10)
        assert [(one.receiver, one.group_key, one.outcome) for one in seen[2:]] == [
            ("chat", '{}:{alertname="cpc"}', "refused"),
            ("chat", '{}:{alertname="roas"}', "delivered"),
        ]
        assert {one.receiver for one in seen[:2]} == {"pager"}
        assert notifier.deliveries(1) == seen[:1]
        told = seen[3]
        assert (told.message_id, told.fingerprints, told.states, told.tries) == (
            last.message_id,
            (ROAS.fingerprint,),
            (AlertState.firing,),
            2,
        )
        assert (told.first_try_at, told.last_try_at) == (1_000.0, 1_001.0)
        assert (told.status, told.problem) == (200, "as told")


def test_a_matching_receiver_only() -> None:
    life = Life(plan(match=parse_matchers(["channel=ads"])))
    life.hears(1_010.0, ROAS, ROAS_ADS)
    [sent] = life.sends(1_010.0)
    assert sent.alerts == (ROAS_ADS,)


def test_an_unknown_receiver_is_an_error() -> None:
    with pytest.raises(KeyError):
        Life().notifier.due("nobody", 0.0)
