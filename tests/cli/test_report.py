"""`kpistream report`: the page that it writes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.reporting.events import Lines, settings_in, two_days
from tests.cli.reporting.reported import by_id, run


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with settings and rules."""
    return settings_in(tmp_path_factory.mktemp("report"))


def test_the_page_is_written_and_says_so(place: Path, tmp_path: Path) -> None:
    output = tmp_path / "pages" / "day.html"
    output.parent.mkdir()
    output.write_text("an older one")
    given = two_days().to(tmp_path / "days.ndjson"), "--config", place / "small.yml"

    ran = run(
        *(*given, "--board", "small", "--period", "day"),
        *("--by", "campaign", "--output", output),
    )

    assert (ran.code, ran.out) == (0, "")
    assert f"wrote {output}: 2026-03-03 to 2026-03-03" in ran.err
    text = output.read_text(encoding="utf-8")
    assert "20.00 EUR" in text
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert [one.name for one in output.parent.iterdir()] == ["day.html"]


def test_events_may_come_from_standard_input(place: Path, tmp_path: Path) -> None:
    given = two_days().to(tmp_path / "days.ndjson").read_bytes()
    settings = ("--config", place / "small.yml", "--board", "small", "--period", "day")

    ran = run("-", *settings, "--json", given=given)

    assert by_id(json.loads(ran.out))["revenue"]["value"] == 20.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--ending", "2026-13-01"), "--ending: '2026-13-01' is no date such as 2026-03-01"),
        (("--from", "2026-03-01"), "--from and --to go together"),
        (("--from", "2026-03-05", "--to", "2026-03-05"), "is not after"),
        (("--from", "2026-03-05", "--to", "2026-03-06", "--ending", "2026-03-05"), "leave one out"),
        (("--from", "2027-03-05", "--to", "2027-03-06"), "2027-03-05 is yet to come"),
        (("--board", "smal"), "unknown dashboard 'smal'; did you mean 'small'?"),
        (("--by", "chanel"), "no slices by 'chanel'; did you mean 'channel'?"),
        (("--by", "country"), "no slices by 'country'"),
    ],
)
def test_what_cannot_be_reported_is_told(
    place: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    lines = Lines()
    lines.session("2026-03-02T10:00:00Z")
    events = lines.to(tmp_path / "one.ndjson")

    ran = run(events, "--config", place / "paris.yml", *arguments, "--json")

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_file_without_events_is_nothing_to_report(place: Path, tmp_path: Path) -> None:
    events = tmp_path / "none.ndjson"
    events.write_text("")

    ran = run(events, "--config", place / "paris.yml")

    assert (ran.code, ran.err) == (2, "no events: there is nothing to report\n")


def test_a_page_that_cannot_be_written_leaves_nothing_behind(place: Path, tmp_path: Path) -> None:
    lines = Lines()
    lines.session("2026-03-02T10:00:00Z")
    events = lines.to(tmp_path / "one.ndjson")

    ran = run(events, "--config", place / "paris.yml", "--output", tmp_path / "no" / "x.html")

    assert ran.code == 1
    assert "No such file or directory" in ran.err
