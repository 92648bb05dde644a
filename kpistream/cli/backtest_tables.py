"""What a backtest came to, as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table

from kpistream.cli.tables import slice_text, value_text
from kpistream.core.alerting.proof.backtest import Firing, RuleSummary
from kpistream.core.alerting.proof.incidents import Incident, Score, delay_s
from kpistream.core.catalogue import Catalogue
from kpistream.core.instants import rfc3339

if TYPE_CHECKING:
    from kpistream.cli.verdict import Verdict

_WIDTH_OF_A_FILE: Final = 160
_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def lasted_text(seconds: float) -> str:
    """A span in its two largest units: `2 d 3 h`, `12 m`, `0 s`."""
    left = round(seconds)
    parts: list[str] = []
    for length, unit in _UNITS:
        if left >= length and len(parts) < 2:
            parts.append(f"{left // length} {unit}")
        elif parts:
            break
        left %= length
    return " ".join(parts) or "0 s"


def firings_table(firings: Sequence[Firing], catalogue: Catalogue) -> Table:
    """Each firing, in the order of its beginning."""
    table = _table("Firings", "rule", "slice", "from", "to", "lasted")
    for title in ("worst", "sample"):
        table.add_column(title, justify="right")
    table.add_column("")
    for firing in firings:
        worst = "-" if firing.worst is None else value_text(firing.kpi, firing.worst, catalogue)
        table.add_row(
            firing.rule,
            slice_text(firing.slice),
            rfc3339(firing.from_s),
            "still fires" if firing.is_open else rfc3339(firing.to_s),
            lasted_text(firing.lasted_s),
            f"{worst} {firing.currency or ''}".rstrip(),
            f"{firing.sample:,}",
            "silenced" if firing.silenced else "",
        )
    return table


def rules_table(summaries: Sequence[RuleSummary], scores: Sequence[Score] | None) -> Table:
    """Each rule with how often it fired; with scores, how well that met the incidents."""
    table = _table("Rules", "rule", "severity")
    scored = ("precision", "recall", "median delay") if scores is not None else ()
    for title in ("fired", "silenced", "told a week", "in all", *scored):
        table.add_column(title, justify="right")
    for number, summary in enumerate(summaries):
        score = [] if scores is None else list(score_texts(scores[number]))
        table.add_row(
            summary.rule,
            summary.severity.value,
            f"{summary.fired:,}",
            f"{summary.silenced:,}",
            "-" if summary.per_week is None else f"{summary.per_week:.1f}",
            lasted_text(summary.lasted_s),
            *score,
        )
    return table


def incidents_table(
    incidents: Sequence[Incident], firings: Sequence[Firing], grace_s: float
) -> Table:
    """Each incident, and how soon which rule told of it."""
    table = _table("Incidents", "incident", "from", "lasted", "told by", "after")
    told = [firing for firing in firings if not firing.silenced]
    for incident in incidents:
        met = [firing for firing in told if incident.is_met_by(firing, grace_s)]
        delay = delay_s(incident, met, grace_s)
        table.add_row(
            incident.name,
            rfc3339(incident.from_s),
            lasted_text(incident.to_s - incident.from_s),
            ", ".join(dict.fromkeys(firing.rule for firing in met)) or "nobody",
            "-" if delay is None else lasted_text(delay),
        )
    return table


def score_texts(score: Score) -> Iterator[str]:
    """Precision, recall and median delay in words."""
    yield _share(score.precision, score.right, score.firings)
    yield _share(score.recall, score.caught, score.incidents)
    yield "-" if score.median_delay_s is None else lasted_text(score.median_delay_s)


def _share(share: float | None, part: int, whole: int) -> str:
    return "-" if share is None else f"{share:.0%} ({part:,} of {whole:,})"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def print_verdict(verdict: Verdict, unread: int) -> None:
    """Print what a backtest came to on standard output."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=_WIDTH_OF_A_FILE)
    if not verdict.test.events:
        console.print("no events")
        return
    for table in _tables(verdict):
        console.print(table)
    from_s, to_s = verdict.span_s
    over = f"over {verdict.test.events:,} events of {lasted_text(to_s - from_s)}"
    console.print(f"{len(verdict.firings):,} firings {over}, from {rfc3339(from_s)}")
    if unread:
        console.print(f"{unread:,} events were not read: their type is not among `topics`")
    if verdict.score is not None:
        precision, recall, delay = score_texts(verdict.score)
        console.print(f"precision {precision}, recall {recall}, median delay {delay}")


def _tables(verdict: Verdict) -> Iterator[Table]:
    if verdict.firings:
        yield firings_table(verdict.firings, verdict.plan.catalogue)
    yield rules_table(verdict.summaries, verdict.scores)
    if verdict.incidents:
        yield incidents_table(verdict.incidents, verdict.firings, verdict.evidence.grace_s)
