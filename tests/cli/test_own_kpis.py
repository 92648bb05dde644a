"""A user's own events, measures and KPIs, from one file to the readings: docs/own-kpis.md and
examples/ with all that they say must come out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ran, Run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "own-kpis.md").read_text(encoding="utf-8")
DEALER = ROOT / "examples" / "car-dealer"
MEASURE_KINDS = ("count", "total", "squares", "distinct", "elapsed", "level")

Members = dict[str, str]


def block(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)
    return str(found)


def objects(ran: Ran, kind: str) -> list[dict[str, Any]]:
    assert (ran.code, ran.err) == (0, "")
    found = [json.loads(line) for line in ran.out.splitlines()]
    return [one for one in found if one["kind"] == kind]


def values(ran: Ran, window: str) -> dict[tuple[str, str], float]:
    """The values over a window, by KPI and by the members of the slice in words."""
    return {
        (one["kpi"], " ".join(one["slice"].values())): one["value"]
        for one in objects(ran, "reading")
        if one["window"] == window
    }


def outcomes(ran: Ran) -> dict[tuple[str, str], int]:
    [last] = objects(ran, "outcomes")
    return {(row["event"], row["outcome"]): row["records"] for row in last["outcomes"]}


# -- docs/own-kpis.md ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(kpistream: Run, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """What the files of the page give, from the directory where they are."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "kpistream.yml").write_text(block("yaml"), encoding="utf-8")
    (folder / "events.ndjson").write_text(block("ndjson"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("KPISTREAM_ID_KEY", "a key of our own")
        checked = kpistream("check", "--no-broker")
        assert (checked.code, checked.err) == (0, "")
        assert "event visit: topic shop_visits" in checked.out
        return kpistream("compute", "events.ndjson", "--json")


def test_the_readings_of_the_page_are_those_of_its_files(page: Ran) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \| (\S+) \| (\S*) ?\|$", PAGE, re.M)
    assert [row[0] for row in rows] == [
        *("visits", "visit_to_order_rate", "minutes_per_visit", "orders")
    ]
    found = values(page, "24h")
    for kpi, *cells in rows:
        for member, cell in zip(("", "nord", "sud"), cells, strict=True):
            assert found.get((kpi, member)) == (float(cell) if cell else None), (kpi, member)


def test_the_outcomes_of_the_page_are_those_of_its_files(page: Ran) -> None:
    assert outcomes(page) == {
        ("order", "accepted"): 1,
        ("visit", "accepted"): 3,
        ("visit", "duplicate"): 1,
        ("visit", "rejected"): 1,
    }


def test_the_objective_of_the_page_is_followed(page: Ran) -> None:
    [objective] = objects(page, "objective")
    assert (objective["id"], objective["value"], objective["target"]) == ("visits_of_spring", 3, 90)
    assert objective["status"] == "on_track"


@pytest.mark.parametrize("kind", MEASURE_KINDS)
def test_the_page_tells_of_every_kind_of_measure(kind: str) -> None:
    assert f"| `{{{kind}: " in PAGE


def test_what_the_page_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target


# -- examples/car-dealer ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dealer(kpistream: Run) -> Ran:
    config = DEALER / "kpistream.yml"
    return kpistream("compute", DEALER / "events.ndjson", "--config", config, "--json")


def test_the_example_is_right_but_for_its_rates_that_grow_old(
    kpistream: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPISTREAM_ID_KEY", "a key of our own")
    ran = kpistream("check", "--no-broker", "--config", DEALER / "kpistream.yml")
    assert ran.code == 0
    [warning] = ran.err.splitlines()
    assert warning.startswith(f"warning: {DEALER}/rates.csv: the newest rate is of 2026-02-27")
    assert f"ok  rules {DEALER}/rules.yml: 1 rule\n" in ran.out


def test_the_kpis_of_the_example_are_exact(dealer: Ran) -> None:
    """Costs are 120 EUR and 100 USD, which are 90 EUR; 75 CHF have no rate."""
    found = values(dealer, "24h")
    in_total = {kpi: value for (kpi, members), value in found.items() if not members}
    assert {
        "test_drives": 4,
        "test_drivers": 3,
        "lead_to_test_drive_rate": 4 / 8,
        "cost_per_test_drive": 210 / 4,
        "wait_for_test_drive": (3600 + 7200) / 2,
        "liked_drive_rate": 2 / 3,
        "average_price_driven": 35_000,
        "cost_per_lead": 210 / 8,
        "marketing_cost": 210,
    }.items() <= in_total.items()


def rates_of(found: dict[tuple[str, str], float]) -> dict[str, float]:
    return {part: v for (kpi, part), v in found.items() if kpi == "lead_to_test_drive_rate"}


BY_ONE_DIMENSION = {
    "": 4 / 8,
    "search": 3 / 5,
    "email": 1 / 3,
    "aurora": 3 / 4,
    "borealis": 1 / 4,
}


@pytest.mark.parametrize("window", ["7d", "this_month"])
def test_the_example_has_its_rate_by_brand_and_by_channel(dealer: Ran, window: str) -> None:
    assert rates_of(values(dealer, window)) == BY_ONE_DIMENSION


def test_the_example_has_its_rate_by_both_for_a_day(dealer: Ran) -> None:
    assert rates_of(values(dealer, "24h")) == BY_ONE_DIMENSION | {
        "search aurora": 2 / 3,
        "search borealis": 1 / 2,
        "email aurora": 1,
        "email borealis": 0,
    }


def test_costs_of_the_example_are_converted_by_brand(dealer: Ran) -> None:
    found = values(dealer, "today")
    assert found["cost_per_test_drive", "aurora"] == 120 / 3
    assert found["cost_per_test_drive", "borealis"] == 90 / 1


def test_the_objectives_of_the_example_are_printed(dealer: Ran) -> None:
    found = {one["id"]: one for one in objects(dealer, "objective")}
    drives, borealis = found["drives_of_march"], found["borealis_follows_up"]
    assert (drives["value"], drives["target"], drives["status"]) == (4, 40, "on_track")
    assert (borealis["value"], borealis["status"]) == (0.25, "off_track")
    assert borealis["slice"] == {"brand": "borealis"}


def test_money_of_the_example_without_a_rate_is_printed_apart(dealer: Ran) -> None:
    assert [one["currency"] for one in objects(dealer, "unpriced")] == ["CHF"]


def test_the_alert_of_the_example_is_over_its_own_dimension(dealer: Ran) -> None:
    news = [(one["slice"], one["state"]) for one in objects(dealer, "alert")]
    assert ({"brand": "aurora"}, "resolved") in news
    assert news.count(({"brand": "borealis"}, "firing")) == 1
    assert ({"brand": "borealis"}, "resolved") not in news


def test_duplicates_and_broken_events_of_ones_own_types_are_counted(dealer: Ran) -> None:
    assert outcomes(dealer) == {
        ("cost", "accepted"): 3,
        ("lead", "accepted"): 8,
        ("test_drive", "accepted"): 4,
        ("test_drive", "duplicate"): 1,
        ("test_drive", "rejected"): 1,
    }


def test_without_json_the_example_has_tables(kpistream: Run) -> None:
    config = DEALER / "kpistream.yml"
    ran = kpistream("compute", DEALER / "events.ndjson", "--config", config)
    assert (ran.code, ran.err) == (0, "")
    for text in ("By brand, over ", "borealis", "Objectives", "off_track", "no rate for "):
        assert text in ran.out
