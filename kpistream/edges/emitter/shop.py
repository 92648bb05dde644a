"""From a visit to the site to an order: the cart, the checkout, the refund, the survey after it."""

from __future__ import annotations

import math
import random
from typing import Final

from kpistream.edges.emitter.accounts import Accounts
from kpistream.edges.emitter.agenda import Agenda, Delay
from kpistream.edges.emitter.audience import Person
from kpistream.edges.emitter.customers import Customers
from kpistream.edges.emitter.emission import Emission
from kpistream.edges.emitter.pen import Pen
from kpistream.edges.emitter.spend import Spend
from kpistream.edges.emitter.traffic import Traffic

_ORDER: Final[Delay] = (500, 4_000)
_CART: Final[Delay] = (300, 1_500)
_CHECKOUT: Final[Delay] = (300, 2_000)
_PAYMENT: Final[Delay] = (250, 500)
_REFUND: Final[Delay] = (3_000, 12_000)
_WELCOME: Final[Delay] = (250, 1_000)
_SURVEY: Final[Delay] = (1_000, 5_000)

_NPS_SCORES: Final = (10, 9, 9, 8, 10, 7, 9, 6, 10, 8, 9, 5, 10, 7, 9, 8, 10, 3, 9, 0)
"""Each as likely as any other: 55 % promoters (9 and 10), 20 % detractors (0 to 6)."""


class Shop:
    """What the visitors of one campaign buy."""

    def __init__(
        self,
        pen: Pen,
        agenda: Agenda,
        spend: Spend,
        customers: Customers,
        rng: random.Random,
        price_level: float,
    ) -> None:
        self.accounts = Accounts(pen, customers, rng)
        self._pen = pen
        self._after = agenda.after
        self._spend = spend
        self._customers = customers
        self._random = rng.random
        self._gauss = rng.gauss
        self._price_level = price_level

    def change(self, traffic: Traffic) -> None:
        """Go on with other traffic."""
        self._traffic = traffic
        # The mean of a log-normal is exp(mu + sigma^2 / 2).
        mean = traffic.order_value * self._price_level
        self._order_mu = math.log(mean) - traffic.order_spread**2 / 2 if mean > 0 else -math.inf

    def buy(self, at_ms: int, person: Person) -> None:
        """An order will follow, through a cart or without one."""
        if self._random() < self._traffic.express:
            self._after(at_ms, _ORDER, lambda at: self._order(at, person, self._basket()))
        else:
            self._after(at_ms, _CART, lambda at: self._fill(at, person, left=False))

    def browse(self, at_ms: int, person: Person) -> None:
        """A cart will be filled and left behind."""
        self._after(at_ms, _CART, lambda at: self._fill(at, person, left=True))

    def _basket(self) -> int:
        """What somebody buys, in the smallest unit of the currency."""
        draw = math.exp(self._gauss(self._order_mu, self._traffic.order_spread))
        return self._pen.purse.minor(draw)

    def _fill(self, at_ms: int, person: Person, left: bool) -> Emission:
        cart_id, minor = self._pen.next_id(), self._basket()
        if not left:
            self._after(at_ms, _CHECKOUT, lambda at: self._check_out(at, person, cart_id, minor))
        return self._cart_event(at_ms, person, "created", cart_id, minor)

    def _check_out(self, at_ms: int, person: Person, cart_id: str, minor: int) -> Emission:
        self._after(at_ms, _PAYMENT, lambda at: self._order(at, person, minor))
        return self._cart_event(at_ms, person, "checked_out", cart_id, minor)

    def _cart_event(
        self, at_ms: int, person: Person, kind: str, cart_id: str, minor: int
    ) -> Emission:
        more = f',"cart_id":"{cart_id}","kind":"{kind}"'
        return self._pen.priced(at_ms, person, "cart", more, kind, "value", minor)

    def _order(self, at_ms: int, person: Person, minor: int) -> Emission:
        traffic = self._traffic
        more = f'{self._buyer(at_ms, person)},"order_id":"{self._pen.next_id()}"'
        self._spend.order(minor)
        if self._random() < traffic.refund:
            self._after(
                at_ms, _REFUND, lambda at: self._order_event(at, person, "refund", more, minor)
            )
        if self._random() < traffic.nps_survey:
            self._after(at_ms, _SURVEY, lambda at: self._answer(at, person))
        return self._order_event(at_ms, person, "purchase", more, minor)

    def _buyer(self, at_ms: int, person: Person) -> str:
        """Who orders, as members of the order; nobody known if he orders as a guest."""
        if self._random() < self._traffic.guest:
            return ""
        number = self._customers.order(person.number)
        if not self._customers.knows(person.number):
            self._after(at_ms, _WELCOME, lambda at: self.accounts.welcome(at, person))
        return f',"customer_id":"c{person.number}","order_number":{number}'

    def _order_event(
        self, at_ms: int, person: Person, kind: str, more: str, minor: int
    ) -> Emission:
        more = f'{more},"kind":"{kind}"'
        return self._pen.priced(at_ms, person, "order", more, kind, "revenue", minor)

    def _answer(self, at_ms: int, person: Person) -> Emission:
        score = _NPS_SCORES[int(self._random() * len(_NPS_SCORES))]
        more = f',"kind":"nps","score":{score}'
        return self._pen.event(at_ms, person, "survey", more, "nps", number=score)
