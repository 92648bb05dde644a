"""Traffic from a scenario and a seed: the same arguments, the same bytes."""

from __future__ import annotations

import random
import zlib
from bisect import bisect
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from itertools import accumulate, count
from typing import Final

from kpistream.edges.emitter.audience import Crowd, Person
from kpistream.edges.emitter.emission import Emission
from kpistream.edges.emitter.faults import spoil
from kpistream.edges.emitter.journeys import Journeys, Step
from kpistream.edges.emitter.scenario import Scenario, Span
from kpistream.edges.emitter.traffic import ScenarioError

_MOST_COST_EVENTS: Final = 0.05
"""Share of the rate that cost reports may take; above it they come less often."""

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
        self._agenda: list[tuple[int, int, Step]] = []
        self._order = count()
        self._ids = count()
        self._id_prefix = _id_prefix(simulator)
        # Reproducible traffic is wanted, not secrecy.
        self._rng = random.Random(simulator.seed)  # noqa: S311
        self._crowd = Crowd(scenario.audience, self._rng)
        self._journeys = [
            Journeys(campaign, scenario, self._rng, self._schedule, self._next_id)
            for campaign in scenario.campaigns
        ]
        self._plan_bills(scenario.cost_every_s, simulator)

    def emissions(self) -> Iterator[Emission]:
        """All events of the run in time order; journeys that outlast it stay unfinished."""
        for span in self._spans:
            yield from self._phase(span)
        end_ms = self._spans[-1].end_ms
        for journeys in self._journeys:
            if bill := journeys.settle(end_ms):
                yield bill

    def _phase(self, span: Span) -> Iterator[Emission]:
        for journeys in self._journeys:
            journeys.change(span.phase.traffic(journeys.campaign))
        entrances, bounds = self._entrances()
        newcomers_per_ms = bounds[-1] * self._scale / 1000
        agenda, rng, someone = self._agenda, self._rng, self._crowd.someone
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

    def _plan_bills(self, every_s: float, simulator: Simulator) -> None:
        """Spread the campaigns' cost reports, and leave the rest of the rate to journeys."""
        paying = [journeys for journeys in self._journeys if journeys.campaign.costs]
        fewest = len(paying) / (_MOST_COST_EVENTS * simulator.rate)
        every_ms = max(1, round(1000 * max(every_s, fewest)))
        for place, journeys in enumerate(paying, start=1):
            first_ms = simulator.start_ms + every_ms * place // len(paying)
            self._schedule(first_ms, self._bill_every(every_ms, journeys))
        bills_per_s = 1000 * len(paying) / every_ms
        self._scale = (simulator.rate - bills_per_s) / simulator.scenario.events()

    def _bill_every(self, every_ms: int, journeys: Journeys) -> Step:
        def bill(at_ms: int) -> Emission | None:
            self._schedule(at_ms + every_ms, bill)
            return journeys.bill(at_ms)

        return bill

    def _schedule(self, at_ms: int, step: Step) -> None:
        heappush(self._agenda, (at_ms, next(self._order), step))

    def _next_id(self) -> str:
        return f"{self._id_prefix}{next(self._ids):x}"


def _id_prefix(simulator: Simulator) -> str:
    """Text that sets the ids of this simulation apart from those of any other."""
    name = f"{simulator.scenario.name} {simulator.rate} {simulator.seed} {simulator.duration_s}"
    return f"{simulator.start_ms:x}-{zlib.crc32(name.encode()):08x}-"
