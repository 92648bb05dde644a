"""The monitor: one partition of the partials topic, from its messages to readings and alerts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from kpistream.core.alerting import alerts
from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.alerting.desk import SliceDesk
from kpistream.core.alerting.judge import MOST_FRESH, STEP_S, Judge
from kpistream.core.alerting.life import FLAP_SPAN_S
from kpistream.core.alerting.past.history import HISTORY_PREFIX, History
from kpistream.core.alerting.why.explain import Explainer
from kpistream.core.alerting.why.why import Why
from kpistream.core.catalogue.objectives import Objective
from kpistream.core.measuring.owned_rows import OwnedRows, Row
from kpistream.core.measuring.partials import (
    MARK_KEY,
    SLICE_PREFIX,
    Source,
    Sums,
    decode_mark,
    decode_partial,
)
from kpistream.core.merging.merge import Merger
from kpistream.core.merging.unpriced import Unpriced, unpriced
from kpistream.core.monitoring.kpi_reader import KpiReader, measures_apart
from kpistream.core.monitoring.progress import Progress, assess
from kpistream.core.monitoring.readings import Board, Pair, Reading
from kpistream.core.monitoring.series import Series, Step, series_of
from kpistream.core.monitoring.survey import Due, Survey
from kpistream.core.plan import Plan
from kpistream.core.slices import Slice, set_of, slice_from_key
from kpistream.core.windows.pane_clock import STEP_MS

ALERT_PREFIX: Final = b"a"
REMEMBER_ENDED_S: Final = 86_400.0
"""How long an ended alert stays in the API and in the state."""

NOTE_HELD_S: Final = 60.0
"""So much of the time that an alert was held may be lost in a restart."""

COMPARED: Final[tuple[tuple[str, ...], ...]] = ((), ("channel",))
"""The sets of dimensions whose readings are kept for the window before, too."""

MOST_COMPARED: Final = 20
"""Of so many slices of a partition, as they come."""

MOST_WATCHED: Final = 300
"""So many slices and windows that somebody looks at are kept up to date, beside those on boards."""

MOST_WHYS: Final = 20
"""Of the alerts that begin to fire in one beat, so many are explained."""

MOST_KIN: Final = 500
"""In one beat, the segments of so many members are looked at; they take a tenth of a second."""


Children = Mapping[str, Mapping[str, tuple[Sums, Sums]]]
"""Dimension to member to its sums, now and in the window before."""


class Message(Protocol):
    """A record of the partials topic as a Kafka client hands it over."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""

    @property
    def timestamp(self) -> int:
        """When it was appended, in epoch milliseconds."""

    @property
    def key(self) -> bytes | None:
        """What it is: a slice's partial, a mark or a tick."""

    @property
    def value(self) -> bytes | None:
        """The partial or mark."""


class _AlertRow(msgspec.Struct, frozen=True, array_like=True):
    version: int
    alert: bytes


_encode_row = msgspec.msgpack.Encoder().encode
_decode_row = msgspec.msgpack.Decoder(_AlertRow).decode


class Monitor:
    """The slices of one partition, their newest readings and the alerts over them."""

    def __init__(
        self,
        plan: Plan,
        sources: Iterable[Source],
        owner: bytes = b"",
        most_readings: int | None = None,
    ) -> None:
        """Expect partials and marks from these sources.

        ``owner`` names this ownership of the partition, and no other. A beat works out at most
        about ``most_readings``, those that have been due for longest first; None sets no limit.
        """
        self.merger = Merger(plan.merge_rules, sources, owner)
        self.board = Board()
        self.before = Board()
        """Of some slices, the readings of the windows before; replaced, never changed."""
        self._plan = plan
        self._survey = Survey(plan)
        self._most_readings = most_readings
        self._readings: dict[Pair, dict[tuple[Slice, str | None], Reading]] = {}
        self._published: dict[Pair, dict[tuple[Slice, str | None], Reading]] = {}
        self._compared: dict[Slice, dict[tuple[str, int], Reading]] = {}
        """The readings of the windows before, by slice, KPI and index of the window."""
        self._to_compare: dict[Due, None] = {}
        """What was read since they were worked out."""
        self._compared_step = -1
        self._is_reading_up = False
        """Whether there are readings, since a restart, that have not been worked out once."""
        self._stale: set[Pair] = set()
        """KPIs and windows with other readings than are published."""
        self._silent: frozenset[str] = frozenset()
        self._indexes = {window.name: n for n, window in enumerate(plan.merge_rules.windows)}
        self.history = History(plan.history_wanted, plan.days, owner)
        """What rules know of the past."""
        self._desk = SliceDesk(
            plan, self.merger, self._survey.readers, self._readings, self.history
        )
        most_fresh = None if most_readings is None else MOST_FRESH
        self._watched: OrderedDict[tuple[Slice, int, bool], None] = OrderedDict()
        self._judge = Judge(plan, self._desk, self._survey.readers, most_fresh)
        self._explainer = Explainer(plan)
        self._objectives_step = -1
        self._refreshed_at: dict[str, float] = {}
        """When newer values of a firing alert were told."""
        self._held: dict[str, float] = {}
        """Until when the condition of a firing alert held, by what is durable."""
        self._table = OwnedRows(owner)
        self._restored: dict[bytes, bytes] = {}
        self._changed: dict[str, Alert | None] = {}
        self.fresh: list[Alert] = []
        """The alerts that changed state in the last beat, without those that were told again."""
        self._unsent: list[Alert] = []

    @property
    def alerts(self) -> Mapping[str, Alert]:
        """The alerts by fingerprint; ended ones stay for a day."""
        return self._judge.alerts

    @property
    def silent(self) -> frozenset[str]:
        """The topics that are not heard of."""
        return self._silent

    # -- restoring ---------------------------------------------------------------------------------

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take up a row that an earlier flush made durable."""
        if key[:1] == HISTORY_PREFIX:
            self.history.restore(key, value)
            return
        if key[:1] != ALERT_PREFIX:
            self.merger.restore(key, value)
            return
        self._table.restore(key, value)
        if value is None:
            self._restored.pop(key, None)
        else:
            self._restored[key] = value

    def restored(self) -> None:
        """Finish restoring: the readings are there again, as of the last flush.

        The process may have ended after an alert's row and before its message, so the next beat
        tells of each restored alert again, as it was: whoever has heard of it drops the repeat.
        """
        self.merger.restored()
        self.history.restored()
        rows = map(_decode_row, self._restored.values())
        for row in sorted(rows, key=lambda row: row.version):
            self._judge.restore(alerts.decode(row.alert))
        self._restored = {}
        self._unsent = [alert for alert in self.alerts.values() if alert.is_news]
        for part in self.merger.slices:
            self._survey.touch(part)
        self._read_due(self._most_readings)
        self._is_reading_up = not self._survey.is_done

    # -- running -----------------------------------------------------------------------------------

    def take(self, messages: Iterable[Message]) -> None:
        """Take in messages in the order of their offsets; their timestamps are the time."""
        merger = self.merger
        for message in messages:
            merger.resume(message.offset)
            key = message.key or b""
            if key[:1] == SLICE_PREFIX and message.value is not None:
                merger.merge(slice_from_key(key[1:]), decode_partial(message.value))
            elif key == MARK_KEY and message.value is not None:
                merger.mark(decode_mark(message.value))
            merger.advance(message.timestamp)
            merger.reached(message.offset)

    def beat(self, kin: Sequence[Monitor] = ()) -> list[Alert]:
        """Read the KPIs that are due and judge every rule as of now; the alerts that changed state.

        ``kin`` are the monitors whose slices may explain a change; this one unless given. Nothing
        is read or judged while messages from before a restart are read again, nor while restored
        alerts are to be told of: one flush makes one transition of an alert durable.
        """
        self.fresh = []
        if self._unsent:
            unsent, self._unsent = self._unsent, []
            return unsent
        if self.merger.is_replaying:
            return []
        self._note_changes()
        self._read_due(self._most_readings)
        if self._is_reading_up and not self._survey.is_done:
            return []
        self._is_reading_up = False
        now_s = self.board.as_of
        self.history.learn(self.merger, self.merger.complete_s)
        self._note_statuses(now_s)
        news = self._judge.judge(now_s, self.merger.slices, self._silent)
        news = self.fresh = [*self._explained(news, kin or (self,))]
        for alert in news:
            self._changed[alert.fingerprint] = alert
        self._note_held()
        self._forget_ended(now_s)
        return news

    def drain(self) -> list[Row]:
        """The rows that must become durable since the last call."""
        version = self.merger.version
        rows = [*self.merger.drain(), *self.history.drain(version), *self._table.begin()]
        for fingerprint, alert in self._changed.items():
            name = ALERT_PREFIX + fingerprint.encode()
            if alert is None:
                self._table.remove(name)
            else:
                row = _AlertRow(version, alerts.encode(alert))
                rows.append(self._table.put(name, _encode_row(row)))
        self._changed = {}
        return rows

    # -- reading -----------------------------------------------------------------------------------

    def read(
        self,
        kpi: str,
        window: str,
        parts: Iterable[Slice] | None = None,
        *,
        before: bool = False,
        keep: bool = False,
    ) -> Iterator[Reading]:
        """The readings of any KPI over any window, or over the one before it, as of now.

        They are of all slices unless ``parts`` are given; ``keep`` what makes it fast to ask again.
        Raises KeyError for an unknown name.
        """
        index, reader = self._indexes[window], self._survey.readers[kpi]
        as_of = self.merger.now_ms / 1000
        for part in self.merger.slices if parts is None else parts:
            sums = self.merger.sums(part, index, before=before, keep=keep)
            apart = measures_apart(sums)
            reading = reader.read(window, part, sums, as_of, self._silent, apart)
            if reading is not None:
                yield reading

    def _note_changes(self) -> None:
        """Queue what has to be read again, once what is gone has left."""
        merger, survey = self.merger, self._survey
        for part in merger.gone:
            survey.forget(part)
            self._drop_readings(part)
            self._judge.forget(part)
        silent = frozenset(merger.silent_topics(self._plan.silence_ms))
        if silent != self._silent:
            changed, self._silent = silent ^ self._silent, silent
            for part in merger.slices:
                survey.touch(part, changed)
        for part, topics in merger.touched.items():
            survey.touch(part, topics)
        for index in range(len(self._plan.windows)):
            for part in merger.moved.get(index, ()):
                survey.move(part, index)
        merger.touched, merger.moved, merger.gone = {}, {}, []

    def watch(self, kpi: str, window: str, part: Slice, *, before: bool) -> Reading | None:
        """One reading, which is fast to work out again while it is among those watched last."""
        index = self._indexes[window]
        watched = part, index, before
        self._watched[watched] = None
        self._watched.move_to_end(watched)
        if len(self._watched) > MOST_WATCHED:
            (oldest, number, was_before), _ = self._watched.popitem(last=False)
            self.merger.unwatch(oldest, number, before=was_before)
        return next(self.read(kpi, window, [part], before=before, keep=True), None)

    def series(self, kpis: Sequence[str], part: Slice, edges: Sequence[int]) -> list[Series]:
        """The course of some KPIs for one slice, each step between two edges on its own.

        ``edges`` are epoch seconds, ascending; a step that is not over yet is not complete. Raises
        KeyError for an unknown KPI.
        """
        steps = [
            None if one is None else Step(one.sums, measures_apart(one.sums), one.is_whole)
            for one in self.merger.sums_along(part, edges)
        ]
        readers = [self._survey.readers[kpi] for kpi in kpis]
        return [
            series_of(reader, part, edges, steps, self.merger.heard_s(reader.topics))
            for reader in readers
        ]

    def _drop_readings(self, part: Slice) -> None:
        if self._compared.pop(part, None) is not None:
            self._show_compared()
        for index in range(len(self._plan.windows)):
            self._to_compare.pop((part, index), None)
        for pair, held in self._readings.items():
            for currency in (None, self._plan.currency):
                if held.pop((part, currency), None) is not None:
                    self._stale.add(pair)

    def _read_due(self, most: int | None) -> None:
        """Work out what is due, and publish it."""
        worked_out = 0
        while most is None or worked_out < most:
            due = self._survey.take()
            if due is None:
                break
            (part, index), readers = due
            self._read_slice(part, index, readers)
            worked_out += len(readers)
        for pair in self._stale:
            self._published[pair] = dict(self._readings[pair])
        self._stale = set()
        self.board = Board.indexed(dict(self._published), self.merger.now_ms / 1000)
        self._compare()

    def _read_slice(self, part: Slice, index: int, readers: Iterable[KpiReader]) -> None:
        window, as_of = self._plan.windows[index].name, self.merger.now_ms / 1000
        self._judge.touch(part)
        sums = self.merger.sums(part, index)
        apart, silent = measures_apart(sums), self._silent
        for reader in readers:
            pair = reader.id, window
            held = self._readings.setdefault(pair, {})
            key = part, reader.currency
            reading = reader.read(window, part, sums, as_of, silent, apart)
            if reading is not None:
                held[key] = reading
                self._stale.add(pair)
            elif held.pop(key, None) is not None:
                self._stale.add(pair)
        if set_of(part) in COMPARED:
            self._to_compare[part, index] = None

    def _compare(self) -> None:
        """Read the windows before where something was read: once a step, as windows move."""
        step = self.merger.now_ms // STEP_MS
        if step == self._compared_step or not self._to_compare:
            return
        self._compared_step = step
        for part, index in self._to_compare:
            if part in self._compared or len(self._compared) < MOST_COMPARED:
                self._compare_slice(part, index)
        self._to_compare = {}
        self._show_compared()

    def _show_compared(self) -> None:
        held = self._compared.values()
        as_of = self.merger.now_ms / 1000
        self.before = Board((r for readings in held for r in readings.values()), as_of)

    def _compare_slice(self, part: Slice, index: int) -> None:
        compared = self._compared.setdefault(part, {})
        sums = self.merger.sums(part, index, before=True)
        window, as_of = self._plan.windows[index].name, self.merger.now_ms / 1000
        apart = measures_apart(sums)
        for reader in self._survey.chosen(set_of(part), index):
            reading = reader.read(window, part, sums, as_of, self._silent, apart)
            if reading is None:
                compared.pop((reader.id, index), None)
            else:
                compared[reader.id, index] = reading

    # -- objectives and money apart ----------------------------------------------------------------

    def objectives(self) -> list[Progress]:
        """How far the objectives are whose slice is here."""
        if not self._plan.catalogue.objectives:
            return []
        known = set(self.merger.slices)
        return [self._assess(o) for o in self._plan.catalogue.objectives if o.slice in known]

    def _assess(self, objective: Objective) -> Progress:
        window = f"objective:{objective.id}"
        parts = [objective.slice]
        value = next(self.read(objective.kpi, window, parts, keep=True), None)
        start = None
        if objective.kind == "level":
            start = next(self.read(objective.kpi, window, parts, before=True, keep=True), None)
        return assess(
            objective,
            None if value is None else value.value,
            None if start is None else start.value,
            self.merger.now_ms / 1000,
            self._plan.days,
            self._survey.readers[objective.kpi].currency,
        )

    def unpriced(self) -> list[Unpriced]:
        """The money that has no rate, in all traffic over the longest window."""
        longest = max(self._plan.windows, key=lambda window: window.needs_reach_s)
        return unpriced(
            self.merger.sums((), self._indexes[longest.name]), self._plan.catalogue.measures
        )

    # -- judging -----------------------------------------------------------------------------------

    def _note_statuses(self, now_s: float) -> None:
        """Let rules know how the objectives stand, every ten seconds: time moves them."""
        step = int(now_s) // STEP_S
        if step != self._objectives_step:
            self._objectives_step = step
            self._desk.statuses = {one.objective.id: one.status for one in self.objectives()}

    def _explained(self, news: Iterable[Alert], kin: Sequence[Monitor]) -> Iterator[Alert]:
        whys, members = MOST_WHYS, MOST_KIN
        for alert in news:
            if alert.state is not AlertState.firing or not whys:
                yield alert
                continue
            index = self._judge.window_of(alert)
            children = _children(alert.slice, index, kin, members)
            members -= sum(map(len, children.values()))
            whys -= 1
            yield self._judge.explain(alert, self._why(alert, index, children))

    def _why(self, alert: Alert, index: int, children: Children) -> Why | None:
        now = self.merger.sums(alert.slice, index)
        before = self.merger.sums(alert.slice, index, before=True, keep=False)
        covers_s = alert.evidence.covers_s or 0.0
        why = self._explainer.why(
            alert.kpi, alert.slice, now, before, alert.baseline, covers_s, children
        )
        if why is None or why.before is None or _is_alarming(alert.baseline, why):
            return why
        # It moved the other way since the window before: that explains nothing.
        return msgspec.structs.replace(why, before=None, segments=(), drivers=(), sentence="")

    def take_refreshed(self) -> list[Alert]:
        """The alerts whose values moved on while they fire, each once a minute at most.

        They are the same transitions as before, with newer values.
        """
        latest = {alert.fingerprint: alert for alert in self._judge.refreshed}
        self._judge.refreshed = []
        due = []
        for key, alert in latest.items():
            if self.board.as_of - self._refreshed_at.get(key, alert.changed_at) >= NOTE_HELD_S:
                self._refreshed_at[key] = self.board.as_of
                due.append(alert)
        return due

    def _note_held(self) -> None:
        """Make durable, a minute later at most, until when the conditions of alerts held."""
        for key, alert in self.alerts.items():
            if alert.state is AlertState.firing:
                noted_s = self._held.get(key, 0.0)
                if alert.held_at - noted_s >= NOTE_HELD_S:
                    self._held[key] = alert.held_at
                    self._changed[key] = alert

    def _forget_ended(self, now_s: float) -> None:
        """Forget what ended long ago; what never fired, unless it fired a while before."""
        for key, alert in list(self.alerts.items()):
            if alert.is_active:
                continue
            kept_until_s = alert.changed_at + REMEMBER_ENDED_S
            if alert.state is AlertState.inactive:
                kept_until_s = alert.fired_at[-1] + FLAP_SPAN_S if alert.fired_at else now_s
            if now_s >= kept_until_s:
                self._judge.drop(key)
                self._held.pop(key, None)
                self._refreshed_at.pop(key, None)
                self._changed[key] = None


def _is_alarming(baseline: float | None, why: Why) -> bool:
    """Whether a value moved to the side of its baseline on which it is."""
    if baseline is None or why.before is None:
        return True
    return (why.value - baseline) * (why.value - why.before) > 0


def _children(part: Slice, index: int, kin: Sequence[Monitor], most: int) -> Children:
    """What the members of each further dimension have in a slice, now and in the window before.

    Dimensions with more than ``most`` members, all taken together, are left out.
    """
    by_dimension: dict[str, list[tuple[Merger, Slice]]] = {}
    wanted, length = set(part), len(part) + 1
    for monitor in kin:
        for child in monitor.merger.slices:
            if len(child) == length and wanted.issubset(child):
                [(dimension, _)] = set(child) - wanted
                by_dimension.setdefault(dimension, []).append((monitor.merger, child))
    found: dict[str, dict[str, tuple[Sums, Sums]]] = {}
    for dimension, parts in sorted(by_dimension.items(), key=lambda item: len(item[1])):
        most -= len(parts)
        if most >= 0:
            found[dimension] = {
                dict(child)[dimension]: (
                    merger.sums(child, index, keep=False),
                    merger.sums(child, index, before=True, keep=False),
                )
                for merger, child in parts
            }
    return found
