from __future__ import annotations

import pytest

from bench import report
from bench.figures import Run, Spread
from bench.kpi_cost import Cost, KpiCost
from bench.latency import Latency
from bench.processes import ROOT
from bench.slice_state import Rows, State
from bench.slices import Crowd, Slices, States
from bench.throughput import Throughput

ROUNDS = Throughput(
    records=1_000_000,
    worker=[Run(900_000, 4.5, 3.6), Run(900_000, 5.0, 3.6), Run(900_000, 4.0, 3.6)],
    naive=[Run(40_000, 10, 8)] * 3,
    bare=[Run(900_000, 3, 2.7)] * 3,
    naive_hopping=Run(3_000, 10, 9),
)


def test_columns_of_a_table_line_up() -> None:
    text = report.table(("", "events/s"), [("worker", "200,000"), ("naive", "3,000")])

    assert text == "\n".join(
        [
            "|        | events/s |",
            "| ------ | -------: |",
            "| worker |  200,000 |",
            "| naive  |    3,000 |",
        ]
    )


def test_throughput_is_told_with_its_ratios() -> None:
    text = report.throughput_text(ROUNDS)

    assert "1,000,000 clicks" in text
    assert "200,000" in text
    assert "50.00" in text
    assert "0.67" in text


def test_latency_is_told_in_percentiles() -> None:
    text = report.latency_text(Latency(4_990.0, [0.5] * 99 + [1.5], [0.7]))

    assert "4,990" in text
    assert "1.50" in text
    assert "0.70" in text


def test_slices_are_told_with_their_ratios_and_the_most_memory() -> None:
    few = Crowd(99, [Run(1_000_000, 4, 4)], [300_000_000])
    many = Crowd(9_999, [Run(1_000_000, 5, 6)], [700_000_000])
    text = report.slices_text(Slices(1_000_000, few, many))

    assert "0.80" in text
    assert "1.50" in text
    assert [cell.strip() for cell in _row(text, "9,999")][3:] == ["700", "1", "< 1,000 MB"]


def test_state_is_told_by_slice() -> None:
    live = State(10, Rows(3_840, 384_000), {10: Rows(960, 96_000)}, 2_000_000)
    few, new = (State(2, Rows(), {10: Rows(8, size)}, 5_000, 1_000) for size in (800, 1_600))
    text = report.states_text(States([live], few, new))

    assert [cell.strip() for cell in _row(text, "one of 10")] == [
        "one of 10",
        "384",
        "38,400",
        "96",
        "9,600",
        "200,000",
    ]
    assert [cell.strip() for cell in _row(text, "panes of 10 s")][1:] == ["4", "400", "800"]
    assert [cell.strip() for cell in _row(text, "in memory, with views")][2:] == ["3,000", "3,000"]


def test_kpis_are_told_with_what_a_reading_more_costs() -> None:
    stages = {"decode": 0.3, "whole": 1.5}
    found = KpiCost(
        Cost(61, 2.0, 800, 8_000), Cost(111, 2.0, 5_800, 18_000), Spread(1, 1, 1), {"new": stages}
    )
    text = report.kpi_cost_text(found)

    assert "A reading more costs 2.00 us." in text
    assert "50 KPIs more" in text


def test_a_section_of_the_page_is_replaced_and_the_rest_stays() -> None:
    page = report.written("# Page\n\n" + section("profile", "old") + "\n\nmore\n", "profile", "new")

    assert page == "# Page\n\n" + section("profile", "\nnew\n") + "\n\nmore\n"


def test_a_page_without_the_section_is_refused() -> None:
    with pytest.raises(ValueError, match="no section 'latency'"):
        report.written("# Page\n", "latency", "new")


@pytest.mark.parametrize(
    "name",
    ["machine", "throughput", "latency", "watching", "profile", "slices", "state", "kpis"],
)
def test_the_page_of_benchmarks_has_every_section(name: str) -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")

    assert "new" in report.written(page, name, "new")


def section(name: str, text: str) -> str:
    return f"<!-- {name}: written by `make bench ARGS=--write` -->\n{text}\n<!-- end of {name} -->"


def _row(text: str, first: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {first} "))
    return line.strip("| ").split("|")
