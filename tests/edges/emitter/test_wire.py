from __future__ import annotations

from kpistream.edges.emitter import wire

DEAL = (
    b'{"event_id":"l-1","occurred_at":"2026-03-01T10:00:00.250Z","stage":"won",'
    b'"created_at":"2026-02-28T23:59:59.750Z"}'
)


def test_the_moment_of_an_event_is_read_from_its_bytes() -> None:
    assert wire.occurred_at(DEAL) == "2026-03-01T10:00:00.250Z"


def test_a_moved_event_keeps_its_moments_apart() -> None:
    noon_ms = 1_772_366_400_001
    assert wire.moved(DEAL, noon_ms) == (
        b'{"event_id":"l-1","occurred_at":"2026-03-01T12:00:00.001Z","stage":"won",'
        b'"created_at":"2026-03-01T01:59:59.501Z"}'
    )


def test_a_moved_event_can_be_put_back() -> None:
    away = wire.moved(DEAL, 1_000)
    assert wire.occurred_at(away) == "1970-01-01T00:00:01.000Z"
    assert wire.moved(away, 1_772_359_200_250) == DEAL
