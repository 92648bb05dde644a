"""A picture (SVG) of a backtest: what fired when, beside the incidents and the silences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar
from xml.etree import ElementTree as ET

from kpistream.cli.lasted import lasted_text
from kpistream.cli.tables import slice_text
from kpistream.core.alerting.proof.backtest import Firing, Pending
from kpistream.core.alerting.proof.incidents import Incident
from kpistream.core.alerting.rules.rule import Severity
from kpistream.core.alerting.telling.silences import Silence
from kpistream.core.slices import Slice
from kpistream.core.windows.days import Days

MOST_LANES: Final = 40
"""The most lanes that are drawn, the worst first."""

MOST_BARS: Final = 2_000
"""The most bars of a lane; the longest are drawn."""

_WIDTH: Final = 1200.0
_LEFT: Final = 300.0
_RIGHT: Final = 24.0
_TOP: Final = 84.0
_LANE: Final = 34.0
_AXIS: Final = 40.0
_LEAST_BAR: Final = 2.0
_MOST_TICKS: Final = 10
_MOST_LABEL: Final = 44
_HOUR_S: Final = 3600
_STEPS_S: Final = (60, 300, 600, 1800, _HOUR_S, 2 * _HOUR_S, 3 * _HOUR_S, 6 * _HOUR_S, 12 * _HOUR_S)
"""What ticks may be apart by if there is less than a day between them."""

_RANKS: Final[Mapping[Severity, int]] = {
    Severity.critical: 0,
    Severity.warning: 1,
    Severity.info: 2,
}

_Span = TypeVar("_Span", Firing, Pending)

_STYLE: Final = """
svg { --paper: #ffffff; --ink: #1d2733; --faint: #5b6774; --line: #dde2e8; --stripe: #f5f7f9;
  --critical: #c62f2f; --warning: #c77700; --info: #2b6cb0; --incident: #1d2733; --hatch: #7b8794; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #14181d; --ink: #e6eaee; --faint: #9aa5b1; --line: #313a44; --stripe: #1b2127;
    --critical: #ff6b6b; --warning: #ffb347; --info: #6cb2ff; --incident: #e6eaee;
    --hatch: #9aa5b1; }
}
text { font-family: system-ui, sans-serif; font-size: 12px; fill: var(--ink); }
.title { font-size: 16px; font-weight: 600; }
.faint { fill: var(--faint); font-size: 11px; }
.paper { fill: var(--paper); }
.stripe { fill: var(--stripe); }
.line { stroke: var(--line); stroke-width: 1; }
.critical { fill: var(--critical); } .warning { fill: var(--warning); } .info { fill: var(--info); }
.pending { fill-opacity: 0.35; }
.silenced { fill-opacity: 0.55; }
.incident { fill: none; stroke: var(--incident); stroke-width: 1.5; stroke-dasharray: 4 2; }
.hatch { fill: url(#hatch); }
.stroke { stroke: var(--hatch); stroke-width: 1.5; }
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a backtest came to from ``from_s`` to ``to_s`` (epoch seconds), in a zone's days."""

    from_s: float
    to_s: float
    days: Days
    firings: Sequence[Firing]
    pendings: Sequence[Pending] = ()
    incidents: Sequence[Incident] = ()
    silences: Sequence[Silence] = ()


@dataclass(slots=True)
class _Lane:
    """A rule and a slice (and currency), and what there was of them."""

    rule: str
    kpi: str
    part: Slice
    severity: Severity
    labels: Mapping[str, str]
    firings: list[Firing] = field(default_factory=list)
    pendings: list[Pending] = field(default_factory=list)

    @property
    def order(self) -> tuple[bool, int, float, float, str, Slice]:
        """The worst first: what fired, how severe it is, and for how long."""
        fired_s = sum(firing.lasted_s for firing in self.firings)
        pending_s = sum(pending.to_s - pending.from_s for pending in self.pendings)
        rank = _RANKS[self.severity]
        return not self.firings, rank, -fired_s, -pending_s, self.rule, self.part

    def is_concerned_by(self, incident: Incident) -> bool:
        """Whether an incident is drawn on this lane."""
        return incident.concerns(self.rule, self.kpi) and all(
            incident.slice.get(name, member) == member for name, member in self.part
        )


def timeline(picture: Picture) -> str:
    """The picture as the text of an SVG file."""
    lanes = sorted(_lanes(picture), key=lambda lane: lane.order)
    root = _Drawing(picture, lanes[:MOST_LANES], len(lanes)).draw()
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _lanes(picture: Picture) -> Iterable[_Lane]:
    lanes: dict[str, _Lane] = {}
    for firing in picture.firings:
        names = firing.rule, firing.kpi, firing.slice, firing.severity, firing.labels
        lanes.setdefault(firing.fingerprint, _Lane(*names)).firings.append(firing)
    for pending in picture.pendings:
        one = pending.alert
        lane = _Lane(one.rule, one.kpi, one.slice, one.severity, one.all_labels)
        lanes.setdefault(one.fingerprint, lane).pendings.append(pending)
    return lanes.values()


class _Drawing:
    """Draws a picture: a header, a lane below the other, and an axis of time."""

    def __init__(self, picture: Picture, lanes: Sequence[_Lane], there_are: int) -> None:
        self._picture = picture
        self._lanes = lanes
        self._more = there_are - len(lanes)
        self._top = _TOP + (_LANE if picture.incidents else 0)
        self._bottom = self._top + _LANE * max(1, len(lanes))
        height = self._bottom + _AXIS
        self._root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {_WIDTH:g} {height:g}",
                "width": f"{_WIDTH:g}",
                "height": f"{height:g}",
                "role": "img",
                "aria-labelledby": "title desc",
            },
        )

    def draw(self) -> ET.Element:
        """The whole picture."""
        self._say_what_it_is()
        self._rect(0, 0, _WIDTH, self._bottom + _AXIS, "paper")
        self._header()
        for number in range(1, len(self._lanes), 2):
            self._rect(0, self._top + _LANE * number, _WIDTH, _LANE, "stripe")
        self._axis()
        self._incidents()
        for number, lane in enumerate(self._lanes):
            self._lane(lane, self._top + _LANE * number)
        if not self._lanes:
            self._text(_LEFT, self._top + 22, "nothing fired", "faint")
        return self._root

    # -- parts -----------------------------------------------------------------------------------

    def _say_what_it_is(self) -> None:
        ET.SubElement(self._root, "title", {"id": "title"}).text = self._title()
        ET.SubElement(self._root, "desc", {"id": "desc"}).text = self._description()
        ET.SubElement(self._root, "style").text = _STYLE
        pattern = ET.SubElement(
            ET.SubElement(self._root, "defs"),
            "pattern",
            {"id": "hatch", "width": "6", "height": "6", "patternUnits": "userSpaceOnUse"}
            | {"patternTransform": "rotate(45)"},
        )
        ET.SubElement(pattern, "path", {"d": "M0 0V6", "class": "stroke"})

    def _title(self) -> str:
        picture = self._picture
        first, last = (picture.days.wall(at) for at in (picture.from_s, picture.to_s))
        return f"Alerts from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"

    def _description(self) -> str:
        """What a screen reader says in place of the picture: the lanes one by one."""
        told = [
            f"{lane.rule}, {slice_text(lane.part)}: {len(lane.firings)} firings, "
            f"{lasted_text(sum(firing.lasted_s for firing in lane.firings))} in all"
            for lane in self._lanes
        ]
        return "; ".join([*told, *self._left_out()]) or "Nothing fired."

    def _left_out(self) -> list[str]:
        return [f"{self._more} more lanes are not shown"] if self._more else []

    def _header(self) -> None:
        self._text(16, 26, self._title(), "title")
        zone = [f"time zone {self._picture.days.zone}", *self._left_out()]
        self._text(16, 46, "; ".join(zone), "faint")
        x = 16.0
        for style, text in self._legend():
            self._rect(x, 57, 22, 12, style)
            self._text(x + 28, 67, text, "faint")
            x += 48 + 6.4 * len(text)

    def _legend(self) -> Iterator[tuple[str, str]]:
        severities = {lane.severity for lane in self._lanes}
        yield from ((one.value, one.value) for one in _RANKS if one in severities)
        if self._picture.pendings:
            worst = min(severities, key=_RANKS.__getitem__, default=Severity.info)
            yield f"{worst.value} pending", "pending, not told yet"
        if self._picture.incidents:
            yield "incident", "incident"
        if self._picture.silences:
            yield "hatch", "silence"

    def _axis(self) -> None:
        for at_s, text in self._ticks():
            x = self._x(at_s)
            line = {"x1": f"{x:.1f}", "x2": f"{x:.1f}", "y1": f"{_TOP:g}"}
            ET.SubElement(self._root, "line", line | {"y2": f"{self._bottom:g}", "class": "line"})
            self._text(x, self._bottom + 18, text, "faint", anchor="middle")

    def _ticks(self) -> Iterator[tuple[float, str]]:
        picture = self._picture
        days = (picture.to_s - picture.from_s) / 86_400
        if days > 2:
            yield from self._day_ticks(max(1, round(days / _MOST_TICKS + 0.5)))
            return
        steps = (one for one in _STEPS_S if (picture.to_s - picture.from_s) / one <= _MOST_TICKS)
        step = next(steps, _STEPS_S[-1])
        at_s = float(picture.days.start(picture.from_s))
        while at_s <= picture.to_s:
            if at_s >= picture.from_s:
                wall = picture.days.wall(at_s)
                yield at_s, f"{wall:%a %d %b}" if wall.hour + wall.minute == 0 else f"{wall:%H:%M}"
            at_s += step

    def _day_ticks(self, every: int) -> Iterator[tuple[float, str]]:
        days = self._picture.days
        on = days.date(self._picture.from_s) + timedelta(days=1)
        while (at_s := days.midnight(on)) <= self._picture.to_s:
            yield at_s, f"{on:%a %d %b}"
            on += timedelta(days=every)

    def _incidents(self) -> None:
        """A lane of their own above the others: one that nobody was told of is seen, too."""
        room = 0.0
        for incident in sorted(self._picture.incidents, key=lambda one: one.from_s):
            self._incident(incident, _TOP)
            left = self._x(incident.from_s) + 4
            if left > room:
                self._text(left, _TOP + 21, _cut(incident.name), "faint")
                room = left + 6.4 * len(_cut(incident.name))
        if self._picture.incidents:
            self._text(16, _TOP + 21, "incidents", None)

    def _incident(self, incident: Incident, top: float) -> None:
        text = f"{incident.name}: {self._span(incident.from_s, incident.to_s)}"
        self._bar(incident.from_s, incident.to_s, top + 3, _LANE - 6, "incident", text)

    def _lane(self, lane: _Lane, top: float) -> None:
        self._text(16, top + 15, _cut(lane.rule), None)
        self._text(16, top + 28, _cut(slice_text(lane.part)), "faint")
        for silence in self._picture.silences:
            if silence.match(lane.labels):
                span = self._span(silence.starts_at, silence.until)
                text = f"silence {span}: {silence.comment}".removesuffix(": ")
                self._bar(silence.starts_at, silence.until, top + 3, _LANE - 6, "hatch", text)
        for pending in _longest(lane.pendings):
            style = f"{lane.severity.value} pending"
            text = f"pending {self._span(pending.from_s, pending.to_s)}"
            self._bar(pending.from_s, pending.to_s, top + 10, _LANE - 20, style, text)
        for firing in _longest(lane.firings):
            style = lane.severity.value + (" silenced" if firing.silenced else "")
            self._bar(firing.from_s, firing.to_s, top + 8, _LANE - 16, style, self._told(firing))
        for incident in self._picture.incidents:
            if lane.is_concerned_by(incident):
                self._incident(incident, top)

    def _told(self, firing: Firing) -> str:
        worst = "" if firing.worst is None else f", worst {firing.worst:.4g}"
        ended = " and on" if firing.is_open else ""
        silenced = ", silenced" if firing.silenced else ""
        return f"fired {self._span(firing.from_s, firing.to_s)}{ended}{worst}{silenced}"

    def _span(self, from_s: float, to_s: float) -> str:
        first, last = self._picture.days.wall(from_s), self._picture.days.wall(to_s)
        lasted = lasted_text(to_s - from_s)
        return f"{first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} ({lasted})"

    # -- strokes ---------------------------------------------------------------------------------

    def _x(self, at_s: float) -> float:
        picture = self._picture
        share = (at_s - picture.from_s) / max(1.0, picture.to_s - picture.from_s)
        return _LEFT + min(1.0, max(0.0, share)) * (_WIDTH - _LEFT - _RIGHT)

    def _bar(
        self, from_s: float, to_s: float, top: float, height: float, style: str, text: str
    ) -> None:
        """A bar with a text that shows up under the pointer; none outside the picture."""
        if to_s < self._picture.from_s or from_s > self._picture.to_s:
            return
        left, right = self._x(from_s), self._x(to_s)
        bar = self._rect(left, top, max(_LEAST_BAR, right - left), height, style)
        ET.SubElement(bar, "title").text = text

    def _rect(self, x: float, y: float, width: float, height: float, style: str) -> ET.Element:
        place = {"x": f"{x:.1f}", "y": f"{y:.1f}"}
        size = {"width": f"{width:.1f}", "height": f"{height:.1f}"}
        return ET.SubElement(self._root, "rect", {**place, **size, "class": style})

    def _text(
        self, x: float, y: float, text: str, style: str | None, anchor: str = "start"
    ) -> None:
        place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
        styled = place if style is None else {**place, "class": style}
        ET.SubElement(self._root, "text", styled).text = text


def _longest(spans: Sequence[_Span]) -> Sequence[_Span]:
    """The spans in the order of time, or of too many the longest."""
    longest = sorted(spans, key=lambda span: span.from_s - span.to_s)[:MOST_BARS]
    return sorted(longest, key=lambda span: span.from_s)


def _cut(text: str) -> str:
    """A text that fits beside a lane."""
    return text if len(text) <= _MOST_LABEL else text[: _MOST_LABEL - 1] + "…"
