"""The alerts of a report: what fired, for how long, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from kpistream.cli.because import Telling, because
from kpistream.cli.reporting.elements import Element, add, table
from kpistream.cli.reporting.sheet import Sheet
from kpistream.cli.reporting.tones import TONES
from kpistream.core.reporting.episodes import Episode

MOST_ALERTS: Final = 30


def alerts(sheet: Sheet) -> None:
    """Write the alerts, or that there was none."""
    say = sheet.say
    card = add(sheet.section("alerts"), "div", css="card")
    if not sheet.report.alerts:
        are_all_known = all(note.kind != "alerts_since" for note in sheet.report.notes)
        add(card, "p", say("no_alerts" if are_all_known else "no_alerts_known"), "small")
        return
    names = ("rule", "where", "when", "lasted", "worst", "why")
    body = table(card, say("alerts"), [say(name) for name in names])
    groups = [*_by_alert(sheet.report.alerts).values()]
    for first, *others in groups[:MOST_ALERTS]:
        _alert(sheet, body, first, others)
    if len(groups) > MOST_ALERTS:
        more = say.whole(len(groups) - MOST_ALERTS)
        add(card, "p", say("more_alerts", more), "small")


def _by_alert(episodes: Iterable[Episode]) -> dict[tuple[str, str], list[Episode]]:
    """The episodes of each rule and slice, in their order."""
    groups: dict[tuple[str, str], list[Episode]] = {}
    for one in episodes:
        groups.setdefault((one.rule, repr(one.slice)), []).append(one)
    return groups


def _alert(sheet: Sheet, body: Element, one: Episode, others: Sequence[Episode]) -> None:
    """A rule and a slice: the gravest time that they fired, and how often beside it."""
    line = add(body, "tr")
    _rule(sheet, add(line, "th", scope="row"), one)
    add(line, "td", sheet.where(one.slice))
    _when(sheet, add(line, "td"), one)
    _lasted(sheet, add(line, "td"), one, others)
    add(line, "td", sheet.say.value(one.worst, one.unit, one.currency), "short")
    _because(sheet, add(line, "td"), one)


def _rule(sheet: Sheet, cell: Element, one: Episode) -> None:
    add(cell, "div", one.rule)
    tone = TONES.get(one.severity.value, "")
    add(cell, "span", sheet.say(f"severity_{one.severity.value}"), f"pill {tone}".rstrip())


def _when(sheet: Sheet, cell: Element, one: Episode) -> None:
    add(cell, "div", sheet.moment(one.begun))
    if one.fires_at(sheet.told_until_s):
        add(cell, "span", sheet.say("fires_at_end"), "pill bad")


def _lasted(sheet: Sheet, cell: Element, one: Episode, others: Sequence[Episode]) -> None:
    say = sheet.say
    add(cell, "div", say.time(_lasted_s(sheet, one)))
    if others:
        all_s = sum(_lasted_s(sheet, other) for other in others)
        add(cell, "div", say("more_times", say.whole(len(others)), say.time(all_s)), "small")


def _lasted_s(sheet: Sheet, one: Episode) -> float:
    """How long it lasted; what fires on, up to the end of the period."""
    return one.lasted_s(sheet.told_until_s if one.ended is None else one.ended.timestamp())


def _because(sheet: Sheet, cell: Element, one: Episode) -> None:
    add(cell, "div", sheet.told(one.summary))
    if why := _why(sheet, one):
        add(cell, "div", why, "small")
    if one.at_stake_per_hour is not None:
        amount = sheet.say.value(one.at_stake_per_hour, "money", one.stake_currency)
        add(cell, "div", sheet.say("at_stake", amount), "small")


def _why(sheet: Sheet, one: Episode) -> str:
    """What explains an alert, as of when it began, in a sentence."""
    if one.why is None:
        return one.sentence
    telling = Telling(
        sheet.say.language,
        value=lambda value: sheet.say.value(value, one.unit, one.currency),
        part=lambda part: sheet.say.percent(part, 2),
        member=sheet.say.member,
        kpi=sheet.name,
    )
    return because(one.why, telling)
