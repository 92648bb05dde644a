"""Silences that were planned: a list of spans in which nobody is told, and of what.

- match: {channel: email}
from: 2026-03-02 22:00
to: 2026-03-03 06:00
comment: the mail server moves
- match: ["alertname=roas_below_one", 'campaign=~"autumn.*"']
from: 2026-03-07
to: 2026-03-09
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kpistream.core.alerting.proof.moments import read_span, under
from kpistream.core.alerting.telling.matchers import Matcher, parse_matcher
from kpistream.core.alerting.telling.silences import Silence
from kpistream.core.located_yaml import ConfigError, ConfigErrors, Located, Path, load, validate
from kpistream.core.windows.days import Days


def load_silences(text: str, filename: str, days: Days) -> tuple[Silence, ...]:
    """The silences of a YAML file, by their place in it; local times are those of ``days``.

    Raises ConfigErrors with everything that is wrong in it.
    """
    located = under("silences", load(text, filename))
    written = validate(located, _File).silences
    reader = _Reader(located, days)
    read = [reader.silence(n, one) for n, one in enumerate(written)]
    if reader.errors:
        raise ConfigErrors(reader.errors)
    return tuple(silence for silence in read if silence is not None)


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    match: Annotated[dict[str, str] | list[str], Field(min_length=1)]
    begin: str = Field(alias="from")
    end: str = Field(alias="to")
    comment: str = ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    silences: list[_Written]


class _Reader:
    """Makes silences of what was written, and collects what is wrong on the way."""

    def __init__(self, located: Located, days: Days) -> None:
        self.errors: list[ConfigError] = []
        self._located = located
        self._days = days

    def silence(self, number: int, written: _Written) -> Silence | None:
        at: Path = ("silences", number)
        before = len(self.errors)
        from_s, to_s = read_span(
            at, written.begin, written.end, self._located, self._days, self.errors
        )
        matchers = self._matchers((*at, "match"), written.match)
        if len(self.errors) > before:
            return None
        try:
            return Silence(
                id=f"{number + 1}",
                matchers=matchers,
                starts_at=from_s,
                ends_at=to_s,
                author=self._located.filename[-200:],
                comment=written.comment,
                created_at=from_s,
            )
        except ValueError as error:
            self.errors.append(self._located.error(at, str(error)))
            return None

    def _matchers(self, at: Path, written: dict[str, str] | list[str]) -> tuple[Matcher, ...]:
        read: list[Matcher] = []
        for key in written if isinstance(written, dict) else range(len(written)):
            try:
                read.append(_matcher(written, key))
            except ValueError as error:
                self.errors.append(self._located.error((*at, key), str(error)))
        return tuple(read)


def _matcher(written: dict[str, str] | list[str], key: str | int) -> Matcher:
    """The matcher of a line, or of a label with the value that it must have."""
    if isinstance(written, dict):
        return Matcher(str(key), "=", written[str(key)])
    return parse_matcher(written[int(key)])
