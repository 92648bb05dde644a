from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kpistream.cli.wiring.wiring import layout_over, partition_mistake, read_plan
from kpistream.core.located_yaml import ConfigErrors
from kpistream.settings import Settings
from kpistream.stream.layout import ALERTS_KEPT_S
from kpistream.stream.topics import TopicState
from tests.cli.conftest import Run

ROAS = "rule {} is skipped: return_on_ad_spend needs the setting topics.cost"


def settings(**given: object) -> Settings:
    return Settings(**given)  # type: ignore[arg-type]


class TestRulesOverEventsThatAreNotRead:
    def test_are_left_out_and_told_with_the_missing_topic(self) -> None:
        topics = {t: f"{t}s" for t in ("impression", "click", "session", "order", "email")}
        plan, warnings = read_plan(settings(topics=topics))
        assert ROAS.format("roas_below_one") in warnings
        assert "roas_below_one" not in {rule.name for rule in plan.rules}

    def test_are_all_there_when_everything_is_read(self) -> None:
        plan, warnings = read_plan(settings())
        assert (len(plan.rules) > 30, warnings) == (True, [])

    @pytest.mark.parametrize(
        "named", [{"windows": ["5m", "24h"]}, {"slices": [[], ["channel"]]}], ids=str
    )
    def test_are_left_out_where_their_windows_or_slices_are_not_kept(
        self, named: dict[str, Any]
    ) -> None:
        plan, warnings = read_plan(settings(**named))
        [told] = [warning for warning in warnings if "of the shipped rules are skipped" in warning]
        left_out = told.partition("KPIs: ")[2].partition(";")[0].split(", ")
        assert left_out
        assert not {rule.name for rule in plan.rules} & set(left_out)

    def test_are_warnings_of_check(self, kpistream: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KPISTREAM_TOPICS", '{"click": "clicks", "order": "orders"}')
        ran = kpistream("check", "--no-broker")
        assert ran.code == 0
        assert f"warning: {ROAS.format('roas_below_one')}\n" in ran.err

    def test_a_kpi_that_does_not_exist_stays_a_mistake(self, tmp_path: Path) -> None:
        shipped = settings().rules[0].read_text(encoding="utf-8")
        rules = tmp_path / "rules.yml"
        rules.write_text(shipped.replace("return_on_ad_spend", "return_on_luck"), encoding="utf-8")
        with pytest.raises(ConfigErrors, match="return_on_luck"):
            read_plan(settings(rules=[rules], topics={"click": "clicks"}))


class TestPartitions:
    @pytest.mark.parametrize(
        ("topic", "partitions", "advice"),
        [
            pytest.param("clicks", 9, None, id="an event topic has as many as it has"),
            pytest.param("kpistream.measured.clicks", 2, None, id="a table follows its topic"),
            pytest.param("kpistream.measured.clicks", 9, "`app_id`", id="but cannot shrink"),
            pytest.param("kpistream.merged", 2, "`partitions` to 2", id="our own must be as set"),
            pytest.param("kpistream.alerts", 1, None, id="alerts have one"),
            pytest.param("kpistream.alerts", 4, "delete it", id="whatever is set"),
            pytest.param("kpistream.notified", 4, "another `app_id`", id="their table, too"),
        ],
    )
    def test_of_a_topic_that_exists(self, topic: str, partitions: int, advice: str | None) -> None:
        layout = layout_over(settings(), {"clicks": 6})
        spec = next(spec for spec in layout.specs() if spec.name == topic)
        state = TopicState(topic, partitions, None, created=False)
        mistake = partition_mistake(layout, spec, state)
        assert (mistake is None) if advice is None else (mistake and advice in mistake.problem)


class TestSpecialDays:
    def test_are_the_holidays_of_the_country_and_those_that_are_named(self) -> None:
        sale = [{"name": "sale", "from": "2026-11-27", "to": "2026-11-30"}]
        plan, _ = read_plan(settings(holidays="DE-BY", special_days=sale))
        names = [plan.special_days.name(date(2026, *on)) for on in ((1, 6), (11, 28), (12, 1))]
        assert names == ["Heilige Drei K\u00f6nige", "sale", None]

    def test_are_none_unless_they_are_set(self) -> None:
        plan, _ = read_plan(settings())
        assert not plan.special_days


class TestTheLogOfAlerts:
    def test_reaches_back_for_a_quarter_and_the_next_unless_set(self) -> None:
        assert layout_over(settings(), {}).alerts_kept_s == ALERTS_KEPT_S >= 2 * 92 * 86_400

    def test_reaches_back_as_far_as_is_set(self) -> None:
        assert layout_over(settings(alerts_kept="30d"), {}).alerts_kept_s == 30 * 86_400
