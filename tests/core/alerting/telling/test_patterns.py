"""Patterns: as Python reads them, but never slow."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.telling.patterns import MOST_STEPS, Pattern, PatternError, compiled

ATOMS = st.sampled_from(
    ["a", "b", "ab", ".", "[ab]", "[^a]", "[a-c0-9]", r"\d", r"\W", r"\.", "[-b]", r"[\w.]", ""]
)
TIMES = ["*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "+?", "{1,3}?"]


def _larger(patterns: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(patterns, patterns).map("".join),
        st.tuples(patterns, patterns).map("|".join).map("({})".format),
        st.tuples(patterns, st.sampled_from(TIMES)).map(lambda both: f"(?:{both[0]}){both[1]}"),
    )


PATTERNS = st.recursive(ATOMS, _larger, max_leaves=6)


@given(pattern=PATTERNS, text=st.text("ab1. -", max_size=8))
def test_a_pattern_means_what_it_means_in_python(pattern: str, text: str) -> None:
    assert Pattern(pattern).matches(text) is bool(re.fullmatch(pattern, text, re.ASCII))


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("autumn.*", ["autumn", "autumn sale"], ["an autumn", "autum"]),
        ("^autumn$", ["autumn"], ["autumn$", "^autumn"]),
        (r"a\$", ["a$"], ["a", r"a\$"]),
        (r"a\\$", ["a\\"], ["a\\$", "a$"]),
        ("a|b|", ["a", "b", ""], ["ab"]),
        ("(fr|de)-[0-9]{2,3}", ["fr-10", "de-123"], ["fr-1", "fr-1234", "it-10"]),
        (".", ["é", "\n", "\U0010ffff"], ["", "ab"]),
        (r"[\]^-]+", ["]", "^-"], ["", "a"]),
        ("[^a-c]", ["d"], ["b"]),
    ],
)
def test_a_pattern_stands_for_the_whole_text(
    pattern: str, matching: list[str], others: list[str]
) -> None:
    read = Pattern(pattern)
    assert [text for text in [*matching, *others] if read.matches(text)] == matching


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(a", "a ( that nothing closes"),
        ("a)", "a ) that closes nothing"),
        ("[a", "a [ that nothing closes"),
        ("[]", "an empty []"),
        ("[[:alpha:]]", "[ in a []"),
        ("[z-a]", "goes from a character to a later one"),
        (r"[\d-z]", "goes from a character to a later one"),
        (r"[\D]", "do not go into []"),
        ("*a", "* repeats nothing"),
        ("a**", "repeated twice"),
        ("a*+", "repeated twice"),
        ("a{2}{3}", "repeated twice"),
        ("a{", "write {2}, {2,} or {2,5}"),
        ("a{x}", "write {2}, {2,} or {2,5}"),
        ("a{3,2}", "{3,2} ends before it begins"),
        ("a{101}", "more than 100 times"),
        ("a{99999999999}", "write {2}, {2,} or {2,5}"),
        ("a^b", "^ inside"),
        ("a$b", "$ inside"),
        ("(?=a)", "(? is not supported"),
        ("(?i)a", "(? is not supported"),
        (r"\bword", r"\b is not supported"),
        (r"(a)\1", r"\1 is not supported"),
        ("a\\", "\\ at the end"),
        ("(" * 33 + ")" * 33, "more than 32 groups"),
        ("a{100}" * 5, "too large"),
        ("((((a{99}){99}){99}){99})", "too large"),
        ("((((){99}){99}){99}){99}", "too large"),
    ],
)
def test_a_pattern_that_is_none_says_why(pattern: str, problem: str) -> None:
    with pytest.raises(PatternError, match=re.escape(problem)):
        Pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|a)*b", "(a*)*b", "(.*.*.*.*.*)*b", "(a?){60}a{60}", "(a|aa)+c"]
)
def test_a_pattern_that_python_never_finishes_takes_a_bounded_number_of_steps(
    pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, text = Pattern(pattern), "a" * 500
    looked_at = 0
    reach = Pattern._reach

    def counted(self: Pattern, places: list[int]) -> set[int]:
        nonlocal looked_at
        reached = reach(self, places)
        looked_at += len(reached)
        return reached

    monkeypatch.setattr(Pattern, "_reach", counted)
    read.matches(text)
    assert looked_at <= (MOST_STEPS + 2) * (len(text) + 1)


def test_a_pattern_is_read_once() -> None:
    assert compiled("autumn.*") is compiled("autumn.*")
