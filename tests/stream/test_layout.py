from __future__ import annotations

import pytest

from kpistream.stream.layout import Layout


def layout(topic: str = "clicks", partitions: int = 2, replication_factor: int = 1) -> Layout:
    return Layout("app", {"click": topic}, {"click": partitions}, 4, replication_factor)


def test_another_topic_has_another_table_since_its_offsets_are_others() -> None:
    assert layout("clicks").measured_table("click") == "app.measured.clicks"
    assert layout("shop.clicks").measured_table("click") == "app.measured.shop.clicks"


def test_a_table_has_the_partitions_of_its_topic() -> None:
    counts = {spec.name: spec.partitions for spec in layout(partitions=7).specs()}
    assert counts["clicks"] == counts["app.measured.clicks"] == 7
    assert counts["app.partials"] == counts["app.merged"] == 4
    assert counts["app.alerts"] == counts["app.notified"] == 1


@pytest.mark.parametrize(("replicas", "in_sync"), [(1, None), (2, "1"), (3, "2"), (5, "4")])
def test_of_several_replicas_all_but_one_must_have_a_record(
    replicas: int, in_sync: str | None
) -> None:
    specs = layout(replication_factor=replicas).specs()
    assert {spec.config.get("min.insync.replicas") for spec in specs} == {in_sync}


def test_the_log_of_alerts_keeps_the_newest_telling_of_each_change_for_as_long_as_is_set() -> None:
    kept = Layout("app", {}, {}, 4, alerts_kept_s=30 * 86_400)
    [alerts] = [spec for spec in kept.specs() if spec.name == "app.alerts"]
    assert alerts.config["cleanup.policy"] == "compact,delete"
    assert alerts.config["retention.ms"] == "2592000000"
