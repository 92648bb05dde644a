"""docs/rules.md tells the truth: its example loads, its keys and defaults are the real ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kpistream.core.alerting.alerts import AlertState
from kpistream.core.alerting.rules import conditions as c
from kpistream.core.alerting.rules.conditions_file import OPTIONS, VERBS
from kpistream.core.alerting.rules.rule import Rule, Severity, Vocabulary
from kpistream.core.alerting.rules.rules_file import load_rules

PAGE = (Path(__file__).parents[4] / "docs" / "rules.md").read_text(encoding="utf-8")
[EXAMPLE] = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
WORDS = Vocabulary(
    kpis=["return_on_ad_spend", "cost_per_lead", "customer_rate"],
    windows=["24h"],
    dimensions=["channel", "campaign"],
    slicing=[("channel",), ("channel", "campaign")],
)

KEYS = [name for name in Rule.__struct_fields__ if name != "texts"]

WRITTEN_OTHERWISE = {"for_s": "for", "keep_firing_for_s": "keep_firing_for"} | {
    "settle_s": "settle",
    "hold_off_s": "hold_off",
}


@pytest.fixture
def example() -> tuple[Rule, ...]:
    return load_rules(EXAMPLE, "rules.md", WORDS)


def test_what_the_example_leaves_out_is_as_the_page_says(example: tuple[Rule, ...]) -> None:
    _, dear = example
    defaults = dict(re.findall(r"^\| `(\w+)` \| `(\S+)` \|", PAGE, re.M))

    assert defaults == {
        "slice": "{}",
        "confidence": str(dear.confidence),
        "for": f"{dear.for_s:.0f}s",
        "keep_firing_for": f"{dear.keep_firing_for_s:.0f}s",
        "damp_flaps": str(dear.damp_flaps).lower(),
        "minimum_sample": str(dear.minimum_sample),
        "settle": f"{dear.settle_s:.0f}s",
        "hold_off": f"{dear.hold_off_s:.0f}s",
        "labels": str(dear.labels),
        "inhibits": str([*dear.inhibits]),
    }


def test_the_example_is_read_as_it_looks(example: tuple[Rule, ...]) -> None:
    roas, dear = example

    assert roas.when == c.Line("return_on_ad_spend", "24h", "below", 1.0, until=1.1)
    assert roas.settle_s is None
    assert isinstance(dear.when, c.All)


def test_every_key_is_on_the_page() -> None:
    [table] = re.findall(r"## Keys\n(.*?)\n## ", PAGE, re.S)
    named = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (.*?) \|", table, re.M))))

    assert named == {WRITTEN_OTHERWISE.get(name, name) for name in KEYS}


def test_every_verb_option_state_and_severity_is_on_the_page() -> None:
    for word in [*VERBS, *OPTIONS, *AlertState, *Severity]:
        assert re.search(rf"`{word}\b", PAGE), word
