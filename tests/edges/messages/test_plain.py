"""Text that is safe to show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.edges.messages.discord import ESCAPES as DISCORD
from kpistream.edges.messages.plain import AT, clean, cut, units
from kpistream.edges.messages.slack import ESCAPES as SLACK

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("été, 夏, 👩‍👧", "été, 夏, 👩‍👧"),
        ("\x1b[2Jgone\nnew\tline\u2028end\x00", "[2Jgone new line end"),
        ("\u202egnp.exe\u202c \u2066x\u2069 \u200fy", "gnp.exe x y"),
        ("zero\u200bwidth\ufeff soft\u00adhyphen \U000e0041tag", "zerowidth softhyphen tag"),
        ("half \ud800", "half ?"),
    ],
)
def test_what_cannot_be_seen_is_left_out(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(ANY_TEXT)
def test_clean_text_is_one_line_that_any_encoder_takes(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert cleaned.splitlines() in ([], [cleaned])
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("a👍", 3, "a👍"),
        ("a👍b", 3, "a…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
        ("", 0, ""),
    ],
)
def test_long_text_ends_in_an_ellipsis_and_no_character_is_halved(
    text: str, most: int, shown: str
) -> None:
    assert cut(text, most) == shown


@pytest.mark.parametrize(
    ("most", "shown"), [(9, "a&amp;b"), (7, "a&amp;b"), (6, "a…"), (2, "a…"), (1, "…")]
)
def test_an_escape_is_there_as_a_whole_or_not_at_all(most: int, shown: str) -> None:
    assert cut("a&b", most, SLACK) == shown


@pytest.mark.parametrize(
    ("escapes", "text", "shown"),
    [
        (SLACK, "<!channel> <@U1> @here A&B", f"&lt;!channel&gt; &lt;{AT}U1&gt; {AT}here A&amp;B"),
        (DISCORD, "@everyone <@&1> [x](y)", rf"{AT}everyone \<{AT}&1\> \[x\]\(y\)"),
        (DISCORD, r"**b** `c` \# ||s||", r"\*\*b\*\* \`c\` \\\# \|\|s\|\|"),
    ],
)
def test_what_a_chat_would_read_as_markup_is_escaped(
    escapes: dict[str, str], text: str, shown: str
) -> None:
    assert cut(text, 1_000, escapes) == shown


@given(ANY_TEXT.map(clean), st.integers(1, 40))
def test_cut_text_is_never_longer_than_was_asked(text: str, most: int) -> None:
    for escapes in (SLACK, DISCORD):
        shown = cut(text, most, escapes)
        assert len(shown.encode("utf-16-le")) // 2 == units(shown) <= most
