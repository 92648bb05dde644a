"""Duties: what is to be done after a period, by whom, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kpistream.core.reporting.episodes import Episode
from kpistream.core.reporting.report import Duties, KpiResult, Reason, Task


def duties(kpis: Sequence[KpiResult], firing: Iterable[Episode]) -> tuple[Duties, ...]:
    """By owner, the actions for KPIs that are off their marks or got worse, and for alerts.

    In the order in which they come up; an action that several things ask for is there once.
    """
    by_owner: dict[str, dict[str, list[Reason]]] = {}
    for owner, action, reason in (*_of_kpis(kpis), *_of_alerts(firing, kpis)):
        reasons = by_owner.setdefault(owner, {}).setdefault(action, [])
        if reason not in reasons:
            reasons.append(reason)
    return tuple(
        Duties(owner, tuple(Task(action, tuple(reasons)) for action, reasons in tasks.items()))
        for owner, tasks in by_owner.items()
    )


def _of_kpis(kpis: Iterable[KpiResult]) -> Iterator[tuple[str, str, Reason]]:
    for one in kpis:
        reason = _reason(one)
        if reason is not None and one.action:
            yield one.owner, one.action, reason


def _reason(one: KpiResult) -> Reason | None:
    """The gravest that there is to say."""
    if one.verdict == "urgent":
        return Reason(kind="urgent", kpi=one.id, name=one.name, value=one.value, against=one.urgent)
    if one.verdict == "missed":
        return Reason(kind="missed", kpi=one.id, name=one.name, value=one.value, against=one.target)
    if one.trend == "worse":
        return Reason(kind="worse", kpi=one.id, name=one.name, value=one.value, against=one.before)
    return None


def _of_alerts(
    firing: Iterable[Episode], kpis: Iterable[KpiResult]
) -> Iterator[tuple[str, str, Reason]]:
    names = {one.id: one.name for one in kpis}
    for episode in firing:
        if episode.action:
            reason = Reason(
                kind="firing",
                kpi=episode.kpi,
                name=names.get(episode.kpi, {}),
                rule=episode.rule,
                slice=episode.slice,
            )
            yield episode.owner, episode.action, reason
