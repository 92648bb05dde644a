"""From somebody's interest to a deal: the stages of leads, and what sales people do about them."""

from __future__ import annotations

import math
import random
from typing import Final, NamedTuple

from kpistream.edges.emitter import wire
from kpistream.edges.emitter.accounts import Accounts
from kpistream.edges.emitter.agenda import Agenda, Delay
from kpistream.edges.emitter.audience import Person
from kpistream.edges.emitter.emission import Emission
from kpistream.edges.emitter.pen import Pen
from kpistream.edges.emitter.stages import STAGES

_ACTIVITY: Final[Delay] = (250, 550)
_WELCOME: Final[Delay] = (250, 1_000)
_MEAN_CALL_MS: Final = 420_000
_LONGEST_CALL_MS: Final = 7_200_000
_DEAL_MU: Final = math.log(2_400)
_DEAL_SPREAD: Final = 0.6


class _Lead(NamedTuple):
    person: Person
    lead_id: str
    minor: int
    """What the deal is worth, in the smallest unit of the currency."""
    created_at: str


class Funnel:
    """The leads of one campaign."""

    def __init__(
        self, pen: Pen, agenda: Agenda, accounts: Accounts, rng: random.Random, price_level: float
    ) -> None:
        self._pen = pen
        self._after = agenda.after
        self._accounts = accounts
        self._random = rng.random
        self._gauss = rng.gauss
        self._price_level = price_level

    def enter(self, at_ms: int, person: Person) -> Emission:
        """A visitor becomes a lead."""
        deal = math.exp(self._gauss(_DEAL_MU, _DEAL_SPREAD)) * self._price_level
        lead = _Lead(person, self._pen.next_id(), self._pen.purse.minor(deal), "")
        emission = self._lead_event(at_ms, lead, "lead")
        self._go_on(at_ms, lead._replace(created_at=wire.occurred_at(emission.value)), "lead")
        return emission

    def _go_on(self, at_ms: int, lead: _Lead, stage: str) -> None:
        """Decide what follows from a stage."""
        leaving = STAGES[stage]
        following = leaving.following if self._random() < leaving.share else leaving.else_stage
        if following:
            self._after(at_ms, leaving.delay, lambda at: self._reach(at, lead, following))
        if leaving.activity:
            self._after(
                at_ms, _ACTIVITY, lambda at: self._contact(at, lead.person, leaving.activity)
            )

    def _reach(self, at_ms: int, lead: _Lead, stage: str) -> Emission:
        if stage in STAGES:
            self._go_on(at_ms, lead, stage)
        elif stage == "won":
            self._after(at_ms, _WELCOME, lambda at: self._accounts.welcome(at, lead.person))
        return self._lead_event(at_ms, lead, stage)

    def _contact(self, at_ms: int, person: Person, kind: str) -> Emission:
        """Somebody of sales turns to a lead; writing a mail has no duration."""
        more, length_ms = f',"kind":"{kind}"', 0
        if kind != "mail":
            drawn_ms = int(-_MEAN_CALL_MS * math.log(1 - self._random()))
            length_ms = min(_LONGEST_CALL_MS, drawn_ms)
            more += f',"duration_ms":{length_ms}'
        return self._pen.event(at_ms, person, "activity", more, kind, number=length_ms)

    def _lead_event(self, at_ms: int, lead: _Lead, stage: str) -> Emission:
        more = f',"lead_id":"{lead.lead_id}","stage":"{stage}"'
        if stage not in ("opportunity", "won", "lost"):
            return self._pen.event(at_ms, lead.person, "lead", more, stage)
        if stage == "won":
            more += f',"created_at":"{lead.created_at}"'
        return self._pen.priced(at_ms, lead.person, "lead", more, stage, "value", lead.minor)
