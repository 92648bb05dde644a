from __future__ import annotations

import pytest

from kpistream.cli.terminal.strokes import bar, sparkline


@pytest.mark.parametrize(
    ("points", "line"),
    [
        ([0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"),
        ([1, None, 3], "▁ █"),
        ([5, 5, 5], "▄▄▄"),
        ([0, 0], "▁▁"),
        ([-4, 4], "▁█"),
        ([None, None], ""),
        ([], ""),
        ([float("nan"), 1, float("inf"), 2], " ▁ █"),
    ],
)
def test_points_are_drawn_from_the_least_to_the_largest(
    points: list[float | None], line: str
) -> None:
    assert sparkline(points, 20) == line


def test_more_points_than_room_are_drawn_by_their_means() -> None:
    assert sparkline([0, 2, None, None, 8, 6], 3) == "▁ █"
    assert len(sparkline([float(i) for i in range(101)], 7)) == 7


@pytest.mark.parametrize(
    ("value", "most", "drawn"),
    [
        (8.0, 8.0, "████"),
        (4.0, 8.0, "██"),
        (1.0, 8.0, "▌"),
        (-4.0, 8.0, "██"),
        (80.0, 8.0, "████"),
        (0.0, 8.0, ""),
        (None, 8.0, ""),
        (1.0, 0.0, ""),
        (float("nan"), 8.0, ""),
    ],
)
def test_a_bar_is_as_long_as_its_value_is_large(
    value: float | None, most: float, drawn: str
) -> None:
    assert bar(value, most, 4) == drawn
