"""Pane rows: joined whatever order copies and shards come in, each partial counted once."""

from __future__ import annotations

from itertools import permutations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.measuring.owned_rows import pane_row_name, pane_row_of
from kpistream.core.measuring.sketch import Sketch
from kpistream.core.merging.pane_rows import (
    SHARDS,
    PaneRow,
    StoredRow,
    bring_home,
    decode_stored,
    encode_row,
    joined,
    member_of,
    member_source,
    shard_name,
    shard_of,
    shard_pane_name,
    stored,
)
from kpistream.core.slices import OTHER, Slice
from kpistream.core.windows.panes import Pane

PANE: Pane = (10, 600)
REST: Slice = (("campaign", OTHER),)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def _campaign(name: str) -> Slice:
    return (("campaign", name),)


@given(texts)
def test_a_members_source_names_it_whatever_its_characters(name: str) -> None:
    source = member_source("clicks|0", _campaign(name))

    assert member_of(source) == _campaign(name)
    assert member_of("clicks|0") is None
    assert 1 <= shard_of(source) <= SHARDS
    assert shard_of("clicks|0") == 0


@given(texts, st.integers(0, SHARDS))
def test_a_shard_is_named_after_its_pane(name: str, shard: int) -> None:
    own = pane_row_name(PANE, _campaign(name))

    assert shard_pane_name(shard_name(PANE, _campaign(name), shard)) == own
    assert pane_row_of(own) == (PANE, _campaign(name))
    assert (shard_name(PANE, _campaign(name), shard) == own) is (shard == 0)


def _rest(members: int, people: bytes = b"") -> tuple[PaneRow, dict[str, bytes]]:
    live = {member_source("clicks|0", _campaign(f"m{n}")): (n, {"c": n}) for n in range(members)}
    row = PaneRow({"clicks|0": (7, {"c": 1}), **live}, {"c": 100}, [(10, 590)], 5)
    return row, {"visitors": people} if people else {}


@given(st.integers(0, 200), st.randoms(use_true_random=False))
def test_a_row_is_whole_again_from_its_shards_in_any_order(members: int, random: object) -> None:
    row, crowds = _rest(members)
    shards = stored(row, crowds, range(SHARDS + 1))
    pieces = [decode_stored(encode_row(piece)) for _, piece in shards]
    random.shuffle(pieces)  # type: ignore[attr-defined]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = joined(whole, piece)

    assert whole.row() == row


def test_only_shards_that_changed_are_stored_and_always_the_first() -> None:
    row, crowds = _rest(200)
    pieces = dict(stored(row, crowds, [0, 3]))

    assert set(pieces) == {0, 3}
    assert all(shard_of(name) == 3 for name in pieces[3].live)
    assert set(dict(stored(row, crowds, [0]))[0].live) == {"clicks|0"}


def test_shards_of_many_members_stay_far_below_the_size_of_a_record() -> None:
    row, crowds = _rest(20_000)
    sizes = [len(encode_row(piece)) for _, piece in stored(row, crowds, range(SHARDS + 1))]

    assert max(sizes) < 40_000


@given(st.lists(st.integers(0, 3), min_size=3, max_size=3))
def test_copies_join_to_the_same_in_any_order(fences: list[int]) -> None:
    copies = [
        StoredRow({"clicks|0": (fence, {"c": fence})}, {}, [], n, {"visitors": _crowd(n)})
        for n, fence in enumerate(fences)
    ]
    found = set()
    for one, two, three in permutations(copies):
        found.add(msgspec.json.encode(joined(joined(one, two), three)))

    assert len(found) == 1
    assert joined(joined(*copies[:2]), copies[2]).live["clicks|0"][0] == max(fences)


def _crowd(*people: int) -> bytes:
    crowd = Sketch()
    crowd.add(people)
    return crowd.to_bytes()


def _row(**live: tuple[int, int]) -> StoredRow:
    return StoredRow({name: (fence, {"c": n}) for name, (fence, n) in live.items()}, {}, [], 1)


def test_what_two_owners_put_apart_is_brought_to_the_members_own_slice() -> None:
    away = member_source("clicks|0", _campaign("a"))
    older, other = member_source("clicks|1", _campaign("a")), member_source("clicks|0", REST)
    rows = {
        (_campaign("a"), PANE): _row(**{"clicks|0": (5, 50), "clicks|1": (2, 20)}),
        (REST, PANE): _row(**{"clicks|0": (1, 1), away: (6, 60), older: (1, 10)}),
    }
    changed = bring_home(rows)

    assert rows[_campaign("a"), PANE].live == {
        "clicks|0": (6, {"c": 60}),
        "clicks|1": (2, {"c": 20}),
    }
    assert rows[REST, PANE].live == {"clicks|0": (1, {"c": 1})}
    assert changed[_campaign("a"), PANE] == {0}
    assert changed[REST, PANE] == {0, shard_of(away), shard_of(older)}
    assert other not in rows[REST, PANE].live


def test_what_is_away_in_one_place_alone_stays_there() -> None:
    rows = {(REST, PANE): _row(**{member_source("clicks|0", _campaign("a")): (1, 1)})}

    assert bring_home(rows) == {}
    assert len(rows[REST, PANE].live) == 1
