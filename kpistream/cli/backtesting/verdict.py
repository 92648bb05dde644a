"""What a backtest came to, held against the incidents that there were and the silences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from kpistream.core.alerting.proof.backtest import (
    Backtest,
    Firing,
    RuleSummary,
    silenced,
    summaries,
)
from kpistream.core.alerting.proof.incidents import Incident, Score, load_incidents, score, score_of
from kpistream.core.instants import rfc3339
from kpistream.core.plan import Plan
from kpistream.settings import read_text

if TYPE_CHECKING:
    from kpistream.cli.backtesting.timeline import Picture
    from kpistream.core.alerting.telling.silences import Silence


@dataclass(frozen=True, slots=True)
class Evidence:
    """What firings are held against; ``incidents`` are None if nobody wrote any down."""

    incidents: tuple[Incident, ...] | None
    silences: tuple[Silence, ...]
    grace_s: float

    @classmethod
    def read(
        cls, plan: Plan, incidents: Path | None, silences: Path | None, grace_s: float
    ) -> Self:
        """The evidence of these files; raises ConfigErrors."""
        dimensions = plan.catalogue.dimensions
        found: tuple[Incident, ...] | None = None
        quiet: tuple[Silence, ...] = ()
        if incidents is not None:
            text, name = read_text(incidents), str(incidents)
            found = load_incidents(text, name, plan.rules, dimensions, plan.days)
        if silences is not None:
            from kpistream.core.alerting.telling.silences_file import load_silences

            quiet = load_silences(read_text(silences), str(silences), plan.days)
        return cls(found, quiet, grace_s)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The firings of a backtest, and what they come to for each rule."""

    plan: Plan
    test: Backtest
    evidence: Evidence
    firings: tuple[Firing, ...]
    summaries: tuple[RuleSummary, ...]

    @classmethod
    def of(cls, plan: Plan, test: Backtest, evidence: Evidence) -> Self:
        """The verdict on a backtest that is finished."""
        firings = tuple(silenced(test.recorder.firings, evidence.silences))
        found = tuple(summaries(plan.rules, firings, test.to_s - test.from_s))
        return cls(plan, test, evidence, firings, found)

    @property
    def incidents(self) -> Sequence[Incident]:
        """The incidents; none if nobody wrote any down."""
        return self.evidence.incidents or ()

    @property
    def score(self) -> Score | None:
        """How well all rules together met the incidents; None without incidents."""
        if self.evidence.incidents is None:
            return None
        return score(self.firings, self.incidents, self.evidence.grace_s)

    @property
    def scores(self) -> list[Score] | None:
        """The same for each rule."""
        if self.evidence.incidents is None:
            return None
        grace_s = self.evidence.grace_s
        return [score_of(rule, self.firings, self.incidents, grace_s) for rule in self.plan.rules]

    @property
    def span_s(self) -> tuple[float, float]:
        """When the first and the latest event arrived, in epoch seconds."""
        return self.test.from_s, self.test.to_s

    def documents(self) -> Iterator[dict[str, Any]]:
        """The firings, the rules and the whole in their published forms."""
        yield from (firing.to_dict() for firing in self.firings)
        scores = self.scores
        for number, summary in enumerate(self.summaries):
            yield summary.to_dict() | ({} if scores is None else scores[number].to_dict())
        yield self._whole()

    def _whole(self) -> dict[str, Any]:
        from_s, to_s = self.span_s
        return {
            "kind": "backtest",
            "from": rfc3339(from_s) if self.test.events else None,
            "to": rfc3339(to_s) if self.test.events else None,
            "events": self.test.events,
            "fired": len(self.firings),
            "silenced": sum(firing.silenced for firing in self.firings),
        } | ({} if self.score is None else self.score.to_dict())

    def picture(self) -> Picture:
        """What there is to draw."""
        from kpistream.cli.backtesting.timeline import Picture

        return Picture(
            *self.span_s,
            self.plan.days,
            self.firings,
            self.test.recorder.pendings,
            self.incidents,
            self.evidence.silences,
        )
