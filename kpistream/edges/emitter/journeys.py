"""The steps a visitor takes, each the cause of the next: seen, clicked, came, bought, sent back.

A step is taken at its time: it makes one event and schedules what follows from it. Delays are
seconds, not the hours or days of real life, so that a story of a minute holds whole journeys;
none is shorter than an event may take from happening to being emitted, so that also by
`occurred_at` no effect comes before its cause.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Final

from kpistream.core.money import SCALE
from kpistream.edges.emitter.audience import Person
from kpistream.edges.emitter.emission import Emission, Entry, Kind
from kpistream.edges.emitter.scenario import Campaign, Scenario
from kpistream.edges.emitter.spend import Spend
from kpistream.edges.emitter.traffic import Traffic
from kpistream.edges.emitter.wire import Clockface, Purse

Step = Callable[[int], Emission | None]
Schedule = Callable[[int, Step], None]

LONGEST_TRANSIT_MS: Final = 250
"""An event is emitted at most this long after it occurred."""

_CLICK: Final = (250, 1_500)
_ARRIVAL: Final = (250, 600)
_ORDER: Final = (500, 4_000)
_REFUND: Final = (3_000, 12_000)
_MACHINE_OPEN: Final = (250, 600)
_OPEN: Final = (400, 2_500)
_AFTER_OPEN: Final = (400, 2_500)

_MEAN_SESSION_MS: Final = 95_000
_LONGEST_SESSION_MS: Final = 3_600_000


class Journeys:
    """All journeys of one campaign; `traffic` is what its public does at the moment."""

    def __init__(
        self,
        campaign: Campaign,
        scenario: Scenario,
        rng: random.Random,
        schedule: Schedule,
        next_id: Callable[[], str],
    ) -> None:
        self.campaign = campaign
        self._random = rng.random
        self._gauss = rng.gauss
        self._schedule = schedule
        self._next_id = next_id
        self._price_level = scenario.price_level
        self._purse = Purse(scenario.currency)
        self._clockface = Clockface()
        self._spend = Spend(scenario.currency, scenario.price_level)
        self._labels = f'"channel":"{campaign.channel}","campaign":"{campaign.name}"'
        self._entries: dict[tuple[str, str], Entry] = {}
        self.change(campaign.traffic)

    def change(self, traffic: Traffic) -> None:
        """Go on with other traffic; steps already scheduled are decided by it too."""
        self.traffic = traffic
        self._spend.charge(traffic)
        # The mean of a log-normal is exp(mu + sigma^2 / 2).
        mean = traffic.order_value * self._price_level
        self._order_mu = math.log(mean) - traffic.order_spread**2 / 2 if mean > 0 else -math.inf

    def see(self, at_ms: int, person: Person) -> Emission:
        """An ad is shown; a click may follow."""
        self._spend.view()
        if self._random() < self.traffic.click_through:
            self._after(at_ms, _CLICK, lambda at: self._click(at, person))
        return self._event(at_ms, person, "impression")

    def visit(self, at_ms: int, person: Person) -> Emission:
        """The site is visited; an order may follow."""
        traffic, draw = self.traffic, self._random()
        if draw < traffic.conversion:
            self._after(at_ms, _ORDER, lambda at: self._order(at, person))
        bounced = draw >= 1 - traffic.bounce
        pages = 1 if bounced else 2 + int(-4 * math.log(1 - self._random()))
        mean_ms = 12_000 if bounced else _MEAN_SESSION_MS
        length_ms = min(_LONGEST_SESSION_MS, int(-mean_ms * math.log(1 - self._random())))
        more = f',"duration_ms":{length_ms},"page_views":{pages}'
        return self._event(at_ms, person, "session", more)

    def mail(self, at_ms: int, person: Person) -> Emission:
        """A mail is delivered or bounces; what people do with it may follow."""
        self._spend.view()
        traffic = self.traffic
        if self._random() < traffic.mail_bounce:
            return self._mail_event(at_ms, person, "bounced")
        if self._random() < traffic.complaint:
            self._after(at_ms, _OPEN, lambda at: self._mail_event(at, person, "complained"))
        if self._random() < traffic.open:
            if self._random() < traffic.machine_open:
                self._after(at_ms, _MACHINE_OPEN, lambda at: self._machine_open(at, person))
            else:
                self._after(at_ms, _OPEN, lambda at: self._open(at, person))
        return self._mail_event(at_ms, person, "delivered")

    def bill(self, at_ms: int) -> Emission | None:
        """The platform reports what was spent before its last report; nothing if nothing was."""
        return self._cost(at_ms, self._spend.report())

    def settle(self, at_ms: int) -> Emission | None:
        """The platform reports all that is left."""
        return self._cost(at_ms, self._spend.settle())

    def _cost(self, at_ms: int, minor: int) -> Emission | None:
        if not minor:
            return None
        value = (
            f'{self._head(at_ms)},{self._labels},"amount":{self._purse.minors(minor)},'
            f'"platform":"{self.campaign.platform}"}}'
        )
        key = f"{self.campaign.channel}/{self.campaign.name}"
        entry = self._entry("cost", "")
        return Emission(at_ms, "cost", key.encode(), value.encode(), entry, minor * SCALE)

    def _click(self, at_ms: int, person: Person) -> Emission:
        self._spend.click()
        self._arrive(at_ms, person)
        return self._event(at_ms, person, "click")

    def _arrive(self, at_ms: int, person: Person) -> None:
        if self._random() < self.traffic.arrival:
            self._after(at_ms, _ARRIVAL, lambda at: self.visit(at, person))

    def _order(self, at_ms: int, person: Person) -> Emission:
        draw = math.exp(self._gauss(self._order_mu, self.traffic.order_spread))
        minor = self._purse.minor(draw)
        order_id = self._next_id()
        self._spend.order(minor)
        if self._random() < self.traffic.refund:
            self._after(
                at_ms,
                _REFUND,
                lambda at: self._order_event(at, person, "refund", order_id, minor),
            )
        return self._order_event(at_ms, person, "purchase", order_id, minor)

    def _open(self, at_ms: int, person: Person) -> Emission:
        traffic = self.traffic
        if self._random() < traffic.click_to_open:
            self._after(at_ms, _AFTER_OPEN, lambda at: self._mail_click(at, person))
        opens = traffic.opens_by_people
        if opens and self._random() * opens < traffic.unsubscribe:
            self._after(at_ms, _AFTER_OPEN, lambda at: self._mail_event(at, person, "unsubscribed"))
        return self._mail_event(at_ms, person, "opened")

    def _machine_open(self, at_ms: int, person: Person) -> Emission:
        return self._mail_event(at_ms, person, "opened", ',"machine_open":true')

    def _mail_click(self, at_ms: int, person: Person) -> Emission:
        self._arrive(at_ms, person)
        return self._mail_event(at_ms, person, "clicked")

    def _mail_event(self, at_ms: int, person: Person, kind: str, more: str = "") -> Emission:
        customer = f',"customer_id":"c{person.number}","kind":"{kind}"'
        return self._event(at_ms, person, "email", customer + more, kind)

    def _order_event(
        self, at_ms: int, person: Person, kind: str, order_id: str, minor: int
    ) -> Emission:
        more = (
            f',"customer_id":"c{person.number}","order_id":"{order_id}","kind":"{kind}",'
            f'"revenue":{self._purse.decimal(minor)}'
        )
        return self._event(at_ms, person, "order", more, kind, minor * SCALE)

    def _event(
        self,
        at_ms: int,
        person: Person,
        event_type: str,
        more: str = "",
        what: str = "",
        amount: int = 0,
    ) -> Emission:
        visitor = f"v{person.number}"
        value = (
            f'{self._head(at_ms)},"visitor_id":"{visitor}",{self._labels},{person.labels}{more}}}'
        )
        entry = self._entry(event_type, what)
        return Emission(at_ms, event_type, visitor.encode(), value.encode(), entry, amount)

    def _head(self, at_ms: int) -> str:
        occurred_ms = at_ms - int(self._random() * LONGEST_TRANSIT_MS)
        occurred_at = self._clockface.rfc3339(occurred_ms)
        return f'{{"event_id":"{self._next_id()}","occurred_at":"{occurred_at}"'

    def _entry(self, event_type: str, what: str) -> Entry:
        entry = self._entries.get((event_type, what))
        if entry is None:
            campaign = self.campaign
            entry = Entry(Kind.CLEAN, event_type, campaign.channel, campaign.name, what)
            self._entries[event_type, what] = entry
        return entry

    def _after(self, at_ms: int, delay: tuple[int, int], step: Step) -> None:
        shortest, longest = delay
        self._schedule(at_ms + shortest + int(self._random() * (longest - shortest)), step)
