from __future__ import annotations

import json
import re
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from kpistream.core.money.money import units_per_major
from kpistream.edges.emitter.shipped import SCENARIOS
from kpistream.edges.emitter.simulator import Simulator
from kpistream.edges.emitter.tally import Tally
from tests.cli.conftest import Run

START = "2026-03-01T10:00:00Z"
START_MS = 1_772_359_200_000
RATE, SEED, DURATION_S = 100, 3, 60
EUR = units_per_major("EUR")
DEMO_RULES = Path(__file__).parents[2] / "alerts" / "demo.yml"


@pytest.fixture(scope="module")
def story(kpistream: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("story") / "story.ndjson")
    traffic = ("--rate", RATE, "--seed", SEED, "--duration", DURATION_S, "--start", START)
    assert kpistream("emit", "--to-file", path, *traffic).code == 0
    return path


@pytest.fixture(scope="module")
def tally() -> Tally:
    counted = Tally()
    for emission in Simulator(SCENARIOS["story"], RATE, SEED, START_MS, DURATION_S):
        counted.enter(emission)
    return counted


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def computed(kpistream: Run, *arguments: object) -> list[dict[str, Any]]:
    ran = kpistream("compute", "--json", *arguments)
    assert (ran.code, ran.err) == (0, "")
    return objects(ran.out)


@pytest.fixture(scope="module")
def found(kpistream: Run, story: str) -> list[dict[str, Any]]:
    """What the story comes to."""
    return computed(kpistream, story)


def reading(found: list[dict[str, Any]], kpi: str, **members: str) -> dict[str, Any]:
    [one] = [
        r
        for r in found
        if r["kind"] == "reading" and (r["kpi"], r["window"], r["slice"]) == (kpi, "1h", members)
    ]
    return one


def test_sums_equal_what_was_emitted_to_the_cent(found: list[dict[str, Any]], tally: Tally) -> None:
    assert reading(found, "revenue")["value"] == tally.revenue() / EUR
    assert reading(found, "ad_cost")["value"] == tally.amount("cost") / EUR
    assert reading(found, "impressions")["value"] == tally.count("impression")
    assert reading(found, "orders")["value"] == tally.count("order", what="purchase")


def test_each_campaign_has_its_own(found: list[dict[str, Any]], tally: Tally) -> None:
    for channel, campaign in (("display", "retargeting"), ("search", "brand")):
        roas = reading(found, "return_on_ad_spend", channel=channel, campaign=campaign)
        assert roas["numerator"] == tally.revenue(campaign=campaign) / EUR
        assert roas["denominator"] == tally.amount("cost", campaign=campaign) / EUR
        assert roas["currency"] == "EUR"


def test_a_reading_has_the_published_form(found: list[dict[str, Any]]) -> None:
    one = reading(found, "unsubscribe_rate", channel="email")
    assert one == {
        "kind": "reading",
        "kpi": "unsubscribe_rate",
        "window": "1h",
        "slice": {"channel": "email"},
        "value": one["numerator"] / one["denominator"],
        "numerator": one["numerator"],
        "denominator": one["denominator"],
        "sample": one["denominator"],
        "trust": "final",
        "as_of": "2026-03-01T10:01:00Z",
    }


def test_the_last_line_says_what_became_of_every_event(
    found: list[dict[str, Any]], tally: Tally
) -> None:
    last = found[-1]
    assert last["kind"] == "outcomes"
    assert last["produced"] == tally.count()
    by_event = {row["event"]: row["records"] for row in last["outcomes"]}
    assert by_event == {event: tally.count(event) for event in by_event}
    assert {row["outcome"] for row in last["outcomes"]} == {"accepted"}


def test_alerts_come_as_they_changed(kpistream: Run, story: str) -> None:
    found = computed(kpistream, story, "--rules", DEMO_RULES, "--windows", "1m,1h")
    changes = [(one["rule"], one["state"], one["slice"]) for one in found if one["kind"] == "alert"]
    retargeting = {"channel": "display", "campaign": "retargeting"}
    assert ("roas_below_one", "pending", retargeting) in changes
    assert ("roas_below_one", "firing", retargeting) in changes


def test_readings_come_in_the_order_of_their_kpis_windows_and_slices(
    found: list[dict[str, Any]],
) -> None:
    readings = [one for one in found if one["kind"] == "reading"]
    shown = [one["kpi"] for one in readings]
    assert [kpi for kpi, _ in groupby(shown)] == list(dict.fromkeys(shown))
    ctr = [one for one in readings if one["kpi"] == "click_through_rate"]
    windows = [window for window, _ in groupby(one["window"] for one in ctr)]
    assert windows == ["5m", "1h", "24h", "today"]
    slices = [tuple(one["slice"].items()) for one in ctr if one["window"] == "1h"]
    assert slices == sorted(slices, key=lambda part: (len(part), part))


def test_the_same_events_in_another_order_give_the_same(
    kpistream: Run, story: str, found: list[dict[str, Any]], tmp_path: Path
) -> None:
    lines = Path(story).read_text(encoding="utf-8").splitlines()
    shuffled = tmp_path / "shuffled.ndjson"
    shuffled.write_text("\n".join(lines[::2] + lines[1::2]), encoding="utf-8")
    assert computed(kpistream, shuffled) == found


def test_duplicates_and_broken_events_are_counted_with_their_reasons(
    kpistream: Run, tmp_path: Path
) -> None:
    good = '{"type":"click","event_id":"a","occurred_at":"2026-03-01T10:00:00Z"}'
    no_id = '{"type":"click","occurred_at":"2026-03-01T10:00:01Z"}'
    no_time = '{"type":"order","event_id":"c"}'
    old = (
        '{"type":"click","event_id":"b","occurred_at":"2020-01-01T00:00:00Z",'
        '"arrived_at":"2026-03-01T10:00:02Z"}'
    )
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join([good, good, no_id, no_time, old]), encoding="utf-8")
    last = computed(kpistream, path)[-1]
    assert Counter(
        {(row["event"], row["outcome"], row["reason"]): row["records"] for row in last["outcomes"]}
    ) == {
        ("click", "accepted", None): 1,
        ("click", "duplicate", None): 1,
        ("click", "rejected", "invalid_event"): 1,
        ("order", "rejected", "invalid_event"): 1,
        ("click", "late", "too_old"): 1,
    }


def test_a_shipped_type_that_is_not_among_the_topics_is_left_unread(
    kpistream: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPISTREAM_TOPICS", '{"click": "clicks"}')
    monkeypatch.setenv("KPISTREAM_RULES", "[]")
    path = tmp_path / "events.ndjson"
    lines = [
        '{"type":"click","event_id":"a","occurred_at":"2026-03-01T10:00:00Z"}',
        '{"type":"cost","event_id":"b","occurred_at":"2026-03-01T10:00:00Z"}',
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    last = computed(kpistream, path)[-1]
    assert (last["produced"], last["unread"]) == (1, {"cost": 1})


def test_money_without_a_rate_is_told_apart(kpistream: Run, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    order = (
        '{"type":"order","event_id":"a","occurred_at":"2026-03-01T10:00:00Z","order_id":"A",'
        '"revenue":{"amount":"12.50","currency":"USD"}}'
    )
    path.write_text(order, encoding="utf-8")
    [apart] = [one for one in computed(kpistream, path) if one["kind"] == "unpriced"]
    assert apart == {"kind": "unpriced", "currency": "USD", "amount": 12.5, "events": 1}
    assert "no rate for 12.50 USD of 1 event:" in kpistream("compute", path).out


def test_half_a_cent_is_rounded_up_in_the_table(kpistream: Run, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    order = (
        '{"type":"order","event_id":"a","occurred_at":"2026-03-01T10:00:00Z","order_id":"A",'
        '"revenue":{"amount":"1.005","currency":"EUR"}}'
    )
    path.write_text(order, encoding="utf-8")
    out = kpistream("compute", path).out
    assert re.search(r" revenue +\W +1\.01 ", out)
    assert "1.00 " not in out


def test_events_can_come_from_standard_input(
    kpistream: Run, story: str, found: list[dict[str, Any]]
) -> None:
    piped = kpistream("compute", "-", "--json", given=Path(story).read_bytes())
    assert objects(piped.out) == found


def test_without_json_there_are_tables(kpistream: Run, story: str, tally: Tally) -> None:
    ran = kpistream("compute", story)
    assert ran.code == 0
    assert f"{tally.revenue() / EUR:,.2f} " in ran.out
    assert "money in EUR" in ran.out
    assert "return_on_ad_spend" in ran.out
    assert f"{tally.count():,} events" in ran.out


def test_an_empty_file_has_no_readings(kpistream: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.ndjson"
    path.write_text("", encoding="utf-8")
    [last] = computed(kpistream, path)
    assert (last["produced"], last["outcomes"]) == (0, [])
    assert last["as_of"] is None
    ran = kpistream("compute", path)
    assert (ran.code, ran.out) == (0, "no events\n")


@pytest.mark.parametrize("width", [60, 80])
def test_a_narrow_terminal_cuts_no_name_and_no_amount(
    kpistream: Run, story: str, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    wide = kpistream("compute", story).out
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    narrow = re.sub(r"\x1b\[[0-9;]*m", "", kpistream("compute", story).out)
    assert "…" not in narrow
    assert max(map(len, narrow.splitlines())) <= width
    amounts = re.compile(r"[\d,]+\.\d\d(?= )")
    assert Counter(amounts.findall(narrow)) == Counter(amounts.findall(wide))
    assert "session_conversion_rate " in narrow
    assert "continued" in narrow


@pytest.mark.parametrize("content", ["not json\n", '{"type":"clack"}\n', "[1]\n"])
def test_input_that_is_no_events_ends_with_2_and_names_the_line(
    kpistream: Run, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "bad.ndjson"
    path.write_text(content, encoding="utf-8")
    ran = kpistream("compute", path, "--json")
    assert ran.code == 2
    assert f"{path}:1: " in ran.err


def test_a_file_that_is_not_there_ends_with_2(kpistream: Run, tmp_path: Path) -> None:
    ran = kpistream("compute", tmp_path / "none.ndjson")
    assert (ran.code, ran.out) == (2, "")
    assert "No such file" in ran.err


def test_a_window_that_rules_need_and_nobody_keeps_is_a_mistake(kpistream: Run, story: str) -> None:
    ran = kpistream("compute", story, "--rules", DEMO_RULES, "--windows", "5m")
    assert ran.code == 2
    assert "rules[0].window" in ran.err
    assert "allowed: 5m" in ran.err
