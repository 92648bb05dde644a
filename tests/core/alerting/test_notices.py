"""What receivers are told of alerts: once, the newest, and not for ever in the state."""

from __future__ import annotations

import msgspec

from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.notices import Notices
from kpistream.core.owned_rows import Row
from tests.support.alerting import firing, resolved

START_S = 1_772_359_200.0
DAY_S = 86_400.0


def told(notices: Notices, receiver: str = "chat") -> list[str]:
    """Tell the receiver all that waits for it."""
    waiting = list(notices.waiting(receiver))
    for notice in waiting:
        notices.done(receiver, notice)
    return [str(notice.alert.state) for notice in waiting]


def restarted(rows: list[Row], owner: bytes = b"two", *receivers: str) -> Notices:
    compacted = dict(rows)
    notices = Notices(receivers or ("chat",), owner)
    for row in compacted.items():
        notices.restore(*row)
    notices.restored()
    return notices


def another(name: str, at_s: float) -> Alert:
    return firing(at_s, name=name)


def test_each_receiver_is_told_once() -> None:
    notices = Notices(["chat", "mail"])
    notices.note(1, firing())
    notices.note(2, firing())
    assert [told(notices, name) for name in ("chat", "mail", "chat")] == [["firing"]] * 2 + [[]]


def test_of_an_alert_the_newest_state_is_told() -> None:
    notices = Notices(["chat"])
    notices.note(1, firing())
    notices.note(2, resolved())
    assert told(notices) == ["resolved"]


def test_a_state_that_was_told_while_a_newer_one_came_is_not_the_last_word() -> None:
    notices = Notices(["chat"])
    notices.note(1, firing())
    [first] = notices.waiting("chat")
    notices.note(2, resolved())
    notices.done("chat", first)
    assert told(notices) == ["resolved"]


def test_who_never_heard_of_an_alert_is_not_told_of_its_end() -> None:
    notices = Notices(["chat"])
    notices.note(1, resolved())
    assert told(notices) == []


def test_a_restart_neither_loses_nor_repeats() -> None:
    notices = Notices(["chat"], b"one")
    notices.note(1, firing())
    notices.note(2, another("other", START_S))
    rows = notices.drain()
    notices.done("chat", next(notices.waiting("chat")))
    rows += notices.drain()

    after = restarted(rows)
    [left] = after.waiting("chat")
    assert left.alert.rule == "other"
    after.note(3, firing())  # the monitor tells again after a restart
    assert told(after) == ["firing"]
    assert told(after) == []


def test_a_late_row_of_an_earlier_owner_does_not_undo_a_delivery() -> None:
    notices = Notices(["chat"], b"one")
    notices.note(1, firing())
    rows = notices.drain()
    late = list(rows)
    after = restarted(rows)
    told(after)
    rows += after.drain() + after.drain()
    assert told(restarted(rows + late, b"three")) == []


def test_what_was_told_of_an_ended_alert_is_forgotten_a_day_later() -> None:
    notices = Notices(["chat"], b"one")
    notices.note(1, firing(START_S))
    notices.note(2, resolved(START_S + 300))
    told(notices)
    rows = notices.drain()
    notices.note(3, another("other", START_S + 300 + DAY_S))
    notices.forget()
    assert len(notices) == 2

    notices.note(4, another("third", START_S + 301 + DAY_S))
    notices.forget()
    assert len(notices) == 2
    rows += [*notices.drain(), *notices.drain()]
    held = restarted(rows)
    assert len(held) == 2
    assert held.drain() == []
    held.note(5, resolved(START_S + 300))
    assert "resolved" not in told(held)
    assert sum(value is not None for value in dict(rows).values()) == 2


def test_what_still_fires_or_is_still_to_be_told_is_not_forgotten() -> None:
    notices = Notices(["chat"])
    notices.note(1, firing())
    told(notices)
    notices.note(2, another("undone", START_S))
    [undone] = notices.waiting("chat")
    notices.note(3, msgspec.structs.replace(resolved(), fingerprint=undone.alert.fingerprint))
    notices.note(4, another("later", START_S + 5 * DAY_S))
    notices.forget()
    assert told(notices) == ["resolved", "firing"]
    assert len(notices) == 3


def test_a_receiver_that_is_gone_is_forgotten_after_a_day() -> None:
    notices = Notices(["mail"], b"one")
    notices.note(1, firing())
    after = restarted(notices.drain(), b"two", "chat")
    after.note(2, another("later", START_S + 2 * DAY_S))
    after.forget()
    assert len(after) == 1
