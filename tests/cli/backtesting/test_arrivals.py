from __future__ import annotations

from pathlib import Path

import pytest

from kpistream.cli.backtesting.arrivals import Arrival, arrivals
from kpistream.edges.ndjson import NdjsonError

TEN_O_CLOCK = 1_772_359_200_000


def at(seconds: int) -> str:
    return f"2026-03-01T10:00:{seconds:02}Z"


def click(name: str, occurred: int | None = None, arrived: int | None = None) -> str:
    times = "" if occurred is None else f',"occurred_at":"{at(occurred)}"'
    times += "" if arrived is None else f',"arrived_at":"{at(arrived)}"'
    return f'{{"type":"click","event_id":"{name}"{times}}}'


def written(folder: Path, *lines: str, name: str = "events.ndjson") -> str:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def order_of(found: list[Arrival]) -> list[tuple[str, float]]:
    return [
        (a.value.split(b'"event_id":"')[1][:1].decode(), (a.arrived_ms - TEN_O_CLOCK) / 1000)
        for a in found
    ]


def test_events_come_by_arrival_and_else_by_occurrence(tmp_path: Path) -> None:
    path = written(tmp_path, click("a", 5), click("b", 1, arrived=9), click("c", 3))
    assert order_of(list(arrivals([path]))) == [("c", 3), ("a", 5), ("b", 9)]


def test_events_that_arrived_at_once_keep_the_order_of_the_files(tmp_path: Path) -> None:
    first = written(tmp_path, click("a", 2), click("b", 2), name="1")
    second = written(tmp_path, click("c", 2), click("d", 1), name="2")
    assert [name for name, _ in order_of(list(arrivals([first, second])))] == list("dabc")


def test_an_event_without_a_time_arrives_with_the_latest_before_it(tmp_path: Path) -> None:
    path = written(tmp_path, click("a", 7), click("b", 2), click("c"), click("d", 9))
    assert ("c", 7) in order_of(list(arrivals([path])))


def test_an_event_without_a_time_at_the_start_arrives_with_the_first_after_it(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, click("a"), click("b"), click("c", 4))
    assert order_of(list(arrivals([path]))) == [("a", 4), ("b", 4), ("c", 4)]


def test_each_file_has_its_own_neighbours(tmp_path: Path) -> None:
    first = written(tmp_path, click("a", 9), name="1")
    second = written(tmp_path, click("b"), click("c", 1), name="2")
    assert ("b", 1) in order_of(list(arrivals([first, second])))


def test_a_time_that_nobody_can_read_is_no_time(tmp_path: Path) -> None:
    odd = click("b", 1).replace(at(1), "yesterday")
    path = written(tmp_path, click("a", 4), odd)
    assert order_of(list(arrivals([path]))) == [("a", 4), ("b", 4)]


@pytest.mark.parametrize("run_events", [1, 2, 3, 7, 100])
def test_large_files_come_out_the_same_through_temporary_files(
    tmp_path: Path, run_events: int
) -> None:
    seconds = [(n * 37) % 59 for n in range(50)]
    path = written(tmp_path, *(click(str(n), second) for n, second in enumerate(seconds)))
    assert list(arrivals([path], run_events=run_events)) == list(arrivals([path]))


def test_a_line_that_is_no_event_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, click("a", 1), "[]")
    with pytest.raises(NdjsonError, match=":2:"):
        list(arrivals([path]))


def test_events_of_ones_own_types_are_read_when_they_are_named(tmp_path: Path) -> None:
    drive = click("a", 1).replace('"click"', '"test_drive"')
    path = written(tmp_path, drive, click("b", 2))
    found = list(arrivals([path], ("click", "test_drive"), run_events=1))
    assert [arrival.event_type for arrival in found] == ["test_drive", "click"]
    with pytest.raises(NdjsonError, match=":1: unknown type 'test_drive'"):
        list(arrivals([path]))
