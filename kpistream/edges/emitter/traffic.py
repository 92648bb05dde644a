"""How the public of one campaign behaves, and what its platform charges."""

from __future__ import annotations

from dataclasses import dataclass, fields

_SHARES = (
    "click_through",
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
    arrival: float = 0.95
    """Sessions per click, of an ad or in an e-mail."""
    bounce: float = 0.35
    """Sessions of one page; a bounced session orders nothing."""
    conversion: float = 0.0
    """Orders per session, bounced sessions included; at most `1 - bounce`."""
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
    def events(self) -> float:
        """Expected events per unit of weight and second, costs apart."""
        delivered = 1 - self.mail_bounce
        session = 1 + self.conversion * (1 + self.refund)
        read = self.opens_by_people * self.click_to_open
        mail = 1 + delivered * (
            self.open + read * (1 + self.arrival * session) + self.unsubscribe + self.complaint
        )
        impression = 1 + self.click_through * (1 + self.arrival * session)
        return self.impressions * impression + self.visits * session + self.mails * mail
