"""Members: at most as many as the limit have slices of their own, the largest, and they stay."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.merging.members import Members
from kpistream.core.slices import NOT_SET, OTHER, Slice


class Crowd:
    """Members of one dimension, minute by minute."""

    def __init__(self, limit: int) -> None:
        self.members = Members({"campaign": limit})
        self.living: set[Slice] = set()

    def count(self, name: str, events: int = 1) -> str:
        """Events of a member; the member that they are counted for."""
        place = self.members.place(campaign(name))
        self.members.weigh(campaign(name), events)
        self.living.add(place)
        return place[0][1]

    def turn(self) -> None:
        """A minute passes."""
        self.members.turn(self.living)

    def admitted(self, names: Iterable[str]) -> set[str]:
        """Those among the names that have a place now; asking takes one that is free."""
        return {n for n in names if self.members.place(campaign(n)) == campaign(n)}


def campaign(name: str) -> Slice:
    """The slice of a campaign."""
    return (("campaign", name),)


def test_members_are_taken_as_they_come_while_there_is_room() -> None:
    crowd = Crowd(2)

    assert [crowd.count(name) for name in "abcab"] == ["a", "b", OTHER, "a", "b"]


def test_dimensions_without_a_limit_take_any_number() -> None:
    members = Members({"campaign": 1})
    parts = [(("site", str(n)),) for n in range(50)]

    assert [members.place(part) for part in parts] == parts


def test_sets_of_dimensions_have_places_of_their_own() -> None:
    members = Members({"campaign": 1})
    both = ("channel", "ads"), ("campaign", "b")

    assert members.place(campaign("a")) == campaign("a")
    assert members.place(both) == both
    assert members.place((("channel", "ads"), ("campaign", "a"))) == (both[0], ("campaign", OTHER))


@pytest.mark.parametrize("name", [NOT_SET, OTHER])
def test_the_unknown_and_the_others_take_no_place(name: str) -> None:
    crowd = Crowd(2)
    for _ in range(5):
        crowd.count("a")
        crowd.count("b")
        crowd.count(name, 1000)
        crowd.turn()

    assert crowd.count(name) == name
    assert crowd.admitted("ab") == {"a", "b"}


@given(
    limit=st.integers(1, 5),
    names=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 90)), max_size=80),
)
def test_no_more_than_the_limit_have_a_place(limit: int, names: list[tuple[int, int]]) -> None:
    crowd = Crowd(limit)
    everybody = [str(n) for n in range(21)]
    for n, (name, events) in enumerate(names):
        crowd.count(str(name), events)
        if n % 7 == 6:
            crowd.turn()

    assert len(crowd.admitted(everybody)) <= limit


def test_the_largest_end_up_with_the_places() -> None:
    crowd, random = Crowd(5), Random(1)
    rates = {f"{n:02}": 2.5 ** (n / 2) for n in range(20)}
    for _ in range(120):
        for name in sorted(rates):
            crowd.count(name, int(rates[name] * random.uniform(0.5, 1.5)))
        crowd.turn()

    assert crowd.admitted(sorted(rates, reverse=True)) == {"15", "16", "17", "18", "19"}


@pytest.mark.parametrize("per_minute", [2, 10, 1000])
def test_two_of_about_the_same_size_do_not_take_turns(per_minute: int) -> None:
    crowd, random = Crowd(1), Random(per_minute)
    homes: dict[str, list[str]] = {"a": [], "b": []}
    for _ in range(1500):
        for name, held in homes.items():
            arrived = round(random.gauss(per_minute, per_minute**0.5))
            held.append(crowd.count(name, max(0, arrived)))
        crowd.turn()
    changes = sum(one != other for one, other in pairwise(homes["a"]))

    assert changes <= 1


def test_one_that_becomes_large_takes_the_place_of_the_smallest() -> None:
    crowd = Crowd(2)
    for minute in range(60):
        crowd.count("large", 100)
        crowd.count("small", 10)
        crowd.count("new", 50 if minute >= 20 else 0)
        crowd.turn()

    assert crowd.admitted(["large", "small", "new"]) == {"large", "new"}


def test_a_member_without_slices_makes_room() -> None:
    crowd = Crowd(1)
    assert [crowd.count("a"), crowd.count("b")] == ["a", OTHER]
    crowd.living.discard(campaign("a"))
    crowd.turn()

    assert crowd.count("b") == "b"


def test_those_that_have_slices_already_are_kept_until_a_turn_finds_the_largest() -> None:
    members = Members({"campaign": 2})
    for name, events in (("a", 5), ("b", 9), ("c", 7)):
        members.keep(campaign(name), events)
    parts = [campaign(name) for name in "abc"]
    assert [members.place(part) for part in parts] == parts
    members.turn(parts)

    assert [members.place(part) for part in parts] == [campaign(OTHER), *parts[1:]]


def test_a_million_names_leave_the_memory_bounded() -> None:
    crowd = Crowd(10)
    for n in range(10_000):
        crowd.count(f"m{n}")
        crowd.count("steady") if n % 20 == 0 else None
    [ranking] = crowd.members._rankings.values()

    assert len(ranking.kept) == 10
    assert len(ranking.waiting) <= 81
    crowd.turn()
    assert not crowd.members._places
    assert crowd.admitted(["steady"]) == {"steady"}
