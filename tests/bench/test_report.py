from __future__ import annotations

import pytest

from bench import report
from bench.figures import Run
from bench.latency import Latency
from bench.processes import ROOT
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


def test_a_section_of_the_page_is_replaced_and_the_rest_stays() -> None:
    page = report.written("# Page\n\n" + section("profile", "old") + "\n\nmore\n", "profile", "new")

    assert page == "# Page\n\n" + section("profile", "\nnew\n") + "\n\nmore\n"


def test_a_page_without_the_section_is_refused() -> None:
    with pytest.raises(ValueError, match="no section 'latency'"):
        report.written("# Page\n", "latency", "new")


@pytest.mark.parametrize("name", ["machine", "throughput", "latency", "profile"])
def test_the_page_of_benchmarks_has_every_section(name: str) -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")

    assert "new" in report.written(page, name, "new")


def section(name: str, text: str) -> str:
    return f"<!-- {name}: written by `make bench ARGS=--write` -->\n{text}\n<!-- end of {name} -->"
