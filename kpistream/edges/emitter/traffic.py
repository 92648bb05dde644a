"""How the public of one campaign behaves, and what its platform charges."""

from __future__ import annotations

from dataclasses import dataclass, fields

from kpistream.edges.emitter.stages import events_per_lead

_SHARES = (
    "click_through",
    "interaction",
    "recall_survey",
    "cta",
    "lead",
    "abandon",
    "express",
    "guest",
    "nps_survey",
    "account",
    "arrival",
    "bounce",
    "conversion",
    "refund",
    "mail_bounce",
    "open",
    "machine_open",
    "click_to_open",
    "unsubscribe",
    "complaint",
    "commission",
)


class ScenarioError(ValueError):
    """A scenario that cannot be played; the message names the value and its limits."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """The flows of one campaign during one phase.

    `impressions`, `visits` and `mails` are relative weights, the three ways into a journey:
    an ad seen, a site reached without one, an e-mail sent. A `Simulator` scales all weights of
    a scenario together until they make its overall rate. Every other value is a share (0..1)
    of the step before it, or an amount in the currency's major unit.
    """

    impressions: float = 0.0
    visits: float = 0.0
    mails: float = 0.0

    click_through: float = 0.0
    """Clicks per impression."""
    interaction: float = 0.01
    """Likes, comments, shares ... per impression; who clicks does nothing else."""
    recall_survey: float = 0.002
    """Answers per impression to whether the ad is remembered."""
    arrival: float = 0.95
    """Sessions per click, of an ad or in an e-mail."""
    bounce: float = 0.35
    """Sessions of one page; a bounced session orders nothing."""
    conversion: float = 0.0
    """Orders per session, bounced sessions included; at most `1 - bounce`."""
    abandon: float = 0.12
    """Carts left behind per session; fewer if the sessions that do not bounce all order."""
    express: float = 0.1
    """Orders placed without a cart."""
    guest: float = 0.1
    """Orders that do not tell who the customer is."""
    account: float = 0.02
    """Sessions in which a customer changes or ends a subscription; fewer like `abandon`."""
    cta: float = 0.08
    """Clicks on a call to action per session that does not bounce."""
    lead: float = 0.25
    """Leads per click on a call to action."""
    nps_survey: float = 0.05
    """Orders after which somebody says how likely a recommendation is."""
    order_value: float = 55.0
    """Mean of an order; the distribution is log-normal."""
    order_spread: float = 0.45
    """Standard deviation of the logarithm of an order's value."""
    refund: float = 0.03
    """Orders paid back in full some seconds later."""

    mail_bounce: float = 0.01
    """Mails sent that are not delivered."""
    open: float = 0.0
    """Opens per delivered mail, those by machines included."""
    machine_open: float = 0.3
    """Opens made by a mail client's privacy proxy: nobody read them."""
    click_to_open: float = 0.0
    """Clicks per opened mail that a person opened."""
    unsubscribe: float = 0.0
    """Unsubscriptions per delivered mail; at most the opens by people."""
    complaint: float = 0.0
    """Spam complaints per delivered mail."""

    cost_per_click: float = 0.0
    cost_per_mille: float = 0.0
    """Per 1000 impressions, or per 1000 mails sent."""
    commission: float = 0.0
    """Share of an order's value that the partner earns."""

    def __post_init__(self) -> None:
        """Refuse negative values, shares above 1, and steps larger than the step they come from."""
        for field in fields(self):
            value = getattr(self, field.name)
            limit = 1.0 if field.name in _SHARES else float("inf")
            if not 0.0 <= value <= limit:
                raise ScenarioError(f"{field.name} is {value}, not between 0 and {limit}")
        if self.conversion > 1 - self.bounce:
            raise ScenarioError(f"conversion is {self.conversion}, above 1 - bounce")
        if self.unsubscribe > self.opens_by_people:
            raise ScenarioError(f"unsubscribe is {self.unsubscribe}, above the opens by people")

    @property
    def opens_by_people(self) -> float:
        """Opens per delivered mail that a person made."""
        return self.open * (1 - self.machine_open)

    @property
    def reactions(self) -> float:
        """Interactions and answers per impression: at most one for each that is not clicked."""
        return min(self.interaction + self.recall_survey, 1 - self.click_through)

    def events(self, customers: float) -> float:
        """Expected events per unit of weight and second, reports apart.

        `customers` is the share of visitors who are customers when the scenario starts; those
        who become customers during it are taken for few.
        """
        delivered = 1 - self.mail_bounce
        session = self._session_events(customers)
        read = self.opens_by_people * self.click_to_open
        mail = 1 + delivered * (
            self.open + read * (1 + self.arrival * session) + self.unsubscribe + self.complaint
        )
        clicked = self.click_through * (1 + self.arrival * session)
        impression = 1 + self.reactions + clicked
        return self.impressions * impression + self.visits * session + self.mails * mail

    def _session_events(self, customers: float) -> float:
        """Expected events of a session and of all that follows from it."""
        joined = (1 - self.guest) * (1 - customers)
        order = 1 + 2 * (1 - self.express) + self.refund + self.nps_survey + joined
        undecided = 1 - self.bounce - self.conversion
        left = min(self.abandon, undecided)
        managed = min(self.account, undecided - left) * customers
        calls = (1 - self.bounce) * self.cta * (1 + self.lead * events_per_lead())
        return 1 + self.conversion * order + left + managed + calls
