from __future__ import annotations

from typing import Any

import pytest

from kpistream.core.slices import owner_of, slice_key
from kpistream.stream.connection import Connection
from kpistream.stream.faust_app import build_faust_app, own_url
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


@pytest.mark.parametrize(
    "url", ["http://Worker-1:6066", "http://worker-1:80", "https://w:443/", "http://[::1]:6066"]
)
def test_a_worker_knows_itself_among_the_others_however_its_url_is_written(url: str) -> None:
    app = build_faust_app("k", Connection("127.0.0.1:1"), url)
    assignor: Any = app.assignor
    told = str(assignor._metadata.url)
    [known] = peers_of({told: {"k.merged": [0]}}, LAYOUT, SETS)
    assert known.url == own_url(app)
