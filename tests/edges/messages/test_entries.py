"""Labels and annotations as Alertmanager takes them."""

from __future__ import annotations

import msgspec
import pytest

from kpistream.edges.messages.entries import MOST_LABELS, annotations_of, ended_at, labels_of
from kpistream.edges.messages.links import Links
from tests.edges.messages import sample
from tests.support.alerting import START


def test_labels_are_the_same_for_firing_and_resolved() -> None:
    assert (
        labels_of(sample.roas(), 100)
        == labels_of(sample.over(), 100)
        == {
            "channel": "ads",
            "campaign": "autumn",
            "currency": "EUR",
            "alertname": "roas_below_one",
            "severity": "critical",
            "kpi": "return_on_ad_spend",
            "window": "1h",
            "owner": "performance marketing",
        }
    )


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("team", "crm", {"team": "crm"}),
        ("no-label!", "x", {"no_label_": "x"}),
        ("9lives", "x", {"_9lives": "x"}),
        ("", "x", {"_": "x"}),
        ("empty", "", {}),
        ("long", "x" * 101, {"long": "x" * 99 + "…"}),
        ("half", "\ud800", {"half": "?"}),
    ],
)
def test_a_rules_labels_are_written_so_that_they_are_taken(
    name: str, value: str, written: dict[str, str]
) -> None:
    own = labels_of(sample.roas(), 100)
    assert labels_of(sample.roas(labels={name: value}), 100) == {**own, **written}


def test_an_alerts_own_labels_come_before_those_of_its_rule() -> None:
    many = labels_of(sample.roas(labels={f"label_{n}": "x" for n in range(100)}), 100)
    assert len(many) == MOST_LABELS
    assert labels_of(sample.roas(), 100).items() <= many.items()


def test_annotations_say_it_in_words_and_in_numbers() -> None:
    assert annotations_of(sample.unsubscribes(), Links(), 100) == {
        "summary": "Readers unsubscribe more often.",
        "action": "Stop the sends that are queued.",
        "title": "WARNING unsubscribe_rate_rising: unsubscribe_rate 1.23 % [channel=email]",
        "value": "0.0123456",
        "value_text": "1.23 %",
        "baseline": "0.005",
        "condition": "rises by 50 % against the window before",
        "sample": "1234",
        "method": "raw",
        "how_sure": "raw threshold, not tested; 1,234 events",
        "runbook_url": "https://wiki.example.org/unsubscribes",
    }


def test_what_is_known_of_chance_cause_and_cost_is_annotated() -> None:
    said = annotations_of(sample.roas(), sample.LINKS, 500)
    known = {
        "p": "8e-05",
        "interval": "0.71 to 0.92 (95 %)",
        "at_stake_per_hour": "200",
        "stake_formula": "(baseline - return_on_ad_spend) * ad_cost",
    }
    assert known.items() <= said.items()
    assert said["why"].startswith("Fell from 2.1 to 0.8")
    assert {"alert_url", "before_url", "dashboard_url"} <= said.keys()


def test_an_alert_ends_when_it_is_resolved_and_not_before_it_began() -> None:
    assert ended_at(sample.roas()) is None
    assert ended_at(sample.over()) == START + 300
    early = msgspec.structs.replace(sample.over(), changed_at=0.0, since=1.0)
    assert ended_at(early) == 1.0
