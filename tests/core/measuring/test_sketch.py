"""Sketches: exact for few, within a stated error for many, and the same however they came about."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.measuring.people import People
from kpistream.core.measuring.sketch import (
    EXACT_LIMIT,
    MAX_ESTIMATE,
    MAX_RANK,
    REGISTERS,
    STANDARD_ERROR,
    Sketch,
    union,
)

FEW = 8
"""A limit so low that small examples cross it."""

hashes = st.integers(0, 2**32 - 1)
crowds = st.sets(hashes, max_size=3 * FEW)
actions = st.lists(st.tuples(st.booleans(), st.lists(hashes, max_size=FEW)), max_size=8)


def sketch(people: set[int] | range, exact: int = EXACT_LIMIT) -> bytes:
    made = Sketch(exact=exact)
    made.add(people)
    return made.to_bytes()


def some(count: int, seed: int = 1) -> set[int]:
    """So many different hashes."""
    drawn = np.random.default_rng(seed).integers(0, 2**32, 2 * count + 9, np.uint32).tolist()
    return set(list(dict.fromkeys(drawn))[:count])


def simulated(people: int, dice: np.random.Generator) -> bytes:
    """A sketch with registers as so many people would leave it, drawn without drawing each.

    Each register is reached by a share of the people, and its rank is the largest of as many
    geometric ones: it is at most k with probability (1 - 2^-k)^share.
    """
    share = dice.multinomial(people, np.full(REGISTERS, 1 / REGISTERS))
    rest = -np.expm1(np.log(dice.random(REGISTERS)) / np.maximum(share, 1))
    ranks = np.where(share, np.clip(np.ceil(-np.log2(rest)), 1, MAX_RANK), 0)
    return b"\x81" + ranks.astype(np.uint8).tobytes()


class TestTheSamePeople:
    @given(people=crowds, actions=actions)
    def test_have_the_same_bytes_however_they_were_added(
        self, people: set[int], actions: list[tuple[bool, list[int]]]
    ) -> None:
        by_steps = Sketch(exact=FEW)
        for merges, some_people in actions:
            if merges:
                by_steps.merge(sketch(set(some_people), FEW))
            else:
                by_steps.add(some_people)
        by_steps.merge(sketch(people, FEW))

        everybody = people.union(*(some_people for _, some_people in actions))
        assert by_steps.to_bytes() == sketch(everybody, FEW)

    @given(people=crowds)
    def test_have_the_same_bytes_after_a_restart(self, people: set[int]) -> None:
        data = sketch(people, FEW)
        assert Sketch(data, FEW).to_bytes() == data

    @given(a=crowds, b=crowds)
    def test_count_once_in_a_union_of_exact_sketches(self, a: set[int], b: set[int]) -> None:
        assert Sketch(union(sketch(a), sketch(b))).estimate() == len(a | b)


SIZES = (0, 1, 5, 700, EXACT_LIMIT, EXACT_LIMIT + 1, 5000)
samples = st.builds(some, st.sampled_from(SIZES), st.integers(1, 3)).map(sketch)


class TestAUnion:
    @given(a=samples, b=samples)
    def test_does_not_mind_the_order(self, a: bytes, b: bytes) -> None:
        assert union(a, b) == union(b, a)

    @given(a=samples, b=samples, c=samples)
    def test_does_not_mind_the_grouping(self, a: bytes, b: bytes, c: bytes) -> None:
        assert union(union(a, b), c) == union(a, union(b, c))

    @given(a=samples)
    def test_with_itself_or_with_nobody_changes_nothing(self, a: bytes) -> None:
        assert union(a, a) == union(a, b"") == union(b"", a) == a

    def test_leaves_what_was_merged_as_it_was(self) -> None:
        data = sketch(some(5000))
        held = bytes(bytearray(data))
        merged = Sketch(data)
        merged.add(some(5000, seed=2))

        assert data == held != merged.to_bytes()


class TestTheForm:
    def test_nobody_is_no_bytes(self) -> None:
        assert Sketch().to_bytes() == b""
        assert Sketch().estimate() == 0

    def test_a_few_are_their_sorted_hashes(self) -> None:
        assert sketch({0x01020304, 1}) == b"\x01" + b"\x01\0\0\0" + b"\x04\x03\x02\x01"

    def test_registers_are_chosen_by_12_bits_and_keep_the_rank_of_the_other_20(self) -> None:
        registers = bytearray(REGISTERS)
        registers[0x000] = 21
        registers[0x123] = 1
        registers[0xFFF] = 20
        people = {0x00000000, 0x00000010, 0x12380000, 0x123FFFFF, 0xFFF00001}
        assert sketch(people, exact=0) == b"\x81" + registers

    @pytest.mark.parametrize("low", [*(1 << bit for bit in range(20)), 2**20 - 1, 2**19 - 1, 3])
    def test_a_rank_is_the_place_of_the_first_one(self, low: int) -> None:
        bits = f"{low:020b}"
        assert sketch({low}, exact=0)[1] == bits.index("1") + 1

    def test_it_turns_from_hashes_to_registers_beyond_the_limit(self) -> None:
        assert len(sketch(some(EXACT_LIMIT))) == 1 + 4 * EXACT_LIMIT
        assert len(sketch(some(EXACT_LIMIT + 1))) == 1 + REGISTERS

    def test_a_window_stays_exact_above_the_limit_of_its_panes(self) -> None:
        window = Sketch(exact=16 * EXACT_LIMIT)
        for pane in range(16):
            window.merge(sketch(range(pane * EXACT_LIMIT, (pane + 1) * EXACT_LIMIT)))
        assert window.estimate() == 16 * EXACT_LIMIT

    @pytest.mark.parametrize(
        ("data", "problem"),
        [
            (b"\x02", "cannot begin with the byte 0x02"),
            (b"\x82" + bytes(REGISTERS), "cannot begin with the byte 0x82"),
            (b"\x01\0\0\0", "one by one cannot be 4 bytes long"),
            (b"\x81" + bytes(REGISTERS - 1), "with registers cannot be 4096 bytes long"),
            (b"\x81" + bytes(REGISTERS + 1), "with registers cannot be 4098 bytes long"),
        ],
    )
    def test_what_is_no_sketch_is_refused(self, data: bytes, problem: str) -> None:
        for use in (Sketch, Sketch().merge, lambda data: union(b"", data)):
            with pytest.raises(ValueError, match=problem):
                use(data)


class TestAnEstimate:
    @pytest.mark.parametrize("people", [0, 1, 2, 5, 10, 100])
    def test_of_few_people_in_registers_is_nearly_exact(self, people: int) -> None:
        found = Sketch(sketch(some(people), exact=0)).estimate()
        assert abs(found - people) <= max(1, 0.03 * people)

    @pytest.mark.parametrize("people", [1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000])
    def test_has_no_bias_and_the_stated_error(self, people: int) -> None:
        runs, dice = 250, np.random.default_rng(people)
        errors = [Sketch(simulated(people, dice)).estimate() / people - 1 for _ in range(runs)]

        assert abs(np.mean(errors)) < 3 * STANDARD_ERROR / math.sqrt(runs)
        assert np.std(errors) < 1.1 * STANDARD_ERROR

    def test_has_no_bias_over_real_hashes_added_one_by_one(self) -> None:
        dice, runs = np.random.default_rng(7), 2
        for people in (1000, 10_000, 100_000, 1_000_000):
            errors = []
            for _ in range(runs):
                crowd = Sketch(exact=0)
                crowd.add(dice.integers(0, 2**32, people, np.uint32).tolist())
                errors.append(crowd.estimate() / people - 1)
            assert abs(np.mean(errors)) < 3 * STANDARD_ERROR / math.sqrt(runs)

    def test_of_the_hashes_of_ids_is_within_the_stated_error(self) -> None:
        ids = [f"visitor-{number}" for number in range(50_000)]
        crowd = Sketch(sketch(People(b"a key of the tests").hashes(ids)))
        assert abs(crowd.estimate() / len(ids) - 1) < 3 * STANDARD_ERROR

    @pytest.mark.parametrize("people", [10**7, 10**8, 10**9])
    def test_does_not_suffer_from_hashes_of_only_32_bits(self, people: int) -> None:
        runs, dice = 200, np.random.default_rng(people)
        errors = [Sketch(simulated(people, dice)).estimate() / people - 1 for _ in range(runs)]
        assert abs(np.mean(errors)) < 3 * STANDARD_ERROR / math.sqrt(runs)

    def test_never_falls_as_people_come(self) -> None:
        crowd, before = Sketch(exact=0), 0
        for person in sorted(some(3000), key=lambda hashed: hashed * 2654435761 % 2**32):
            crowd.add([person])
            assert crowd.estimate() >= before
            before = crowd.estimate()

    def test_of_registers_that_are_all_full_is_the_most_it_can_be(self) -> None:
        assert Sketch(b"\x81" + bytes([MAX_RANK]) * REGISTERS).estimate() == MAX_ESTIMATE
