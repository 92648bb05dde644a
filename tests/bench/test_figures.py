from __future__ import annotations

import pytest

from bench.figures import Run, Spread, percentile, ratios


def test_a_run_says_what_it_gave_per_second_and_what_an_event_cost() -> None:
    run = Run(events=200_000, seconds=2.0, cpu_s=1.0)

    assert run.events_per_s == 100_000
    assert run.cpu_us == 5


def test_a_ratio_compares_runs_of_the_same_round() -> None:
    ours = [Run(100, 1, 1), Run(50, 1, 1), Run(80, 1, 1)]
    theirs = [Run(50, 1, 1), Run(50, 1, 1), Run(20, 1, 1)]

    assert ratios(ours, theirs, lambda run: run.events_per_s) == Spread(2, 1, 4)


def test_runs_of_different_rounds_do_not_compare() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([Run(1, 1, 1), Run(1, 1, 1)], [Run(1, 1, 1)], lambda run: run.events_per_s)


@pytest.mark.parametrize(
    ("percent", "value"), [(1, 1), (50, 50), (95, 95), (99, 99), (99.5, 100), (100, 100)]
)
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], percent) == value


def test_the_percentile_of_one_value_is_that_value() -> None:
    assert percentile([0.5], 99) == 0.5


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="of 0 values"):
        percentile([], 50)
