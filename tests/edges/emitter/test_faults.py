from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kpistream.core.events.decode import Decoder
from kpistream.core.events.event_types import SHIPPED
from kpistream.core.events.events import Cost, Event, Lead
from kpistream.core.events.outcomes import Outcome, Reason, Rejected
from kpistream.edges.emitter.emission import Emission, Kind
from kpistream.edges.emitter.scenario import Faults
from kpistream.edges.emitter.shipped import CHAOS, STEADY
from kpistream.edges.emitter.simulator import Simulator
from kpistream.edges.emitter.tally import Tally

START_MS = 1_760_000_000_000
DECODERS = {name: Decoder(event_type.struct) for name, event_type in SHIPPED.items()}


@pytest.fixture(scope="module")
def chaos() -> list[Emission]:
    return list(Simulator(CHAOS, 500, 3, START_MS, 60))


def of_kind(emissions: list[Emission], kind: Kind) -> list[Emission]:
    return [emission for emission in emissions if emission.entry.kind is kind]


def judged(emission: Emission) -> Reason | None:
    event = DECODERS[emission.event_type].decode(emission.value)
    return event.reason if isinstance(event, Rejected) else None


def decoded(emission: Emission) -> Event:
    event = DECODERS[emission.event_type].decode(emission.value)
    assert not isinstance(event, Rejected)
    return event


def age(emission: Emission) -> timedelta:
    return datetime.fromtimestamp(emission.at_ms / 1000, UTC) - decoded(emission).occurred_at


def test_every_kind_of_fault_occurs(chaos: list[Emission]) -> None:
    kinds = Counter(emission.entry.kind for emission in chaos)
    assert kinds.keys() == set(Kind)


@pytest.mark.parametrize("share", ["duplicate", "late", "in_future", "malformed", "missing_field"])
def test_faults_are_as_frequent_as_declared(share: str) -> None:
    scenario = replace(CHAOS, faults=Faults(**{share: 0.1}))
    emissions = list(Simulator(scenario, 500, 3, START_MS, 60))
    clean = len(of_kind(emissions, Kind.CLEAN))
    assert (len(emissions) - clean) / clean == pytest.approx(0.1, rel=0.1)


def test_the_events_that_count_are_those_of_steady_traffic(chaos: list[Emission]) -> None:
    steady = Simulator(replace(STEADY, name="chaos"), 500, 3, START_MS, 60)
    counted = [e for e in chaos if e.entry.kind.outcome is Outcome.accepted]
    assert sorted(e.value for e in counted) == sorted(e.value for e in steady)


def test_the_outcomes_add_up_to_what_was_produced(chaos: list[Emission]) -> None:
    tally = Tally()
    for emission in chaos:
        tally.enter(emission)
    assert sum(tally.outcomes().values()) == sum(tally.kinds().values()) == len(chaos)
    assert all(tally.outcomes().values())


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Kind.CLEAN, None),
        (Kind.DELAYED, None),
        (Kind.DUPLICATE, None),
        (Kind.LATE, None),
        (Kind.IN_FUTURE, None),
        (Kind.MALFORMED, Reason.malformed_json),
        (Kind.MISSING_FIELD, Reason.invalid_event),
        (Kind.UNKNOWN_CURRENCY, Reason.invalid_money),
    ],
)
def test_the_decoder_judges_each_kind_as_meant(
    chaos: list[Emission], kind: Kind, reason: Reason | None
) -> None:
    assert {judged(emission) for emission in of_kind(chaos, kind)} == {reason}


@pytest.mark.parametrize("share", ["duplicate", "late", "in_future", "malformed", "missing_field"])
def test_every_type_of_event_is_spoilt(share: str) -> None:
    scenario = replace(CHAOS, faults=Faults(**{share: 0.5}))
    emissions = list(Simulator(scenario, 500, 3, START_MS, 60))
    spoilt = {emission.event_type for emission in of_kind(emissions, Kind(share))}
    assert spoilt == set(SHIPPED)


def test_every_kind_of_money_is_spoilt_by_an_unknown_currency() -> None:
    scenario = replace(CHAOS, faults=Faults(unknown_currency=0.5))
    emissions = list(Simulator(scenario, 500, 3, START_MS, 60))
    spoilt = of_kind(emissions, Kind.UNKNOWN_CURRENCY)
    assert {emission.event_type for emission in spoilt} == {
        "order",
        "cost",
        "cart",
        "lead",
        "customer",
    }
    assert {judged(emission) for emission in spoilt} == {Reason.invalid_money}


@pytest.mark.parametrize("share", ["late", "in_future"])
def test_an_event_at_another_moment_takes_its_other_moments_along(share: str) -> None:
    scenario = replace(CHAOS, faults=Faults(**{share: 0.5}))
    emissions = list(Simulator(scenario, 500, 3, START_MS, 120))
    spans = {Kind.CLEAN: spans_of(of_kind(emissions, Kind.CLEAN))}
    spans[Kind(share)] = spans_of(of_kind(emissions, Kind(share)))
    assert {event_type for event_type, _, _ in spans[Kind(share)]} == {"cost", "lead"}
    assert spans[Kind(share)] <= spans[Kind.CLEAN]


def spans_of(emissions: list[Emission]) -> set[tuple[str, str, timedelta]]:
    """How far back the costs and the deals of emissions reach, under the ids they began with."""
    found = set()
    for emission in emissions:
        event = decoded(emission)
        since = event.period_start if isinstance(event, Cost) else None
        since = event.created_at if isinstance(event, Lead) else since
        if since is not None:
            event_id = event.event_id.removesuffix("-t")
            found.add((emission.event_type, event_id, event.occurred_at - since))
    return found


def test_a_duplicate_repeats_an_earlier_record_to_the_byte(chaos: list[Emission]) -> None:
    sent: set[tuple[bytes, bytes]] = set()
    for emission in chaos:
        record = (emission.key, emission.value)
        assert (record in sent) == (emission.entry.kind is Kind.DUPLICATE)
        sent.add(record)


def test_other_faults_have_ids_of_their_own(chaos: list[Emission]) -> None:
    ids = Counter(
        emission.value[:60].split(b'"')[3]
        for emission in chaos
        if emission.entry.kind not in (Kind.DUPLICATE, Kind.MALFORMED, Kind.MISSING_FIELD)
    )
    assert ids.most_common(1)[0][1] == 1


def test_late_events_are_older_than_any_window_and_future_ones_a_day_ahead(
    chaos: list[Emission],
) -> None:
    assert min(age(e) for e in of_kind(chaos, Kind.LATE)) >= timedelta(days=400)
    assert max(age(e) for e in of_kind(chaos, Kind.IN_FUTURE)) <= timedelta(days=-1)


def test_delayed_events_come_up_to_twenty_seconds_after_they_occurred(
    chaos: list[Emission],
) -> None:
    delayed = of_kind(chaos, Kind.DELAYED)
    # A report of costs is late by itself.
    ages = [age(e) for e in delayed if e.event_type != "cost"]
    assert max(ages) <= timedelta(seconds=20.25)
    assert sum(late > timedelta(seconds=5) for late in ages) > len(ages) / 2
