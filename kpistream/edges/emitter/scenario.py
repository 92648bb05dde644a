"""A scenario: campaigns, an audience, and the phases their traffic goes through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from kpistream.edges.emitter.indicators import Indicator
from kpistream.edges.emitter.traffic import ScenarioError, Traffic

Weights = Mapping[str, float]

_COST_REPORTS: Final = 24
_COST_INTERVALS_S: Final = (2.0, 3_600.0)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign of a channel, its platform, and its traffic in a phase that says nothing else."""

    channel: str
    name: str
    platform: str
    traffic: Traffic

    @property
    def costs(self) -> bool:
        """Whether a platform charges for it."""
        traffic = self.traffic
        return bool(traffic.cost_per_click or traffic.cost_per_mille or traffic.commission)


@dataclass(frozen=True, slots=True)
class Phase:
    """A named part of a scenario; `changes` gives the campaigns whose traffic differs in it."""

    name: str
    share: float
    """Fraction of the whole duration."""
    changes: Mapping[str, Traffic] = field(default_factory=dict)

    def traffic(self, campaign: Campaign) -> Traffic:
        """The traffic of a campaign during this phase."""
        return self.changes.get(campaign.name, campaign.traffic)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who the events are about: how many visitors, and how they divide over each dimension."""

    visitors: int = 50_000
    segments: Weights = field(default_factory=lambda: {"new": 5, "returning": 3, "loyal": 2})
    devices: Weights = field(default_factory=lambda: {"mobile": 6, "desktop": 3, "tablet": 1})
    countries: Weights = field(
        default_factory=lambda: {"FR": 9, "DE": 4, "ES": 3, "IT": 2, "BE": 1, "CH": 1}
    )
    sites: Weights = field(default_factory=lambda: {"shop": 7, "app": 2, "outlet": 1})
    orders_before: Mapping[str, int] = field(default_factory=lambda: {"returning": 2, "loyal": 6})
    """How often each visitor of a segment ordered before the scenario; 0 unless given."""

    @property
    def customers(self) -> float:
        """The share of visitors who are customers when the scenario starts."""
        known = sum(share for name, share in self.segments.items() if self.orders_before.get(name))
        return known / sum(self.segments.values())


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong on the way, as shares of the events.

    A duplicate, a late, a malformed ... record is emitted on top of the event it imitates, and
    a delayed event is only held back: so the events that count stay those of the same scenario
    without faults.
    """

    duplicate: float = 0.0
    """Sent again with the same `event_id`, up to `resend_s` later."""
    delayed: float = 0.0
    """Emitted up to `delay_s` after its moment: out of order, still in time."""
    late: float = 0.0
    """Occurred `late_by_s` before it is emitted."""
    in_future: float = 0.0
    """Occurred `future_by_s` after it is emitted."""
    malformed: float = 0.0
    """Cut in the middle: not JSON."""
    missing_field: float = 0.0
    """Without its `event_id`."""
    unknown_currency: float = 0.0
    """An amount in a currency that does not exist; a share of the events with money."""
    resend_s: float = 10.0
    delay_s: float = 20.0
    late_by_s: float = 400 * 86_400.0
    future_by_s: float = 86_400.0

    @property
    def extra(self) -> float:
        """Extra records per event, those with unknown currencies apart."""
        return self.duplicate + self.late + self.in_future + self.malformed + self.missing_field

    def __post_init__(self) -> None:
        """Refuse shares that are not shares, and those that add up to more than the events."""
        shares = (self.delayed, self.unknown_currency, self.extra)
        if min(shares) < 0 or max(shares) > 1 or self.extra + self.delayed > 1:
            raise ScenarioError("shares of faults must be between 0 and 1, also when added up")


@dataclass(frozen=True, slots=True)
class Scenario:
    """Traffic declared as data; a `Simulator` turns it into events."""

    name: str
    campaigns: tuple[Campaign, ...]
    phases: tuple[Phase, ...]
    faults: Faults = Faults()
    audience: Audience = field(default_factory=Audience)
    currency: str = "EUR"
    price_level: float = 1.0
    """Major units of `currency` for each unit that the campaigns' amounts are declared in."""
    cost_every_s: float | None = None
    """How often each campaign reports its spend; stretched when the rate is low. Unless given, a
    24th of the duration, as if that were a day with a report each hour: 2 seconds to an hour."""
    indicators: tuple[Indicator, ...] = ()
    """What is reported beside the journeys, from outside."""

    def __post_init__(self) -> None:
        """Refuse what would not play as it reads."""
        names = Counter(campaign.name for campaign in self.campaigns)
        if not names or max(names.values()) > 1:
            raise ScenarioError(f"campaign names of {self.name!r} must be unique: {dict(names)}")
        total = sum(phase.share for phase in self.phases)
        if abs(total - 1) > 1e-9 or min(phase.share for phase in self.phases) <= 0:
            raise ScenarioError(f"phases of {self.name!r} add up to {total}, not 1")
        for phase in self.phases:
            if unknown := phase.changes.keys() - names.keys():
                raise ScenarioError(f"phase {phase.name!r} changes unknown campaigns {unknown}")

    def in_currency(self, currency: str, price_level: float = 1.0) -> Scenario:
        """The same scenario in another currency, such as `("JPY", 160)`."""
        return replace(self, currency=currency, price_level=price_level)

    def cost_interval_s(self, duration_s: float) -> float:
        """How often spend is reported if the scenario lasts that long, in seconds."""
        if self.cost_every_s is not None:
            return self.cost_every_s
        shortest_s, longest_s = _COST_INTERVALS_S
        return min(longest_s, max(shortest_s, duration_s / _COST_REPORTS))

    def spans(self, start_ms: int, duration_s: float) -> tuple[Span, ...]:
        """When each phase starts and ends, if the scenario starts then and lasts that long."""
        ends = [0.0]
        for phase in self.phases:
            ends.append(ends[-1] + phase.share)
        edges = [start_ms + round(end * duration_s * 1000) for end in ends]
        return tuple(
            Span(phase, *edge) for phase, edge in zip(self.phases, pairwise(edges), strict=True)
        )

    def events(self) -> float:
        """Expected events per second before scaling, without reports: the mean over the phases."""
        known = self.audience.customers
        return sum(
            phase.share * sum(phase.traffic(campaign).events(known) for campaign in self.campaigns)
            for phase in self.phases
        )


@dataclass(frozen=True, slots=True)
class Span:
    """A phase on the clock: from `start_ms` up to, not including, `end_ms`."""

    phase: Phase
    start_ms: int
    end_ms: int
