"""The monitor: one partition of the partials topic, from its messages to readings and alerts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

import msgspec

from kpistream.core import alerts
from kpistream.core.alerts import Alert, AlertState
from kpistream.core.kpis import Value, evaluate
from kpistream.core.merge import Merger
from kpistream.core.owned_rows import OwnedRows, Row, row_name
from kpistream.core.partials import (
    MARK_KEY,
    SLICE_PREFIX,
    Source,
    decode_mark,
    decode_partial,
)
from kpistream.core.plan import Plan
from kpistream.core.readings import Board, Reading, Trust
from kpistream.core.rules import Rule
from kpistream.core.slices import Slice, slice_from_key

ALERT_PREFIX: Final = b"a"
REMEMBER_ENDED_S: Final = 86_400.0
"""How long an ended alert stays in the API and in the state."""


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

    def __init__(self, plan: Plan, sources: Iterable[Source], owner: bytes = b"") -> None:
        """Expect partials and marks from these sources.

        ``owner`` names this ownership of the partition, and no other.
        """
        self.merger = Merger(plan.tiers, plan.windows, sources, owner)
        self.board = Board()
        self.alerts: dict[str, Alert] = {}
        """By fingerprint; ended ones stay for a day."""
        self._plan = plan
        self._topics_of = {
            kpi: {
                plan.topics[measure.event]
                for measure in plan.catalogue.measures_used_by(kpi)
                if measure.event in plan.topics
            }
            for kpi in plan.catalogue.kpis
        }
        self._table = OwnedRows(owner)
        self._restored: dict[bytes, bytes] = {}
        self._changed: dict[str, Alert | None] = {}
        self._unsent: list[Alert] = []

    # -- restoring ---------------------------------------------------------------------------------

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take up a row that an earlier flush made durable."""
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
        rows = {key: _decode_row(value) for key, value in self._restored.items()}
        for key, row in sorted(rows.items(), key=lambda item: item[1].version):
            fingerprint = row_name(key).removeprefix(ALERT_PREFIX).decode()
            self.alerts[fingerprint] = alerts.decode(row.alert)
        self._restored = {}
        self._unsent = [alert for alert in self.alerts.values() if alert.is_news]
        self.board = self._survey()

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

    def beat(self) -> list[Alert]:
        """Read every KPI and judge every rule as of now; the alerts that changed state.

        Nothing is read or judged while messages from before a restart are read again, nor while
        restored alerts are to be told of: one flush makes one transition of an alert durable.
        """
        if self._unsent:
            unsent, self._unsent = self._unsent, []
            return unsent
        if self.merger.is_replaying:
            return []
        self.board = self._survey()
        now_s = self.board.as_of
        judged = alerts.judge_board(
            self._judgeable(), self._judgeable_states(), self.board, self._before, now_s
        )
        news = []
        for alert, changed in judged:
            self.alerts[alert.fingerprint] = alert
            if changed:
                news.append(alert)
                self._changed[alert.fingerprint] = alert
        self._forget_ended(now_s)
        return news

    def drain(self) -> list[Row]:
        """The rows that must become durable since the last call."""
        rows = [*self.merger.drain(), *self._table.begin()]
        version = self.merger.version
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

    def _survey(self) -> Board:
        as_of = self.merger.now_ms / 1000
        silent = self.merger.silent_topics(self._plan.silence_ms)
        trusts: dict[str, Trust] = {
            kpi: "incomplete" if topics & silent else "provisional"
            for kpi, topics in self._topics_of.items()
        }
        return Board(tuple(self._readings(as_of, trusts)), as_of)

    def _readings(self, as_of: float, trusts: dict[str, Trust]) -> Iterator[Reading]:
        kpis, currency = self._plan.catalogue.kpis, self._plan.currency
        for part in self.merger.slices:
            for index, window in enumerate(self._plan.windows):
                sums = self.merger.sums(part, index)
                if not sums:
                    continue
                for name, kpi in kpis.items():
                    value = evaluate(kpi, sums, currency)
                    if value is not None:
                        yield self._reading(name, window.name, part, value, trusts[name], as_of)

    def _reading(
        self, kpi: str, window: str, part: Slice, value: Value, trust: Trust, as_of: float
    ) -> Reading:
        currency = self._plan.currency if self._plan.catalogue.kpis[kpi].has_money else None
        return Reading(
            kpi,
            window,
            part,
            value.value,
            value.numerator,
            value.denominator,
            value.sample,
            trust,
            as_of,
            currency,
        )

    def _before(self, reading: Reading) -> Reading | None:
        """The reading of the window before this one's."""
        index = next(i for i, w in enumerate(self._plan.windows) if w.name == reading.window)
        sums = self.merger.sums(reading.slice, index, before=True)
        value = evaluate(self._plan.catalogue.kpis[reading.kpi], sums, self._plan.currency)
        if value is None:
            return None
        return self._reading(
            reading.kpi, reading.window, reading.slice, value, "provisional", reading.as_of
        )

    # -- judging -----------------------------------------------------------------------------------

    def _judgeable(self) -> list[Rule]:
        """The rules whose sources have all been measured up to now; the others keep their state."""
        silent = self.merger.silent_topics(self._plan.silence_ms)
        return [r for r in self._plan.rules if not self._topics_of[r.kpi] & silent]

    def _judgeable_states(self) -> dict[str, Alert]:
        silent = self.merger.silent_topics(self._plan.silence_ms)
        return {
            key: alert
            for key, alert in self.alerts.items()
            if not self._topics_of.get(alert.kpi, set()) & silent
        }

    def _forget_ended(self, now_s: float) -> None:
        for key, alert in list(self.alerts.items()):
            inactive = alert.state is AlertState.inactive
            if inactive or (not alert.is_active and now_s - alert.changed_at > REMEMBER_ENDED_S):
                del self.alerts[key]
                self._changed[key] = None
