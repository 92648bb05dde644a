from __future__ import annotations

from pathlib import Path

import pytest

from kpistream.core.alerting.telling.silences_file import load_silences
from kpistream.core.located_yaml import ConfigErrors
from kpistream.core.windows.days import Days

HERE = Path(__file__).parent / "silence_errors"
DAYS = Days("Europe/Paris")


def test_a_list_of_silences_is_read() -> None:
    text = """
- match: {channel: email, severity: warning}
  from: 2026-03-02 22:00
  to: 2026-03-02T22:00:00Z
  comment: the mail server moves
- {match: ["alertname=roas_below_one", 'campaign=~"aut.*"'], from: 2026-03-07, to: 2026-03-09}
"""
    moves, weekend = load_silences(text, "f.yml", DAYS)
    assert moves.match({"channel": "email", "severity": "warning"})
    assert not moves.match({"channel": "email", "severity": "critical"})
    # 22:00 in Paris is 21:00 in UTC.
    assert moves.ends_at - moves.starts_at == 3600
    assert moves.comment == "the mail server moves"
    assert weekend.match({"alertname": "roas_below_one", "campaign": "autumn"})
    assert not weekend.match({"alertname": "roas_below_one", "campaign": "spring"})
    assert weekend.ends_at - weekend.starts_at == 2 * 86_400


ERRORS = {
    "ends_before_it_begins": ":3: silences[0].to: is not after `from`",
    "longer_than_a_year": ":1: silences[0]: a silence ends within a year",
    "matches_everything": ":1: silences[0]: a silence needs a matcher that wants a label",
    "no_match": ":1: silences[0].match: this key is required",
    "no_matcher": ":1: silences[0].match[0]: 'email' is no matcher; write channel=email",
    "no_moment": ":2: silences[0].from: 'tonight' is no moment such as 2026-03-02T08:00:00Z",
    "unknown_key": ":4: silences[0].coment: unknown key; did you mean 'comment'?",
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_mistake_is_told_with_its_line(name: str) -> None:
    with pytest.raises(ConfigErrors) as caught:
        load_silences((HERE / f"{name}.yml").read_text(encoding="utf-8"), "f.yml", DAYS)
    assert str(caught.value.errors[0]).startswith("f.yml" + ERRORS[name])


def test_every_bad_file_is_looked_at() -> None:
    assert {path.stem for path in HERE.iterdir()} == set(ERRORS)
