"""Deduplication: which ids count as seen, as of any offset."""

from __future__ import annotations

from kpistream.core.measuring.dedupe import (
    BUCKETS_PER_HORIZON,
    MAX_RUN,
    SeenIds,
    decode_run,
    encode_run,
)

HORIZON_MS = 16_000
BUCKET_MS = HORIZON_MS // BUCKETS_PER_HORIZON


def _see(seen: SeenIds, hashes: list[int], first_offset: int = 0) -> None:
    assert seen.add_new(hashes, list(range(first_offset, first_offset + len(hashes))))


def _restored(seen: SeenIds, offset: int, watermark_ms: int) -> SeenIds:
    again = SeenIds(HORIZON_MS)
    again.restore([decode_run(encode_run(run)) for run in seen.drain()], offset, watermark_ms)
    return again


def test_an_id_is_known_for_the_horizon_and_at_most_a_sixteenth_more() -> None:
    seen = SeenIds(HORIZON_MS)
    seen.roll(100 * BUCKET_MS)
    _see(seen, [7])

    seen.roll(100 * BUCKET_MS + HORIZON_MS + BUCKET_MS - 1)
    assert seen.hashes == {7}
    seen.roll(100 * BUCKET_MS + HORIZON_MS + BUCKET_MS)
    assert seen.hashes == set()


def test_hashes_are_added_together_or_not_at_all() -> None:
    seen = SeenIds(HORIZON_MS)
    _see(seen, [1, 2])

    assert not seen.add_new([3, 2], [5, 6])
    assert not seen.add_new([4, 4], [5, 6])
    assert seen.hashes == {1, 2}


def test_a_restart_knows_the_ids_before_its_offset_only() -> None:
    seen = SeenIds(HORIZON_MS)
    _see(seen, [11, 12, 13], first_offset=5)

    assert _restored(seen, 7, 0).hashes == {11, 12}


def test_a_restart_leaves_out_what_had_expired_by_then() -> None:
    seen = SeenIds(HORIZON_MS)
    _see(seen, [1], first_offset=0)
    seen.roll(10 * BUCKET_MS)
    _see(seen, [2], first_offset=1)

    assert _restored(seen, 2, 17 * BUCKET_MS).hashes == {2}


def test_what_is_drained_is_drained_once() -> None:
    seen = SeenIds(HORIZON_MS)
    _see(seen, [1, 2])

    assert [run.key for run in seen.drain()] == [b"d0|0"]
    assert list(seen.drain()) == []


def test_the_ids_of_a_big_flush_are_split_so_that_each_run_fits_a_record() -> None:
    seen = SeenIds(HORIZON_MS)
    _see(seen, list(range(2 * MAX_RUN + 1)))
    runs = list(seen.drain())

    assert [len(encode_run(run)) < 300_000 for run in runs] == [True] * 3
    assert len({run.key for run in runs}) == 3
    again = SeenIds(HORIZON_MS)
    again.restore(runs, 2 * MAX_RUN, 0)
    assert again.hashes == set(range(2 * MAX_RUN))


def test_a_run_is_forgotten_when_not_even_a_replay_can_need_it() -> None:
    seen = SeenIds(HORIZON_MS)
    _see(seen, [1])
    list(seen.drain())
    seen.roll(40 * BUCKET_MS)

    assert list(seen.forget(16 * BUCKET_MS)) == []
    assert list(seen.forget(17 * BUCKET_MS)) == [b"d0|0"]
    assert list(seen.forget(18 * BUCKET_MS)) == []
