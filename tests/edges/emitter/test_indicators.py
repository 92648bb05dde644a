from __future__ import annotations

import json
import random
from decimal import Decimal
from itertools import count

import pytest

from kpistream.core.events.decode import Decoder
from kpistream.core.events.events import Metric
from kpistream.edges.emitter.emission import Emission
from kpistream.edges.emitter.indicators import Indicator, Reporter

SHARE = Indicator("market_share", lowest=0.15, highest=0.21, step=0.01, decimals=6)
STOCK = Indicator("stock_level", lowest=0, highest=100, step=30)


def reports(indicator: Indicator) -> list[Emission]:
    ids = (f"m-{number}" for number in count())
    reporter = Reporter(indicator, random.Random(1), lambda: next(ids))
    return [reporter.report(1_760_000_000_000 + 5_000 * number) for number in range(200)]


@pytest.mark.parametrize("indicator", [SHARE, STOCK], ids=["share", "stock"])
def test_an_indicator_wanders_between_its_bounds(indicator: Indicator) -> None:
    values = [emission.number / 10**6 for emission in reports(indicator)]
    assert indicator.lowest <= min(values) < max(values) <= indicator.highest
    assert len(set(values)) > 50


@pytest.mark.parametrize("indicator", [SHARE, STOCK], ids=["share", "stock"])
def test_the_tally_holds_exactly_what_the_core_reads(indicator: Indicator) -> None:
    decode = Decoder(Metric).decode
    for emission in reports(indicator):
        event = decode(emission.value)
        assert isinstance(event, Metric)
        assert event.name == indicator.name == emission.entry.what
        assert event.value == Decimal(emission.number) / 10**6


def test_a_value_with_decimals_travels_as_text_and_a_whole_one_as_a_number() -> None:
    share, stock = (json.loads(reports(one)[0].value)["value"] for one in (SHARE, STOCK))
    assert len(share) == len("0.180000")
    assert isinstance(stock, int)
