from __future__ import annotations

from dataclasses import dataclass

from bench.progress import Progress
from bench.throughput import run_between
from kpistream.core.measuring.partials import MARK_KEY, TICK_KEY, Mark, encode_mark


@dataclass(frozen=True)
class Message:
    key: bytes | None
    value: bytes | None
    timestamp: int


def mark(partition: int, offset: int, at_ms: int, topic: str = "clicks") -> Message:
    return Message(MARK_KEY, encode_mark(Mark(topic, partition, 0, offset)), at_ms)


def test_marks_say_how_many_records_are_measured_in_all_partitions() -> None:
    progress = Progress("clicks")

    assert progress.take([mark(0, 99, at_ms=5), mark(1, 49, at_ms=6)])
    assert (progress.records, progress.at_ms) == (150, 6)


def test_a_later_mark_of_a_partition_replaces_the_one_before() -> None:
    progress = Progress("clicks")
    progress.take([mark(0, 99, at_ms=5)])
    progress.take([mark(0, 199, at_ms=9)])

    assert (progress.records, progress.at_ms) == (200, 9)


def test_ticks_other_topics_and_partitions_without_records_are_no_progress() -> None:
    progress = Progress("clicks")
    others = [Message(TICK_KEY, None, 1), mark(0, 7, 2, topic="orders"), mark(0, -1, 3)]

    assert not progress.take(others)
    assert progress.records == 0


def test_a_run_lies_between_its_first_and_its_last_mark() -> None:
    run = run_between((1_000, 10_000, 1.5), (201_000, 12_000, 2.5))

    assert (run.events, run.seconds, run.cpu_s) == (200_000, 2.0, 1.0)
