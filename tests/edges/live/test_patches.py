from __future__ import annotations

from typing import Any

from kpistream.edges.web.live.patches import patch


def view(**parts: Any) -> dict[str, Any]:
    ordinary = {"as_of": "10:00:00", "tiles": {"a": {"value": 1}, "b": {"value": 2}}, "alerts": []}
    return {**ordinary, **parts}


def test_where_nothing_changed_there_is_nothing_to_tell() -> None:
    assert patch(view(), view()) == {}


def test_time_alone_is_nothing_to_tell() -> None:
    assert patch(view(), view(as_of="10:00:01")) == {}


def test_a_tile_that_changed_is_told_without_the_others_and_with_the_time() -> None:
    now = view(as_of="10:00:01", tiles={"a": {"value": 1}, "b": {"value": 3}})
    assert patch(view(), now) == {"as_of": "10:00:01", "tiles": {"b": {"value": 3}}}


def test_a_tile_that_has_gone_is_told_as_nothing() -> None:
    now = view(tiles={"a": {"value": 1}})
    assert patch(view(), now) == {"tiles": {"b": None}}


def test_a_tile_that_is_new_is_told() -> None:
    now = view(tiles={**view()["tiles"], "c": {"value": 5}})
    assert patch(view(), now) == {"tiles": {"c": {"value": 5}}}


def test_another_part_is_told_as_a_whole() -> None:
    assert patch(view(), view(alerts=["x"])) == {"alerts": ["x"]}


def test_to_who_knows_nothing_all_is_told() -> None:
    assert patch({}, view()) == view()
