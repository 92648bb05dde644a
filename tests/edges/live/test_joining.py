from __future__ import annotations

from typing import Any

from kpistream.edges.web.gathering import Parts
from kpistream.edges.web.live.joining import joined

KPIS = ("a", "b")


def view(**parts: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "as_of": None,
        "query": {"board": "overview"},
        "tiles": {},
        "breakdown": None,
        "funnel": None,
        "alerts": [],
        "objectives": [],
        "silent_topics": [],
    }
    return {**nothing, **parts}


def alert(fingerprint: str, state: str = "firing", changed_at: str = "10:00") -> dict[str, str]:
    return {"fingerprint": fingerprint, "state": state, "changed_at": changed_at}


def test_each_part_comes_from_who_owns_it() -> None:
    own = view(tiles={"a": 1, "b": 2}, funnel={"name": "shop"})
    other = view(breakdown={"rows": []})
    found = joined(own, Parts((other,), ()), KPIS)
    assert (found["tiles"], found["funnel"], found["breakdown"]) == (
        {"a": 1, "b": 2},
        {"name": "shop"},
        {"rows": []},
    )


def test_tiles_are_in_the_order_of_the_board_wherever_they_come_from() -> None:
    found = joined(view(tiles={"b": 2}), Parts((view(tiles={"a": 1}),), ()), KPIS)
    assert list(found["tiles"]) == ["a", "b"]


def test_alerts_of_all_come_together_the_firing_ones_and_the_newest_first() -> None:
    own = view(alerts=[alert("1", "resolved", "10:09"), alert("2")])
    other = view(alerts=[alert("3", changed_at="10:01")])
    found = joined(own, Parts((other,), ()), KPIS)
    assert [one["fingerprint"] for one in found["alerts"]] == ["3", "2", "1"]


def test_the_newest_time_counts() -> None:
    others = Parts((view(as_of="10:02"), view()), ())
    assert joined(view(as_of="10:01"), others, KPIS)["as_of"] == "10:02"
    assert joined(view(), Parts((), ()), KPIS)["as_of"] is None


def test_whoever_did_not_answer_is_named() -> None:
    gone = {"worker": "http://two", "reason": "did not answer in time", "slices": ["channel"]}
    assert joined(view(), Parts((), (gone,)), KPIS)["missing"] == [gone]


def test_a_silent_topic_is_told_once() -> None:
    others = Parts((view(silent_topics=["costs", "clicks"]),), ())
    found = joined(view(silent_topics=["costs"]), others, KPIS)
    assert found["silent_topics"] == ["clicks", "costs"]
