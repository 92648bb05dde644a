"""What each member of a dimension adds to a change, and that it all adds up."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.why.segments import (
    MOST_MEMBERS,
    REST,
    UNEXPLAINED,
    Contribution,
    contributions,
)
from kpistream.core.alerting.why.why import Segment
from kpistream.core.measuring.partials import Sums, add
from kpistream.core.money.rates import RATE_SCALE
from tests.support.builders import shipped_catalogue

KPIS = shipped_catalogue().kpis
EUR = 10**6

Members = dict[str, tuple[Sums, Sums]]


def rates(**members: tuple[int, int, int, int]) -> Members:
    """Orders of sessions now, and orders of sessions before."""
    return {
        name: ({"orders": n1, "sessions": d1}, {"orders": n0, "sessions": d0})
        for name, (n1, d1, n0, d0) in members.items()
    }


def added(members: Members) -> tuple[Sums, Sums]:
    now: Sums = {}
    before: Sums = {}
    for one, other in members.values():
        add(now, one)
        add(before, other)
    return now, before


def split(members: Members, kpi: str = "session_conversion_rate") -> list[Contribution]:
    return contributions(KPIS[kpi], *added(members), members, "EUR")


def told(parts: list[Contribution]) -> dict[str, tuple[float, float]]:
    return {part.member: (float(part.mix), float(part.rate)) for part in parts}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param(
            rates(ads=(5, 100, 10, 100), email=(10, 100, 10, 100)),
            {"ads": (0.0, -0.025)},
            id="a rate that falls adds its fall times its share",
        ),
        pytest.param(
            rates(ads=(15, 300, 5, 100), email=(20, 100, 20, 100)),
            {"email": (-0.0234375, 0.0), "ads": (-0.0140625, 0.0)},
            id="a share that grows adds as much as its rate is off the mean of all",
        ),
        pytest.param(
            rates(ads=(0, 0, 5, 100), email=(20, 100, 20, 100)),
            {"email": (0.01875, 0.0), "ads": (0.05625, 0.0)},
            id="of a member that is gone there is a share, but no rate",
        ),
        pytest.param(
            rates(ads=(5, 100, 0, 0), email=(20, 100, 20, 100)),
            {"ads": (-0.05625, 0.0), "email": (-0.01875, 0.0)},
            id="nor of one that is new",
        ),
        pytest.param(
            rates(ads=(3, 0, 0, 0), email=(20, 100, 20, 100)),
            {"ads": (0.0, 0.03)},
            id="what has no denominator at all adds its numerator",
        ),
        pytest.param(rates(ads=(1, 2, 1, 2)), {}, id="what changes nothing is left out"),
        pytest.param(rates(ads=(1, 0, 1, 2)), {}, id="no denominator now, nothing to explain"),
        pytest.param(rates(ads=(1, 2, 1, 0)), {}, id="no denominator before, nothing to explain"),
    ],
)
def test_a_change_is_split_into_shares_and_rates(
    members: Members, expected: dict[str, tuple[float, float]]
) -> None:
    assert told(split(members)) == expected


def test_of_a_sum_each_member_adds_its_difference() -> None:
    members: Members = {
        "shop": ({"gross_revenue@EUR": 5 * EUR}, {"gross_revenue@EUR": 20 * EUR}),
        "web": ({"gross_revenue@EUR": EUR, "refunds@EUR": 4 * EUR}, {}),
    }
    assert told(split(members, "revenue")) == {"shop": (0.0, -15.0), "web": (0.0, -3.0)}


def test_of_a_product_of_sums_no_member_has_a_part() -> None:
    sums = dict.fromkeys((m.key("EUR") for m in KPIS["customer_lifetime_value"].measures), 7)
    assert split({"a": (sums, {**sums, "active_customers": 9})}, "customer_lifetime_value") == []


def test_the_largest_members_are_told_one_by_one_and_the_rest_together() -> None:
    numbers = {f"c{n:02}": (100 + n, 1000, 100, 1000) for n in range(MOST_MEMBERS + 4)}
    parts = split(rates(**numbers))
    assert [part.member for part in parts] == [
        *(f"c{n:02}" for n in range(MOST_MEMBERS + 3, 3, -1)),
        REST,
    ]
    rest = parts[-1]
    assert (rest.value, rest.before) == (Fraction(406, 4000), Fraction(1, 10))
    assert rest.change == Fraction(6, 12_000)


def test_people_in_several_members_are_explained_by_none() -> None:
    """Ten people came twice, by both channels: the total counts them once."""
    members = {
        "ads": ({"orders": 5, "visitors": 60}, {"orders": 5, "visitors": 50}),
        "email": ({"orders": 5, "visitors": 60}, {"orders": 5, "visitors": 50}),
    }
    now, before = {"orders": 10, "visitors": 100}, {"orders": 10, "visitors": 100}
    parts = contributions(KPIS["conversion_rate"], now, before, members, "EUR")
    assert [part.member for part in parts] == ["ads", "email", UNEXPLAINED]
    assert (parts[-1].value, parts[-1].before) == (None, None)
    assert sum(part.change for part in parts) == 0


def test_a_segment_is_a_contribution_rounded() -> None:
    [part] = split(rates(ads=(5, 100, 10, 100), email=(10, 100, 10, 100)))
    assert part.segment("channel") == Segment("channel", "ads", 0.05, 0.1, 0.0, -0.025)
    assert part.size == Fraction(1, 2)


SPLIT = (
    *("return_on_ad_spend", "return_on_investment", "average_order_value", "cost_per_mille"),
    *("revenue", "ad_cost", "clicks", "session_duration", "conversion_rate", "retention_rate"),
    *("net_promoter_score", "cart_abandonment_rate", "monthly_recurring_revenue"),
)
amounts = st.integers(0, 10**12) | st.sampled_from([0, 1])


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, Sums, Sums, Members]:
    """A KPI, and members whose sums come to the total but for some; any sum may be missing."""
    kpi = draw(st.sampled_from(SPLIT))
    money = ("EUR", "*")
    keys = {m.key(c) for m in KPIS[kpi].measures for c in (money if m.is_money else ("EUR",))}
    views = st.fixed_dictionaries({}, optional=dict.fromkeys(sorted(keys), amounts))
    members = draw(
        st.dictionaries(st.text("abc", min_size=1), st.tuples(views, views), max_size=12)
    )
    now, before = added(members)
    for total in (now, before):
        add(total, dict.fromkeys(keys, 0))
        apart = draw(views)
        add(total, {key: draw(st.sampled_from([1, -1])) * n for key, n in apart.items()})
    return kpi, now, before, members


@given(change=changes())
def test_all_parts_add_up_to_the_change_exactly(change: tuple[str, Sums, Sums, Members]) -> None:
    kpi, now, before, members = change
    value, earlier = (KPIS[kpi].expression.exact(view, "EUR") for view in (now, before))
    parts = contributions(KPIS[kpi], now, before, members, "EUR")
    if value is None or earlier is None:
        assert parts == []
    else:
        assert sum((part.change for part in parts), Fraction(0)) == value - earlier
    assert len(parts) <= MOST_MEMBERS + 2


counts = st.integers(1, 10**6)


@given(
    members=st.dictionaries(st.text("abc"), st.tuples(counts, counts, counts, counts), max_size=6)
)
def test_shares_and_rates_are_those_of_bennet(
    members: dict[str, tuple[int, int, int, int]],
) -> None:
    whole = {n: sum(counted[n] for counted in members.values()) for n in range(4)}
    for part in split(rates(**members)):
        n1, d1, n0, d0 = members.get(part.member, (0, 0, 0, 0))
        r1, r0 = Fraction(n1, d1), Fraction(n0, d0)
        w1, w0 = Fraction(d1, whole[1]), Fraction(d0, whole[3])
        mean = (Fraction(whole[0], whole[1]) + Fraction(whole[2], whole[3])) / 2
        assert part.rate == (r1 - r0) * (w1 + w0) / 2
        assert part.mix == (w1 - w0) * ((r1 + r0) / 2 - mean)


def test_money_that_was_converted_is_a_part_like_any_other() -> None:
    members: Members = {
        "us": ({"gross_revenue@*": 3 * EUR * RATE_SCALE, "orders": 1}, {"orders": 1}),
        "fr": ({"gross_revenue@EUR": EUR, "orders": 1}, {"orders": 1}),
    }
    assert told(split(members, "average_order_value")) == {"us": (0.0, 1.5), "fr": (0.0, 0.5)}
