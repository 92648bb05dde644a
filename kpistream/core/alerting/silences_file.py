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

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kpistream.core.alerting.matchers import Matcher, Matchers
from kpistream.core.alerting.moments import read_span, under
from kpistream.core.days import Days
from kpistream.core.located_yaml import ConfigError, ConfigErrors, Located, Path, load, validate


@dataclass(frozen=True, slots=True)
class PlannedSilence:
    """A span (epoch seconds) in which nobody is told of alerts with labels that match."""

    matchers: Matchers
    from_s: float
    to_s: float
    comment: str = ""

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether it is over alerts with these labels."""
        return self.matchers.match(labels)

    def quiet_until(self, labels: Mapping[str, str], at_s: float) -> float | None:
        """When it ends, if it is over alerts with these labels at a moment; None if not."""
        return self.to_s if self.from_s <= at_s < self.to_s and self.matches(labels) else None


def load_silences(text: str, filename: str, days: Days) -> tuple[PlannedSilence, ...]:
    """The silences of a YAML file; raises ConfigErrors with everything that is wrong in it."""
    located = under("silences", load(text, filename))
    written = validate(located, _File).silences
    errors: list[ConfigError] = []
    read = [
        _silence(("silences", n), one, located, days, errors) for n, one in enumerate(written)
    ]
    if errors:
        raise ConfigErrors(errors)
    return tuple(read)


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    match: Annotated[dict[str, str] | list[str], Field(min_length=1)]
    begin: str = Field(alias="from")
    end: str = Field(alias="to")
    comment: str = ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    silences: list[_Written]


def _silence(
    at: Path, written: _Written, located: Located, days: Days, errors: list[ConfigError]
) -> PlannedSilence:
    from_s, to_s = read_span(at, written.begin, written.end, located, days, errors)
    matchers = _matchers((*at, "match"), written.match, located, errors)
    return PlannedSilence(matchers, from_s, to_s, written.comment)


def _matchers(
    at: Path,
    written: Mapping[str, str] | list[str],
    located: Located,
    errors: list[ConfigError],
) -> Matchers:
    read: list[Matcher] = []
    is_list = isinstance(written, list)
    for key, text in enumerate(written) if is_list else written.items():
        try:
            read.append(Matcher.parse(text) if is_list else Matcher(str(key), "=", text))
        except ValueError as error:
            errors.append(located.error((*at, key), str(error)))
    return Matchers(tuple(read))
