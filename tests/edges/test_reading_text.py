from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client.core import Metric, Sample
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from kpistream.core.monitoring.readings import Board, Reading
from kpistream.core.slices import NOT_SET, OTHER, Slice
from kpistream.edges.metrics import Exposition, Telemetry, WorkerCollector, families
from kpistream.edges.metrics.families import Family, reading_labels
from kpistream.edges.metrics.label_texts import LabelTexts
from kpistream.edges.metrics.labels import label_values
from kpistream.edges.metrics.number import number_text
from kpistream.edges.metrics.scrape import Scrape
from kpistream.edges.metrics.selection import series_of
from tests.edges.boards import board, reading

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
TEXT = "text/plain;version=1.0.0"
FORMATS = (
    *("", TEXT, OPENMETRICS, "application/openmetrics-text"),
    *(f"{OPENMETRICS};escaping={how}" for how in ("allow-utf-8", "underscores", "dots", "values")),
    *(f"{TEXT};escaping={how}" for how in ("allow-utf-8", "underscores", "dots", "values")),
)
"""What scrapers accept: both formats, and every way to write names."""

DIMENSIONS = ("channel", "campaign", "country", "shop_floor")

HOSTILE = (
    *('say "hi"', '"', "back\\slash", "\\", "\\n", '\\"', "two\nlines", "\r", "\x00", "\ud800"),
    *("naïve ☃ 名前 🛒", "\u202e", "\u2028", "{a=b}", "%(channel)s", "%", "#", "# EOF", " ", ""),
    *(NOT_SET, OTHER, "x" * 64),
)
NUMBERS = (
    *(0, 0.0, -0.0, 1, -1, 7.0, 0.1 + 0.2, 1 / 3, 1e-4, 1e-5, 1e-7, 5e-324, -2.5e-9),
    *(999_999, 999_999.999, 1e6, -1e6, 1_000_001, -1_234_567.25, 12_345_678.9, 123_456_000),
    *(1e15, 1e16, 1e17, 1e22, 1.5e22, -1e22, 1.7976931348623157e308, 2**53 + 1, 10**30),
    *(float("inf"), float("-inf")),
)


class Still(WorkerCollector):
    """A worker that exports the same, its processor time included, until it shows a board."""

    def __init__(self, now: Board, before: Board | None = None, **options: Any) -> None:
        settings: dict[str, Any] = {
            "board": lambda: self.now,
            "before": lambda: before or Board(),
            "telemetry": Telemetry(),
            "alerts": lambda: (),
            "dimensions": DIMENSIONS,
            "rules": ("ctr",),
            "version": "1.2.3",
        }
        super().__init__(**settings | options)
        self.show(now)

    def show(self, now: Board) -> None:
        self.now = now
        self.scrape = super().collect()

    def collect(self) -> Scrape:
        return self.scrape


class ByTheLibrary(Collector):
    """The same scrape as metrics of prometheus_client, for it to write."""

    def __init__(self, worker: WorkerCollector) -> None:
        self._scrape = worker.collect()
        self._dimensions = worker.dimensions

    def collect(self) -> Iterable[Metric]:
        return [*self._scrape.metrics, *self._reading_metrics()]

    def _reading_metrics(self) -> Iterable[Metric]:
        shown, doubles = self._labelled(self._scrape.chosen.readings)
        compared, _ = self._labelled(self._scrape.before)
        divided = [(labels, r) for labels, r in shown if r.denominator is not None]
        dropped = self._scrape.chosen.dropped + sum(map(series_of, doubles))
        yield families.SERIES_DROPPED.gather([((), dropped)])
        yield gauge(families.KPI, [(labels, r.value) for labels, r in shown])
        yield gauge(families.KPI_NUMERATOR, [(labels, r.numerator) for labels, r in divided])
        yield gauge(families.KPI_DENOMINATOR, [(labels, r.denominator) for labels, r in divided])
        yield gauge(families.KPI_BEFORE, [(labels, r.value) for labels, r in compared])
        yield gauge(families.KPI_SAMPLE, [(labels, r.sample) for labels, r in shown])

    def _labelled(
        self, readings: Sequence[Reading]
    ) -> tuple[Sequence[tuple[dict[str, str], Reading]], Sequence[Reading]]:
        names = reading_labels(self._dimensions)
        shown: dict[tuple[str, ...], Reading] = {}
        doubles = []
        for one in readings:
            if shown.setdefault(label_values(one, self._dimensions), one) is not one:
                doubles.append(one)
        return [(dict(zip(names, values, strict=True)), r) for values, r in shown.items()], doubles


def gauge(family: Family, series: Iterable[tuple[dict[str, str], Any]]) -> Metric:
    metric = family.metric()
    metric.samples.extend(Sample(family.name, labels, value) for labels, value in series)
    return metric


def the_page_is_the_librarys(worker: WorkerCollector, *accepted: str) -> None:
    """Check the page in some formats, each of them twice: the second time, texts are there."""
    exposition = Exposition(worker)
    for accept in (*accepted, *accepted):
        encode, content_type = choose_encoder(accept)
        page = exposition.page(accept)
        assert page.headers["Content-Type"] == content_type
        assert page.body.split(b"\n") == encode(ByTheLibrary(worker)).split(b"\n")


def of_each_member() -> Iterable[Reading]:
    for member in HOSTILE:
        yield reading(part=(("channel", member),))
        yield reading(part=(("channel", "email"), ("shop_floor", member)), window="24h")
        yield reading("revenue", part=(("campaign", member),), denominator=None, currency="EUR")


def of_each_number() -> Iterable[Reading]:
    for place, number in enumerate(NUMBERS):
        part = (("channel", str(place)),)
        yield reading(part=part, value=number, numerator=-number, denominator=number)
        yield reading("clicks", part, value=number, denominator=None, sample=10**place)


def of_a_busy_shop() -> Iterable[Reading]:
    return (
        reading(part=(("country", str(n)),), sample=n * 7 % 50, denominator=n % 3 or None)
        for n in range(100)
    )


@pytest.mark.parametrize("accept", FORMATS)
class TestThePageIsTheLibrarysToTheByte:
    def test_with_no_reading(self, accept: str) -> None:
        the_page_is_the_librarys(Still(board()), accept)

    def test_with_any_member(self, accept: str) -> None:
        the_page_is_the_librarys(Still(board(*of_each_member())), accept)

    def test_with_any_number(self, accept: str) -> None:
        the_page_is_the_librarys(Still(board(*of_each_number())), accept)

    def test_with_the_windows_before(self, accept: str) -> None:
        readings = (reading(), reading("revenue", currency='"\\'), *of_each_member())
        the_page_is_the_librarys(Still(board(reading()), board(*readings)), accept)

    def test_with_money_of_several_currencies(self, accept: str) -> None:
        money = [reading("revenue", currency=currency) for currency in (None, "EUR", "JPY")]
        worker = Still(board(*money), board(*money[1:]))
        the_page_is_the_librarys(worker, accept)
        assert worker.collect().before == tuple(money[1:])

    def test_with_two_readings_that_would_be_one_series(self, accept: str) -> None:
        doubles = [reading(part=(("channel", f"a{c}"),), value=ord(c)) for c in "\x01\x02\ufffd"]
        apart = reading(part=(("channel", "a"),))
        worker = Still(board(*doubles, apart), board(*doubles))
        the_page_is_the_librarys(worker, accept)
        assert b"series_dropped 8.0\n" in Exposition(worker).page().body

    @pytest.mark.parametrize("most", [0, 150, 250])
    def test_with_readings_that_do_not_all_fit(self, accept: str, most: int) -> None:
        worker = Still(board(*of_a_busy_shop()), max_series=most)
        assert worker.collect().chosen.dropped > 0
        the_page_is_the_librarys(worker, accept)

    def test_with_other_dimensions(self, accept: str) -> None:
        readings = [reading(part=(("zebra", "z"), ("a_b__c", "\\")))]
        worker = Still(board(*readings), dimensions=("zebra", "a_b__c"))
        the_page_is_the_librarys(worker, accept)


def test_scrapers_of_all_formats_may_take_turns() -> None:
    the_page_is_the_librarys(Still(board(*of_each_member(), *of_each_number())), *FORMATS)


MEMBERS = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=()), max_size=5)
AMOUNTS = st.sampled_from(NUMBERS) | st.floats(allow_nan=False) | st.integers(-(10**20), 10**20)


@st.composite
def slices(draw: st.DrawFn) -> Slice:
    wanted = draw(st.sets(st.sampled_from(DIMENSIONS)))
    return tuple((name, draw(MEMBERS)) for name in DIMENSIONS if name in wanted)


READINGS = st.builds(
    reading,
    kpi=st.sampled_from(("clicks", "revenue")),
    part=slices(),
    window=st.sampled_from(("5m", "24h")),
    value=AMOUNTS,
    numerator=AMOUNTS,
    denominator=st.none() | AMOUNTS,
    sample=st.integers(0, 10**18),
    currency=st.sampled_from((None, "EUR", "JPY")),
)
BOARDS = st.lists(READINGS, max_size=12).map(lambda readings: board(*readings))


@given(BOARDS, BOARDS, st.integers(0, 200), st.sampled_from(FORMATS))
@example(board(*of_each_member()), board(*of_each_number()), 170, "")
def test_any_board_is_written_as_by_the_library(
    now: Board, before: Board, most: int, accept: str
) -> None:
    the_page_is_the_librarys(Still(now, before, max_series=most), accept)


@given(st.lists(st.tuples(BOARDS, st.sampled_from(FORMATS)), min_size=2, max_size=4))
def test_scrapes_one_after_another_are_as_if_each_were_the_first(
    scrapes: Sequence[tuple[Board, str]],
) -> None:
    worker = Still(board())
    exposition = Exposition(worker)
    for now, accept in scrapes:
        worker.show(now)
        encode, _ = choose_encoder(accept)
        assert exposition.page(accept).body == encode(ByTheLibrary(worker))


@given(AMOUNTS)
def test_a_number_is_spelled_as_by_the_library(number: float) -> None:
    assert number_text(number) == floatToGoString(number)  # type: ignore[no-untyped-call]


class TestTheTextOfLabels:
    TEMPLATE = '{channel="%(channel)s",kpi="%(kpi)s"}'
    EMAIL = reading(part=(("channel", "email"),))
    ADS = reading(part=(("channel", "ads"),))

    def test_is_made_once_for_as_long_as_each_scrape_shows_the_reading(self) -> None:
        texts = LabelTexts(("channel",))
        (first,) = texts.of(self.TEMPLATE, [self.EMAIL])
        again, other = texts.of(self.TEMPLATE, [reading(part=self.EMAIL.slice, value=9), self.ADS])
        assert first == '{channel="email",kpi="click_through_rate"}'
        assert again is first
        assert other == '{channel="ads",kpi="click_through_rate"}'

    def test_is_forgotten_when_a_scrape_does_not_show_the_reading(self) -> None:
        texts = LabelTexts(("channel",))
        (first,) = texts.of(self.TEMPLATE, [self.EMAIL])
        texts.of(self.TEMPLATE, [self.ADS])
        (again,) = texts.of(self.TEMPLATE, [self.EMAIL])
        assert again == first
        assert again is not first

    def test_follows_the_template(self) -> None:
        texts = LabelTexts(("channel",))
        texts.of(self.TEMPLATE, [self.EMAIL])
        assert texts.of("{by=%(channel)s}", [self.EMAIL]) == ["{by=email}"]


def test_each_family_of_readings_is_in_one_piece() -> None:
    page = Exposition(Still(board(*of_a_busy_shop()), board(reading()))).page().body.decode()
    lines = [line for line in page.splitlines() if line.startswith("kpistream_kpi")]
    names = [line.partition("{")[0] for line in lines]
    pieces = [name for place, name in enumerate(names) if names[place - 1 : place] != [name]]
    assert pieces == [
        "kpistream_kpi",
        "kpistream_kpi_numerator",
        "kpistream_kpi_denominator",
        "kpistream_kpi_before",
        "kpistream_kpi_sample",
    ]
