"""What goes wrong between an emitter and a broker."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from itertools import accumulate, count

import msgspec

from kpistream.edges.emitter import wire
from kpistream.edges.emitter.emission import Emission, Kind
from kpistream.edges.emitter.scenario import Scenario


def spoil(
    emissions: Iterator[Emission], scenario: Scenario, seed: int, end_ms: int
) -> Iterator[Emission]:
    """The emissions with the scenario's faults among them, still in time order."""
    faults = scenario.faults
    if not (faults.extra or faults.delayed or faults.unknown_currency):
        return emissions
    return _Spoiler(scenario, seed, end_ms).spoiled(emissions)


class _Spoiler:
    """Draws the faults from their own randomness, so that the traffic stays as it was."""

    def __init__(self, scenario: Scenario, seed: int, end_ms: int) -> None:
        faults = scenario.faults
        self._faults = faults
        self._currency = scenario.currency
        self._end_ms = end_ms
        self._random = random.Random(f"faults {seed}").random  # noqa: S311
        self._waiting: list[tuple[int, int, Emission]] = []
        self._order = count()
        shares: list[tuple[float, Callable[[Emission], None]]] = [
            (faults.duplicate, self._resend),
            (faults.late, self._late),
            (faults.in_future, self._in_future),
            (faults.malformed, self._malformed),
            (faults.missing_field, self._missing_field),
        ]
        self._happenings = [happening for _, happening in shares]
        self._bounds = list(accumulate(share for share, _ in shares))

    def spoiled(self, emissions: Iterator[Emission]) -> Iterator[Emission]:
        """Each emission in its place, held back or imitated now and then."""
        waiting = self._waiting
        for emission in emissions:
            while waiting and waiting[0][0] <= emission.at_ms:
                yield heappop(waiting)[2]
            if self._random() < self._faults.delayed:
                self._emit(emission, Kind.DELAYED, emission.value, self._faults.delay_s)
            else:
                yield emission
                self._imitate(emission)
        while waiting:
            yield heappop(waiting)[2]

    def _imitate(self, emission: Emission) -> None:
        happening = bisect(self._bounds, self._random())
        if happening < len(self._happenings):
            self._happenings[happening](emission)
        if emission.amount and self._random() < self._faults.unknown_currency:
            value = wire.with_currency(emission.value, self._currency, wire.UNKNOWN_CURRENCY)
            self._emit(emission, Kind.UNKNOWN_CURRENCY, _renamed(value, b"-c"))

    def _resend(self, emission: Emission) -> None:
        self._emit(emission, Kind.DUPLICATE, emission.value, self._faults.resend_s)

    def _late(self, emission: Emission) -> None:
        self._emit(emission, Kind.LATE, _moved(emission, -self._faults.late_by_s))

    def _in_future(self, emission: Emission) -> None:
        self._emit(emission, Kind.IN_FUTURE, _moved(emission, self._faults.future_by_s))

    def _malformed(self, emission: Emission) -> None:
        self._emit(emission, Kind.MALFORMED, wire.cut(emission.value))

    def _missing_field(self, emission: Emission) -> None:
        self._emit(emission, Kind.MISSING_FIELD, wire.without_event_id(emission.value))

    def _emit(self, emission: Emission, kind: Kind, value: bytes, within_s: float = 0.0) -> None:
        """Plan the record; one that would come after the end comes at the end."""
        at_ms = min(self._end_ms, emission.at_ms + int(self._random() * within_s * 1000))
        entry = msgspec.structs.replace(emission.entry, kind=kind)
        record = msgspec.structs.replace(emission, at_ms=at_ms, value=value, entry=entry)
        heappush(self._waiting, (at_ms, next(self._order), record))


def _moved(emission: Emission, by_s: float) -> bytes:
    to_ms = emission.at_ms + round(by_s * 1000)
    return wire.moved(_renamed(emission.value, b"-t"), to_ms)


def _renamed(value: bytes, suffix: bytes) -> bytes:
    return wire.with_event_id(value, wire.event_id(value) + suffix)
