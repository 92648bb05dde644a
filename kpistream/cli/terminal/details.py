"""Details: all there is to say of a tile or an alert, by names."""

from __future__ import annotations

from collections.abc import Iterable

from kpistream.cli.terminal.alert import reason, stake, told, what, where
from kpistream.cli.terminal.frame import AlertLine, Tile
from kpistream.cli.terminal.tile import change_text, target_text
from kpistream.cli.terminal.voice import Voice

Rows = list[tuple[str, str]]


def tile_details(voice: Voice, tile: Tile) -> Rows:
    """What a KPI is, what it is now, and what to do about it."""
    kpi = voice.vocabulary.kpi(tile.kpi)
    before = "" if tile.before is None else voice.value(tile.kpi, tile.before, tile.currency)
    return _told(
        voice,
        (
            ("value", voice.value(tile.kpi, tile.value, tile.currency)),
            ("before", before),
            ("change", change_text(voice, tile.kpi, tile.value, tile.before).plain),
            ("target", target_text(voice, tile).plain.removesuffix("\n")),
            ("trust", voice.word(tile.trust) if tile.trust else ""),
            ("sample", voice.count(tile.sample)),
            ("description", voice.either(kpi.description)),
            ("formula", " ".join(kpi.formula.split())),
            ("owner", voice.told(kpi.owner)),
            ("action", voice.told(kpi.action)),
        ),
    )


def alert_details(voice: Voice, alert: AlertLine) -> Rows:
    """What an alert is about, why, what it costs, whose job it is and what to do."""
    return _told(
        voice,
        (
            ("state", f"{voice.word(alert.severity)}, {voice.word(alert.state)}"),
            ("summary", voice.told(alert.summary)),
            ("value", what(voice, alert)),
            ("slice", where(voice, alert)),
            ("condition", alert.evidence.condition),
            ("why", reason(voice, alert)),
            ("stake", stake(voice, alert)),
            ("since", voice.moment(alert.since) if alert.since else ""),
            ("sample", voice.count(alert.sample)),
            ("owner", voice.told(alert.owner)),
            ("action", voice.told(alert.action)),
            ("told", told(voice, alert.suppression)),
            ("fingerprint", alert.fingerprint),
        ),
    )


def _told(voice: Voice, facts: Iterable[tuple[str, str]]) -> Rows:
    return [(voice.say(name), text) for name, text in facts if text]
