from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kpistream.core.alerting.proof.incidents import (
    Incident,
    Score,
    delay_s,
    load_incidents,
    score,
    score_of,
)
from kpistream.core.located_yaml import ConfigErrors
from kpistream.core.windows.days import Days
from tests.core.alerting.proof.test_backtest import firing, rule
from tests.support.builders import START_S, seconds

HERE = Path(__file__).parent / "incident_errors"
GRACE_S = 900.0


def incident(begin: str = "1h", end: str = "2h", **named: Any) -> Incident:
    return Incident("payment", START_S + seconds(begin), START_S + seconds(end), **named)


@pytest.mark.parametrize(
    ("begin", "end", "is_met"),
    [
        ("70m", "80m", True),
        ("30m", "61m", True),
        ("30m", "60m", True),
        ("30m", "59m", False),
        ("30m", "5h", True),
        ("119m", "5h", True),
        ("134m", "5h", True),
        ("135m", "5h", True),
        ("136m", "5h", False),
    ],
)
def test_an_incident_is_met_by_a_firing_at_the_time_or_within_the_grace(
    begin: str, end: str, is_met: bool
) -> None:
    assert incident().is_met_by(firing(begin, end), GRACE_S) is is_met


@pytest.mark.parametrize(
    ("named", "is_met"),
    [
        ({}, True),
        ({"rule": "roas_below_one"}, True),
        ({"rule": "few_orders"}, False),
        ({"kpi": "return_on_ad_spend"}, True),
        ({"kpi": "orders"}, False),
        ({"slice": {"campaign": "autumn"}}, True),
        ({"slice": {"campaign": "spring"}}, False),
        ({"slice": {"campaign": "autumn", "channel": "email"}}, False),
        ({"slice": {"device": "mobile"}}, True),
    ],
)
def test_it_concerns_the_rules_and_slices_that_it_names(
    named: dict[str, Any], is_met: bool
) -> None:
    assert incident(**named).is_met_by(firing(), GRACE_S) is is_met


def test_a_total_can_tell_of_what_happened_in_a_slice() -> None:
    assert incident(slice={"campaign": "autumn"}).is_met_by(firing(slice=()), GRACE_S)


def test_precision_is_of_firings_and_recall_of_incidents() -> None:
    firings = [firing("1h", "2h"), firing("65m", "70m"), firing("5h", "6h")]
    incidents = [incident("1h", "2h"), incident("10h", "11h")]
    found = score(firings, incidents, GRACE_S)
    assert (found.firings, found.right, found.incidents, found.caught) == (3, 2, 2, 1)
    assert (found.precision, found.recall) == (2 / 3, 1 / 2)


def test_what_nobody_was_told_of_does_not_count() -> None:
    found = score([firing(silenced=True)], [incident()], GRACE_S)
    assert (found.firings, found.caught) == (0, 0)


def test_without_firings_there_is_no_precision_and_without_incidents_no_recall() -> None:
    assert score([], [], GRACE_S) == Score(0, 0, 0, 0, ())
    assert Score(0, 0, 0, 0, ()).to_dict() == {
        "told": 0,
        "right": 0,
        "precision": None,
        "incidents": 0,
        "caught": 0,
        "recall": None,
        "median_delay_seconds": None,
    }


def test_a_rule_is_judged_by_the_incidents_that_concern_it() -> None:
    incidents = [incident(rule="roas_below_one"), incident(rule="few_orders")]
    found = score_of(rule(), [firing(), firing(rule="few_orders")], incidents, GRACE_S)
    assert (found.firings, found.right, found.incidents, found.caught) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("begins", "delay"),
    [(["70m"], 600.0), (["90m", "70m"], 600.0), (["30m"], 0.0), (["30m", "70m"], 0.0), ([], None)],
)
def test_the_delay_is_from_the_beginning_to_the_first_firing(
    begins: list[str], delay: float | None
) -> None:
    assert delay_s(incident(), [firing(at, "3h") for at in begins], GRACE_S) == delay


def test_the_median_of_the_delays_is_told() -> None:
    assert Score(3, 3, 3, 3, (0.0, 60.0, 900.0)).median_delay_s == 60.0
    assert Score(2, 2, 2, 2, (0.0, 60.0)).median_delay_s == 30.0


# -- the file --------------------------------------------------------------------------------------


def load(text: str) -> tuple[Incident, ...]:
    rules = [rule(), rule("few_orders", kpi="orders")]
    return load_incidents(text, "f.yml", rules, ["channel", "campaign"], Days("Europe/Paris"))


def test_a_list_of_incidents_is_read() -> None:
    text = """
- name: payment was down
  kpi: orders
  slice: {Channel: Email}
  from: 2026-03-02T08:10:00Z
  to: 2026-03-02 09:40
- {name: anything, from: 2026-03-02, to: 2026-03-03}
"""
    payment, anything = load(text.replace("Channel", "channel"))
    assert (payment.name, payment.kpi, payment.rule) == ("payment was down", "orders", None)
    assert payment.slice == {"channel": "email"}
    # 09:40 in Paris is 08:40 in UTC.
    assert payment.to_s - payment.from_s == 1800
    assert anything.to_s - anything.from_s == 86_400


ERRORS = {
    "ends_before_it_begins": ":4: incidents[0].to: is not after `from`",
    "is_no_list": ":1: incidents: this key is required",
    "no_name": ":1: incidents[0].name: this key is required",
    "no_moment": ":3: incidents[0].from: 'yesterday' is no moment such as 2026-03-02T08:00:00Z",
    "unknown_dimension": ":2: incidents[0].slice.chanel: unknown dimension 'chanel'; did you mean",
    "unknown_key": ":2: incidents[0].begin: unknown key; allowed: name, rule, kpi, slice, from, to",
    "unknown_kpi": ":2: incidents[0].kpi: no kpi of the backtest is 'oders'; did you mean 'orders'",
    "unknown_rule": ":2: incidents[0].rule: no rule of the backtest is 'few_order'; did you mean",
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_mistake_is_told_with_its_line(name: str) -> None:
    with pytest.raises(ConfigErrors) as caught:
        load((HERE / f"{name}.yml").read_text(encoding="utf-8"))
    assert str(caught.value.errors[0]).startswith("f.yml" + ERRORS[name])


def test_every_bad_file_is_looked_at() -> None:
    assert {path.stem for path in HERE.iterdir()} == set(ERRORS)


def test_all_mistakes_are_told_at_once() -> None:
    text = "- {name: a, from: x, to: y}\n- {name: b, rule: c, from: 2026-03-02, to: 2026-03-01}\n"
    with pytest.raises(ConfigErrors) as caught:
        load(text)
    assert [error.key for error in caught.value] == [
        "incidents[0].from",
        "incidents[0].to",
        "incidents[1].rule",
        "incidents[1].to",
    ]
