"""Traffic from a scenario and a seed: the same arguments, the same bytes."""

from __future__ import annotations

import random
import zlib
from bisect import bisect
from collections.abc import Callable, Iterator
from heapq import heappop
from itertools import accumulate, count
from typing import Final

from kpistream.edges.emitter.agenda import Agenda
from kpistream.edges.emitter.audience import Crowd, Person
from kpistream.edges.emitter.customers import PLANS, Customers
from kpistream.edges.emitter.emission import Emission
from kpistream.edges.emitter.faults import spoil
from kpistream.edges.emitter.indicators import Reporter
from kpistream.edges.emitter.journeys import Journeys
from kpistream.edges.emitter.scenario import Scenario, Span
from kpistream.edges.emitter.traffic import ScenarioError
from kpistream.edges.emitter.wire import Purse

_MOST_COST_EVENTS: Final = 0.05
"""Share of the rate that cost reports may take; above it they come less often."""

_MOST_METRIC_EVENTS: Final = 0.01
"""The same for the indicators."""

_METRIC_EVERY_S: Final = 5.0

_Entrance = Callable[[int, Person], Emission]


class Simulator:
    """Emissions in time order over a scenario that starts at `start_ms` and lasts `duration_s`.

    `rate` is the mean over the whole scenario of the events per second, faults apart: what
    the scenario's faults emit comes on top. Each iteration starts from the beginning. Event
    ids follow from the arguments, so playing the same simulation twice sends duplicates;
    another seed or another start does not.

    Raises ScenarioError for a rate or a duration that is not above 0.
    """

    def __init__(
        self, scenario: Scenario, rate: float, seed: int, start_ms: int, duration_s: float
    ) -> None:
        if rate <= 0 or duration_s <= 0:
            raise ScenarioError(f"rate is {rate} and duration {duration_s}; both must be above 0")
        self.scenario = scenario
        self.rate = rate
        self.seed = seed
        self.start_ms = start_ms
        self.duration_s = duration_s

    @property
    def spans(self) -> tuple[Span, ...]:
        """When each phase starts and ends."""
        return self.scenario.spans(self.start_ms, self.duration_s)

    def __iter__(self) -> Iterator[Emission]:
        return spoil(_Run(self).emissions(), self.scenario, self.seed, self.spans[-1].end_ms)


class _Run:
    """One pass through a simulation: the journeys under way and what they will do next."""

    def __init__(self, simulator: Simulator) -> None:
        scenario = simulator.scenario
        self._spans = simulator.spans
        self._ids = count()
        self._id_prefix = _id_prefix(simulator)
        # Reproducible traffic is wanted, not secrecy.
        self._rng = random.Random(simulator.seed)  # noqa: S311
        self._agenda = Agenda(self._rng)
        self._crowd = Crowd(scenario.audience, self._rng)
        self._journeys = self._all_journeys(simulator)
        reports_per_s = self._plan_bills(simulator) + self._plan_metrics(simulator)
        self._scale = (simulator.rate - reports_per_s) / scenario.events()

    def emissions(self) -> Iterator[Emission]:
        """All events of the run in time order; journeys that outlast it stay unfinished."""
        for span in self._spans:
            yield from self._phase(span)
        end_ms = self._spans[-1].end_ms
        for journeys in self._journeys:
            if bill := journeys.settle(end_ms):
                yield bill

    def _all_journeys(self, simulator: Simulator) -> list[Journeys]:
        scenario, rng = simulator.scenario, self._rng
        prices = [Purse(scenario.currency).minor(price * scenario.price_level) for price in PLANS]
        customers = Customers(self._crowd.orders_before, prices)
        return [
            Journeys(
                campaign, scenario, rng, self._agenda, customers, self._next_id, simulator.start_ms
            )
            for campaign in scenario.campaigns
        ]

    def _phase(self, span: Span) -> Iterator[Emission]:
        for journeys in self._journeys:
            journeys.change(span.phase.traffic(journeys.campaign))
        entrances, bounds = self._entrances()
        newcomers_per_ms = bounds[-1] * self._scale / 1000
        agenda, rng, someone = self._agenda.entries, self._rng, self._crowd.someone
        newcomer = span.start_ms + rng.expovariate(newcomers_per_ms)
        while True:
            until = min(newcomer, span.end_ms)
            while agenda and agenda[0][0] < until:
                at_ms, _, step = heappop(agenda)
                if emission := step(at_ms):
                    yield emission
            if newcomer >= span.end_ms:
                return
            entrance = entrances[bisect(bounds, rng.random() * bounds[-1])]
            yield entrance(int(newcomer), someone())
            newcomer += rng.expovariate(newcomers_per_ms)

    def _entrances(self) -> tuple[list[_Entrance], list[float]]:
        """The ways into a journey, and the running totals of their weights."""
        weights: list[tuple[float, _Entrance]] = []
        for journeys in self._journeys:
            traffic = journeys.traffic
            weights += (
                (traffic.impressions, journeys.see),
                (traffic.visits, journeys.visit),
                (traffic.mails, journeys.mail),
            )
        used = [(weight, entrance) for weight, entrance in weights if weight]
        return [entrance for _, entrance in used], list(accumulate(weight for weight, _ in used))

    def _plan_bills(self, simulator: Simulator) -> float:
        """Plan the campaigns' cost reports; how many there are a second."""
        steps = [journeys.bill for journeys in self._journeys if journeys.campaign.costs]
        fewest_s = len(steps) / (_MOST_COST_EVENTS * simulator.rate)
        every_s = simulator.scenario.cost_interval_s(simulator.duration_s)
        return self._agenda.repeat(simulator.start_ms, max(every_s, fewest_s), steps)

    def _plan_metrics(self, simulator: Simulator) -> float:
        """Plan the reports of the indicators; how many there are a second."""
        indicators = simulator.scenario.indicators
        steps = [Reporter(one, self._rng, self._next_id).report for one in indicators]
        fewest_s = len(steps) / (_MOST_METRIC_EVENTS * simulator.rate)
        return self._agenda.repeat(simulator.start_ms, max(_METRIC_EVERY_S, fewest_s), steps)

    def _next_id(self) -> str:
        return f"{self._id_prefix}{next(self._ids):x}"


def _id_prefix(simulator: Simulator) -> str:
    """Text that sets the ids of this simulation apart from those of any other."""
    name = f"{simulator.scenario.name} {simulator.rate} {simulator.seed} {simulator.duration_s}"
    return f"{simulator.start_ms:x}-{zlib.crc32(name.encode()):08x}-"
