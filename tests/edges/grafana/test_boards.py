"""What the dashboards show, of the shipped catalogue and of one's own."""

from __future__ import annotations

import json
import re
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from kpistream.core.catalogue.boards import boards_of
from kpistream.edges.grafana.build import TakenName, rendered
from kpistream.edges.metrics.families import FAMILIES
from tests.edges.grafana.grounds import Board, boards, own, shipped
from tests.repo.promql import chosen, panels, queries, substituted, variables

GROUND = shipped()
CATALOGUE = GROUND.catalogue
BOARDS = boards(GROUND)
FRENCH = boards(shipped("fr"))
LABELS = {family.name: {*family.labels, "le", "job", "instance"} for family in FAMILIES}

OWN = """
windows: [1h, 24h, 7d]
slices: [[], [channel], [brand]]
rules: []
dimensions: [brand]
events:
  test_drive: {fields: {minutes: integer}}
measures:
  test_drives: {count: test_drive}
  minutes: {total: test_drive.minutes}
kpis:
  test_drives:
    {name: {en: Test drives, fr: Essais}, unit: count, direction: up, formula: test_drives}
  long_drives:
    name: {en: Minutes a drive, fr: Minutes par essai}
    unit: ratio
    direction: up
    formula: minutes / test_drives
    windows: [7d]
dashboards:
  show_room: [test_drives, sessions]
objectives:
  more_drives:
    name: {en: More drives, fr: Plus d'essais}
    kpi: test_drives
    target: 500
    start: 2026-01-01
    deadline: 2026-12-31
"""


def unknown_names(query: str) -> list[str]:
    """The metrics, and labels in selectors, of a query that no worker exports."""
    unknown = []
    for metric, selector in re.findall(r"(kpistream_\w+)(\{[^}]*\})?", query):
        family = re.sub(r"_(bucket|sum|count)$", "", metric)
        if family not in LABELS:
            unknown.append(metric)
        else:
            labels = re.findall(r'(\w+)(?:=|!=|=~|!~)"', selector)
            unknown += [label for label in labels if label not in LABELS[family]]
    return unknown


def panel(board: Board, title: str, kind: str = "stat") -> dict[str, Any]:
    """The panel of a kind with this title."""
    return next(one for one in panels(board) if one["title"] == title and one["type"] == kind)


def titles(board: Board, kind: str) -> list[str]:
    return [one["title"] for one in board["panels"] if one["type"] == kind]


def links(board: Board) -> list[str]:
    """Everywhere a dashboard leads to by a click on a value."""
    return re.findall(r'"url": "(/d/[^"]*)"', json.dumps(board))


def test_there_is_a_board_for_each_of_the_catalogues_and_three_more() -> None:
    assert list(BOARDS) == [*CATALOGUE.dashboards, "campaign", "alerts", "pipeline"]


def test_a_kpi_is_linked_to_the_first_board_that_lists_it() -> None:
    found = boards_of(CATALOGUE)
    assert (found["revenue"], found["net_promoter_score"]) == ("overview", "overview")
    assert (found["reach"], found["churn_rate"]) == ("acquisition", "customers")
    assert "session_duration" not in found


def test_a_kpi_of_ones_own_is_at_least_on_the_board_of_the_rest() -> None:
    assert boards_of(CATALOGUE, ["session_duration", "reach"])["session_duration"] == "more"
    assert boards_of(CATALOGUE, ["session_duration", "reach"])["reach"] == "acquisition"


@pytest.mark.parametrize("name", CATALOGUE.dashboards)
def test_a_board_opens_with_a_window_that_all_of_its_kpis_are_read_for(name: str) -> None:
    window = chosen(BOARDS[name])["window"]
    assert all(window in CATALOGUE.kpis[kpi].windows for kpi in CATALOGUE.dashboards[name])


@pytest.mark.parametrize("name", CATALOGUE.dashboards)
@pytest.mark.parametrize("dimensions", ["total", "channel", "channel_campaign"])
def test_a_kpi_is_shown_for_the_slices_that_it_is_read_for(name: str, dimensions: str) -> None:
    asked = " ".join(queries(BOARDS[name]))
    shown = set(re.findall(rf'kpistream_kpi\{{kpi="(\w+)"[^}}]*slice="{dimensions}"', asked))
    kpis = [CATALOGUE.kpis[kpi] for kpi in CATALOGUE.dashboards[name]]
    assert {kpi.id for kpi in GROUND.read_by(kpis, dimensions)} <= shown


@pytest.mark.parametrize("name", CATALOGUE.dashboards)
def test_each_kpi_is_compared_with_the_period_before(name: str) -> None:
    for kpi in CATALOGUE.dashboards[name]:
        now, change = panel(BOARDS[name], CATALOGUE.kpis[kpi].name["en"])["targets"]
        assert f'kpistream_kpi_before{{kpi="{kpi}"' in change["expr"]
        assert "kpi_before" not in now["expr"]


def test_a_change_is_in_parts_of_the_value_before_but_for_scores() -> None:
    ratio, score = (
        panel(BOARDS["overview"], title)["targets"][1]["expr"]
        for title in ("Conversion rate", "Net Promoter Score (NPS)")
    )
    assert " / abs(" in ratio
    assert " / " not in score


def test_a_return_on_ad_spend_below_one_is_red() -> None:
    stat = panel(BOARDS["overview"], "Return on ad spend (ROAS)")
    steps = stat["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [(step["value"], step["color"]) for step in steps] == [(None, "red"), (1, "green")]


def test_the_overview_has_the_north_star_objectives_and_alerts() -> None:
    rows = titles(BOARDS["overview"], "row")
    assert rows[:4] == ["North Star", "Now, in total", "Objectives and pace", "Alerts now"]
    assert panel(BOARDS["overview"], "Revenue", "timeseries")["targets"][1]["refId"] == "B"


def test_a_funnel_shows_each_step_and_each_conversion() -> None:
    steps = panel(BOARDS["shop"], "Shop: steps", "bargauge")["targets"]
    shares = panel(BOARDS["shop"], "Shop: from one step to the next", "bargauge")["targets"]
    kpis = CATALOGUE.funnels["shop"]
    assert [re.findall(r'kpi="(\w+)"', step["expr"]) for step in steps] == [[kpi] for kpi in kpis]
    assert [re.findall(r'kpi="(\w+)"', share["expr"]) for share in shares] == [
        [after, before] for before, after in pairwise(kpis)
    ]


def test_descriptions_say_what_the_catalogue_says() -> None:
    kpi = CATALOGUE.kpis["conversion_rate"]
    about = panel(BOARDS["overview"], kpi.name["en"])["description"]
    assert kpi.description["en"] in about
    assert f"Owner: {kpi.owner}." in about
    assert kpi.action in about


def test_descriptions_are_in_the_language_of_the_dashboards() -> None:
    kpi = CATALOGUE.kpis["conversion_rate"]
    about = panel(FRENCH["overview"], kpi.name["fr"])["description"]
    assert f"Responsable : {kpi.texts[kpi.owner]['fr']}." in about
    assert f"En cas d'écart : {kpi.texts[kpi.action]['fr']}" in about
    assert kpi.action not in about


def test_marks_are_alerts_of_the_boards_own_kpis() -> None:
    marks = {name: board["annotations"]["list"][0]["expr"] for name, board in BOARDS.items()}
    assert "unsubscribe_rate_rising" in marks["email"]
    assert "unsubscribe_rate_rising" not in marks["customers"]
    assert "rule=~" not in marks["overview"]


def test_a_campaign_leads_to_its_board_and_that_leads_back() -> None:
    chosen_by = "var-campaign=${__data.fields.campaign:percentencode}"
    [to_campaign] = [url for url in links(BOARDS["acquisition"]) if chosen_by in url]
    assert to_campaign.startswith("/d/kpistream-campaign?")
    assert "${__url_time_range}" in to_campaign
    assert any("/d/kpistream-acquisition?" in url for url in links(BOARDS["campaign"]))
    assert BOARDS["campaign"]["links"][0]["url"] == "/d/kpistream-overview"


@pytest.mark.parametrize("name", BOARDS)
def test_links_lead_to_boards_and_set_variables_that_those_have(name: str) -> None:
    for url in links(BOARDS[name]):
        path, _, query = url.partition("?")
        board = BOARDS[path.removeprefix("/d/kpistream-")]
        known = {variable["name"] for variable in board["templating"]["list"]}
        assert set(re.findall(r"var-(\w+)=", query)) <= known
        assert set(re.findall(r"\$\{(\w+):queryparam\}", query)) <= known


@pytest.mark.parametrize("name", BOARDS)
class TestBoard:
    def test_every_panel_says_what_it_shows(self, name: str) -> None:
        for one in panels(BOARDS[name]):
            assert one["title"]
            assert one["description"].endswith((".", "!", "?")), one["title"]
            assert one["fieldConfig"]["defaults"]["unit"]

    def test_queries_of_a_panel_have_letters_of_their_own(self, name: str) -> None:
        for one in panels(BOARDS[name]):
            refs = [target["refId"] for target in one["targets"]]
            assert refs == list("ABCDEFGHIJ"[: len(refs)])

    def test_panels_have_ids_of_their_own(self, name: str) -> None:
        ids = [one["id"] for one in BOARDS[name]["panels"]]
        assert len(set(ids)) == len(ids)

    def test_panels_lie_within_the_grid_and_side_by_side(self, name: str) -> None:
        places = [one["gridPos"] for one in BOARDS[name]["panels"]]
        assert all(place["x"] + place["w"] <= 24 for place in places)
        for one, other in combinations(places, 2):
            beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
            assert beside or below, (one, other)

    def test_queries_ask_only_for_metrics_and_labels_that_workers_export(self, name: str) -> None:
        for query in queries(BOARDS[name]):
            assert unknown_names(query) == [], query

    def test_queries_use_only_variables_that_exist(self, name: str) -> None:
        board = BOARDS[name]
        known = dict.fromkeys((variable["name"] for variable in variables(board)), "x")
        for query in queries(board):
            assert "$" not in substituted(query, {**chosen(board), **known}), query

    def test_tables_name_each_label_that_their_queries_leave(self, name: str) -> None:
        for one in panels(BOARDS[name]):
            if one["type"] == "table":
                named = one["transformations"][1]["options"]["renameByName"]
                for target in one["targets"]:
                    by = re.search(r"by \(([\w, ]+)\)", target["expr"])
                    assert by is not None
                    assert set(by[1].split(", ")) <= named.keys(), target["expr"]

    def test_it_is_the_same_after_a_way_through_the_sdk(self, name: str) -> None:
        register_default_plugins()
        read = Dashboard.from_json(BOARDS[name])
        again = json.loads(json.dumps(read, cls=JSONEncoder))
        # The SDK reads no placement of a link: it is always its own.
        for link, written in zip(again["links"], BOARDS[name]["links"], strict=True):
            link["placement"] = written["placement"]
        assert again == BOARDS[name]

    def test_in_french_it_asks_the_same(self, name: str) -> None:
        assert queries(FRENCH[name]) == queries(BOARDS[name])

    def test_in_french_it_has_the_same_places_and_other_words(self, name: str) -> None:
        places = [
            [one["gridPos"] for one in board["panels"]] for board in (BOARDS[name], FRENCH[name])
        ]
        assert places[0] == places[1]
        said = {one["description"] for one in panels(BOARDS[name])} & {
            one["description"] for one in panels(FRENCH[name])
        }
        assert said == set()


def test_the_same_ground_makes_the_same_bytes() -> None:
    assert rendered(GROUND) == rendered(shipped())


def test_a_metric_or_label_that_nobody_exports_is_found() -> None:
    assert unknown_names("rate(kpistream_nothing_total[5m])") == ["kpistream_nothing_total"]
    assert unknown_names('kpistream_kpi{kpi="x", colour=~"red"}') == ["colour"]


def test_kpis_of_ones_own_get_panels(tmp_path: Path) -> None:
    mine = boards(own(tmp_path, OWN))
    assert panel(mine["show_room"], "Test drives")["targets"]
    assert titles(mine["show_room"], "row") == ["Now, in total", "By channel", "By brand"]
    asked = [variable["name"] for variable in mine["show_room"]["templating"]["list"]]
    assert asked == ["datasource", "job", "window", "channel", "brand", "currency"]


def test_a_kpi_of_ones_own_that_no_dashboard_lists_is_on_one_for_the_rest(tmp_path: Path) -> None:
    mine = boards(own(tmp_path, OWN))
    assert titles(mine["more"], "stat") == ["Minutes a drive"]


def test_without_campaigns_nothing_leads_to_one(tmp_path: Path) -> None:
    mine = boards(own(tmp_path, OWN))
    assert "campaign" not in mine
    assert not any("kpistream-campaign" in url for board in mine.values() for url in links(board))


def test_a_kpi_that_is_not_read_for_the_boards_window_is_shown_for_its_own(tmp_path: Path) -> None:
    listed = OWN.replace("[test_drives, sessions]", "[test_drives, sessions, long_drives]")
    board = boards(own(tmp_path, listed))["show_room"]
    assert chosen(board)["window"] in ("1h", "24h")
    stat = panel(board, "Minutes a drive (7d)")
    assert 'window="7d"' in stat["targets"][0]["expr"]


def test_an_objective_has_a_panel_of_its_own(tmp_path: Path) -> None:
    course = panel(
        boards(own(tmp_path, OWN))["overview"], "More drives: way to the target", "timeseries"
    )
    assert [target["legendFormat"] for target in course["targets"]] == [
        *("Value", "Projected", "Target")
    ]


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    ground = own(tmp_path, OWN.replace("show_room:", "alerts:"))
    with pytest.raises(TakenName, match="'alerts'"):
        rendered(ground)
