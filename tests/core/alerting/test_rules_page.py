"""docs/rules.md tells the truth: its example loads, its keys and defaults are the real ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kpistream.core.alerting.alerts import AlertState, holds
from kpistream.core.alerting.rules import Comparison, Rule, Severity, Vocabulary, load_rules
from tests.support.alerting import reading, rule

PAGE = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")
[EXAMPLE] = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
WORDS = Vocabulary(
    kpis=["return_on_ad_spend", "unsubscribe_rate"],
    windows=["1h"],
    dimensions=["channel", "campaign"],
    slicing=[("channel",), ("channel", "campaign")],
)


@pytest.fixture
def example() -> tuple[Rule, ...]:
    return load_rules(EXAMPLE, "rules.md", WORDS)


def test_what_the_example_leaves_out_is_as_the_page_says(example: tuple[Rule, ...]) -> None:
    _, rising = example
    defaults = dict(re.findall(r"^\| `(\w+)` \| `(\S+)` \|", PAGE, re.M))
    assert defaults == {"slice": "{}", "for": "0s", "minimum_sample": str(rising.minimum_sample)}
    assert rising.for_s == 0


def test_every_key_is_on_the_page() -> None:
    [table] = re.findall(r"## Keys\n(.*?)\n## ", PAGE, re.S)
    named = {key for row in re.findall(r"^\| (`.*?) \|", table, re.M) for key in row.split(", ")}
    written = set(Rule.__struct_fields__) - {"comparison", "threshold", "for_s"} | {"for"}
    assert {key.strip("`") for key in named} == written | set(Comparison)


def test_every_state_and_severity_is_on_the_page() -> None:
    for word in [*AlertState, *Severity]:
        assert f"`{word}`" in PAGE


def test_a_window_before_of_nothing_is_read_as_one_unit() -> None:
    rising = rule(rises_by=0.5, minimum_sample=200)
    before = reading(0.0, numerator=0.0, denominator=200.0, sample=200)
    assert holds(rising, reading(0.0075, sample=200), before)
    assert not holds(rising, reading(0.0074, sample=200), before)
