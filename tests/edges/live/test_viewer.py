"""The viewer: what a worker tells of what somebody looks at."""

from __future__ import annotations

from typing import Any

import pytest

from kpistream.core.monitoring.readings import Reading
from kpistream.core.slices import Slice
from kpistream.edges.web.live.peeks import FRESH_S, MOST_A_TURN, Key, Peeks
from kpistream.edges.web.live.view_query import ViewQuery
from kpistream.edges.web.live.viewer import MOST_ROWS, Viewer
from tests.support import known
from tests.support.known import CHANNELS, KnownWorker

QUERY = ViewQuery("acquisition", "5m", "channel", "clicks")
EMAIL = (("channel", "email"),)


def seen(worker: KnownWorker | None = None, query: ViewQuery = QUERY) -> dict[str, Any]:
    return Viewer(worker or known.worker()).view(query)


def test_the_tiles_are_the_kpis_of_the_board_now_and_before() -> None:
    worker = known.worker()
    view = seen(worker)
    assert list(view["tiles"]) == list(worker.plan.catalogue.dashboards["acquisition"])
    tile = view["tiles"]["click_through_rate"]
    now, before = (worker.reading("click_through_rate", "5m", (), b) for b in (False, True))
    assert now is not None
    assert before is not None
    assert (tile["value"], tile["before"], tile["sample"]) == (now.value, before.value, now.sample)


def test_a_tile_without_a_reading_says_so() -> None:
    tile = seen()["tiles"]["cost_per_lead"]
    assert (tile["value"], tile["before"], tile["trust"], tile["sample"]) == (None, None, None, 0)
    assert tile["currency"] == "EUR"


def test_the_picture_of_a_count_adds_up_to_the_value() -> None:
    query = ViewQuery("shop", "5m", "channel", "sessions")
    worker = known.worker()
    view = seen(worker, query)
    reading = worker.reading("sessions", "5m", (), before=False)
    assert reading is not None
    assert sum(filter(None, view["tiles"]["sessions"]["points"])) == reading.value


def test_a_breakdown_has_the_members_with_the_largest_sample_first() -> None:
    rows = seen()["breakdown"]["rows"]
    assert {row["member"] for row in rows} == set(CHANNELS)
    samples = [row["sample"] for row in rows]
    assert samples == sorted(samples, reverse=True)
    total = known.worker().reading("clicks", "5m", (), before=False)
    assert total is not None
    assert sum(row["value"] for row in rows) == total.value


def test_within_a_member_everything_is_about_it() -> None:
    query = ViewQuery("acquisition", "5m", "campaign", "clicks", EMAIL)
    worker = known.worker()
    view = seen(worker, query)
    reading = worker.reading("clicks", "5m", EMAIL, before=False)
    assert reading is not None
    steps = {step["kpi"]: step["value"] for step in view["funnel"]["steps"]}
    assert steps["clicks"] == reading.value
    rows = view["breakdown"]["rows"]
    assert sum(row["value"] for row in rows) == reading.value
    assert {row["member"] for row in rows} <= {"autumn", "spring"}


def test_a_kpi_that_is_not_kept_up_to_date_for_these_slices_is_broken_down_all_the_same() -> None:
    query = ViewQuery("customers", "5m", "channel", "orders")
    worker = known.worker()
    worker.board = type(worker.board)((), worker.board.as_of)
    rows = seen(worker, query)["breakdown"]["rows"]
    expected = {
        part[0][1]: reading.value
        for part in worker.slices([("channel",)], 100)[0]
        if (reading := worker.reading("orders", "5m", part, before=False)) is not None
    }
    assert {row["member"]: row["value"] for row in rows} == expected
    assert len(rows) > 1


def test_what_another_worker_owns_is_left_out() -> None:
    view = seen(known.worker([("campaign",)]))
    assert (view["tiles"], view["breakdown"], view["funnel"]) == ({}, None, None)
    assert view["alerts"] == []


def test_the_funnel_is_that_of_the_board_or_the_first() -> None:
    assert seen()["funnel"]["name"] == "shop"
    assert seen(query=ViewQuery("sales", "5m", "", ""))["funnel"]["name"] == "sales"


def test_alerts_are_told_the_firing_ones_first() -> None:
    states = [alert["state"] for alert in seen()["alerts"]]
    assert "firing" in states
    assert states == sorted(states, key=lambda state: state != "firing")


def test_before_anything_was_read_there_is_no_time_and_no_value() -> None:
    worker = known.worker()
    worker.board = type(worker.board)()
    worker.sets = ()
    view = seen(worker)
    assert view["as_of"] is None
    assert view["tiles"] == {}


class Asked(KnownWorker):
    """A worker that notes what it is asked for, and counts."""

    def __init__(self) -> None:
        driver, _ = known.story()
        super().__init__(driver, known.plan())
        self.asked: list[Slice] = []

    def reading(self, kpi: str, window: str, part: Slice, before: bool) -> Reading | None:
        self.asked.append(part)
        return super().reading(kpi, window, part, before)


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def worker() -> Asked:
    return Asked()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def peeked(peeks: Peeks, part: Slice) -> Reading | None:
    return peeks.get(Key("orders", "5m", part))


def test_what_was_asked_for_is_remembered_for_seconds(worker: Asked, clock: Clock) -> None:
    peeks = Peeks(worker, clock)
    for _ in range(3):
        peeks.begin()
        peeked(peeks, EMAIL)
    assert worker.asked == [EMAIL]
    assert peeked(peeks, EMAIL) == worker.reading("orders", "5m", EMAIL, before=True)
    clock.now_s += FRESH_S + 1
    peeks.begin()
    peeked(peeks, EMAIL)
    assert worker.asked == [EMAIL] * 3


def test_in_one_turn_only_so_much_is_asked_for_and_the_rest_in_the_next(
    worker: Asked, clock: Clock
) -> None:
    peeks = Peeks(worker, clock)
    parts: list[Slice] = [(("channel", f"c{n}"),) for n in range(MOST_A_TURN + 5)]
    peeks.begin()
    for part in parts:
        peeked(peeks, part)
    assert len(worker.asked) == MOST_A_TURN
    peeks.begin()
    for part in parts:
        peeked(peeks, part)
    assert len(worker.asked) == len(parts)


def test_the_first_look_at_a_slice_that_is_on_no_board_has_every_value(worker: Asked) -> None:
    worker.board = type(worker.board)((), worker.board.as_of)
    part = (("channel", "email"), ("campaign", "autumn"))
    view = seen(worker, ViewQuery("shop", "5m", "", "orders", part))
    steps = {step["kpi"]: step["value"] for step in view["funnel"]["steps"]}
    for kpi in ("impressions", "sessions", "orders"):
        reading = worker.reading(kpi, "5m", part, before=False)
        assert steps[kpi] == (reading.value if reading else None)
    assert steps["sessions"] is not None


def test_a_breakdown_is_not_endless() -> None:
    worker = known.worker()
    found = worker.board.get("clicks", "5m", EMAIL)
    assert found is not None
    many = [
        Reading(**{**_fields(found), "slice": (("channel", f"c{n}"),), "sample": n})
        for n in range(MOST_ROWS + 10)
    ]
    worker.board = type(worker.board)(many, worker.board.as_of)
    breakdown = seen(worker)["breakdown"]
    assert (len(breakdown["rows"]), breakdown["more"]) == (MOST_ROWS, 10)
    assert breakdown["rows"][0]["member"] == f"c{MOST_ROWS + 9}"


def _fields(reading: Reading) -> dict[str, Any]:
    return {name: getattr(reading, name) for name in reading.__struct_fields__}
