"""Building: from what was found out about a period to its report."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import isclose
from typing import Final

from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.kpis.kpi import Language
from kpistream.core.reporting.clarity import FALSE_CHANGES, Tested, tested
from kpistream.core.reporting.duties import duties
from kpistream.core.reporting.episodes import Episode
from kpistream.core.reporting.findings import Findings, KpiFacts, Measured, Note, Point
from kpistream.core.reporting.parts import breakdown, movers
from kpistream.core.reporting.period import Period
from kpistream.core.reporting.report import (
    Breakdown,
    Funnel,
    FunnelStep,
    KpiResult,
    Report,
    Span,
    Trend,
    Verdict,
)
from kpistream.core.statistics.discoveries import benjamini_hochberg
from kpistream.core.texts import Translations

_NOTHING: Final = Measured(Point())
_RANKS: Final[Mapping[Severity, int]] = {
    Severity.critical: 0,
    Severity.warning: 1,
    Severity.info: 2,
}


def build(findings: Findings) -> Report:
    """The report of a period; what cannot be compared is not, and the notes say why."""
    findings, notes = _comparable(findings)
    period = findings.period
    alerts = _alerts(findings)
    results = _results(findings)
    on_boards = {kpi for ids in findings.boards.values() for kpi in ids}
    shown = tuple(one for one in results if one.id in on_boards)
    incomplete = tuple(one.id for one in shown if not one.complete)
    # What runs is never complete, and said to run already.
    if incomplete and findings.as_of_s >= period.to_s:
        notes.append(Note("incomplete", {"kpis": list(incomplete)}))
    is_compared = any(one.before is not None for one in findings.totals.values())
    return Report(
        period=period.kind,
        zone=period.days.zone,
        span=_span(period),
        span_before=_span(period.before()) if is_compared else None,
        is_over=findings.as_of_s >= period.to_s,
        as_of=datetime.fromtimestamp(findings.as_of_s, UTC),
        days=period.dates,
        source=findings.source,
        asked=findings.asked,
        currency=findings.currency,
        boards={name: tuple(ids) for name, ids in findings.boards.items()},
        kpis=shown,
        breakdowns=_breakdowns(findings, on_boards),
        funnels=_funnels(findings, {one.id: one for one in results}),
        objectives=tuple(dict(one) for one in findings.objectives),
        alerts=alerts,
        duties=duties(shown, [one for one in alerts if one.fires_at(period.to_s)]),
        notes=(*notes, *findings.notes),
        names=_names(findings.names, shown, alerts),
        texts=_texts(findings.texts, shown, alerts),
    )


def _names(
    known: Translations, kpis: Iterable[KpiResult], alerts: Iterable[Episode]
) -> dict[str, dict[Language, str]]:
    """What the KPIs are called that alerts speak of and the report does not show."""
    told = {one.kpi for one in alerts}
    told |= {driver.kpi for one in alerts if one.why for driver in one.why.drivers}
    told -= {one.id for one in kpis}
    return {kpi: dict(known[kpi]) for kpi in sorted(told & known.keys())}


def _texts(
    known: Translations, kpis: Iterable[KpiResult], alerts: Iterable[Episode]
) -> dict[str, dict[Language, str]]:
    """What the report says of KPIs and alerts, where that is known in both languages."""
    told = {text for one in kpis for text in (one.owner, one.action)}
    told |= {text for one in alerts for text in (one.owner, one.action, one.summary)}
    return {text: dict(known[text]) for text in sorted(told & known.keys())}


def _span(period: Period) -> Span:
    begins, ends = (datetime.fromtimestamp(at, UTC) for at in (period.from_s, period.to_s))
    return Span(period.first, period.last, begins, ends)


# --- what can be compared -------------------------------------------------------------------


def _comparable(findings: Findings) -> tuple[Findings, list[Note]]:
    """The findings without the period before, where a comparison with it would mislead."""
    period, totals = findings.period, findings.totals.values()
    notes: list[Note] = []
    seen, seen_before = _days_seen(totals), _days_seen(totals, before=True)
    if findings.as_of_s < period.to_s:
        notes.append(Note("running", {"as_of": _iso(findings.as_of_s)}))
    if not any(seen):
        notes.append(Note("empty"))
    elif not seen[0]:
        first = period.dates[seen.index(True)]
        notes.append(Note("begins", {"first": first.isoformat()}))
    if not any(seen_before):
        notes.append(Note("no_before"))
    elif not seen_before[0]:
        first = period.before().dates[seen_before.index(True)]
        notes.append(Note("before_begins", {"first": first.isoformat()}))
    is_comparable = not notes
    return (findings if is_comparable else _alone(findings)), notes


def _iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")


def _days_seen(totals: Iterable[Measured], before: bool = False) -> list[bool]:
    """Of each day, whether anything is known to have occurred on it; [] without days."""
    days = [one.days_before if before else one.days for one in totals]
    return [
        any(point.sample for point in points) for points in zip(*filter(None, days), strict=True)
    ]


def _alone(findings: Findings) -> Findings:
    def bare(by_kpi: Mapping[str, Measured]) -> dict[str, Measured]:
        return {kpi: replace(one, before=None, days_before=()) for kpi, one in by_kpi.items()}

    members = {
        dimension: {member: bare(by_kpi) for member, by_kpi in by_member.items()}
        for dimension, by_member in findings.members.items()
    }
    return replace(findings, totals=bare(findings.totals), members=members)


# --- KPIs -----------------------------------------------------------------------------------


def _results(findings: Findings) -> list[KpiResult]:
    found = {one.id: findings.totals.get(one.id, _NOTHING) for one in findings.kpis}
    chances = {
        one.id: chance
        for one in findings.kpis
        if _is_enough(one, found[one.id]) and (chance := tested(one, found[one.id])) is not None
    }
    clear = benjamini_hochberg({kpi: one.p for kpi, one in chances.items()}, FALSE_CHANGES)
    return [
        _result(one, found[one.id], chances.get(one.id), one.id in clear, findings)
        for one in findings.kpis
    ]


def _is_enough(facts: KpiFacts, measured: Measured) -> bool:
    """Whether the values rest on as many events as the KPI asks for."""
    spans = [measured.now, *([] if measured.before is None else [measured.before])]
    return all(point.sample >= facts.minimum_sample for point in spans)


def _result(
    facts: KpiFacts, measured: Measured, chance: Tested | None, is_clear: bool, findings: Findings
) -> KpiResult:
    now = measured.now
    before = None if measured.before is None else measured.before.value
    change = None if now.value is None or before is None else now.value - before
    trend = _trend(facts, measured, is_clear)
    is_told = trend in ("better", "worse")
    return KpiResult(
        id=facts.id,
        name=facts.name,
        description=facts.description,
        unit=facts.unit,
        has_money=facts.has_money,
        direction=facts.direction,
        currency=findings.currency if facts.has_money else None,
        target=facts.target,
        urgent=facts.urgent,
        owner=facts.owner,
        action=facts.action,
        north_star=facts.north_star,
        value=now.value,
        numerator=now.numerator,
        denominator=now.denominator,
        sample=now.sample,
        minimum_sample=facts.minimum_sample,
        complete=now.complete,
        before=before,
        change=change,
        relative=change / abs(before) if change is not None and before else None,
        trend=trend,
        chance=None if chance is None else chance.p,
        methods=() if chance is None else chance.methods,
        verdict=_verdict(facts, now),
        daily=tuple(point.value for point in measured.days),
        daily_before=tuple(point.value for point in measured.days_before),
        movers=movers(measured, findings.members, facts.id) if is_told else (),
    )


def _trend(facts: KpiFacts, measured: Measured, is_clear: bool) -> Trend:
    now, before = measured.now, measured.before
    if before is None or now.value is None or before.value is None:
        return "none"
    if isclose(now.value, before.value, rel_tol=1e-12):
        return "same"
    if not _is_enough(facts, measured):
        return "few"
    if not is_clear or not now.complete or not before.complete:
        return "unclear"
    return "better" if (now.value > before.value) == (facts.direction == "up") else "worse"


def _verdict(facts: KpiFacts, now: Point) -> Verdict:
    if now.value is None or (facts.target is None and facts.urgent is None):
        return "none"
    if now.sample < facts.minimum_sample:
        return "few"
    sign = 1 if facts.direction == "up" else -1
    if facts.urgent is not None and sign * (now.value - facts.urgent) < 0:
        return "urgent"
    if facts.target is None:
        return "none"
    return "good" if sign * (now.value - facts.target) >= 0 else "missed"


# --- the other parts ------------------------------------------------------------------------


def _breakdowns(findings: Findings, on_boards: Container[str]) -> tuple[Breakdown, ...]:
    kpis = [one for one in findings.kpis if one.id in on_boards]
    found = (
        breakdown(
            dimension, kpis, findings.totals, members, findings.members_left_out.get(dimension, 0)
        )
        for dimension, members in findings.members.items()
    )
    return tuple(one for one in found if one is not None)


def _funnels(findings: Findings, results: Mapping[str, KpiResult]) -> tuple[Funnel, ...]:
    found = (
        Funnel(name, tuple(_steps([results[kpi] for kpi in kpis if kpi in results])))
        for name, kpis in findings.funnels.items()
    )
    return tuple(one for one in found if any(step.value for step in one.steps))


def _steps(results: Sequence[KpiResult]) -> Iterator[FunnelStep]:
    previous: float | None = None
    for one in results:
        part = one.value / previous if one.value is not None and previous else None
        yield FunnelStep(one.id, one.name, one.value, one.before, part, one.complete)
        previous = one.value


def _alerts(findings: Findings) -> tuple[Episode, ...]:
    """The episodes of the period: those that fire on first, then the worst, then the longest."""
    period = findings.period
    mine = [one for one in findings.episodes if one.is_in(period.from_s, period.to_s)]
    return tuple(sorted(mine, key=_urgency(period)))


def _urgency(period: Period) -> Callable[[Episode], tuple[bool, int, float, str, str]]:
    def order(one: Episode) -> tuple[bool, int, float, str, str]:
        lasted_s = one.lasted_s(period.to_s)
        return (
            not one.fires_at(period.to_s),
            _RANKS[one.severity],
            -lasted_s,
            one.rule,
            str(one.slice),
        )

    return order
