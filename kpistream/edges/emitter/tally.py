"""How many records were emitted, and how much money, to the last unit."""

from __future__ import annotations

from kpistream.core.events.outcomes import Outcome
from kpistream.edges.emitter.emission import Emission, Entry, Kind


class Tally:
    """Records and exact amounts of everything emitted, by kind, type, channel and campaign.

    What a pipeline should have found: after a scenario its accepted, duplicate, late and
    rejected records equal `outcomes()`, and its sums those of the accepted ones.
    """

    def __init__(self) -> None:
        self._rows: dict[Entry, list[int]] = {}

    def enter(self, emission: Emission) -> None:
        """Count one record."""
        row = self._rows.get(emission.entry)
        if row is None:
            row = self._rows[emission.entry] = [0, 0, 0]
        row[0] += 1
        row[1] += emission.amount
        row[2] += emission.number

    def count(
        self,
        event_type: str | None = None,
        *,
        channel: str | None = None,
        campaign: str | None = None,
        what: str | None = None,
        kind: Kind | None = None,
        outcome: Outcome | None = None,
    ) -> int:
        """The records with all of these labels; a label not given may have any value."""
        wanted = (event_type, channel, campaign, what, kind, outcome)
        return sum(row[0] for entry, row in self._rows.items() if _matches(entry, *wanted))

    def amount(
        self,
        event_type: str | None = None,
        *,
        channel: str | None = None,
        campaign: str | None = None,
        what: str | None = None,
        outcome: Outcome | None = Outcome.accepted,
    ) -> int:
        """The money of the records with all of these labels, in units of `core.money`."""
        wanted = (event_type, channel, campaign, what, None, outcome)
        return sum(row[1] for entry, row in self._rows.items() if _matches(entry, *wanted))

    def total(
        self,
        event_type: str,
        *,
        channel: str | None = None,
        campaign: str | None = None,
        what: str | None = None,
        outcome: Outcome | None = Outcome.accepted,
    ) -> int:
        """The other figures (`Emission.number`) of the records with all of these labels."""
        wanted = (event_type, channel, campaign, what, None, outcome)
        return sum(row[2] for entry, row in self._rows.items() if _matches(entry, *wanted))

    def recurring_revenue(self, *, channel: str | None = None, campaign: str | None = None) -> int:
        """By how much the accepted customer events change what is paid each month."""
        gains, losses = (
            sum(
                self.amount("customer", channel=channel, campaign=campaign, what=what)
                for what in kinds
            )
            for kinds in (("created", "upgraded"), ("downgraded", "churned"))
        )
        return gains - losses

    def revenue(self, *, channel: str | None = None, campaign: str | None = None) -> int:
        """Accepted purchases less accepted refunds."""
        bought = self.amount("order", channel=channel, campaign=campaign, what="purchase")
        return bought - self.amount("order", channel=channel, campaign=campaign, what="refund")

    def outcomes(self) -> dict[Outcome, int]:
        """What the pipeline must make of all records; the four add up to `count()`."""
        return {outcome: self.count(outcome=outcome) for outcome in Outcome}

    def kinds(self) -> dict[Kind, int]:
        """The records of each kind."""
        return {kind: self.count(kind=kind) for kind in Kind}


def _matches(
    entry: Entry,
    event_type: str | None,
    channel: str | None,
    campaign: str | None,
    what: str | None,
    kind: Kind | None,
    outcome: Outcome | None,
) -> bool:
    return (
        event_type in (None, entry.event_type)
        and channel in (None, entry.channel)
        and campaign in (None, entry.campaign)
        and what in (None, entry.what)
        and kind in (None, entry.kind)
        and outcome in (None, entry.kind.outcome)
    )
