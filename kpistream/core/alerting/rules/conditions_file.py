"""Conditions as people write them: a verb and its options, or `all`, `any` and `not` of such."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from kpistream.core.alerting.rules import conditions as c
from kpistream.core.alerting.rules.rule import Vocabulary
from kpistream.core.located_yaml import ConfigError, Located, Path, did_you_mean
from kpistream.core.windows.windows import parse_length

MAX_LEAVES: Final = 12
"""The most comparisons in one condition."""

MAX_NESTING: Final = 5
"""How deep `all`, `any` and `not` may stand in each other."""

HOUR_S: Final = 3_600
DAY_S: Final = 86_400
LONGEST_WITHIN_S: Final = 31 * DAY_S


def _number_or_kpi(value: object) -> float | str:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("write a number, or the name of a KPI")
    if value != value or abs(value) == float("inf"):
        raise ValueError("write a finite number")
    return float(value)


Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
LineWritten = Annotated[object, AfterValidator(_number_or_kpi)]


class Written(BaseModel):
    """A mapping as a person wrote it; unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=False)


class LeafWritten(Written):
    """One verb, with what it needs."""

    below: LineWritten | None = None
    above: LineWritten | None = None
    rises_by: Positive | None = None
    falls_by: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    changes_by: Positive | None = None
    unusual: Literal["up", "down", "any"] | None = None
    drifts: Literal["up", "down", "any"] | None = None
    absent: Literal[True] | None = None
    behind: str | None = None
    will_be_below: Number | None = None
    will_be_above: Number | None = None
    times: Positive | None = None
    until: Number | None = None
    against: str | None = None
    half_life: str | None = None
    shift: Annotated[float, Field(gt=0, le=10)] | None = None
    at_risk: bool | None = None
    within: str | None = None


class WhenWritten(LeafWritten):
    """A leaf, over a KPI and window of its own if it names them, or several joined."""

    kpi: str | None = None
    window: str | None = None
    all: list[WhenWritten] | None = None
    any: list[WhenWritten] | None = None
    not_: WhenWritten | None = Field(default=None, alias="not")


VERBS: Final = (
    *("below", "above", "rises_by", "falls_by", "changes_by", "unusual", "drifts", "absent"),
    *("behind", "will_be_below", "will_be_above"),
)
JOINS: Final = ("all", "any", "not")

OPTIONS: Final[Mapping[str, Collection[str]]] = {
    "times": ("below", "above"),
    "until": ("below", "above"),
    "against": ("rises_by", "falls_by", "changes_by", "absent"),
    "half_life": ("unusual",),
    "shift": ("drifts",),
    "at_risk": ("behind",),
    "within": ("will_be_below", "will_be_above"),
}
"""Each option, and the verbs that it says something about."""


LONGEST_S: Final = {
    "today": 25 * HOUR_S,
    "this_week": 8 * DAY_S,
    "this_month": 32 * DAY_S,
    "this_quarter": 93 * DAY_S,
}


@dataclass(slots=True)
class ConditionReader:
    """Makes conditions of what was written, and collects what is wrong with it."""

    located: Located
    vocabulary: Vocabulary
    errors: list[ConfigError]
    leaves: int = 0

    def read(
        self, at: Path, written: LeafWritten, kpi: str, window: str, depth: int = 0
    ) -> c.Condition | None:
        """The condition at a place of the file; None if something is wrong with it."""
        if isinstance(written, WhenWritten):
            kpi, window = self._own(at, written, kpi, window)
        verbs = [*_verbs(written), *_joins(written)]
        if len(verbs) != 1:
            self._wrong_number(at, verbs)
            return None
        [verb] = verbs
        self._stray_options(at, written, verb)
        if verb in JOINS and isinstance(written, WhenWritten):
            return self._joined(at, written, verb, kpi, window, depth)
        self.leaves += 1
        if self.leaves == MAX_LEAVES + 1:
            self.error(at, f"more than {MAX_LEAVES} comparisons in one condition; write two rules")
        before = len(self.errors)
        leaf = self._leaf(at, written, verb, kpi, window)
        return leaf if len(self.errors) == before else None

    def error(self, at: Path, problem: str, allowed: Collection[str] | None = None) -> None:
        """Note a mistake."""
        self.errors.append(self.located.error(at, problem, allowed))

    def known(self, at: Path, noun: str, name: str, names: Collection[str]) -> bool:
        """Whether a name is known; a mistake if not."""
        if name in names:
            return True
        self.error(at, f"unknown {noun} {name!r}{did_you_mean(name, names)}", names)
        return False

    # -- joins -------------------------------------------------------------------------------------

    def _own(self, at: Path, written: WhenWritten, kpi: str, window: str) -> tuple[str, str]:
        if written.kpi is not None:
            self.known((*at, "kpi"), "KPI", written.kpi, self.vocabulary.kpis)
        if written.window is not None:
            self.known((*at, "window"), "window", written.window, self.vocabulary.windows)
        return written.kpi or kpi, written.window or window

    def _joined(
        self, at: Path, written: WhenWritten, verb: str, kpi: str, window: str, depth: int
    ) -> c.Condition | None:
        if depth == MAX_NESTING:
            self.error(at, f"nested deeper than {MAX_NESTING} levels; write two rules")
            return None
        if verb == "not":
            part = written.not_ and self.read((*at, "not"), written.not_, kpi, window, depth + 1)
            return c.Not(part) if part else None
        items = (written.all if verb == "all" else written.any) or []
        if len(items) < 2:
            self.error((*at, verb), f"`{verb}` joins two conditions or more")
            return None
        read = [
            self.read((*at, verb, n), item, kpi, window, depth + 1) for n, item in enumerate(items)
        ]
        parts = tuple(part for part in read if part is not None)
        if len(parts) < len(items):
            return None
        return c.All(parts) if verb == "all" else c.Any(parts)

    def _wrong_number(self, at: Path, verbs: list[str]) -> None:
        allowed = [*VERBS, *(JOINS if "when" in at else ["when"])]
        if not verbs:
            self.error(at, "a condition is missing; write one", allowed)
        else:
            problem = f"one condition, not {len(verbs)}; join them under `when: all:` or `any:`"
            self.error((*at, verbs[1]), problem)

    def _stray_options(self, at: Path, written: LeafWritten, verb: str) -> None:
        for option, verbs in OPTIONS.items():
            if getattr(written, option) is not None and verb not in verbs:
                self.error((*at, option), f"says nothing about `{verb}`; it belongs to", verbs)

    # -- leaves ------------------------------------------------------------------------------------

    def _leaf(
        self, at: Path, written: LeafWritten, verb: str, kpi: str, window: str
    ) -> c.Leaf | None:
        match verb:
            case "below" | "above":
                return self._line(at, written, verb, kpi, window)
            case "rises_by" | "falls_by" | "changes_by":
                return self._change(at, written, verb, kpi, window)
            case "unusual":
                half_life = self._length((*at, "half_life"), written.half_life or "1d", HOUR_S)
                self._needs_hours(at, verb, window)
                return c.Unusual(kpi, window, written.unusual or "any", half_life)
            case "drifts":
                self._needs_hours(at, verb, window)
                return c.Drift(kpi, window, written.drifts or "any", written.shift or 0.5)
            case "absent":
                return self._absence(at, written, kpi, window)
            case "behind":
                objective = written.behind or ""
                self.known((*at, verb), "objective", objective, self.vocabulary.objectives)
                return c.Behind(kpi, window, objective, bool(written.at_risk))
            case "will_be_below" | "will_be_above":
                return self._forecast(at, written, verb, kpi, window)
        return None

    def _line(
        self,
        at: Path,
        written: LeafWritten,
        side: Literal["below", "above"],
        kpi: str,
        window: str,
    ) -> c.Leaf:
        line = written.below if side == "below" else written.above
        times, until = written.times or 1.0, written.until
        if isinstance(line, str):
            self.known((*at, side), "KPI", line, self.vocabulary.kpis)
            if until is not None:
                self.error((*at, "until"), "needs a line that is a number")
            return c.Line(kpi, window, side, other=line, times=times)
        if written.times is not None:
            self.error((*at, "times"), f"multiplies a KPI: write `{side}: <KPI>`")
        number = float(line) if isinstance(line, int | float) else 0.0
        if until is not None and (until < number if side == "below" else until > number):
            self.error((*at, "until"), f"is on the alarming side of {number:g}")
        return c.Line(kpi, window, side, at=number, until=until)

    def _change(self, at: Path, written: LeafWritten, verb: str, kpi: str, window: str) -> c.Leaf:
        against = written.against or c.BEFORE
        if against == c.SEASON:
            self._needs_hours(at, "against: season", window)
        elif against != c.BEFORE:
            self._longer(at, against, window, (c.BEFORE, c.SEASON))
            if kpi in self.vocabulary.undivided:
                problem = f"{kpi} counts people, or is a level: a part of a longer window is no sum"
                self.error((*at, "against"), problem, [c.BEFORE, c.SEASON])
        ways: dict[str, c.Way] = {"rises_by": "up", "falls_by": "down", "changes_by": "any"}
        return c.Change(kpi, window, ways[verb], getattr(written, verb), against)

    def _absence(self, at: Path, written: LeafWritten, kpi: str, window: str) -> c.Leaf:
        against = written.against
        if against is None:
            self.error(at, "`absent` needs `against`, a longer window that tells what is usual")
            return c.Absence(kpi, window, window)
        self._longer(at, against, window, ())
        return c.Absence(kpi, window, against)

    def _forecast(self, at: Path, written: LeafWritten, verb: str, kpi: str, window: str) -> c.Leaf:
        if written.within is None:
            self.error(at, f"`{verb}` needs `within`, such as 3d")
        within = self._length((*at, "within"), written.within or "1d", HOUR_S)
        if within > LONGEST_WITHIN_S:
            self.error((*at, "within"), "at most 31d: a trend is no oracle")
        self._needs_hours(at, verb, window)
        side: c.Side = "below" if verb == "will_be_below" else "above"
        return c.Forecast(kpi, window, side, getattr(written, verb), within)

    def _length(self, at: Path, text: str, least_s: int) -> float:
        try:
            seconds = parse_length(text)
        except ValueError as error:
            self.error(at, str(error))
            return float(least_s)
        if seconds < least_s:
            self.error(at, f"{text!r} is shorter than {least_s // HOUR_S}h")
        return float(seconds)

    def _needs_hours(self, at: Path, what: str, window: str) -> None:
        """What is learned, is learned by the hour."""
        length = _length_of(window)
        if length is None or length % HOUR_S:
            self.error(at, f"`{what}` needs a window of whole hours such as 1h, not {window!r}")

    def _longer(self, at: Path, against: str, window: str, also: Collection[str]) -> None:
        allowed = [w for w in self.vocabulary.windows if (_length_of(w) or 0) > _seconds(window)]
        if against not in allowed:
            problem = f"{against!r} is no window longer than {window}"
            self.error((*at, "against"), problem, [*also, *allowed])


def _verbs(written: LeafWritten) -> Iterator[str]:
    return (verb for verb in VERBS if getattr(written, verb) is not None)


def _joins(written: LeafWritten) -> Iterator[str]:
    if isinstance(written, WhenWritten):
        for join in JOINS:
            if getattr(written, "not_" if join == "not" else join) is not None:
                yield join


def _length_of(window: str) -> int | None:
    try:
        return parse_length(window)
    except ValueError:
        return None


def _seconds(window: str) -> int:
    """The most seconds that a window lasts."""
    return _length_of(window) or LONGEST_S.get(window, 0)
