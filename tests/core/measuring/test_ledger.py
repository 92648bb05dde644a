"""The ledger: every record is entered once, and a replay finds the watermark it needs."""

from __future__ import annotations

from kpistream.core.events.outcomes import Outcome, Reason
from kpistream.core.measuring.lags import USUAL
from kpistream.core.measuring.ledger import Ledger


def test_counts_and_fence_survive_a_restart() -> None:
    ledger = Ledger()
    ledger.enter(Outcome.accepted, None, 3)
    ledger.enter(Outcome.late, Reason.too_old, 1)
    _, row = ledger.row(fence=3)

    again = Ledger()
    again.restore(row)

    assert again.counts == {(Outcome.accepted, None): 3, (Outcome.late, Reason.too_old): 1}
    assert again.fence == 3


def test_lags_survive_a_restart() -> None:
    ledger = Ledger()
    ledger.lags.add([20.0], 1, 1_772_359_200.0)

    again = Ledger()
    again.restore(ledger.row(fence=3)[1])

    assert again.lags.row() == ledger.lags.row()
    assert again.lags.quantile(USUAL) == 23


def test_a_row_from_before_there_were_lags_is_taken_up_without() -> None:
    ledger = Ledger()
    ledger.restore(b'[[["accepted",null,3]],7,[[7,1000]]]')

    assert ledger.counts == {(Outcome.accepted, None): 3}
    assert (ledger.fence, ledger.watermark_below(8)) == (7, 1000)
    assert ledger.lags.quantile(USUAL) == 0


def test_of_two_rows_the_one_that_includes_more_stays() -> None:
    ledger = Ledger()
    ledger.enter(Outcome.accepted, None, 1)
    _, older = ledger.row(fence=1)
    ledger.enter(Outcome.accepted, None, 1)
    _, newer = ledger.row(fence=2)

    again = Ledger()
    again.restore(newer)
    again.restore(older)

    assert again.counts == {(Outcome.accepted, None): 2}


def test_the_marks_of_all_owners_are_kept() -> None:
    """A zombie got further than the owner whose flush is the last one committed."""
    owner, zombie, successor = Ledger(), Ledger(), Ledger()
    owner.mark(15, 1500)
    zombie.mark(10, 1000)
    zombie.mark(20, 2000)
    successor.restore(owner.row(fence=15)[1])
    successor.restore(zombie.row(fence=20)[1])

    assert successor.fence == 20
    assert successor.watermark_below(16) == 1500


def test_the_watermark_is_known_as_of_each_flush() -> None:
    ledger = Ledger()
    ledger.mark(10, 1000)
    ledger.mark(20, 2000)

    assert [ledger.watermark_below(at) for at in (10, 11, 20, 21)] == [0, 1000, 1000, 2000]


def test_history_before_the_committed_offset_is_one_entry() -> None:
    ledger = Ledger()
    for offset in range(100):
        ledger.mark(offset, offset * 10)
    ledger.forget(committed=98)

    assert ledger.watermark_below(98) == 970
    assert ledger.watermark_below(100) == 990
    assert len(ledger.row(99)[1]) < 60
