from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ran, Run

RULES = """
rules:
  - name: roas_below_one
    kpi: return_on_ad_spend
    slice: {channel: "*", campaign: "*"}
    window: 1h
    below: 1
    confidence: raw
    for: 2m
    severity: critical
    owner: performance marketing
    action: Pause the campaign.
    summary: A campaign earns less than it costs.
"""
TESTS = """
rules: ../rules.yml
settings: {windows: [1h]}
tests:
  - name: a campaign that earns 0.6 of its cost fires, and ends when it recovers
    start: 2026-03-02T08:00:00Z
    events:
      - {event: click, every: 10s, until: 4h, fields: {channel: ads, campaign: autumn}}
      - {event: cost, every: 1m, until: 2h, fields: {channel: ads, campaign: autumn, amount: 10}}
      - {event: order, every: 30s, until: 2h, fields: {channel: ads, campaign: autumn, revenue: 3}}
      - event: order
        every: 30s
        from: 2h
        until: 4h
        fields: {channel: ads, campaign: autumn, revenue: "30.00"}
    expect:
      - {at: 1m, rule: roas_below_one, firing: []}
      - at: 30m
        rule: roas_below_one
        slice: {channel: ads, campaign: autumn}
        state: firing
        value: {about: 0.6}
      - {at: 3h, rule: roas_below_one, slice: {channel: ads, campaign: autumn}, state: resolved}
  - name: nothing fires without traffic
    start: 2026-03-02T08:00:00Z
    events: []
    expect: [{at: 1h, rule: roas_below_one, firing: []}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with rules, and tests of them in a folder of their own."""
    (tmp_path / "rules.yml").write_text(RULES, encoding="utf-8")
    (tmp_path / "tests").mkdir()
    write(tmp_path, TESTS)
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "tests" / "roas.yml"
    path.write_text(text, encoding="utf-8")
    return path


def outcome(kpistream: Run, folder: Path, *arguments: object) -> Ran:
    return kpistream("rules", "test", folder / "tests" / "roas.yml", *arguments)


def objects(ran: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.out.splitlines()]


def test_rules_that_do_what_is_expected_pass(kpistream: Run, folder: Path) -> None:
    ran = outcome(kpistream, folder)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "ok    a campaign that earns 0.6 of its cost fires, and ends when it recovers",
        "ok    nothing fires without traffic",
        "2 passed, 0 failed",
    ]


def test_what_was_expected_and_what_was_there_is_told(kpistream: Run, folder: Path) -> None:
    path = write(folder, TESTS.replace("{about: 0.6}", "{about: 0.7}").replace("3h", "1h"))
    ran = outcome(kpistream, folder)
    assert ran.code == 1
    assert ran.out.startswith("FAIL  a campaign")
    part = "{channel: ads, campaign: autumn}"
    assert f"{path}:18: after 30 m: roas_below_one {part}" in ran.out
    assert "expected firing, value 0.7 within 0.007" in ran.out
    assert "found    firing, value 0.6, sample 180; below 1" in ran.out
    assert f"{path}:23: after 1 h: roas_below_one {part}" in ran.out
    assert "expected resolved" in ran.out
    assert ran.out.endswith("1 passed, 1 failed\n")


def test_slices_that_fire_and_should_not_are_told(kpistream: Run, folder: Path) -> None:
    write(folder, TESTS.replace("at: 1m,", "at: 30m,"))
    ran = outcome(kpistream, folder)
    assert "expected firing for no slice" in ran.out
    assert "found    {channel: ads, campaign: autumn} firing, value 0.6, sample 180" in ran.out


def test_json_says_the_same(kpistream: Run, folder: Path) -> None:
    path = write(folder, TESTS.replace("state: resolved", "state: firing"))
    ran = outcome(kpistream, folder, "--json")
    assert ran.code == 1
    failed, passed = objects(ran)
    assert (passed["name"], passed["passed"], passed["unmet"]) == (
        "nothing fires without traffic",
        True,
        [],
    )
    assert (failed["kind"], failed["file"], failed["passed"]) == ("rule_test", str(path), False)
    [unmet] = failed["unmet"]
    assert (unmet["line"], unmet["at_seconds"], unmet["expected"]) == (23, 10_800, "firing")
    assert unmet["slice"] == {"channel": "ads", "campaign": "autumn"}
    [found] = unmet["found"]
    assert (found["state"], found["slice"]) == ("resolved", unmet["slice"])
    assert found["evidence"]["method"] == "raw"


def test_a_filter_chooses_tests_by_their_name(kpistream: Run, folder: Path) -> None:
    assert len(objects(outcome(kpistream, folder, "--filter", "Without", "--json"))) == 1
    ran = outcome(kpistream, folder, "--filter", "nobody")
    assert (ran.code, ran.err) == (2, "no test has 'nobody' in its name\n")


def test_tests_that_name_no_rules_are_about_those_of_the_settings(
    kpistream: Run, folder: Path
) -> None:
    write(folder, TESTS.replace("rules: ../rules.yml\n", ""))
    config = folder / "kpistream.yml"
    config.write_text("rules: [rules.yml]\n", encoding="utf-8")
    assert outcome(kpistream, folder, "--config", config).code == 0


def test_kpis_and_events_of_ones_own_are_known(kpistream: Run, folder: Path) -> None:
    config = folder / "kpistream.yml"
    config.write_text(
        """
events:
  visit: {topic: visits, fields: {shop: text}}
measures:
  visits: {count: visit}
kpis:
  visits:
    name: {en: Visits, fr: Visites}
    description: {en: Visits to the shop., fr: Visites du magasin.}
    formula: visits
    unit: count
    direction: up
    classes: [operational, activity]
""",
        encoding="utf-8",
    )
    rules = RULES.replace("return_on_ad_spend", "visits").replace("below: 1", "above: 1")
    rules = rules.replace('{channel: "*", campaign: "*"}', "{}")
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    write(
        folder,
        """
rules: ../rules.yml
tests:
  - name: many visits
    start: 2026-03-02T08:00:00Z
    events: [{event: visit, every: 10s, until: 1h, fields: {shop: nord}}]
    expect: [{at: 30m, rule: roas_below_one, state: firing, value: {about: 180}}]
""",
    )
    ran = outcome(kpistream, folder, "--config", config)
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize(
    ("replaced", "by", "told"),
    [
        ("at: 1m, rule: roas_below_one", "at: 1m, rule: roas", ":17: tests[0].expect[0].rule: "),
        ("../rules.yml", "none.yml", ":2: rules: "),
        ("../rules.yml", "[../rules.yml, none.yml]", ":2: rules[1]: "),
        ("windows: [1h]", "slices: [[chanel]]", ":3: settings.slices[0][0]: unknown dimension"),
        ("windows: [1h]", "windows: [5m]", "rules.yml:6: rules[0].window: unknown window '1h'"),
        ("windows: [1h]", "currency: EURO", ":3: settings.currency: 'EURO' is not an active ISO"),
        ("windows: [1h]", "zone: Paris", ":3: settings.zone: 'Paris' is no time zone"),
        ("tests:\n", "test:\n", ":4: test: unknown key; did you mean 'tests'?"),
    ],
)
def test_a_mistake_ends_with_2_and_names_its_line(
    kpistream: Run, folder: Path, replaced: str, by: str, told: str
) -> None:
    path = write(folder, TESTS.replace(replaced, by))
    ran = outcome(kpistream, folder)
    assert (ran.code, ran.out) == (2, "")
    assert (f"{path}{told}" if told.startswith(":") else told) in ran.err


def test_the_mistakes_of_all_files_are_told(kpistream: Run, folder: Path) -> None:
    first = write(folder, "tests: []\n")
    second = folder / "second.yml"
    second.write_text("tests: 1\n", encoding="utf-8")
    ran = kpistream("rules", "test", first, second, folder / "third.yml")
    assert ran.code == 2
    assert [line.split(":")[0] for line in ran.err.splitlines()] == [
        str(first),
        str(second),
        str(folder / "third.yml"),
    ]
