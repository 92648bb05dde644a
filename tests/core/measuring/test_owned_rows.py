"""Owned rows: no owner overwrites another's, and nothing is removed too early."""

from __future__ import annotations

import pytest

from kpistream.core.measuring.owned_rows import OwnedRows, row_name


def test_owners_write_the_same_row_under_different_keys() -> None:
    one, other = OwnedRows(b"one"), OwnedRows(b"other")

    assert one.put(b"row", b"1")[0] != other.put(b"row", b"2")[0]
    assert row_name(one.put(b"r@w", b"1")[0]) == b"r@w"


def test_a_copy_of_another_owner_stays_beside_the_row() -> None:
    rows = OwnedRows(b"new")
    rows.restore(b"row@old", b"1")
    rows.put(b"row", b"2")

    assert rows.begin() == []


def test_a_copy_goes_a_flush_after_the_row_that_replaces_it() -> None:
    rows = OwnedRows(b"new")
    rows.restore(b"row@old", b"1")

    assert rows.begin() == []
    rows.replace(b"row", b"2")
    assert rows.begin() == [(b"row@old", None)]
    assert rows.begin() == []


def test_a_row_and_its_copies_are_removed_one_flush_later() -> None:
    rows = OwnedRows(b"new")
    rows.restore(b"row@old", b"1")
    rows.remove(b"row")

    assert rows.begin() == [(b"row@old", None), (b"row@new", None)]


def test_a_row_that_comes_back_is_not_removed() -> None:
    rows = OwnedRows(b"new")
    rows.remove(b"row")
    rows.put(b"row", b"2")

    assert rows.begin() == []


def test_a_copy_that_is_gone_already_need_not_be_removed() -> None:
    rows = OwnedRows(b"new")
    rows.restore(b"row@old", b"1")
    rows.restore(b"row@old", None)
    rows.replace(b"row", b"2")

    assert rows.begin() == []


def test_an_owner_with_the_mark_in_it_is_refused() -> None:
    with pytest.raises(ValueError, match="@"):
        OwnedRows(b"a@b")
