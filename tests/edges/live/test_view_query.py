from __future__ import annotations

import pytest
from multidict import MultiDict

from kpistream.core.plan import Plan
from kpistream.edges.web.live.view_query import NO_BOARD, ViewQuery
from kpistream.edges.web.problem import Problem
from tests.support.builders import extended_catalogue, plan

PLAN = plan(windows=("5m", "1h", "24h"))


def asked(text: str = "", of: Plan = PLAN) -> ViewQuery:
    pairs = [pair.split("=", 1) for pair in text.split("&") if pair]
    return ViewQuery.parse(MultiDict((name, word) for name, word in pairs), of)


def test_who_asks_for_nothing_sees_the_overview_over_an_hour_by_channel() -> None:
    found = asked()
    assert (found.board, found.window, found.by, found.part) == ("overview", "1h", "channel", ())
    assert found.kpi == PLAN.catalogue.dashboards["overview"][0]


def test_without_that_window_it_is_the_first_there_is() -> None:
    assert asked(of=plan(windows=("24h", "5m"))).window == "24h"


def test_within_a_channel_there_is_a_breakdown_by_campaign() -> None:
    found = asked("channel=Email")
    assert found.part == (("channel", "email"),)
    assert found.by == "campaign"
    assert found.broken_down(PLAN.slicing.dimensions) == ("channel", "campaign")


def test_what_is_one_member_is_not_broken_down_by_its_dimension() -> None:
    assert asked("channel=email&by=channel").by == ""


def test_the_parameters_of_a_question_ask_the_same_question() -> None:
    found = asked("board=shop&window=5m&channel=email&kpi=revenue")
    assert ViewQuery.parse(MultiDict(found.params()), PLAN) == found


def test_a_catalogue_without_dashboards_shows_its_first_kpis() -> None:
    removed = "dashboards: {" + ", ".join(f"{d}: null" for d in PLAN.catalogue.dashboards) + "}"
    found = asked(of=plan(catalogue=extended_catalogue(removed)))
    assert (found.board, found.kpi) == (NO_BOARD, "impressions")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("board=nothing", "unknown board 'nothing'; allowed: overview"),
        ("window=7m", "unknown window '7m'; allowed: 5m, 1h, 24h"),
        ("by=size", "unknown by 'size'; allowed: channel, campaign"),
        ("kpi=magic", "unknown kpi 'magic'"),
        (
            "colour=red",
            "unknown parameter 'colour'; allowed: board, window, by, kpi, scope, channel",
        ),
        ("board=shop&board=email", "board can be given once"),
    ],
)
def test_a_word_that_does_not_exist_is_refused(text: str, problem: str) -> None:
    with pytest.raises(Problem, match=problem) as refused:
        asked(text)
    assert refused.value.status == 400


def test_a_slice_by_dimensions_that_are_no_set_is_refused() -> None:
    with pytest.raises(Problem, match="no slices by campaign; allowed: none, channel"):
        asked("campaign=autumn", of=_without_campaign())


def _without_campaign() -> Plan:
    return plan(slices=[(), ("channel",), ("channel", "campaign")])
