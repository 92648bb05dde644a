from __future__ import annotations

import pytest

from bench.probes import Probes


def test_a_probe_takes_from_its_acknowledgement_to_its_first_sight() -> None:
    probes: Probes[int] = Probes()
    probes.sent(1, at_s=10.0)
    probes.seen(1, at_s=10.5)
    probes.seen(1, at_s=11.0)

    assert probes.latencies_s == pytest.approx([0.5])


def test_a_probe_that_never_came_out_is_missing_and_has_no_latency() -> None:
    probes: Probes[str] = Probes()
    probes.sent("a", at_s=1.0)
    probes.sent("b", at_s=2.0)
    probes.seen("b", at_s=3.0)

    assert probes.missing == 1
    assert probes.latencies_s == [1.0]


def test_a_probe_seen_before_its_acknowledgement_took_no_time() -> None:
    probes: Probes[int] = Probes()
    probes.seen(1, at_s=9.9)
    probes.sent(1, at_s=10.0)

    assert probes.latencies_s == [0.0]
    assert probes.missing == 0


def test_some_probes_can_be_told_apart() -> None:
    probes: Probes[int] = Probes()
    for number, at_s in ((1, 1.0), (2, 2.0), (3, 3.0)):
        probes.sent(number, at_s)
        probes.seen(number, at_s + number)

    assert probes.latencies_of([2, 3, 4]) == [2.0, 3.0]


def test_probes_can_be_seen_anew_at_another_place() -> None:
    probes: Probes[int] = Probes()
    for number, at_s in ((1, 1.0), (2, 2.0)):
        probes.sent(number, at_s)
        probes.seen(number, at_s)
    elsewhere = probes.unseen([2])
    elsewhere.seen(2, at_s=2.5)

    assert (probes.unseen().missing, elsewhere.missing) == (2, 0)
    assert elsewhere.latencies_s == [0.5]
    assert probes.latencies_s == [0.0, 0.0]
