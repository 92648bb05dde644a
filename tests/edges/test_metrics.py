from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from kpistream.core.alerting.alerts import Alert, AlertState
from kpistream.core.events.outcomes import Outcome, Reason
from kpistream.core.merging.unpriced import Unpriced
from kpistream.core.monitoring.progress import Status
from kpistream.core.monitoring.readings import Board, Reading
from kpistream.edges.metrics import Exposition, Telemetry, WorkerCollector
from kpistream.edges.metrics.families import FAMILIES, reading_dimensions
from kpistream.edges.metrics.histogram import Histogram
from kpistream.edges.metrics.selection import select
from kpistream.edges.metrics.table import markdown
from tests.edges.boards import alert, board, on_its_way, reading

EMAIL = (("channel", "email"),)
AUTUMN = (("channel", "email"), ("campaign", "autumn"))
MARCH = 1_772_323_200.0
"""2026-03-01T00:00:00Z in epoch seconds."""

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


class Worker:
    """A worker as a scraper sees it, with a board that can be replaced."""

    def __init__(self, *readings: Reading, alerts: Sequence[Alert] = (), **options: Any) -> None:
        self.board: Board = board(*readings)
        self.telemetry = Telemetry()
        settings: dict[str, Any] = {
            "board": lambda: self.board,
            "telemetry": self.telemetry,
            "alerts": lambda: alerts,
            "dimensions": ("channel", "campaign"),
            "rules": (),
            "version": "1.2.3",
        }
        self.collector = WorkerCollector(**settings | options)

    def scrape(self) -> dict[str, float]:
        """The samples of kpistream, each as a line of the page shows it."""
        page = Exposition(self.collector).page().body.decode()
        lines = (line.rpartition(" ") for line in page.split("\n") if line.startswith("kpistream"))
        return {series: float(value) for series, _, value in lines}

    def series(self, name: str) -> dict[str, float]:
        """The samples of one name, keyed by their labels."""
        found = ((series.partition("{"), value) for series, value in self.scrape().items())
        return {labels.rstrip("}"): v for (found_name, _, labels), v in found if found_name == name}


def test_a_reading_is_four_series() -> None:
    worker = Worker(reading(part=AUTUMN))
    labels = (
        '{campaign="autumn",channel="email",currency="",kpi="click_through_rate",'
        'slice="channel_campaign",window="5m"}'
    )
    scraped = worker.scrape()
    assert scraped[f"kpistream_kpi{labels}"] == 0.03
    assert scraped[f"kpistream_kpi_numerator{labels}"] == 1_200
    assert scraped[f"kpistream_kpi_denominator{labels}"] == 40_000
    assert scraped[f"kpistream_kpi_sample{labels}"] == 40_000


def test_money_carries_its_currency_and_the_total_has_empty_dimensions() -> None:
    worker = Worker(
        reading("revenue", currency="EUR", value=12.34, denominator=None),
        reading("revenue", currency="JPY", value=7, denominator=None),
    )
    rest = 'kpi="revenue",slice="total",window="5m"'
    assert worker.series("kpistream_kpi") == {
        f'campaign="",channel="",currency="EUR",{rest}': 12.34,
        f'campaign="",channel="",currency="JPY",{rest}': 7,
    }


def test_a_kpi_that_divides_by_nothing_has_no_series_of_a_division() -> None:
    worker = Worker(reading("impressions", denominator=None))
    assert worker.series("kpistream_kpi_denominator") == {}
    assert worker.series("kpistream_kpi_numerator") == {}


def test_channel_and_campaign_are_labels_whatever_is_configured() -> None:
    worker = Worker(reading(part=(("country", "fr"),)), dimensions=("country",))
    (labels,) = worker.series("kpistream_kpi")
    assert labels.startswith('campaign="",channel="",country="fr",currency="",')


def test_a_users_own_dimensions_are_labels_after_those_of_every_event() -> None:
    brand = (("country", "fr"), ("brand", "acme"))
    worker = Worker(reading(part=brand), dimensions=("brand", "country", "store"))
    (labels,) = worker.series("kpistream_kpi")
    assert labels == (
        'brand="acme",campaign="",channel="",country="fr",currency="",kpi="click_through_rate",'
        'slice="country_brand",store="",window="5m"'
    )
    assert reading_dimensions(("brand", "country", "store", "campaign", "brand")) == (
        *("channel", "campaign", "country"),
        *("brand", "store"),
    )


def test_series_leave_with_their_slice() -> None:
    worker = Worker(reading(), reading(part=EMAIL))
    assert len(worker.series("kpistream_kpi")) == 2
    assert worker.series("kpistream_slices") == {"": 2}
    worker.board = board(reading())
    assert len(worker.series("kpistream_kpi")) == 1
    assert worker.series("kpistream_slices") == {"": 1}


def channel_on_the_page(member: str, accept: str) -> str:
    """The channel that a strict parser reads back from the page of a worker with this member."""
    worker = Worker(reading(part=(("channel", member),)))
    page = Exposition(worker.collector).page(accept).body.decode()
    parse = parse_openmetrics if accept else parse_text
    (sample,) = next(m for m in parse(page) if m.name == "kpistream_kpi").samples
    channel: str = sample.labels["channel"]
    return channel


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
@pytest.mark.parametrize(
    "member", ['say "hi"', "back\\slash", "\\n", "naïve ☃ 名前", "{a=b}", "#", " ", ""]
)
def test_any_member_can_be_read_back_from_the_page(member: str, accept: str) -> None:
    assert channel_on_the_page(member, accept) == member


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
@pytest.mark.parametrize("character", ["\n", "\r", "\x00", "\x1b", "\x85", "\u2028", "\ud800"])
def test_what_cannot_be_shown_is_replaced(character: str, accept: str) -> None:
    assert channel_on_the_page(f"a{character}b", accept) == "a\ufffdb"


def test_two_readings_that_would_be_one_series_do_not_spoil_the_scrape() -> None:
    worker = Worker(
        reading(part=(("channel", "a\x01"),), value=0.25),
        reading(part=(("channel", "a\x02"),), value=0.75),
    )
    assert list(worker.series("kpistream_kpi").values()) == [0.25]
    assert worker.series("kpistream_series_dropped") == {"": 4}


def families_of(worker: Worker) -> Sequence[Metric]:
    """What a strict parser reads on the page of a worker."""
    page = Exposition(worker.collector).page(OPENMETRICS).body.decode()
    return list(parse_openmetrics(page))  # type: ignore[no-untyped-call]


def test_a_worker_is_not_ready_before_it_has_said_so() -> None:
    worker = Worker()
    assert worker.series("kpistream_ready") == {"": 0}
    worker.telemetry.ready(True)
    assert worker.series("kpistream_ready") == {"": 1}
    worker.telemetry.ready(False)
    assert worker.series("kpistream_ready") == {"": 0}


def test_no_series_carries_a_timestamp() -> None:
    worker = Worker(reading())
    worker.telemetry.watermark("clicks", 0, 12.0)
    samples = [sample for metric in families_of(worker) for sample in metric.samples]
    assert {sample.timestamp for sample in samples} == {None}


def test_nothing_is_collected_before_a_page_is_asked_for() -> None:
    def too_early() -> Board:
        raise AssertionError("collected")

    exposition = Exposition(Worker(board=too_early).collector)
    with pytest.raises(AssertionError, match="collected"):
        exposition.page()


class TestTheLimit:
    def test_keeps_the_total_and_then_the_slices_with_the_most_events(self) -> None:
        small = reading(part=(("channel", "small"),), sample=10)
        large = reading(part=(("channel", "large"),), sample=30)
        medium = reading(part=(("channel", "medium"),), sample=20)
        total = reading(sample=1)
        chosen = select((small, medium, large, total), room=11)
        assert chosen.readings == [total, large]
        assert chosen.dropped == 8

    def test_changes_nothing_when_all_fit(self) -> None:
        readings = (reading(part=EMAIL), reading())
        assert select(readings, room=8) == (readings, 0)

    def test_includes_every_other_series_of_the_worker(self) -> None:
        channels = (reading(part=(("channel", str(n)),)) for n in range(300))
        worker = Worker(*channels, max_series=1_000)
        for topic in ("clicks", "orders"):
            worker.telemetry.lateness(topic, [1.0])
            worker.telemetry.lag(topic, 0, 5)
        page = Exposition(worker.collector).page().body.decode()
        series = [line for line in page.splitlines() if not line.startswith("#")]
        assert 1_000 - 4 < len(series) <= 1_000
        shown = 4 * len(worker.series("kpistream_kpi"))
        assert worker.series("kpistream_series_dropped") == {"": 1_200 - shown}


class TestTelemetry:
    def test_outcomes_are_absolute_and_add_up_over_the_partitions_owned(self) -> None:
        worker = Worker()
        telemetry = worker.telemetry
        telemetry.outcomes("clicks", 0, {(Outcome.accepted, None): 7})
        telemetry.outcomes("clicks", 0, {(Outcome.accepted, None): 10})
        rejected = (Outcome.rejected, Reason.empty)
        telemetry.outcomes("clicks", 1, {(Outcome.accepted, None): 5, rejected: 2})
        accepted = 'outcome="accepted",reason="",topic="clicks"'
        empty = 'outcome="rejected",reason="empty",topic="clicks"'
        assert worker.series("kpistream_events_total")[accepted] == 15
        assert worker.series("kpistream_events_total")[empty] == 2
        telemetry.partition_lost("clicks", 1)
        assert worker.series("kpistream_events_total")[accepted] == 10

    def test_what_has_not_happened_yet_is_zero(self) -> None:
        worker = Worker()
        worker.telemetry.outcomes("clicks", 0, {})
        series = worker.series("kpistream_events_total")
        assert len(series) == 2 + len(Reason)
        assert set(series.values()) == {0.0}

    def test_later_changes_of_the_counts_given_do_not_leak_in(self) -> None:
        telemetry = Telemetry()
        counts: dict[tuple[Outcome, Reason | None], int] = {(Outcome.accepted, None): 1}
        telemetry.outcomes("clicks", 0, counts)
        counts[Outcome.accepted, None] = 99
        assert telemetry.snapshot().outcomes["clicks", "accepted", ""] == 1

    def test_a_lost_partition_takes_its_series_along(self) -> None:
        worker = Worker()
        for partition in (0, 1):
            worker.telemetry.watermark("clicks", partition, 1_772_359_200.0)
            worker.telemetry.lag("clicks", partition, 42)
        worker.telemetry.partition_lost("clicks", 0)
        worker.telemetry.partition_lost("clicks", 9)
        left = 'partition="1",topic="clicks"'
        name = "kpistream_watermark_timestamp_seconds"
        assert worker.series(name) == {left: 1_772_359_200.0}
        assert worker.series("kpistream_lag_records") == {left: 42}

    def test_the_arrival_lag_of_a_topic_is_that_of_its_slowest_partition_here(self) -> None:
        worker = Worker()
        worker.telemetry.arrival_lag("clicks", 0, 7200)
        worker.telemetry.arrival_lag("clicks", 1, 23)
        worker.telemetry.arrival_lag("orders", 0, 0)
        name = "kpistream_arrival_lag_seconds"
        assert worker.series(name) == {'topic="clicks"': 7200, 'topic="orders"': 0}
        worker.telemetry.partition_lost("clicks", 0)
        worker.telemetry.partition_lost("orders", 0)
        assert worker.series(name) == {'topic="clicks"': 23}

    def test_messages_that_wait_are_told_where_the_notifier_is(self) -> None:
        worker = Worker()
        assert worker.series("kpistream_notifications_waiting") == {}
        worker.telemetry.waiting("chat", 3)
        worker.telemetry.waiting("chat", 0)
        worker.telemetry.waiting("shop", 2)
        name = "kpistream_notifications_waiting"
        assert worker.series(name) == {'receiver="chat"': 0, 'receiver="shop"': 2}
        worker.telemetry.waiting("chat", None)
        assert worker.series(name) == {'receiver="shop"': 2}

    def test_alerts_that_were_left_out_are_counted(self) -> None:
        worker = Worker()
        assert worker.scrape()["kpistream_notification_left_out_total"] == 0
        worker.telemetry.left_out(2)
        assert worker.scrape()["kpistream_notification_left_out_total"] == 2

    def test_happenings_that_add_up(self) -> None:
        worker = Worker()
        worker.telemetry.delivery("chat", "delivered")
        worker.telemetry.delivery("chat", "delivered")
        worker.telemetry.delivery("chat", "gave_up")
        worker.telemetry.flushed("partials", 3)
        worker.telemetry.flushed("partials", 4)
        assert worker.series("kpistream_webhook_deliveries_total") == {
            'outcome="delivered",receiver="chat"': 2,
            'outcome="gave_up",receiver="chat"': 1,
        }
        assert worker.series("kpistream_flush_rows_total") == {'table="partials"': 7}

    def test_durations_and_sizes_are_histograms(self) -> None:
        worker = Worker()
        worker.telemetry.lateness("clicks", [0.1, 3.0, 1e9])
        worker.telemetry.batch("clicks", 500)
        worker.telemetry.stage("decode", 0.002)
        scraped = worker.scrape()
        late = "kpistream_event_lateness_seconds"
        assert scraped[late + '_bucket{le="5.0",topic="clicks"}'] == 2
        assert scraped[late + '_bucket{le="+Inf",topic="clicks"}'] == 3
        assert scraped[late + '_count{topic="clicks"}'] == 3
        assert scraped['kpistream_batch_records_sum{topic="clicks"}'] == 500
        assert scraped['kpistream_stage_seconds_count{stage="decode"}'] == 1

    def test_a_snapshot_does_not_move(self) -> None:
        telemetry = Telemetry()
        telemetry.lateness("clicks", [1.0])
        before = telemetry.snapshot()
        telemetry.lateness("clicks", [1.0])
        telemetry.lag("clicks", 0, 1)
        assert before.lateness["clicks"].count == 1
        assert before.lags == {}


class TestAHistogram:
    def test_counts_a_bound_as_within(self) -> None:
        assert Histogram.empty(1, 2).observe([1, 2, 2, 3]).cumulative == (1, 3, 4)

    def test_takes_a_negative_value_for_zero_so_that_its_sum_never_falls(self) -> None:
        histogram = Histogram.empty(1).observe([-5.0, 0.5])
        assert histogram.total == 0.5
        assert histogram.cumulative == (2, 2)

    def test_of_no_values_is_what_it_was(self) -> None:
        histogram = Histogram.empty(1).observe([0.5])
        assert histogram.observe([]) == histogram


def test_alerts_are_counted_by_rule_and_state_and_known_rules_start_at_zero() -> None:
    alerts = [
        alert("roas"),
        alert("roas"),
        alert("roas", AlertState.resolved),
        alert("ctr", AlertState.inactive),
        alert("retired", AlertState.pending),
    ]
    assert Worker(alerts=alerts, rules=("roas", "ctr")).series("kpistream_alerts") == {
        'rule="roas",state="pending"': 0,
        'rule="roas",state="firing"': 2,
        'rule="roas",state="resolved"': 1,
        'rule="ctr",state="pending"': 0,
        'rule="ctr",state="firing"': 0,
        'rule="ctr",state="resolved"': 0,
        'rule="retired",state="pending"': 1,
    }


class TestAnObjective:
    def test_has_its_value_its_target_and_its_pace_in_its_currency(self) -> None:
        worker = Worker(objectives=lambda: [on_its_way(value=5_840.0, as_of=MARCH)])
        labels = '{currency="EUR",objective="online_sales"}'
        scraped = worker.scrape()
        assert scraped[f"kpistream_objective_value{labels}"] == 5_840
        assert scraped[f"kpistream_objective_target{labels}"] == 36_500
        assert scraped[f"kpistream_objective_projected{labels}"] == 5_840 * 365 / 59
        assert scraped[f"kpistream_objective_progress_ratio{labels}"] == 0.16
        assert scraped[f"kpistream_objective_needed_per_day{labels}"] == 30_660 / 306

    def test_has_one_status_and_not_the_others(self) -> None:
        worker = Worker(objectives=lambda: [on_its_way(), on_its_way(id="budget", value=None)])
        series = worker.series("kpistream_objective_status")
        assert len(series) == 2 * len(Status)
        assert [labels for labels, value in series.items() if value] == [
            'objective="online_sales",status="on_track"',
            'objective="budget",status="unknown"',
        ]

    def test_without_a_reading_has_a_target_and_no_value(self) -> None:
        worker = Worker(objectives=lambda: [on_its_way(value=None, currency=None)])
        target = {'currency="",objective="online_sales"': 36_500}
        assert worker.series("kpistream_objective_target") == target
        for name in ("value", "projected", "progress_ratio", "needed_per_day"):
            assert worker.series(f"kpistream_objective_{name}") == {}

    def test_leaves_with_its_slice(self) -> None:
        owned = [on_its_way()]
        worker = Worker(objectives=lambda: owned)
        assert len(worker.series("kpistream_objective_value")) == 1
        owned.clear()
        assert worker.series("kpistream_objective_value") == {}
        assert worker.series("kpistream_objective_status") == {}


def test_money_without_a_rate_is_shown_apart_by_currency() -> None:
    unpriced = [Unpriced("GBP", 1_234.5, 17), Unpriced("JPY", -3.0, 1)]
    worker = Worker(unpriced=lambda: unpriced)
    assert worker.series("kpistream_unpriced_amount") == {
        'currency="GBP"': 1_234.5,
        'currency="JPY"': -3.0,
    }
    assert worker.series("kpistream_unpriced_events") == {'currency="GBP"': 17, 'currency="JPY"': 1}


def test_the_version_and_the_runtime_are_there() -> None:
    page = Exposition(Worker().collector).page().body.decode()
    assert 'kpistream_build_info{version="1.2.3"} 1.0' in page
    assert "process_cpu_seconds_total" in page
    assert "python_gc_collections_total" in page
    assert "python_info" in page


class TestThePage:
    @pytest.mark.parametrize(
        ("accept", "content_type"),
        [
            ("", "text/plain; version=0.0.4; charset=utf-8"),
            ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
            ("text/plain;version=a.b", "text/plain; version=0.0.4; charset=utf-8"),
            (OPENMETRICS, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ],
    )
    def test_is_in_the_format_asked_for(self, accept: str, content_type: str) -> None:
        page = Exposition(Worker(reading()).collector).page(accept)
        assert page.headers["Content-Type"].removesuffix("; escaping=underscores") == content_type
        assert page.body.endswith(b"# EOF\n") == content_type.startswith("application/openmetrics")

    @pytest.mark.parametrize("accepted", ["gzip", "deflate, GZIP;q=0.5, br"])
    def test_is_compressed_when_that_is_accepted(self, accepted: str) -> None:
        page = Exposition(Worker(reading()).collector).page(accept_encoding=accepted)
        assert page.headers["Content-Encoding"] == "gzip"
        assert b"kpistream_kpi" in gzip.decompress(page.body)

    @pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "gzip; q=0.0, br"])
    def test_is_plain_otherwise(self, accepted: str) -> None:
        page = Exposition(Worker(reading()).collector).page(accept_encoding=accepted)
        assert "Content-Encoding" not in page.headers
        assert b"kpistream_kpi" in page.body


def test_every_family_exported_is_declared_and_every_declared_one_exported() -> None:
    worker = Worker(reading())
    metrics = [m for m in families_of(worker) if m.name.startswith("kpistream")]
    suffixes = {"counter": "_total", "info": "_info"}
    exported = {(m.name + suffixes.get(m.type, ""), m.type, m.documentation) for m in metrics}
    assert exported == {(f.name, f.kind, f.help) for f in FAMILIES}


def test_the_reference_page_follows_from_the_declarations() -> None:
    page = Path(__file__).parents[2] / "docs" / "metrics.md"
    assert page.read_text(encoding="utf-8") == markdown(), (
        "write it anew: python -m kpistream.edges.metrics.table > docs/metrics.md"
    )
