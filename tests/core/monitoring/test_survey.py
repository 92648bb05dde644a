"""The survey: each KPI is read where it was asked for, when something can have changed it."""

from __future__ import annotations

from kpistream.core.monitoring.survey import Due, Survey
from tests.support import builders as build
from tests.support.alerting import rule

EMAIL = (("channel", "email"),)


def _survey(**named: object) -> Survey:
    plan = build.plan(windows=("5m", "1h"), slices=[(), ("channel",)], **named)  # type: ignore[arg-type]
    return Survey(plan)


def _taken(survey: Survey) -> list[Due]:
    found: list[Due] = []
    while (due := survey.take()) is not None:
        found.append(due[0])
    return found


def test_what_is_touched_is_due_once_for_each_window() -> None:
    survey = _survey()
    survey.touch(EMAIL, {"clicks"})
    survey.touch(EMAIL, {"impressions"})

    assert _taken(survey) == [(EMAIL, 0), (EMAIL, 1)]
    assert survey.take() is None


def test_only_kpis_that_a_topic_can_change_are_read() -> None:
    survey = _survey()
    survey.touch((), {"clicks"})
    due = survey.take()
    assert due is not None
    read = {reader.id for reader in due[1]}

    assert "click_through_rate" in read
    assert all(reader.topics & {"clicks"} for reader in due[1])
    assert "impressions" not in read


def test_what_waited_longest_comes_first_even_if_it_is_touched_again() -> None:
    survey = _survey()
    survey.touch((), {"clicks"})
    survey.touch(EMAIL, {"clicks"})
    survey.touch((), {"impressions"})

    assert _taken(survey) == [((), 0), ((), 1), (EMAIL, 0), (EMAIL, 1)]


def test_what_has_gone_is_not_due() -> None:
    survey = _survey()
    survey.touch((), {"clicks"})
    survey.touch(EMAIL, {"clicks"})
    survey.forget(EMAIL)

    assert _taken(survey) == [((), 0), ((), 1)]


def test_a_topic_that_no_kpi_rests_on_makes_nothing_due() -> None:
    survey = _survey()
    survey.touch((), {"weather"})

    assert survey.take() is None


def test_a_rule_has_its_kpi_read_where_it_looks() -> None:
    watched = rule(kpi="click_through_rate", slice={"channel": "email"}, window="1h", below=0.5)
    survey = _survey(rules=[watched])

    assert "click_through_rate" in {reader.id for reader in survey.chosen(("channel",), 1)}


def test_a_set_that_is_not_configured_has_nothing_to_read() -> None:
    assert _survey().chosen(("site",), 0) == ()
