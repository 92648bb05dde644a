"""Moments and spans that people write, alone or in the items of a list."""

from __future__ import annotations

from datetime import datetime

from kpistream.core.located_yaml import ConfigError, Located, Path
from kpistream.core.windows.days import Days


def parse_moment(text: str, days: Days) -> float:
    """Epoch seconds of `2026-03-02T08:00:00Z`, or of a local time such as `2026-03-02 08:00`.

    A date alone is its midnight. Of a local time that comes twice the first is meant. Raises
    ValueError.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is no moment such as 2026-03-02T08:00:00Z or 2026-03-02 08:00"
        ) from None
    if moment.tzinfo is None:
        return float(days.instant(moment))
    return moment.timestamp()


def under(name: str, located: Located) -> Located:
    """A file that is a list, as if it stood under a key of this name; another file as it is."""
    if not isinstance(located.data, list):
        return located
    lines = {(name, *path): line for path, line in located.lines.items()}
    return Located(located.filename, {name: located.data}, lines)


def read_span(
    at: Path, begin: str, end: str, located: Located, days: Days, errors: list[ConfigError]
) -> tuple[float, float]:
    """The span from ``begin`` to ``end`` in epoch seconds; what is wrong goes to ``errors``."""
    read: list[float] = []
    for key, text in (("from", begin), ("to", end)):
        try:
            read.append(parse_moment(text, days))
        except ValueError as error:
            errors.append(located.error((*at, key), str(error)))
    if len(read) < 2:
        return 0.0, 0.0
    if read[1] <= read[0]:
        errors.append(located.error((*at, "to"), "is not after `from`"))
    return read[0], read[1]
