from __future__ import annotations

from bench.clicks import Clicks, slices_of
from bench.hot_path import shipped_plan
from bench.pipeline import STAGES, Pipeline
from kpistream.core.driver import DrivenRecord

NOW_MS = 1_795_000_000_000


def test_the_pipeline_ends_in_the_readings_of_every_slice() -> None:
    pipeline = Pipeline(shipped_plan(), "click", partitions=2)
    clicks = Clicks(seed=1, campaigns=8)
    for partition in range(2):
        values = enumerate(clicks.values(500, NOW_MS))
        records = [DrivenRecord(offset, NOW_MS, value) for offset, value in values]
        pipeline.measure(partition, records, NOW_MS)
    pipeline.flush(NOW_MS)

    total = [r for m in pipeline.monitors if (r := m.board.get("clicks", "1h"))]
    assert [reading.value for reading in total] == [1_000]
    assert pipeline.slices == slices_of(8)


def test_each_stage_of_the_pipeline_is_timed() -> None:
    pipeline = Pipeline(shipped_plan(), "click", partitions=1)
    values = enumerate(Clicks(seed=1).values(200, NOW_MS))
    pipeline.measure(0, [DrivenRecord(offset, NOW_MS, v) for offset, v in values], NOW_MS)
    pipeline.flush(NOW_MS)

    assert set(pipeline.cpu_s) == set(STAGES)
    assert all(seconds > 0 for seconds in pipeline.cpu_s.values())
