"""Inhibition: a firing alert mutes those that follow from it, and never all of a ring."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.telling.inhibition import Inhibition
from kpistream.core.slices import Slice
from tests.support.telling import alert, over

TOTAL: Slice = ()
EMAIL: Slice = (("channel", "email"),)
ADS: Slice = (("channel", "ads"),)
EMAIL_AUTUMN: Slice = (("channel", "email"), ("campaign", "autumn"))
ADS_AUTUMN: Slice = (("channel", "ads"), ("campaign", "autumn"))
AUTUMN: Slice = (("campaign", "autumn"),)


def mutes(source: Alert, *others: Alert) -> list[str]:
    """The names of the alerts that are muted while all fire."""
    inhibition = Inhibition()
    for one in (source, *others):
        inhibition.update(one)
    return [one.rule for one in (source, *others) if inhibition.inhibitors(one)]


@pytest.mark.parametrize(
    ("source", "target", "is_muted"),
    [
        (TOTAL, TOTAL, True),
        (TOTAL, EMAIL, True),
        (TOTAL, EMAIL_AUTUMN, True),
        (EMAIL, TOTAL, True),
        (EMAIL, EMAIL, True),
        (EMAIL, ADS, False),
        (EMAIL, EMAIL_AUTUMN, True),
        (EMAIL, ADS_AUTUMN, False),
        (EMAIL, AUTUMN, True),
        (EMAIL_AUTUMN, EMAIL, True),
        (EMAIL_AUTUMN, ADS, False),
        (EMAIL_AUTUMN, ADS_AUTUMN, False),
    ],
)
def test_an_alert_mutes_slices_with_the_same_members_in_the_dimensions_of_both(
    source: Slice, target: Slice, is_muted: bool
) -> None:
    broken = alert("tracking", part=source, inhibits=("roas",))
    assert mutes(broken, alert("roas", part=target)) == (["roas"] if is_muted else [])
    assert mutes(broken, alert("cpc", part=target)) == []


def test_the_order_of_dimensions_does_not_matter() -> None:
    broken = alert("tracking", part=EMAIL_AUTUMN[::-1], inhibits=("roas",))
    assert mutes(broken, alert("roas", part=EMAIL_AUTUMN)) == ["roas"]


@pytest.mark.parametrize("state", [AlertState.pending, AlertState.resolved, AlertState.inactive])
def test_only_a_firing_alert_mutes(state: AlertState) -> None:
    assert mutes(alert("tracking", state=state, inhibits=("roas",)), alert("roas")) == []


def test_an_alert_never_mutes_itself() -> None:
    assert mutes(alert("roas", inhibits=("roas",))) == []


@pytest.mark.parametrize(("first", "second", "muted"), [(1.0, 2.0, "b"), (2.0, 1.0, "a")])
def test_of_two_that_mute_each_other_the_older_one_is_told(
    first: float, second: float, muted: str
) -> None:
    pair = alert("a", at_s=first, inhibits=("b",)), alert("b", at_s=second, inhibits=("a",))
    assert mutes(*pair) == [muted]


def test_a_newer_alert_mutes_an_older_one_that_does_not_mute_it() -> None:
    assert mutes(alert("tracking", at_s=9.0, inhibits=("roas",)), alert("roas", at_s=1.0)) == [
        "roas"
    ]


def test_in_a_ring_of_three_the_oldest_is_told() -> None:
    ring = [
        alert("a", at_s=2.0, inhibits=("b",)),
        alert("b", at_s=1.0, inhibits=("c",)),
        alert("c", at_s=3.0, inhibits=("a",)),
    ]
    assert mutes(*ring) == ["c"]


def test_a_muted_alert_mutes_others_all_the_same() -> None:
    chain = alert("a", inhibits=("b",)), alert("b", inhibits=("c",)), alert("c")
    assert mutes(*chain) == ["b", "c"]


def test_inhibitors_are_named_oldest_first() -> None:
    inhibition = Inhibition()
    late, early = (
        alert("tracking", at_s=at, part=part, inhibits=("roas",))
        for at, part in ((2.0, EMAIL), (1.0, TOTAL))
    )
    for one in (late, early):
        inhibition.update(one)
    expected = [early.fingerprint, late.fingerprint]
    assert inhibition.inhibitors(alert("roas")) == expected


def test_it_is_known_when_something_may_be_told_again() -> None:
    source = alert("tracking", inhibits=("roas",))
    inhibition = Inhibition()
    told = [
        inhibition.update(one)
        for one in (
            alert("roas"),
            source,
            source,
            alert("tracking", inhibits=("cpc",)),
            over(source, 2_000.0),
            over(source, 2_000.0),
        )
    ]
    assert told == [False, False, False, True, True, False]


RULES = ["a", "b", "c", "d"]
ALERTS = st.lists(
    st.builds(
        lambda rule, at, part, inhibits, state: alert(
            rule, at, part, inhibits=tuple(inhibits), state=state
        ),
        st.sampled_from(RULES),
        st.floats(0, 5),
        st.sampled_from([TOTAL, EMAIL, ADS, EMAIL_AUTUMN, AUTUMN]),
        st.lists(st.sampled_from(RULES), max_size=3),
        st.sampled_from([AlertState.firing, AlertState.firing, AlertState.resolved]),
    ),
    max_size=12,
)


@given(ALERTS)
def test_whatever_is_muted_is_so_because_of_something_that_is_told(heard: list[Alert]) -> None:
    inhibition = Inhibition()
    newest: dict[str, Alert] = {}
    for one in heard:
        inhibition.update(one)
        newest[one.fingerprint] = one
    firing = {key: one for key, one in newest.items() if one.state is AlertState.firing}
    muted_by = {key: inhibition.inhibitors(one) for key, one in firing.items()}
    told = {key for key in firing if not muted_by[key]}
    explained = set(told)
    while more := {key for key in muted_by if explained & {*muted_by[key]}} - explained:
        explained |= more
    assert explained == set(firing)


def _brute_force(target: Alert, sources: list[Alert]) -> set[str]:
    """The definition, where no rules mute each other."""
    members = dict(target.slice)
    return {
        source.fingerprint
        for source in sources
        if target.rule in source.inhibits
        and all(members.get(name, member) == member for name, member in source.slice)
    }


@given(
    st.lists(
        st.tuples(st.sampled_from([TOTAL, EMAIL, ADS, EMAIL_AUTUMN, AUTUMN]), st.booleans()),
        max_size=20,
    )
)
def test_sources_are_found_as_by_looking_at_each(story: list[tuple[Slice, Any]]) -> None:
    inhibition, firing = Inhibition(), dict[str, Alert]()
    for n, (part, fires) in enumerate(story):
        source = alert("tracking", float(n), part, inhibits=("roas",))
        inhibition.update(source if fires else over(source, n + 0.5))
        firing.pop(source.fingerprint, None)
        if fires:
            firing[source.fingerprint] = source
        for other in (TOTAL, EMAIL, ADS, EMAIL_AUTUMN, ADS_AUTUMN, AUTUMN):
            target = alert("roas", part=other)
            found = set(inhibition.inhibitors(target))
            assert found == _brute_force(target, list(firing.values()))
