"""The events of one campaign as emissions."""

from __future__ import annotations

import random
from collections.abc import Callable

from kpistream.core.money.money import SCALE
from kpistream.edges.emitter.audience import Person
from kpistream.edges.emitter.emission import LONGEST_TRANSIT_MS, Emission, Entry, Kind
from kpistream.edges.emitter.scenario import Campaign, Scenario
from kpistream.edges.emitter.spend import Bill
from kpistream.edges.emitter.wire import Clockface, Purse


class Pen:
    """Writes the events of a campaign, each under an id of its own."""

    def __init__(
        self,
        campaign: Campaign,
        scenario: Scenario,
        rng: random.Random,
        next_id: Callable[[], str],
    ) -> None:
        self.purse = Purse(scenario.currency)
        self.next_id = next_id
        self._campaign = campaign
        self._random = rng.random
        self._rfc3339 = Clockface().rfc3339
        self._labels = f'"channel":"{campaign.channel}","campaign":"{campaign.name}"'
        self._entries: dict[tuple[str, str], Entry] = {}

    def event(
        self,
        at_ms: int,
        person: Person,
        event_type: str,
        more: str = "",
        what: str = "",
        amount: int = 0,
        number: int = 0,
    ) -> Emission:
        """Something a person did; `more` is the rest of the object, with a comma before it."""
        visitor = f"v{person.number}"
        occurred_at = self._rfc3339(at_ms - int(self._random() * LONGEST_TRANSIT_MS))
        value = (
            f'{{"event_id":"{self.next_id()}","occurred_at":"{occurred_at}",'
            f'"visitor_id":"{visitor}",{self._labels},{person.labels}{more}}}'
        )
        entry = self._entries.get((event_type, what)) or self._entry(event_type, what)
        return Emission(at_ms, event_type, visitor.encode(), value.encode(), entry, amount, number)

    def priced(
        self,
        at_ms: int,
        person: Person,
        event_type: str,
        more: str,
        what: str,
        field: str,
        minor: int,
        number: int = 0,
    ) -> Emission:
        """The same with money in a field: `minor` smallest units of the currency."""
        more = f'{more},"{field}":{self.purse.decimal(minor)}'
        return self.event(at_ms, person, event_type, more, what, minor * SCALE, number)

    def cost(self, at_ms: int, bill: Bill) -> Emission:
        """What the platform charges; it occurs when the period it is charged for ends."""
        campaign = self._campaign
        value = (
            f'{{"event_id":"{self.next_id()}","occurred_at":"{self._rfc3339(bill.until_ms)}",'
            f'{self._labels},"amount":{self.purse.minors(bill.minor)},'
            f'"platform":"{campaign.platform}","period_start":"{self._rfc3339(bill.from_ms)}"}}'
        )
        key = f"{campaign.channel}/{campaign.name}".encode()
        entry = self._entry("cost", "")
        return Emission(at_ms, "cost", key, value.encode(), entry, bill.minor * SCALE)

    def _entry(self, event_type: str, what: str) -> Entry:
        campaign = self._campaign
        entry = Entry(Kind.CLEAN, event_type, campaign.channel, campaign.name, what)
        return self._entries.setdefault((event_type, what), entry)
