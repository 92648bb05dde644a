from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kpistream.core.alerting.proof.moments import parse_moment, under
from kpistream.core.located_yaml import load
from kpistream.core.windows.days import Days


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-02T08:00:00Z", "2026-03-02T08:00:00"),
        ("2026-03-02T08:00:00+05:30", "2026-03-02T02:30:00"),
        ("2026-03-02T08:00:00", "2026-03-02T07:00:00"),
        ("2026-03-02 08:00", "2026-03-02T07:00:00"),
        ("2026-07-02 08:00", "2026-07-02T06:00:00"),
        ("2026-03-02", "2026-03-01T23:00:00"),
        ("2026-10-25 02:30", "2026-10-25T00:30:00"),
    ],
)
def test_a_moment_without_an_offset_is_local(text: str, utc: str) -> None:
    wanted = datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()
    assert parse_moment(text, Days("Europe/Paris")) == wanted


@pytest.mark.parametrize("text", ["", "noon", "2026-02-30", "08:00", "2026-03-02T25:00:00Z"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no moment such as"):
        parse_moment(text, Days())


def test_a_list_stands_under_a_name_with_the_lines_that_it_had() -> None:
    located = under("spans", load("- a: 1\n- a: 2\n", "f.yml"))
    assert located.data == {"spans": [{"a": 1}, {"a": 2}]}
    assert str(located.error(("spans", 1, "a"), "is wrong")) == "f.yml:2: spans[1].a: is wrong"


def test_a_file_that_has_the_name_itself_stays_as_it_is() -> None:
    located = load("spans:\n  - a: 1\n", "f.yml")
    assert under("spans", located) is located
