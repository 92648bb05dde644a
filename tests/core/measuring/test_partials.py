"""Partials: absolute sums that may be sent twice, or late."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.measuring.partials import (
    Mark,
    Partial,
    Sums,
    add,
    decode_mark,
    decode_partial,
    difference,
    encode_mark,
    encode_partial,
)

some_sums = st.dictionaries(
    st.sampled_from(["clicks", "revenue@EUR", "ad_cost@USD"]), st.integers(-(10**40), 10**40)
)


@given(some_sums, some_sums)
def test_the_difference_leads_from_the_old_sums_to_the_new(new: Sums, old: Sums) -> None:
    reached = dict(old)
    add(reached, difference(new, old))

    assert {k: v for k, v in reached.items() if v} == {k: v for k, v in new.items() if v}


def test_partials_and_marks_travel_unchanged() -> None:
    partial = Partial(
        "clicks",
        3,
        17,
        [
            (
                10,
                1_772_359_200,
                {"revenue@EUR": 10**17, "squares@EUR": 10**34},
                {"visitors": b"\x01abcd"},
            )
        ],
    )
    mark = Mark("clicks", 3, 1_772_359_200_000, 17, 900)

    assert decode_partial(encode_partial(partial)) == partial
    assert decode_mark(encode_mark(mark)) == mark


def test_a_mark_from_before_there_were_lags_knows_of_none() -> None:
    assert decode_mark(b'["clicks",3,1772359200000,17]') == Mark("clicks", 3, 1_772_359_200_000, 17)
    assert decode_mark(b'["clicks",3,1772359200000,17]').lag_s == 0
