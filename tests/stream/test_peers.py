from __future__ import annotations

from kpistream.core.slices import owner_of, slice_key
from kpistream.stream.layout import Layout
from kpistream.stream.peers import peers_of, sets_in

LAYOUT = Layout("k", {"click": "clicks"}, {"click": 1}, 4)
SETS = ((), ("channel",), ("campaign",), ("channel", "campaign"))


def test_each_worker_is_known_by_where_it_is_and_what_it_owns() -> None:
    assignment = {
        "http://b:6066/": {"k.merged": [0, 1, 2, 3], "k.measured.clicks": [0]},
        "http://a:6066": {"k.notified": [0]},
    }
    a, b = peers_of(assignment, LAYOUT, SETS)
    assert (a.url, a.slices, a.is_notifier) == ("http://a:6066", (), True)
    assert (b.url, b.is_notifier) == ("http://b:6066", False)
    assert b.slices == ("total", "channel", "campaign", "channel_campaign")


def test_a_set_is_where_its_slices_are() -> None:
    for names in SETS:
        part = tuple((name, "x") for name in names)
        owner = owner_of(slice_key(part), LAYOUT.partitions)
        assert names in sets_in([owner], LAYOUT, SETS)
        others = set(range(LAYOUT.partitions)) - {owner}
        assert names not in sets_in(others, LAYOUT, SETS)


def test_before_the_first_rebalance_nobody_is_known() -> None:
    assert peers_of({}, LAYOUT, SETS) == []
