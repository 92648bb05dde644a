from __future__ import annotations

import io
from dataclasses import replace

import pytest

from kpistream.core.events.decode import Decoder
from kpistream.core.events.events import EVENT_TYPES
from kpistream.core.events.outcomes import Rejected
from kpistream.edges.emitter.ndjson_sink import NdjsonSink
from kpistream.edges.emitter.scenario import Faults
from kpistream.edges.emitter.shipped import STEADY
from kpistream.edges.emitter.simulator import Simulator
from kpistream.edges.ndjson import NdjsonError, read_events

START_MS = 1_760_000_000_000


async def test_what_is_written_reads_back_as_the_same_events() -> None:
    emissions = list(Simulator(STEADY, 300, 1, START_MS, 5))
    stream = io.BytesIO()
    sink = NdjsonSink(stream)
    await sink.send(emissions)
    await sink.flush()
    assert sink.acknowledged == len(emissions)
    stream.seek(0)
    lines = list(read_events(stream, "file"))
    for emission, line in zip(emissions, lines, strict=True):
        decoder = Decoder(EVENT_TYPES[line.event_type])
        event = decoder.decode(line.value)
        assert not isinstance(event, Rejected)
        assert event == decoder.decode(emission.value)
        assert line.event_type == emission.event_type
        assert line.arrived_at is not None
        assert round(line.arrived_at.timestamp() * 1000) == emission.at_ms


async def test_a_malformed_record_stays_malformed() -> None:
    scenario = replace(STEADY, faults=Faults(malformed=1.0))
    stream = io.BytesIO()
    await NdjsonSink(stream).send(list(Simulator(scenario, 100, 1, START_MS, 1)))
    stream.seek(0)
    with pytest.raises(NdjsonError, match="file:2"):
        list(read_events(stream, "file"))
