"""An alert as a person reads it: what, where, why, what to do, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from kpistream.cli.because import Telling, because
from kpistream.cli.terminal.colours import GOOD, OF_SEVERITY, QUIET, STRONG
from kpistream.cli.terminal.frame import AlertLine, Muted
from kpistream.cli.terminal.tile import cut
from kpistream.cli.terminal.voice import Voice

_RANK: Final = ("firing", "pending", "resolved")
_WEIGHT: Final = ("critical", "warning", "info")

_MOST_LINES: Final = 4
"""A text that takes more is cut; the details have all of it."""


def in_order(alerts: list[AlertLine]) -> list[AlertLine]:
    """What fires first, of that the most severe; else as the worker orders them."""
    return sorted(alerts, key=lambda one: (_place(one.state, _RANK), _place(one.severity, _WEIGHT)))


def alert_text(voice: Voice, alert: AlertLine, width: int) -> Text:
    """An alert in a few lines; one that is over in one."""
    lines = _heading(voice, alert, width)
    if alert.state != "resolved":
        for said in _said(voice, alert):
            lines += _wrapped(said, width)
        if alert.action:
            lines += _wrapped(f"→ {voice.told(alert.action)}", width, QUIET)
    return Text("\n").join(cut(line, width) for line in lines)


def where(voice: Voice, alert: AlertLine) -> str:
    """The slice of an alert: `channel=email, campaign=autumn`, or `total`."""
    return voice.where(alert.slice) or voice.say("total")


def what(voice: Voice, alert: AlertLine) -> str:
    """The KPI and its value: `ROAS 0.8 over 1h, instead of 1.2`."""
    value = voice.value(alert.kpi, alert.value, alert.currency)
    over = f" {voice.say('over', voice.window(alert.window))}" if alert.window else ""
    text = f"{voice.name(alert.kpi)} {value}{over}"
    if alert.baseline is None:
        return text
    baseline = voice.value(alert.kpi, alert.baseline, alert.currency)
    return f"{text}, {voice.say('instead_of', baseline)}"


def stake(voice: Voice, alert: AlertLine) -> str:
    """What it costs: `120.00 EUR an hour at stake`; nothing if that is not known."""
    if alert.why is None or alert.why.at_stake_per_hour is None:
        return ""
    amount = voice.money(alert.why.at_stake_per_hour, alert.why.stake_currency or alert.currency)
    return voice.say("at_stake", amount)


def reason(voice: Voice, alert: AlertLine) -> str:
    """What explains it, in a sentence; nothing if nothing does."""
    if alert.why is None:
        return ""
    telling = Telling(
        voice.language,
        value=lambda value: voice.value(alert.kpi, value, alert.currency),
        part=voice.share,
        member=voice.member,
        kpi=voice.name,
    )
    return because(alert.why, telling)


def told(voice: Voice, muted: Muted | None) -> str:
    """Why people are not told of it; nothing if they are, or if nobody knows."""
    if muted is None:
        return ""
    if muted.acknowledged:
        return voice.say("acknowledged", muted.acknowledged.author)
    if muted.silenced_by or muted.muted_receivers:
        return voice.say("silenced")
    return voice.say("inhibited") if muted.inhibited_by else ""


def _place(name: str, order: tuple[str, ...]) -> int:
    return order.index(name) if name in order else len(order)


def _heading(voice: Voice, alert: AlertLine, width: int) -> list[Text]:
    """The state, the rule and the slice, in two lines if one has no room for them."""
    is_over = alert.state == "resolved"
    style = GOOD if is_over else OF_SEVERITY.get(alert.severity, STRONG)
    mark = {"resolved": "✓", "pending": "…"}.get(alert.state, "●")
    state = [] if alert.state == "firing" else [voice.word(alert.state)]
    label = " ".join([mark, *([] if is_over else [voice.word(alert.severity)]), *state])
    heading = Text.assemble((label, style), " ", (alert.rule, QUIET if is_over else STRONG))
    why_not = told(voice, alert.suppression)
    part = Text(where(voice, alert)).append(f"  ({why_not})" if why_not else "", QUIET)
    if cell_len(heading.plain) + cell_len(part.plain) + 2 <= width:
        return [heading.append("  ").append_text(part)]
    return [heading, Text("  ").append_text(part)]


def _wrapped(text: str, width: int, style: str = "") -> list[Text]:
    lines = wrap(text, width, initial_indent="  ", subsequent_indent="  ", max_lines=_MOST_LINES)
    return [Text(line, style) for line in lines]


def _said(voice: Voice, alert: AlertLine) -> Iterator[str]:
    cost = stake(voice, alert)
    yield f"{what(voice, alert)}; {cost}" if cost else what(voice, alert)
    if why := reason(voice, alert):
        yield why
    elif alert.summary:
        yield voice.told(alert.summary)
