from __future__ import annotations

from kpistream.core.events.outcomes import Outcome
from kpistream.edges.emitter.emission import Emission, Entry, Kind
from kpistream.edges.emitter.tally import Tally


def order(
    amount: int, campaign: str = "brand", what: str = "purchase", kind: Kind = Kind.CLEAN
) -> Emission:
    return Emission(0, "order", b"", b"", Entry(kind, "order", "search", campaign, what), amount)


def tallied(*emissions: Emission) -> Tally:
    tally = Tally()
    for emission in emissions:
        tally.enter(emission)
    return tally


def test_records_and_amounts_are_told_apart_by_their_labels() -> None:
    tally = tallied(order(10), order(5), order(7, campaign="generic"))
    assert tally.count() == tally.count("order") == tally.count(channel="search") == 3
    assert tally.count(campaign="brand") == 2
    assert tally.count("click") == 0
    assert tally.amount("order", campaign="brand") == 15


def test_revenue_is_purchases_less_refunds() -> None:
    assert tallied(order(10), order(4, what="refund")).revenue() == 6


def test_only_accepted_records_bring_money() -> None:
    tally = tallied(order(10), order(10, kind=Kind.DUPLICATE), order(3, kind=Kind.DELAYED))
    assert tally.revenue() == 13
    assert tally.amount("order", outcome=None) == 23


def test_other_figures_are_added_up_apart_from_money() -> None:
    scores = [
        Emission(
            0, "survey", b"", b"", Entry(Kind.CLEAN, "survey", "email", "sale", what), 0, score
        )
        for what, score in (("nps", 9), ("nps", 4), ("recall", 1))
    ]
    tally = tallied(order(10), *scores)
    assert tally.total("survey", what="nps") == 13
    assert tally.total("survey", campaign="sale") == 14
    assert tally.amount("survey") == tally.total("order") == 0


def test_recurring_revenue_is_what_begins_less_what_ends() -> None:
    changes = [
        Emission(0, "customer", b"", b"", Entry(kind, "customer", "email", "sale", what), amount)
        for what, amount, kind in (
            ("created", 100, Kind.CLEAN),
            ("upgraded", 30, Kind.DELAYED),
            ("downgraded", 20, Kind.CLEAN),
            ("churned", 50, Kind.CLEAN),
            ("created", 100, Kind.DUPLICATE),
        )
    ]
    assert tallied(*changes).recurring_revenue(channel="email") == 60


def test_each_kind_has_the_outcome_it_is_made_for() -> None:
    tally = tallied(*(order(1, kind=kind) for kind in Kind))
    assert tally.outcomes() == {
        Outcome.accepted: 2,
        Outcome.duplicate: 1,
        Outcome.late: 1,
        Outcome.rejected: 4,
    }
