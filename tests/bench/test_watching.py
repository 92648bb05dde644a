from __future__ import annotations

import gzip
from collections import Counter

import msgspec
import pytest
from multidict import MultiDict

from bench import report
from bench.pages import QUESTIONS, Page, Question, Report, Sight, opened
from bench.pages import report as report_of
from bench.probes import Probes
from bench.processes import ChildError
from bench.scraper import OPENMETRICS, TEXT, MetricsPage, Scrape
from bench.watching import (
    Kind,
    Phase,
    Watching,
    all_followed,
    extra_cpu,
    kinds,
    page_latencies,
    scraped,
)
from kpistream.cli.wiring.wiring import build_plan
from kpistream.core.plan import Plan
from kpistream.edges.web.live.view_query import ViewQuery
from kpistream.settings import Settings

METRICS = b"""\
# HELP kpistream_slices Slices that have a reading on this worker.
# TYPE kpistream_slices gauge
kpistream_slices 431.0
kpistream_series_dropped 12.0
kpistream_kpi{kpi="clicks",window="1h"} 5.0

"""
CHANNELS = Question({"by": "channel", "kpi": "clicks"}, "gauge_probe")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return build_plan(Settings())


def event(kind: str, data: object) -> bytes:
    return f"id: 1\nevent: {kind}\ndata: {msgspec.json.encode(data).decode()}\n\n".encode()


def breakdown(**clicks: float | None) -> dict[str, object]:
    rows = [{"member": name, "value": value, "sample": 1} for name, value in clicks.items()]
    return {"as_of": "2026-03-01T10:00:00Z", "breakdown": {"by": "channel", "rows": rows}}


def probes(*sent_s: float) -> Probes[int]:
    found: Probes[int] = Probes()
    for number, at_s in enumerate(sent_s, start=1):
        found.sent(number, at_s)
    return found


def pages_report(*sights: list[Sight]) -> Report:
    return Report(
        pages=200,
        followed=200,
        open_s=10,
        messages=4_000,
        size=8_000_000,
        cpu_s=1,
        sights=[*sights],
    )


# -- phases ----------------------------------------------------------------------------------------


def test_a_phase_costs_what_it_takes_more_than_the_mean_of_those_alone_beside_it() -> None:
    found = extra_cpu([(True, 0.20), (False, 0.35), (True, 0.30), (False, 0.31), (True, 0.28)])

    assert found == [None, pytest.approx(0.10), None, pytest.approx(0.02), None]


def test_phases_in_a_row_have_the_same_neighbours() -> None:
    found = extra_cpu([(True, 0.2), (False, 0.5), (False, 0.4), (True, 0.4)])

    assert found == [None, pytest.approx(0.2), pytest.approx(0.1), None]


@pytest.mark.parametrize(
    "phases", [[], [(False, 0.3), (True, 0.2)], [(True, 0.2), (False, 0.3)]], ids=str
)
def test_without_a_worker_alone_at_both_ends_nothing_can_be_compared(
    phases: list[tuple[bool, float]],
) -> None:
    with pytest.raises(ValueError, match="must be alone"):
        extra_cpu(phases)


def test_the_worker_is_alone_at_first_at_last_and_between_any_two_things() -> None:
    order = kinds(pages=200, questions=5)

    assert [kind.is_alone for kind in order] == [True, False] * 4 + [True]
    assert [kind.name for kind in order[1::2]] == [
        "scraped",
        "200 pages, 1 question",
        "200 pages, 5 questions",
        "scraped, 200 pages, 5 questions",
    ]


# -- scrapes ---------------------------------------------------------------------------------------


def test_a_page_of_metrics_has_a_series_a_line_that_is_no_comment() -> None:
    assert MetricsPage.of(METRICS) == MetricsPage(len(METRICS), series=3, slices=431, dropped=12)


def test_a_page_that_is_no_workers_is_refused() -> None:
    with pytest.raises(ValueError, match="kpistream_slices"):
        MetricsPage.of(b"up 1\n")


def test_scrapes_are_told_by_their_format() -> None:
    body = gzip.compress(METRICS)
    text, other = scraped([Scrape(f, s, body) for f, s in ((TEXT, 0.2), (OPENMETRICS, 0.4))])

    assert (text.format, text.seconds, other.seconds) == (TEXT, [0.2], [0.4])
    assert (text.series, text.size, text.packed) == ([3], [len(METRICS)], [len(body)])


# -- pages -----------------------------------------------------------------------------------------


def test_a_page_sees_a_probe_in_the_message_that_first_counts_it() -> None:
    page = Page(CHANNELS, watches=True)
    page.take(event("frame", breakdown(email=7, gauge_probe=1)), at_s=10.0)
    page.take(event("patch", {"as_of": "2026-03-01T10:00:01Z"}), at_s=10.5)
    page.take(event("patch", breakdown(email=9, gauge_probe=1)), at_s=11.0)
    page.take(event("patch", breakdown(email=9, gauge_probe=4)), at_s=11.5)

    assert page.told.sights == [Sight(1, 10.0), Sight(4, 11.5)]


def test_a_message_counts_once_however_it_is_cut() -> None:
    whole = event("frame", breakdown(gauge_probe=None)) + b": still here\n\n" + event("patch", {})
    page = Page(CHANNELS, watches=True)
    for at, byte in enumerate(whole):
        page.take(bytes([byte]), at_s=float(at))

    assert page.told.events == Counter(frame=1, patch=1)
    assert page.told.size == len(whole)
    assert page.told.is_followed
    assert page.told.sights == []


@pytest.mark.parametrize(
    "told", [["frame"], ["patch", "patch"], ["frame", "patch", "bye"], []], ids=str
)
def test_a_page_is_followed_if_it_was_told_all_then_changes_and_no_goodbye(
    told: list[str],
) -> None:
    page = Page(CHANNELS)
    for kind in told:
        page.take(event(kind, {}), at_s=1.0)

    assert not page.told.is_followed


def test_pages_share_the_questions_and_one_of_each_about_probes_watches() -> None:
    pages = opened(pages=20, questions=3)
    asked = Counter(map(str, (page.question.params for page in pages)))

    assert sorted(asked.values()) == [6, 7, 7]
    assert [page.watches for page in pages] == [True, False, True] + [False] * 17


def test_what_pages_were_told_is_added_up() -> None:
    pages = opened(pages=3, questions=1)
    frame, patch = event("frame", breakdown(gauge_probe=2)), event("patch", {})
    for page in pages:
        page.take(frame, at_s=5.0)
    pages[1].take(patch, at_s=6.0)

    found = report_of(pages, open_s=2.0, cpu_s=0.1)

    assert (found.pages, found.followed, found.messages) == (3, 1, 4)
    assert found.size == 3 * len(frame) + len(patch)
    assert found.sights == [[Sight(2, 5.0)]]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.params["board"])
def test_every_question_exists_and_is_broken_down_as_it_asks(
    question: Question, plan: Plan
) -> None:
    found = ViewQuery.parse(MultiDict(question.params), plan)

    assert found.to_dict()["by"] == question.params["by"]
    assert found.broken_down(plan.slicing.dimensions)


def test_questions_differ() -> None:
    assert len({str(question.params) for question in QUESTIONS}) == len(QUESTIONS)


def test_pages_that_were_not_all_followed_spoil_the_measurement() -> None:
    whole = pages_report()
    part = msgspec.structs.replace(whole, followed=199)

    assert all_followed(whole) is whole
    with pytest.raises(ChildError, match="199 of 200 pages"):
        all_followed(part)


# -- latencies -------------------------------------------------------------------------------------


def test_each_page_sees_each_probe_for_itself() -> None:
    fast, slow = [Sight(1, 10.5), Sight(3, 13.0)], [Sight(3, 14.0)]

    found = page_latencies(probes(10.0, 11.0, 12.0), pages_report(fast, slow))

    assert found == pytest.approx([0.5, 2.0, 1.0, 4.0, 3.0, 2.0])


def test_probes_of_an_earlier_phase_are_not_counted_again() -> None:
    sent = probes(1.0, 2.0, 10.0).unseen([3])

    assert page_latencies(sent, pages_report([Sight(2, 9.0), Sight(3, 10.5)])) == [0.5]


def test_a_probe_that_no_page_showed_spoils_the_measurement() -> None:
    with pytest.raises(ChildError, match="1 probes never came to a page"):
        page_latencies(probes(10.0, 11.0), pages_report([Sight(1, 10.5)]))


# -- text ------------------------------------------------------------------------------------------


def test_watching_is_told_by_phase() -> None:
    scrapes = scraped([Scrape(TEXT, 0.31, gzip.compress(METRICS))])
    alone = Phase(Kind(), 0.30, [0.6], [], [], None)
    found = Watching(
        4_990,
        [
            alone,
            Phase(Kind(is_scraped=True), 0.75, [0.7, 1.3], [], scrapes, None),
            alone,
            Phase(Kind(pages=200, questions=1), 0.345, [0.8], [1.1, 1.2], [], pages_report()),
            alone,
        ],
        slices=431,
        series=19_950,
        dropped=42,
    )

    text = report.watching_text(found)

    assert "At 4,990 events/s. 431 slices; 19,950 series" in text
    assert cells(text, "text, scraped")[:4] == ["0.31", "0.31", "0.31", "3"]
    assert cells(text, "to gauge, alone") == ["0.60", "0.60", "0.60", "3", "p99 < 2"]
    assert cells(text, "to gauge, scraped") == ["0.70", "1.30", "1.30", "2", "p99 < 2"]
    assert cells(text, "to page, 200 pages, 1 question")[:3] == ["1.10", "1.20", "1.20"]
    assert cells(text, "scraped") == ["75", "+45.0", "", "", ""]
    assert cells(text, "200 pages, 1 question") == ["34", "+4.5", "400", "800", "< 10"]


def cells(text: str, first: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {first} "))
    return [cell.strip() for cell in line.split("|")[2:-1]]
