"""Notices: what a receiver was told of an alert, and so what it is owed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.alerting.telling.dispatches import NEVER
from kpistream.core.alerting.telling.notices import Notice, Notices
from tests.support.telling import alert, over, plan

GROUP = (("alertname", "roas"),)
FIRING = alert(at_s=10.0)
ENDED = over(FIRING, 20.0)

TIMES = st.sampled_from([NEVER, 1.0, 2.0, 3.0])
NOTICES = st.builds(Notice, st.sampled_from([GROUP, ()]), TIMES, TIMES, TIMES)


@pytest.mark.parametrize(
    ("notice", "newest", "is_owed"),
    [
        (Notice(GROUP), FIRING, True),
        (Notice(GROUP, fired=10.0), FIRING, True),
        (Notice(GROUP, fired=10.0, settled=10.0), FIRING, False),
        (Notice(GROUP), ENDED, False),
        (Notice(GROUP, settled=10.0), ENDED, False),
        (Notice(GROUP, fired=10.0), ENDED, True),
        (Notice(GROUP, fired=10.0, settled=10.0), ENDED, True),
        (Notice(GROUP, fired=10.0, ended=20.0, settled=20.0), ENDED, False),
        (Notice(GROUP, fired=10.0, settled=20.0), ENDED, False),
        (Notice(GROUP, fired=10.0, settled=15.0), ENDED, True),
        (Notice(GROUP, fired=10.0, ended=15.0, settled=15.0), ENDED, False),
    ],
    ids=[
        "nobody was told",
        "a try to tell it failed",
        "it was told",
        "nobody knows that it fired",
        "it was only counted",
        "a try may have been delivered",
        "it was told that it fires",
        "it was told that it ended",
        "its end was given up",
        "an end before was given up, and it fired silently since",
        "an end before was told, and it fired silently since",
    ],
)
def test_what_is_owed(notice: Notice, newest: Alert, is_owed: bool) -> None:
    assert notice.owes(newest, plan(), newest.all_labels) is is_owed


def test_a_receiver_is_owed_only_what_it_takes_but_every_end_of_what_it_knows() -> None:
    critical = plan(severities=frozenset({"critical"}))
    info = alert(at_s=10.0, severity=Severity.info)
    assert not Notice(GROUP).owes(info, critical, info.all_labels)
    ended = over(info, 20.0)
    assert Notice(GROUP, fired=10.0).owes(ended, critical, ended.all_labels)


def test_who_has_no_notice_is_owed_nothing() -> None:
    notices = Notices(1, FIRING, FIRING.all_labels)
    assert not notices.owes(plan())
    assert not notices.is_told(plan())


@given(NOTICES, NOTICES, NOTICES)
def test_copies_come_to_the_same_in_any_order_and_however_often(
    one: Notice, two: Notice, three: Notice
) -> None:
    joined = one.joined(two).joined(three)
    known = (joined.fired, joined.ended, joined.settled)
    for other in (three.joined(two).joined(one), joined.joined(two)):
        assert (other.fired, other.ended, other.settled) == known
    assert known >= (one.fired, NEVER, NEVER)
