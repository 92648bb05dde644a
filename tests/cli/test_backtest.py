from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.cli.conftest import Ran, Run

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
RULES = """
rules:
  - name: roas_below_one
    kpi: return_on_ad_spend
    slice: {channel: "*"}
    window: 5m
    below: 1
    confidence: raw
    minimum_sample: 5
    severity: critical
    owner: performance marketing
    action: Pause the campaign.
    summary: A campaign earns less than it costs.
  - name: many_orders
    kpi: orders
    window: 5m
    above: 100000
    confidence: raw
    severity: info
    owner: shop
    action: Be glad.
    summary: Many orders.
"""
INCIDENTS = """
- name: the shop's payment was down
  kpi: return_on_ad_spend
  slice: {channel: ads}
  from: 2026-03-02T08:20:00Z
  to: 2026-03-02T08:30:00Z
- name: nobody noticed
  rule: many_orders
  from: 2026-03-02T08:20:00Z
  to: 2026-03-02T08:30:00Z
"""
SILENCES = """
- match: {channel: mail}
  from: 2026-03-02 08:00
  to: 2026-03-02 10:00
"""


def traffic() -> Iterator[str]:
    """An hour in which ads lose money from minute 20 to 30, and mail from minute 40 to 45."""
    numbers = count()
    for minute in range(60):
        at = (START + timedelta(minutes=minute)).isoformat()
        for channel, loses in (("ads", 20 <= minute < 30), ("mail", 40 <= minute < 45)):
            common = {"occurred_at": at, "channel": channel}
            yield line("cost", next(numbers), amount=euro("10.00"), **common)
            revenue = euro("1.00" if loses else "30.00")
            yield line("order", next(numbers), order_id=at + channel, revenue=revenue, **common)
            for _ in range(5):
                yield line("click", next(numbers), **common)


def line(kind: str, number: int, **fields: Any) -> str:
    return json.dumps({"type": kind, "event_id": f"{kind}-{number}", **fields})


def euro(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rules, an hour of events, incidents and silences."""
    folder = tmp_path_factory.mktemp("backtest")
    (folder / "events.ndjson").write_text("\n".join(traffic()), encoding="utf-8")
    for name, text in (("rules", RULES), ("incidents", INCIDENTS), ("silences", SILENCES)):
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return folder


def backtested(kpistream: Run, folder: Path, *arguments: object) -> Ran:
    files = folder / "rules.yml", folder / "events.ndjson"
    ran = kpistream("backtest", *files, "--windows", "5m", *arguments)
    assert (ran.code, ran.err) == (0, "")
    return ran


def documents(ran: Ran, kind: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in ran.out.splitlines()]
    return [one for one in found if one["kind"] == kind]


@pytest.fixture(scope="module")
def judged(kpistream: Run, folder: Path) -> Ran:
    """What the hour comes to, held against its incidents and silences."""
    files = ("--incidents", folder / "incidents.yml", "--silences", folder / "silences.yml")
    return backtested(kpistream, folder, *files, "--json")


def minutes(text: str) -> float:
    return (datetime.fromisoformat(text) - START) / timedelta(minutes=1)


def test_each_firing_is_told_with_its_span_and_its_worst_value(judged: Ran) -> None:
    ads, mail = documents(judged, "firing")
    assert (ads["rule"], ads["slice"]) == ("roas_below_one", {"channel": "ads"})
    assert (mail["rule"], mail["slice"]) == ("roas_below_one", {"channel": "mail"})
    # Of six reports in the window, four must lose: 2 x 30 + 4 x 1 is more than 60, 5 of 6 less.
    assert 23 < minutes(ads["from"]) <= 26
    assert 30 < minutes(ads["to"]) <= 33
    assert ads["seconds"] == pytest.approx(60 * (minutes(ads["to"]) - minutes(ads["from"])))
    assert ads["worst"] == pytest.approx(0.1)
    assert ads["severity"] == "critical"
    assert ads["currency"] == "EUR"


def test_what_was_under_silence_is_marked(judged: Ran) -> None:
    assert [one["silenced"] for one in documents(judged, "firing")] == [False, True]


def test_rules_are_judged_by_the_incidents(judged: Ran) -> None:
    roas, orders = documents(judged, "rule")
    assert (roas["fired"], roas["silenced"], roas["told"]) == (2, 1, 1)
    assert (roas["precision"], roas["recall"]) == (1.0, 1.0)
    assert 180 < roas["median_delay_seconds"] <= 360
    assert roas["told_per_week"] is None
    assert (orders["fired"], orders["precision"], orders["recall"]) == (0, None, 0.0)


def test_the_whole_is_summed_up_and_every_event_accounted_for(judged: Ran) -> None:
    [whole] = documents(judged, "backtest")
    assert (whole["events"], whole["fired"], whole["silenced"]) == (840, 2, 1)
    assert (whole["from"], whole["to"]) == ("2026-03-02T08:00:00Z", "2026-03-02T08:59:00Z")
    assert (whole["precision"], whole["recall"]) == (1.0, 0.5)
    [outcomes] = documents(judged, "outcomes")
    found = {(row["event"], row["outcome"]): row["records"] for row in outcomes["outcomes"]}
    assert found == {
        ("click", "accepted"): 600,
        ("order", "accepted"): 120,
        ("cost", "accepted"): 120,
    }


def test_without_incidents_nothing_is_judged(kpistream: Run, folder: Path) -> None:
    ran = backtested(kpistream, folder, "--json")
    assert all("precision" not in one for one in documents(ran, "rule"))
    assert len(documents(ran, "firing")) == 2


def test_the_same_events_come_to_the_same(kpistream: Run, folder: Path, judged: Ran) -> None:
    files = ("--incidents", folder / "incidents.yml", "--silences", folder / "silences.yml")
    assert backtested(kpistream, folder, *files, "--json").out == judged.out


def test_without_json_there_are_tables(kpistream: Run, folder: Path) -> None:
    files = ("--incidents", folder / "incidents.yml", "--silences", folder / "silences.yml")
    out = backtested(kpistream, folder, *files).out
    for text in ("Firings", "channel=ads", "silenced", "100 % (1 of 1)", "nobody", "many_orders"):
        assert text in out
    assert "2 firings over 840 events of 59 m, from 2026-03-02 08:00:00 UTC" in out
    assert "precision 100 % (1 of 1), recall 50 % (1 of 2)" in out


def test_the_grace_decides_how_late_a_firing_may_be(kpistream: Run, folder: Path) -> None:
    early = folder / "early.yml"
    early.write_text(
        "- {name: a, from: 2026-03-02 08:10, to: 2026-03-02 08:15}\n", encoding="utf-8"
    )
    for grace, recall in (("5m", 0.0), ("30m", 1.0)):
        ran = backtested(kpistream, folder, "--incidents", early, "--grace", grace, "--json")
        assert documents(ran, "backtest")[0]["recall"] == recall


def test_only_what_arrived_within_the_span_is_replayed(kpistream: Run, folder: Path) -> None:
    span = ("--from", "2026-03-02T09:10:00+01:00", "--to", "2026-03-02 08:40")
    ran = backtested(kpistream, folder, *span, "--json")
    [whole] = documents(ran, "backtest")
    assert (whole["from"], whole["to"]) == ("2026-03-02T08:10:00Z", "2026-03-02T08:39:00Z")
    assert whole["events"] == 30 * 14
    assert len(documents(ran, "firing")) == 1


def test_a_firing_that_has_not_ended_is_told_as_such(kpistream: Run, folder: Path) -> None:
    ran = backtested(kpistream, folder, "--to", "2026-03-02 08:29", "--json")
    [firing] = documents(ran, "firing")
    assert firing["to"] is None
    assert "still fires" in backtested(kpistream, folder, "--to", "2026-03-02 08:29").out


def test_the_picture_is_drawn(kpistream: Run, folder: Path) -> None:
    path = folder / "out.svg"
    backtested(kpistream, folder, "--picture", path)
    root = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314
    assert root.tag.endswith("svg")
    assert "channel=ads: 1 firings" in path.read_text(encoding="utf-8")


def test_rules_may_be_those_of_the_settings_and_events_from_standard_input(
    kpistream: Run, folder: Path
) -> None:
    config = folder / "kpistream.yml"
    config.write_text("rules: [rules.yml]\nwindows: [5m]\n", encoding="utf-8")
    events = (folder / "events.ndjson").read_bytes()
    ran = kpistream("backtest", "-", "--config", config, "--json", given=events)
    assert len(documents(ran, "firing")) == 2


def test_events_of_types_that_are_not_read_are_counted(
    kpistream: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics = {"cost": "costs", "order": "orders", "click": "clicks"}
    monkeypatch.setenv("KPISTREAM_TOPICS", json.dumps(topics))
    session = folder / "session.ndjson"
    session.write_text(line("session", 1, occurred_at=START.isoformat()), encoding="utf-8")
    ran = kpistream(
        *("backtest", folder / "rules.yml", folder / "events.ndjson", session),
        *("--windows", "5m", "--json"),
    )
    [outcomes] = documents(ran, "outcomes")
    assert outcomes["unread"] == {"session": 1}


def test_without_events_there_is_nothing(kpistream: Run, folder: Path) -> None:
    ran = backtested(kpistream, folder, "--from", "2027-01-01")
    assert ran.out == "no events\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["rules.yml"], "name files of events (NDJSON), or read them with --from-kafka"),
        (["rules.yml", "events.ndjson", "--from-kafka"], "--from-kafka reads no files of events"),
        (["rules.yml", "events.ndjson", "--from", "noon"], "--from: 'noon' is no moment such as"),
        (["rules.yml", "none.ndjson"], "none.ndjson: No such file or directory"),
        (["none.yml", "events.ndjson"], "none.yml cannot be read: No such file or directory"),
        (["empty.yml", "events.ndjson"], "there are no rules to test"),
        (["rules.yml", "events.ndjson", "--grace", "soon"], "'soon' is not a span such as"),
        (["rules.yml", "events.ndjson", "--incidents", "none.yml"], "none.yml:1: cannot be read"),
        (["rules.yml", "events.ndjson", "--silences", "rules.yml"], "silences: this key is requi"),
    ],
)
def test_what_is_wrong_ends_with_2_and_is_told(
    kpistream: Run,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(folder)
    Path("empty.yml").write_text("rules: []\n", encoding="utf-8")
    ran = kpistream("backtest", *arguments, "--windows", "5m")
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_a_picture_that_cannot_be_written_ends_with_1(kpistream: Run, folder: Path) -> None:
    files = folder / "rules.yml", folder / "events.ndjson"
    picture = folder / "none" / "out.svg"
    ran = kpistream("backtest", *files, "--windows", "5m", "--picture", picture)
    assert ran.code == 1
    assert f"{picture}: No such file or directory" in ran.err
