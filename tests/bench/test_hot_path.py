from __future__ import annotations

from bench.hot_path import STAGES, clicks, cprofile, kafka_records, measured_stages, shipped_plan


def test_records_are_those_of_a_kafka_client_with_offsets_from_zero() -> None:
    values = [b"x" * 200_000 for _ in range(5)]  # more than one batch
    records = kafka_records(iter(values), timestamp_ms=7)

    assert [record.offset for record in records] == [0, 1, 2, 3, 4]
    assert [record.value for record in records] == values
    assert {record.timestamp for record in records} == {7}


def test_each_stage_is_told_in_microseconds() -> None:
    stages = measured_stages(shipped_plan(), clicks(500, seed=1), rounds=1)

    assert set(stages) == {*STAGES, "whole"}
    assert stages["whole"] > 0


def test_the_profile_names_functions() -> None:
    assert "measure.py" in cprofile(shipped_plan(), clicks(200, seed=1))
