from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kpistream.cli.checking.rates import RatesReport
from kpistream.core.money.rates_file import Worth
from tests.cli.conftest import Ran, Run

RULE = """\
rules:
  - name: ctr_low
    kpi: click_through_rate
    window: 1h
    below: 0.01
    severity: warning
    owner: media
    action: Look.
    summary: Few click.
"""


@pytest.fixture(autouse=True)
def _an_id_key_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPISTREAM_ID_KEY", "k3y-s3cr3t")


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_what_ships_is_right(kpistream: Run) -> None:
    ran = kpistream("check", "--no-broker")
    assert (ran.code, ran.err) == (0, "")
    assert "ok  settings" in ran.out
    assert "KPIs" in ran.out
    assert "advertising.yml: 5 rules" in ran.out


def test_a_setting_that_does_not_exist_is_named_with_the_allowed_ones(
    kpistream: Run, tmp_path: Path
) -> None:
    config = written(tmp_path, "kpistream.yml", "web_port: 6070\nbrokr: here:9092\n")
    ran = kpistream("check", "--no-broker", "--config", config)
    assert ran.code == 2
    assert f"{config}:2: brokr: unknown key; did you mean 'broker'?; allowed: broker," in ran.err


def test_a_mistake_in_the_rules_names_file_line_key_and_allowed_values(
    kpistream: Run, tmp_path: Path
) -> None:
    rules = written(tmp_path, "rules.yml", RULE.replace("warning", "alarming"))
    ran = kpistream("check", "--no-broker", "--rules", rules)
    assert ran.code == 2
    assert f"{rules}:6: rules[0].severity: unknown value 'alarming'; " in ran.err
    assert "allowed: info, warning, critical" in ran.err


def test_the_mistakes_of_all_files_are_told_at_once(kpistream: Run, tmp_path: Path) -> None:
    first = written(tmp_path, "first.yml", RULE.replace("1h", "2h"))
    second = written(tmp_path, "second.yml", RULE.replace("click_through_rate", "ctr"))
    ran = kpistream("check", "--no-broker", "--rules", first, "--rules", second)
    assert ran.code == 2
    assert f"{first}:4: rules[0].window: " in ran.err
    assert f"{second}:3: rules[0].kpi: " in ran.err


def test_a_name_that_two_files_use_is_a_mistake(kpistream: Run, tmp_path: Path) -> None:
    first, second = written(tmp_path, "1.yml", RULE), written(tmp_path, "2.yml", RULE)
    ran = kpistream("check", "--no-broker", "--rules", first, "--rules", second)
    assert ran.code == 2
    assert "'ctr_low' is taken" in ran.err


def test_a_mistake_in_the_catalogue_names_its_line(kpistream: Run, tmp_path: Path) -> None:
    catalogue = written(
        tmp_path, "catalogue.yml", "measures:\n  clicks: {count: click}\nkpis:\n  n: {}\n"
    )
    ran = kpistream("check", "--no-broker", "--catalogue", catalogue)
    assert ran.code == 2
    assert f"{catalogue}:4: kpis.n.name: this key is required" in ran.err
    assert "the rules were not checked" in ran.err


def test_mistakes_can_be_read_by_programs(kpistream: Run, tmp_path: Path) -> None:
    rules = written(tmp_path, "rules.yml", RULE.replace("warning", "alarming"))
    ran = kpistream("check", "--no-broker", "--json", "--rules", rules)
    found = json.loads(ran.out)
    assert (ran.code, found["ok"]) == (2, False)
    [error] = found["errors"]
    assert (error["file"], error["line"], error["key"]) == (str(rules), 6, "rules[0].severity")
    assert error["allowed"] == ["info", "warning", "critical"]


def test_a_broker_that_does_not_answer_is_a_mistake_that_names_its_setting(
    kpistream: Run, nobody: str
) -> None:
    ran = kpistream("check", "--broker", nobody)
    assert ran.code == 2
    assert f"no Kafka broker answers at {nobody}" in ran.err
    assert "KPISTREAM_BROKER" in ran.err
    assert "Traceback" not in ran.err


def test_a_webhook_is_shown_by_its_host_alone(
    kpistream: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPISTREAM_WEBHOOKS", "https://hooks.example.org/T0/s3cr3t")
    ran = kpistream("check", "--no-broker")
    assert (ran.code, ran.err) == (0, "")
    assert "receiver webhook-809538: webhook at hooks.example.org, all " in ran.out
    assert "s3cr3t" not in ran.out


def test_a_webhook_without_a_host_is_a_mistake(
    kpistream: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPISTREAM_WEBHOOKS", "https:///s3cr3t")
    ran = kpistream("check", "--no-broker")
    assert ran.code == 2
    assert "environment: KPISTREAM_WEBHOOKS[0]: webhook-9aeb6f: " in ran.err
    assert "s3cr3t" not in ran.err


# -- the key of ids --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "place"),
    [
        pytest.param("zone: UTC\n", "settings: id_key: ", id="not set"),
        pytest.param("id_key: kpistream\n", "{config}:1: id_key: ", id="set to the public one"),
    ],
)
def test_the_public_key_of_ids_is_a_warning_that_says_what_to_set(
    kpistream: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, place: str
) -> None:
    monkeypatch.delenv("KPISTREAM_ID_KEY")
    config = written(tmp_path, "k.yml", line)
    [warning] = warnings(kpistream("check", "--no-broker", "--config", config))
    assert warning.startswith(place.format(config=config) + "is the public one of the package")
    assert "such as e-mail addresses, could be recomputed; set KPISTREAM_ID_KEY to" in warning


def test_a_key_of_ones_own_is_neither_warned_of_nor_shown(kpistream: Run, tmp_path: Path) -> None:
    config = written(tmp_path, "k.yml", "zone: UTC\n")
    ran = kpistream("check", "--no-broker", "--config", config)
    assert (ran.code, ran.err) == (0, "")
    assert "k3y-s3cr3t" not in ran.out


# -- a user's own part of the catalogue ------------------------------------------------------------

OWN = """\
dimensions: [brand]
events:
  test_drive: {fields: {model: text}}
measures:
  test_drives: {count: test_drive}
kpis:
  test_drives:
    name: {en: Test drives, fr: Essais}
    unit: count
    direction: up
    formula: test_drives
"""


def test_what_a_user_adds_is_counted_and_its_topics_are_named(
    kpistream: Run, tmp_path: Path
) -> None:
    config = written(tmp_path, "k.yml", OWN)
    ran = kpistream("check", "--no-broker", "--config", config)
    assert (ran.code, ran.err) == (0, "")
    assert f"own catalogue {config}: 1 dimension, 1 event, 1 measure, 1 kpi\n" in ran.out
    assert "event test_drive: topic test_drives\n" in ran.out


def warnings(ran: Ran) -> list[str]:
    assert ran.code == 0, ran.err
    return [line.removeprefix("warning: ") for line in ran.err.splitlines()]


@pytest.mark.parametrize(
    ("more", "advice"),
    [
        pytest.param(
            "dashboards:\n  showroom: [test_drives]\n",
            "13: dashboards.showroom: 1 KPI, fewer than the 5 to 7 of a dashboard",
            id="few KPIs on a dashboard",
        ),
        pytest.param(
            "  bounce_rate: {north_star: true}\n",
            "6: kpis: more than one North Star: bounce_rate, ",
            id="two North Stars",
        ),
        pytest.param(
            "  cost_per_lead: {windows: [24h, 2h]}\n",
            "12: kpis.cost_per_lead.windows[1]: 2h is not among `windows`, and left out; allowed: ",
            id="a window that is not kept",
        ),
        pytest.param(
            "  cost_per_lead:\n    slices: [[], [brand]]\n",
            "13: kpis.cost_per_lead.slices[1]: (brand) is not among `slices`, and left out; ",
            id="slices that are not kept",
        ),
        pytest.param(
            "member_limits: {brand: 5}\n",
            "12: member_limits.brand: limits nothing: no set in `slices` has it",
            id="a limit of what is not kept",
        ),
    ],
)
def test_what_could_be_better_is_a_warning_with_its_line(
    kpistream: Run, tmp_path: Path, more: str, advice: str
) -> None:
    config = written(tmp_path, "k.yml", OWN + more)
    [warning] = warnings(kpistream("check", "--no-broker", "--config", config))
    assert warning.startswith(f"{config}:{advice}")


def test_an_event_type_that_nothing_is_measured_of_is_a_warning(
    kpistream: Run, tmp_path: Path
) -> None:
    config = written(tmp_path, "k.yml", "events:\n  visit: {}\n")
    [warning] = warnings(kpistream("check", "--no-broker", "--config", config))
    assert warning == f"{config}:2: events.visit: is read, and no measure is made of it"


def test_an_objective_that_no_topic_can_feed_is_a_warning(kpistream: Run, tmp_path: Path) -> None:
    objective = """\
topics: {click: clicks}
rules: []
objectives:
  more:
    name: {en: More, fr: Plus}
    kpi: revenue
    target: 40
    start: 2026-03-01
    deadline: 2026-03-31
    owner: shop
    kpis: [orders, average_order_value]
"""
    config = written(tmp_path, "k.yml", objective)
    told = warnings(kpistream("check", "--no-broker", "--config", config))
    assert told == ["objective more is skipped: revenue needs the setting topics.order"]


# -- rates -----------------------------------------------------------------------------------------


def test_a_file_of_rates_is_told_by_its_currencies_and_its_newest_day(
    kpistream: Run, tmp_path: Path
) -> None:
    today = datetime.now(UTC).date()
    rates = f"date,currency,rate\n{today},USD,0.9\n{today - timedelta(days=3)},JPY,0.006\n"
    written(tmp_path, "rates.csv", rates)
    config = written(tmp_path, "k.yml", "rates: rates.csv\n")
    ran = kpistream("check", "--no-broker", "--config", config)
    assert (ran.code, ran.err) == (0, "")
    assert f"ok  rates {tmp_path}/rates.csv: JPY, USD; newest of {today}\n" in ran.out


DAY = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("ages", "told"),
    [
        pytest.param({"USD": 0, "JPY": 7}, [], id="none is too old"),
        pytest.param(
            {"USD": 8, "JPY": 30},
            [
                "the newest rate is of 2026-03-02, more than 7 days ago: money of today in another "
                "currency has no rate and is set apart"
            ],
            id="all are",
        ),
        pytest.param(
            {"USD": 0, "RUB": 1000, "BGN": 70},
            ["no rate of the last 7 days for BGN, RUB"],
            id="some are",
        ),
    ],
)
def test_rates_that_grow_old_are_told(ages: dict[str, int], told: list[str]) -> None:
    worths = [Worth(DAY - timedelta(days=age), code, 1, 1) for code, age in ages.items()]
    older = [Worth(worth.on - timedelta(days=1), worth.currency, 1, 1) for worth in worths]
    assert RatesReport.of([*worths, *older]).warnings(DAY, 7) == told


def test_of_many_currencies_the_first_are_listed() -> None:
    worths = [Worth(DAY, f"C{number:02}", 1, 1) for number in range(14)]
    line = RatesReport.of(worths).line()
    assert line.startswith("C00, C01, ")
    assert line.endswith("C11 and 2 more; newest of 2026-03-10")
