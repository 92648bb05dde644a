"""The steps a visitor takes, each the cause of the next: seen, clicked, came, bought, sent back.

A step is taken at its time: it makes one event and plans what follows from it. Delays are
seconds, not the hours or days of real life, so that a story of a minute holds whole journeys;
none is shorter than an event may take from happening to being emitted, so that also by
`occurred_at` no effect comes before its cause.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Final

from kpistream.edges.emitter.agenda import Agenda, Delay
from kpistream.edges.emitter.audience import Person
from kpistream.edges.emitter.customers import Customers
from kpistream.edges.emitter.emission import Emission
from kpistream.edges.emitter.funnel import Funnel
from kpistream.edges.emitter.mailing import Mailing
from kpistream.edges.emitter.pen import Pen
from kpistream.edges.emitter.reactions import Reactions
from kpistream.edges.emitter.scenario import Campaign, Scenario
from kpistream.edges.emitter.shop import Shop
from kpistream.edges.emitter.spend import Bill, Spend
from kpistream.edges.emitter.traffic import Traffic

_CLICK: Final[Delay] = (250, 1_500)
_ARRIVAL: Final[Delay] = (250, 600)
_REACTION: Final[Delay] = (250, 3_000)
_CTA: Final[Delay] = (300, 2_000)
_LEAD: Final[Delay] = (300, 1_500)
_ACCOUNT: Final[Delay] = (500, 3_000)

_MEAN_SESSION_MS: Final = 95_000
_LONGEST_SESSION_MS: Final = 3_600_000


class Journeys:
    """All journeys of one campaign; `traffic` is what its public does at the moment."""

    def __init__(
        self,
        campaign: Campaign,
        scenario: Scenario,
        rng: random.Random,
        agenda: Agenda,
        customers: Customers,
        next_id: Callable[[], str],
        start_ms: int,
    ) -> None:
        self.campaign = campaign
        self._random = rng.random
        self._after = agenda.after
        self._pen = Pen(campaign, scenario, rng, next_id)
        self._event = self._pen.event
        self._spend = Spend(scenario.currency, scenario.price_level, start_ms)
        level = scenario.price_level
        self._shop = Shop(self._pen, agenda, self._spend, customers, rng, level)
        self._funnel = Funnel(self._pen, agenda, self._shop.accounts, rng, level)
        self._mailing = Mailing(self._pen, agenda, rng, self._arrive)
        self._reactions = Reactions(self._pen, campaign.name, rng)
        self.change(campaign.traffic)

    def change(self, traffic: Traffic) -> None:
        """Go on with other traffic; steps already planned are decided by it too."""
        self.traffic = traffic
        self._spend.charge(traffic)
        self._shop.change(traffic)
        self._mailing.change(traffic)
        self._reactions.change(traffic)
        self._unmoved = 1 - traffic.reactions
        self._left = traffic.conversion + traffic.abandon
        self._managed = self._left + traffic.account

    def see(self, at_ms: int, person: Person) -> Emission:
        """An ad is shown; a click may follow, or something said about it."""
        self._spend.view()
        draw = self._random()
        if draw < self.traffic.click_through:
            self._after(at_ms, _CLICK, lambda at: self._click(at, person))
        elif draw >= self._unmoved:
            self._after(at_ms, _REACTION, lambda at: self._reactions.react(at, person))
        return self._event(at_ms, person, "impression")

    def visit(self, at_ms: int, person: Person) -> Emission:
        """The site is visited; an order and more may follow."""
        draw = self._random()
        bounced = draw >= 1 - self.traffic.bounce
        if not bounced:
            self._look_around(at_ms, person, draw)
        pages = 1 if bounced else 2 + int(-4 * math.log(1 - self._random()))
        mean_ms = 12_000 if bounced else _MEAN_SESSION_MS
        length_ms = min(_LONGEST_SESSION_MS, int(-mean_ms * math.log(1 - self._random())))
        more = f',"duration_ms":{length_ms},"page_views":{pages}'
        return self._event(at_ms, person, "session", more, "", 0, length_ms)

    def mail(self, at_ms: int, person: Person) -> Emission:
        """A mail is delivered or bounces; what people do with it may follow."""
        self._spend.view()
        return self._mailing.send(at_ms, person)

    def bill(self, at_ms: int) -> Emission | None:
        """The platform reports what was spent before its last report; nothing if nothing was."""
        return self._cost(at_ms, self._spend.report(at_ms))

    def settle(self, at_ms: int) -> Emission | None:
        """The platform reports all that is left."""
        return self._cost(at_ms, self._spend.settle(at_ms))

    def _cost(self, at_ms: int, bill: Bill | None) -> Emission | None:
        return None if bill is None else self._pen.cost(at_ms, bill)

    def _click(self, at_ms: int, person: Person) -> Emission:
        self._spend.click()
        self._arrive(at_ms, person)
        return self._event(at_ms, person, "click", "", "ad")

    def _arrive(self, at_ms: int, person: Person) -> None:
        if self._random() < self.traffic.arrival:
            self._after(at_ms, _ARRIVAL, lambda at: self.visit(at, person))

    def _look_around(self, at_ms: int, person: Person, draw: float) -> None:
        """Plan what a visitor does who stays; `draw` decides, evenly below `1 - bounce`."""
        if draw < self.traffic.conversion:
            self._shop.buy(at_ms, person)
        elif draw < self._left:
            self._shop.browse(at_ms, person)
        elif draw < self._managed:
            self._after(at_ms, _ACCOUNT, lambda at: self._shop.accounts.manage(at, person))
        if self._random() < self.traffic.cta:
            self._after(at_ms, _CTA, lambda at: self._call_to_action(at, person))

    def _call_to_action(self, at_ms: int, person: Person) -> Emission:
        if self._random() < self.traffic.lead:
            self._after(at_ms, _LEAD, lambda at: self._funnel.enter(at, person))
        return self._event(at_ms, person, "click", ',"kind":"cta"', "cta")
