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
        "firing": 0,
        "objectives": [],
        "silent_topics": [],
    }
    return {**nothing, **parts}


def at(clock: str) -> str:
    return f"2026-03-01T{clock}Z"


def alert(fingerprint: str, state: str = "firing", clock: str = "10:00:00") -> dict[str, str]:
    return {"fingerprint": fingerprint, "state": state, "changed_at": at(clock)}


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
    own = view(alerts=[alert("1", "resolved", "10:09:00"), alert("2")], firing=1)
    other = view(alerts=[alert("3", clock="10:00:00.500")], firing=1)
    found = joined(own, Parts((other,), ()), KPIS)
    assert [one["fingerprint"] for one in found["alerts"]] == ["3", "2", "1"]
    assert found["firing"] == 2


def test_what_two_workers_have_while_it_changes_hands_is_told_once() -> None:
    both = {"alerts": [alert("1"), alert("2", "resolved")], "objectives": [{"id": "sales"}]}
    found = joined(view(firing=1, **both), Parts((view(firing=1, **both),), ()), KPIS)
    assert [one["fingerprint"] for one in found["alerts"]] == ["1", "2"]
    assert (found["firing"], found["objectives"]) == (1, [{"id": "sales"}])


def test_all_that_fire_are_counted_though_they_are_not_all_told() -> None:
    own = view(alerts=[alert(f"{n:03}") for n in range(100)], firing=150)
    other = view(alerts=[alert("x")], firing=1)
    found = joined(own, Parts((other,), ()), KPIS)
    assert (len(found["alerts"]), found["firing"]) == (100, 151)


def test_the_newest_time_counts() -> None:
    others = Parts((view(as_of=at("10:00:01.500")), view()), ())
    assert joined(view(as_of=at("10:00:01")), others, KPIS)["as_of"] == at("10:00:01.500")
    assert joined(view(), Parts((), ()), KPIS)["as_of"] is None


def test_whoever_did_not_answer_is_named() -> None:
    gone = {"worker": "http://two", "reason": "did not answer in time", "slices": ["channel"]}
    assert joined(view(), Parts((), (gone,)), KPIS)["missing"] == [gone]


def test_a_silent_topic_is_told_once() -> None:
    others = Parts((view(silent_topics=["costs", "clicks"]),), ())
    found = joined(view(silent_topics=["costs"]), others, KPIS)
    assert found["silent_topics"] == ["clicks", "costs"]
