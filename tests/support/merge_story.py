"""A story of partials: random sources of all kinds, the merger that hears of them, and the truth.

Sources measure events, some late, some far behind; time passes in seconds or months; the merger may
be restarted from its rows, with those of a zombie among them. What it should say is added up event
by event, from a list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from random import Random
from typing import Final

from kpistream.core.kpis.measures import Condition, Measure
from kpistream.core.measuring.owned_rows import Row
from kpistream.core.measuring.partials import Mark, Partial, Source, Sums, add
from kpistream.core.measuring.sketch import Sketch
from kpistream.core.merging.merge import Merger
from kpistream.core.merging.merge_rules import MergeRules
from kpistream.core.money.rates import Rates
from kpistream.core.slices import Slice
from kpistream.core.windows.days import Days
from kpistream.core.windows.panes import Pane
from kpistream.core.windows.spans import Span
from kpistream.core.windows.windows import parse_window, tiers_for

WINDOWS: Final = (
    *("5m", "1h", "24h", "7d", "30d"),
    *("today", "this_week", "this_month", "this_quarter"),
)
SOURCES: Final[tuple[Source, ...]] = (("clicks", 0), ("clicks", 1), ("orders", 0))
_COME: Final = (Condition("kind", frozenset({"created"})),)
_GONE: Final = (Condition("kind", frozenset({"churned"})),)


def _measures(openings: Iterable[tuple[Slice, str, int]] = ()) -> list[Measure]:
    opening = tuple(openings)
    money = tuple((part, "USD", 100 * raw) for part, _, raw in opening)
    return [
        Measure("clicks", "click", "count", None, (), "count"),
        Measure("revenue", "order", "total", "revenue", (), "money"),
        Measure("squares", "order", "squares", "revenue", (), "money"),
        Measure("visitors", "click", "distinct", "visitor_id", (), "count"),
        Measure("customers", "customer", "level", None, _COME, "count", _GONE, "end", opening),
        Measure("at_start", "customer", "level", None, _COME, "count", _GONE, "start", opening),
        Measure("mrr", "customer", "level", "mrr", _COME, "money", _GONE, "end", money),
        Measure("mrr_at_start", "customer", "level", "mrr", _COME, "money", _GONE, "start", money),
    ]


def rates_text(start: date, days: int) -> str:
    """Rates on most days; none for a fortnight, and never any of the dinar."""
    lines = ["Date,USD,JPY"]
    for n in range(-200, days):
        if n % 5 and not 20 < n < 35:
            lines.append(f"{start + timedelta(days=n)},{1.05 + n % 50 / 1000:.3f},{150 + n % 17}")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, as the merger should know of it."""

    part: Slice
    pane: Pane
    sums: Sums
    people: Mapping[str, frozenset[int]]


@dataclass(slots=True)
class _Feed:
    """A source: how far it is, and what it has measured."""

    source: Source
    reached_ms: int
    fence: int = 0
    rows: dict[tuple[Slice, Pane], tuple[Sums, dict[str, Sketch]]] = field(default_factory=dict)
    is_behind: bool = False


@dataclass(frozen=True, slots=True)
class _Message:
    timestamp: int
    content: tuple[Slice, Partial] | Mark | None


class Story:
    """What happens, in the order of the partials topic; ``merger`` has heard of all of it."""

    def __init__(
        self,
        seed: int,
        start_ms: int,
        zone: str = "UTC",
        *,
        limits: Mapping[str, int] | None = None,
        members: int = 3,
        windows: Sequence[str] = WINDOWS,
    ) -> None:
        self.random = Random(seed)
        self.now_ms = start_ms
        self.days = Days(zone)
        self.happened: list[Happened] = []
        self.members = members
        used = [parse_window(name, self.days) for name in windows]
        opening = [] if limits else [((), "", 1200), ((("channel", "m0"),), "", -3)]
        today = self.days.date(start_ms / 1000)
        rates = Rates.load(rates_text(today, 800), "rates.csv", "EUR")
        self.rules = MergeRules(
            tiers_for(used, self.days), used, _measures(opening), rates, "EUR", limits
        )
        self._owners = count()
        self._feeds = [_Feed(source, start_ms) for source in SOURCES]
        self._log: list[_Message] = []
        self._rows: list[Row] = []
        self._committed = 0
        self._read = 0
        self.merger = self._new_merger()

    # -- what happens ------------------------------------------------------------------------------

    def live(self, steps: int) -> None:
        """Let things happen."""
        for _ in range(steps):
            self.step()

    def step(self) -> None:
        """One thing more, of which the merger hears, and whose views it is asked for now and then.

        A view that nobody asked for is made anew later, which would show nothing.
        """
        random = self.random
        chance = random.random()
        if chance < 0.7:
            self.measure(random.choice(self._feeds), random.randint(1, 4))
        elif chance < 0.98:
            self.pass_time(random.choice([1, 7, 10, 31, 95, 600, 3599, 7200]) * random.random())
        else:
            self.pass_time(random.choice([1, 3, 20, 75]) * 86_400 * random.random())
        self.hear()
        if random.random() < 0.3:
            self.ask()

    def measure(self, feed: _Feed, events: int) -> None:
        """A source measures some events, and sends what they change."""
        changed: dict[Slice, dict[Pane, None]] = {}
        for _ in range(events):
            pane = self._pane(feed)
            if pane is None:
                continue
            sums, people = self._event(feed.source[0])
            member = f"m{min(int(self.random.expovariate(0.6)), self.members - 1)}"
            parts: tuple[Slice, ...] = ((), (("channel", member),))
            for part in parts:
                self.happened.append(Happened(part, pane, sums, people))
                row = feed.rows.setdefault((part, pane), ({}, {}))
                add(row[0], sums)
                for name, hashes in people.items():
                    row[1].setdefault(name, Sketch()).add(hashes)
                changed.setdefault(part, {})[pane] = None
        feed.fence += events
        for part, panes in changed.items():
            self._send_partial(feed, part, panes)

    def _pane(self, feed: _Feed) -> Pane | None:
        """The pane of an event that arrives now; None if it would be late."""
        age_s = self._age_s()
        tiers = self.rules.tiers
        return tiers.pane(feed.reached_ms / 1000 - age_s, age_s)

    def _age_s(self) -> float:
        random = self.random
        ages = [random.random() * 5, random.random() * 60, random.random() * 1200]
        ages += [random.random() * 20_000, random.random() * 300_000, random.random() * 1.6e7]
        return random.choices([*ages, -random.random() * 60], [50, 20, 10, 6, 5, 5, 4])[0]

    def _event(self, topic: str) -> tuple[Sums, Mapping[str, frozenset[int]]]:
        random = self.random
        if topic == "clicks":
            visitor = random.randrange(2**32) if random.random() < 0.5 else random.randrange(5)
            return {"clicks": 1}, {"visitors": frozenset([visitor])}
        currency = random.choice(["EUR", "EUR", "USD", "JPY", "KWD"])
        amount, sign = random.choice([0, 1, 9_990, 123_456_789]), random.choice([1, -1])
        foreign = {} if currency == "EUR" else {f"revenue#{currency}": 1}
        sold = {f"revenue@{currency}": amount, f"squares@{currency}": amount**2, **foreign}
        levels = {"customers": sign, "at_start": sign}
        levels |= {f"mrr@{currency}": sign * amount, f"mrr_at_start@{currency}": sign * amount}
        return random.choice([sold, levels, {**sold, **levels}]), {}

    def _send_partial(self, feed: _Feed, part: Slice, panes: Iterable[Pane]) -> None:
        held = []
        for pane in panes:
            sums, crowds = feed.rows[part, pane]
            people = {name: crowd.to_bytes() for name, crowd in crowds.items()}
            held.append((*pane, dict(sums), people))
        self._send((part, Partial(*feed.source, feed.fence, held)))
        if self.random.random() < 0.05:
            partials = [m for m in self._log[-50:] if isinstance(m.content, tuple)]
            self._send(self.random.choice(partials).content)

    def pass_time(self, seconds: float) -> None:
        """Move the clock on; sources that are behind stay where they are, or catch up."""
        self.now_ms += round(seconds * 1000)
        for feed in self._feeds:
            if self.random.random() < 0.05:
                feed.is_behind = not feed.is_behind
            if not feed.is_behind:
                self._reach(feed)
        self._send(None)

    def catch_up(self) -> None:
        """Let every source get to now."""
        for feed in self._feeds:
            self._reach(feed)
        self._send(None)

    def _reach(self, feed: _Feed) -> None:
        feed.reached_ms = self.now_ms
        self._send(Mark(*feed.source, feed.reached_ms, feed.fence))

    def _send(self, content: tuple[Slice, Partial] | Mark | None) -> None:
        self._log.append(_Message(self.now_ms, content))

    # -- the merger --------------------------------------------------------------------------------

    def hear(self) -> None:
        """Let the merger take in what was sent."""
        while self._read < len(self._log):
            self._take(self.merger, self._read)
            self._read += 1

    def _take(self, merger: Merger, offset: int) -> None:
        message = self._log[offset]
        merger.resume(offset)
        if isinstance(message.content, Mark):
            merger.mark(message.content)
        elif message.content is not None:
            merger.merge(*message.content)
        merger.advance(message.timestamp)
        merger.reached(offset)

    def ask(self) -> None:
        """Ask for every view, so that it is kept up to date from now on."""
        for part in self.merger.slices:
            for index in range(len(self.rules.windows)):
                self.merger.sums(part, index)
                self.merger.sums(part, index, before=True)

    def flush(self, *, committed: bool = True) -> None:
        """Make the merger's rows durable, and maybe commit what it read."""
        self._rows += self.merger.drain()
        if committed:
            self._committed = self._read

    def restart(self, *, zombie: int = 0) -> None:
        """A new merger goes on from the rows; the old one writes once more, having read further."""
        old, self.merger = self.merger, self._new_merger(self._rows)
        self._read = self._committed
        self._send(None)
        for _ in range(zombie):
            self.step()
        if zombie:
            self._rows += old.drain()

    def compact(self) -> None:
        """Keep the last row of each key."""
        self._rows = list(dict(self._rows).items())

    def _new_merger(self, rows: Iterable[Row] = ()) -> Merger:
        merger = Merger(self.rules, SOURCES, b"owner-%d" % next(self._owners))
        for row in rows:
            merger.restore(*row)
        merger.restored()
        return merger

    # -- the truth ---------------------------------------------------------------------------------

    @property
    def parts(self) -> set[Slice]:
        """The slices that something happened in."""
        return {event.part for event in self.happened}

    def spans(self) -> Iterator[tuple[int, bool, Span]]:
        """The window's index, whether it is the one before, and its span as of now."""
        now_s = self.merger.now_ms / 1000
        now_s -= now_s % 10
        for index, window in enumerate(self.rules.windows):
            yield index, False, Span(*window.bounds(now_s), window.grain_s)
            yield index, True, Span(*window.bounds_before(now_s), window.grain_s)

    def truth(self, part: Slice, span: Span) -> Sums:
        """What a view should say, added up event by event."""
        chosen = [event for event in self.happened if event.part == part]
        view: Counter[str] = Counter()
        for event in chosen:
            if span.holds(event.pane):
                sums = {k: n for k, n in event.sums.items() if not self.rules.level_of(k)}
                _count(view, sums)
                for key, amount in sums.items():
                    _count(view, self._worth(key, amount, event.pane[1]))
        people: dict[str, set[int]] = {}
        for event in chosen:
            for name, hashes in event.people.items():
                if span.holds(event.pane):
                    people.setdefault(name, set()).update(hashes)
        levels = self._levels(part, chosen, span)
        return {**view, **{name: len(found) for name, found in people.items()}, **levels}

    def _levels(self, part: Slice, chosen: Iterable[Happened], span: Span) -> Sums:
        levels: Counter[str] = Counter(self.rules.openings.get(part, {}))
        for event in chosen:
            for key, amount in event.sums.items():
                if self.rules.level_of(key):
                    _count(levels, {key: amount if event.pane[1] < self._edge(key, span) else 0})
        for key, level in list(levels.items()):
            at_s = min(self._edge(key, span), self.merger.now_ms // 1000)
            _count(levels, self._worth(key, level, at_s))
        return dict(levels)

    def _edge(self, key: str, span: Span) -> int:
        measure = self.rules.level_of(key)
        assert measure is not None
        return span.lo_s if measure.at == "start" else span.hi_s

    def _worth(self, key: str, amount: int, at_s: float) -> Sums:
        mark = "#" if "#" in key else "@"
        name, _, currency = key.partition(mark)
        if currency in ("", "EUR"):
            return {}
        factor = self.rules.rates.factor(currency, self.days.date(at_s))
        if factor is None:
            return {f"{name}!{mark.strip('@')}{currency}": amount}
        return {f"{name}@*": amount * factor ** (1 + (name == "squares"))} if mark == "@" else {}

    def check(self) -> None:
        """Every view of every slice is true."""
        for index, before, span in self.spans():
            for part in self.parts:
                found = self.merger.sums(part, index, before=before)
                assert found == self.truth(part, span), (part, self.rules.windows[index], before)


def _count(into: Counter[str], sums: Sums) -> None:
    for key, amount in sums.items():
        into[key] += amount
