"""Slices: which parts of the traffic an event belongs to, and how they are named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.slices import (
    MAX_MEMBER_CHARS,
    NOT_SET,
    Slicing,
    normalise_member,
    owner_of,
    partition_of,
    slice_from_key,
    slice_key,
    slice_name,
)


def test_an_event_belongs_to_one_slice_of_each_set() -> None:
    slicing = Slicing([(), ("channel",), ("channel", "campaign")])

    assert slicing.dimensions == ("channel", "campaign")
    assert slicing.slices_of(("email", "autumn")) == (
        (),
        (("channel", "email"),),
        (("channel", "email"), ("campaign", "autumn")),
    )


def test_the_order_and_repetition_of_dimensions_in_a_set_do_not_matter() -> None:
    slicing = Slicing([("campaign", "channel"), ("channel", "campaign", "channel")])

    assert slicing.sets == (("channel", "campaign"),)


def test_a_dimension_that_no_event_carries_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown dimension 'colour'; allowed: channel, campaign"):
        Slicing([("colour",)])


@pytest.mark.parametrize(
    ("written", "member"),
    [
        ("email", "email"),
        ("  E-Mail ", "e-mail"),
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
        ("a\tb", "a b"),
        ("a\u200bb", "a b"),
        (None, NOT_SET),
        ("", NOT_SET),
        (" \n ", NOT_SET),
        ("x" * 100, "x" * MAX_MEMBER_CHARS),
    ],
)
def test_members_are_grouped_as_people_would(written: str | None, member: str) -> None:
    assert normalise_member(written) == member


def test_events_without_a_value_share_the_member_not_set() -> None:
    assert Slicing([("channel",)]).slices_of((None,)) == ((("channel", "(not set)"),),)


@given(st.lists(st.tuples(st.sampled_from(["channel", "site"]), st.text(max_size=20)), max_size=3))
def test_a_key_names_its_slice(pairs: list[tuple[str, str]]) -> None:
    assert slice_from_key(slice_key(tuple(pairs))) == tuple(pairs)


def test_slices_are_named_by_their_dimensions() -> None:
    assert slice_name(()) == "total"
    assert slice_name((("channel", "email"), ("campaign", "autumn"))) == "channel_campaign"


def test_the_owner_of_a_slice_never_changes() -> None:
    assert partition_of(b"[]", 4) == 2
    assert partition_of(slice_key((("channel", "email"),)), 4) == 3


def test_all_slices_of_a_set_have_one_owner() -> None:
    names = [f"c{n}" for n in range(50)]
    owners = {owner_of(slice_key((("campaign", name),)), 64) for name in names}

    assert len(owners) == 1
    assert owners != {owner_of(slice_key(()), 64)}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_a_member_is_printable_bounded_and_never_empty(written: str) -> None:
    member = normalise_member(written)

    assert 0 < len(member) <= MAX_MEMBER_CHARS
    assert member.isprintable()


def test_letters_that_can_be_written_in_two_ways_are_one() -> None:
    assert normalise_member("E\u0301toile") == normalise_member("\u00e9toile")
