"""What happens to an e-mail: delivered, opened, clicked, and the reader gone."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from kpistream.edges.emitter.agenda import Agenda, Delay
from kpistream.edges.emitter.audience import Person
from kpistream.edges.emitter.emission import Emission
from kpistream.edges.emitter.pen import Pen
from kpistream.edges.emitter.traffic import Traffic

_MACHINE_OPEN: Final[Delay] = (250, 600)
_OPEN: Final[Delay] = (400, 2_500)
_AFTER_OPEN: Final[Delay] = (400, 2_500)


class Mailing:
    """The mails of one campaign; `arrive` is told of each click that may lead to the site."""

    def __init__(
        self,
        pen: Pen,
        agenda: Agenda,
        rng: random.Random,
        arrive: Callable[[int, Person], None],
    ) -> None:
        self._pen = pen
        self._after = agenda.after
        self._random = rng.random
        self._arrive = arrive

    def change(self, traffic: Traffic) -> None:
        """Go on with other traffic."""
        self._traffic = traffic

    def send(self, at_ms: int, person: Person) -> Emission:
        """A mail is delivered or bounces; what people do with it may follow."""
        traffic = self._traffic
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

    def _open(self, at_ms: int, person: Person) -> Emission:
        traffic = self._traffic
        if self._random() < traffic.click_to_open:
            self._after(at_ms, _AFTER_OPEN, lambda at: self._click(at, person))
        opens = traffic.opens_by_people
        if opens and self._random() * opens < traffic.unsubscribe:
            self._after(at_ms, _AFTER_OPEN, lambda at: self._mail_event(at, person, "unsubscribed"))
        return self._mail_event(at_ms, person, "opened")

    def _machine_open(self, at_ms: int, person: Person) -> Emission:
        return self._mail_event(at_ms, person, "opened", ',"machine_open":true')

    def _click(self, at_ms: int, person: Person) -> Emission:
        self._arrive(at_ms, person)
        return self._mail_event(at_ms, person, "clicked")

    def _mail_event(self, at_ms: int, person: Person, kind: str, more: str = "") -> Emission:
        customer = f',"customer_id":"c{person.number}","kind":"{kind}"'
        return self._pen.event(at_ms, person, "email", customer + more, kind)
