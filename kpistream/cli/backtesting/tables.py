"""What a backtest came to, as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table

from kpistream.cli.counted import counted
from kpistream.cli.lasted import lasted_text
from kpistream.cli.tables import slice_text, value_text
from kpistream.core.alerting.proof.backtest import Firing, RuleSummary
from kpistream.core.alerting.proof.incidents import Incident, Score, delay_s
from kpistream.core.catalogue.catalogue import Catalogue
from kpistream.core.instants import rfc3339
from kpistream.core.slices import Slice

if TYPE_CHECKING:
    from kpistream.cli.backtesting.verdict import Verdict

_WIDTH_OF_A_FILE: Final = 160


def firings_table(firings: Sequence[Firing], catalogue: Catalogue) -> Table:
    """Each firing, in the order of its beginning."""
    table = _table("Firings, times in UTC", "rule, slice", "from", "to")
    for title in ("fired for", "worst", "sample"):
        table.add_column(title, justify="right")
    is_any_silenced = any(firing.silenced for firing in firings)
    if is_any_silenced:
        table.add_column("told")
    for firing in firings:
        table.add_row(
            "\n  ".join([firing.rule, *_members(firing.slice)]),
            moment_text(firing.from_s),
            "still fires" if firing.is_open else moment_text(firing.to_s),
            lasted_text(firing.lasted_s),
            _worst(firing, catalogue),
            f"{firing.sample:,}",
            *(["silenced" if firing.silenced else "yes"] if is_any_silenced else ()),
        )
    return table


def _members(part: Slice) -> list[str]:
    return [slice_text([member]) for member in part]


def moment_text(epoch_s: float) -> str:
    """A moment to the second, in UTC: `2026-03-01 10:06:02`."""
    return rfc3339(int(epoch_s)).replace("T", " ").removesuffix("Z")


def _worst(firing: Firing, catalogue: Catalogue) -> str:
    if firing.worst is None:
        return "-"
    text = value_text(firing.kpi, firing.worst, catalogue)
    is_money = catalogue.kpis[firing.kpi].unit == "money"
    return f"{text} {firing.currency}" if is_money and firing.currency else text


def rules_table(summaries: Sequence[RuleSummary], scores: Sequence[Score] | None) -> Table:
    """Each rule with how often it fired; with scores, how well that met the incidents."""
    table = _table("Rules", "rule", "severity")
    scored = ("precision", "recall", "median delay") if scores is not None else ()
    for title in ("fired", "fired for", "silenced", "told per week", *scored):
        table.add_column(title, justify="right")
    for number, summary in enumerate(summaries):
        score = [] if scores is None else list(score_texts(scores[number]))
        table.add_row(
            summary.rule,
            summary.severity.value,
            f"{summary.fired:,}",
            lasted_text(summary.lasted_s),
            f"{summary.silenced:,}",
            "-" if summary.per_week is None else f"{summary.per_week:.1f}",
            *score,
        )
    return table


def incidents_table(
    incidents: Sequence[Incident], firings: Sequence[Firing], grace_s: float
) -> Table:
    """Each incident, and how soon which rule told of it."""
    table = _table("Incidents, times in UTC", "incident", "from", "lasted", "told by", "after")
    told = [firing for firing in firings if not firing.silenced]
    for incident in incidents:
        met = [firing for firing in told if incident.is_met_by(firing, grace_s)]
        delay = delay_s(incident, met, grace_s)
        table.add_row(
            incident.name,
            moment_text(incident.from_s),
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
    return "-" if share is None else f"{100 * share:.0f} % ({part:,} of {whole:,})"


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
    over = f"over {counted(verdict.test.events, 'events')} of {lasted_text(to_s - from_s)}"
    firings = counted(len(verdict.firings), "firings")
    console.print(f"{firings} {over}, from {moment_text(from_s)} UTC")
    if unread:
        console.print(f"not read: {counted(unread, 'events')} of a type that is not among `topics`")
    if verdict.score is not None:
        precision, recall, delay = score_texts(verdict.score)
        console.print(f"precision {precision}, recall {recall}, median delay {delay}")


def _tables(verdict: Verdict) -> Iterator[Table]:
    if verdict.firings:
        yield firings_table(verdict.firings, verdict.plan.catalogue)
    yield rules_table(verdict.summaries, verdict.scores)
    if verdict.incidents:
        yield incidents_table(verdict.incidents, verdict.firings, verdict.evidence.grace_s)
