from __future__ import annotations

import re
from pathlib import Path

import pytest

from kpistream.edges.emitter.shipped import CHAOS, STORY

PAGE = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text(encoding="utf-8")


def test_the_page_names_the_phases_of_the_story_and_their_shares() -> None:
    table = PAGE.split("## story")[1].split("## ")[0]
    rows = re.findall(r"^\| (\w+) \| (\d+) % \|", table, re.MULTILINE)
    declared = [(phase.name, f"{phase.share * 100:.0f}") for phase in STORY.phases]
    assert rows == declared


def test_the_page_names_the_faults_of_chaos_and_their_shares() -> None:
    table = PAGE.split("## chaos")[1].split("## ")[0]
    rows = re.findall(r"^\| (\w+) \| ([\d.]+) %", table, re.MULTILINE)
    assert len(rows) == 7
    for fault, percent in rows:
        assert getattr(CHAOS.faults, fault) == pytest.approx(float(percent) / 100)


def test_the_example_on_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    example = PAGE.split("```python\n")[1].split("```")[0]
    exec(compile(example, "scenarios.md", "exec"), {})  # noqa: S102 the page is ours
    orders, revenue = capsys.readouterr().out.split()
    assert int(orders) > 0
    assert int(revenue) > 0
