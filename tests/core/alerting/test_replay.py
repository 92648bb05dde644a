from __future__ import annotations

import pytest

from kpistream.core.alerting.replay import steps


@pytest.mark.parametrize(
    ("now_ms", "then_ms", "moments"),
    [
        (5_000, 5_000, [5_000]),
        (5_000, 9_000, [9_000]),
        (5_000, 15_000, [15_000]),
        (5_000, 15_001, [15_000, 15_001]),
        (5_000, 36_000, [15_000, 25_000, 35_000, 36_000]),
        (5_000, 4_000, []),
    ],
)
def test_a_silence_passes_in_steps_of_ten_seconds(
    now_ms: int, then_ms: int, moments: list[int]
) -> None:
    assert list(steps(now_ms, then_ms)) == moments
