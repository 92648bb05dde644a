"""Told rows: names and formats of what outlives the process."""

from __future__ import annotations

import pytest

from kpistream.core.alerting.telling.notices import Notice
from kpistream.core.alerting.telling.told_rows import (
    FORMAT,
    GROUP,
    NOTICE,
    ToldRows,
    group_name,
    notice_name,
    notice_of,
)

NAME = notice_name("chat", "f1")
HELD = Notice((("alertname", "roas"),), 1.0)


def test_every_copy_of_a_row_is_found_by_its_kind() -> None:
    found = ToldRows(b"three")
    for owner in (b"one", b"two"):
        rows = ToldRows(owner)
        rows.put(NAME, HELD)
        for key, value in rows.drain():
            found.restore(key, value)
    assert list(found.found(NOTICE, Notice)) == [(NAME, HELD)] * 2
    assert list(found.found(GROUP, Notice)) == []


def test_a_row_is_written_once_and_removed_a_flush_later() -> None:
    rows = ToldRows(b"one")
    rows.put(NAME, HELD)
    [(key, value)] = rows.drain()
    assert value is not None
    assert value[0] == FORMAT
    rows.remove(NAME)
    assert rows.drain() == []
    assert rows.drain() == [(key, None)]
    assert rows.drain() == []


def test_a_removed_row_is_not_found() -> None:
    rows = ToldRows(b"one")
    rows.restore(b"nchat|f1@zero", bytes([FORMAT]))
    rows.restore(b"nchat|f1@zero", None)
    assert list(rows.found(NOTICE, Notice)) == []


@pytest.mark.parametrize("receiver", ["chat", "a|b", "ä@b"])
def test_a_notice_is_named_by_receiver_and_alert(receiver: str) -> None:
    assert notice_of(notice_name(receiver, "f1")) == (receiver, "f1")


def test_groups_of_receivers_have_names_of_their_own() -> None:
    names = {
        group_name(receiver, group)
        for receiver in ("chat", "pager")
        for group in ((), (("a", "b"),), (("a", "c"),), (("a", "b"), ("c", "d")))
    }
    assert len(names) == 8
