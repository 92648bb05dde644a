"""People: ids become keyed hashes, the same everywhere, and memory stays bounded."""

from __future__ import annotations

from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.measuring import people
from kpistream.core.measuring.people import People

KEY = b"a key of the tests"


@given(
    key=st.binary(min_size=1, max_size=200),
    ids=st.sets(st.text(st.characters(exclude_categories=["Cs"]), max_size=128), max_size=5),
)
def test_a_hash_is_32_bits_of_keyed_blake2b(key: bytes, ids: set[str]) -> None:
    secret = key if len(key) <= 64 else blake2b(key).digest()
    expected = {blake2b(p.encode(), key=secret, digest_size=4).digest() for p in ids}
    assert {h.to_bytes(4) for h in People(key).hashes(ids)} == expected


@pytest.mark.parametrize("length", [1, 63, 64, 65, 200])
def test_a_key_of_any_length_is_taken_as_a_whole(length: int) -> None:
    assert People(b"k" * length).hashes(["anna"]) != People(b"k" * (length - 1) + b"l").hashes(
        ["anna"]
    )


def test_a_hash_is_the_one_it_was_in_every_release() -> None:
    # Rows hold these hashes: another one would make everybody somebody new.
    assert People(KEY).hashes(["visitor-1"]) == {0x4AB933CA}


def test_a_person_has_one_hash_however_often_they_come() -> None:
    assert len(People(KEY).hashes(["anna", "bert", "anna"])) == 2
    assert People(KEY).hashes(iter(["anna"])) == People(KEY).hashes({"anna"})


def test_nobody_has_no_hash() -> None:
    assert People(KEY).hashes([]) == set()


def test_another_key_makes_everybody_somebody_new() -> None:
    ids = [f"visitor-{number}" for number in range(1000)]
    assert People(KEY).hashes(ids).isdisjoint(People(KEY + b"!").hashes(ids))


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(ValueError, match="is empty"):
        People(b"")


def test_ids_are_forgotten_beyond_the_limit_and_hashed_alike_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(people, "CACHE_LIMIT", 10)
    ids = [f"visitor-{number}" for number in range(95)]
    cache = people._Hashes(KEY)
    first = [cache[person] for person in ids]

    assert len(cache) == 5
    assert [cache[person] for person in ids] == first
