"""What there is to say of an objective, in the numbers of its KPI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from kpistream.cli.reporting.speech import Speech


class ObjectiveFacts:
    """What there is to say of an objective."""

    def __init__(self, say: Speech, objective: Mapping[str, Any]) -> None:
        self._say = say
        self._one = objective

    def value(self, name: str) -> str:
        """One of its numbers, in the KPI's unit."""
        one = self._one
        return self._say.value(one[name], one["unit"], one["currency"])

    def reached(self) -> str:
        """The value and the target: of a sum the one is a part of the other."""
        value, target = self.value("value"), self.value("target")
        if self._one["counts"] == "cumulative":
            return self._say("of_target", value, target)
        return f"{value} · {self._say('target', target)}"

    def expected_part(self) -> float | None:
        """Which part of the way a steady pace would have made."""
        one = self._one
        start, expected, target = one["start_value"], one["expected"], one["target"]
        if one["counts"] == "ratio" or start is None or expected is None or start == target:
            return None
        return float((expected - start) / (target - start))

    def rest(self) -> Iterator[str]:
        """The rest, part by part."""
        say, one = self._say, self._one
        if one["slice"]:
            yield say.where(one["slice"])
        if one["counts"] != "ratio":
            words = {"expected": "expected", "projected": "projected", "needed": "needed_per_day"}
            for word, name in words.items():
                if one[name] is not None:
                    yield say(word, self.value(name))
        yield say("until", say.day(date.fromisoformat(one["deadline"])))
        yield say("days_left", say.whole(int(one["days_left"])))
        if one["owner"]:
            yield str(one["owner"])
