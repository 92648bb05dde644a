"""docs/backtest.md tells the truth: its files are read, its commands come to what it shows."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from kpistream.core.alerting.proof.rule_tests_file import read_rule_tests
from tests.cli.conftest import Run

PAGE = (Path(__file__).parents[2] / "docs" / "backtest.md").read_text(encoding="utf-8")
FILES: dict[str, str] = dict(re.findall(r"```yaml (\S+)\n(.*?)```", PAGE, re.S))
COMMANDS: list[tuple[str, str]] = re.findall(
    r"```console\n\$ kpistream (.*?)\n(.*?)```", PAGE, re.S
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of the page, and the events of its test as if they had arrived."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_rule_test_passes_as_the_page_shows(kpistream: Run, folder: Path) -> None:
    command, output = COMMANDS[0]
    ran = kpistream(*shlex.split(command))
    assert (ran.code, ran.err, ran.out) == (0, "", output)


def test_the_backtest_finds_what_the_incidents_say(kpistream: Run, folder: Path) -> None:
    (folder / "events.ndjson").write_text("\n".join(arrived()), encoding="utf-8")
    command, _ = COMMANDS[1]
    ran = kpistream(*shlex.split(command), "--silences", "silences.yml", "--json")
    assert (ran.code, ran.err) == (0, "")
    documents = [json.loads(line) for line in ran.out.splitlines()]
    [whole] = [one for one in documents if one["kind"] == "backtest"]
    assert (whole["fired"], whole["silenced"]) == (1, 0)
    assert (whole["precision"], whole["recall"]) == (1.0, 1.0)
    assert (folder / "out.svg").read_text(encoding="utf-8").startswith("<svg")


def arrived() -> list[str]:
    """What the page's test would make arrive, one event a line."""
    lines = []
    for minute in range(240):
        at = f"2026-03-02T{8 + minute // 60:02}:{minute % 60:02}:00Z"
        loses = minute < 120
        lines.append(event("cost", at, at, amount=money("10.00" if loses else "0.01")))
        for n in range(2):
            revenue = money("3.00" if loses else "30.00")
            lines.append(event("order", f"{at}{n}", at, order_id=f"{at}{n}", revenue=revenue))
        lines += [event("click", f"{at}{n}", at) for n in range(12)]
    return lines


def event(kind: str, name: str, at: str, **fields: object) -> str:
    common = {"event_id": name, "occurred_at": at, "channel": "ads", "campaign": "autumn"}
    return json.dumps({"type": kind, **common, **fields})


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def test_every_key_is_on_the_page() -> None:
    for name in ("file", "events", "an expectation"):
        [table] = re.findall(rf"\| key of (?:the )?{name} \|.*?\n\n", PAGE, re.S)
        keys = {key for row in re.findall(r"^\| (`.*?) \|", table, re.M) for key in row.split(", ")}
        assert {key.strip("`") for key in keys} == allowed(name)


def allowed(name: str) -> set[str]:
    """The keys that the reader itself allows there."""
    test = "{name: a, start: 2026-03-02T08:00:00Z, events: [%s], expect: [%s]}"
    texts = {
        "file": "wrong: 1\ntests: [" + test % ("", "{at: 0s, rule: a}") + "]",
        "events": "tests: [" + test % ("{event: click, wrong: 1}", "{at: 0s, rule: a}") + "]",
        "an expectation": "tests: [" + test % ("", "{at: 0s, rule: a, wrong: 1}") + "]",
    }
    with pytest.raises(ValueError, match="unknown key") as caught:
        read_rule_tests(texts[name], "f.yml")
    return set(str(caught.value).split("allowed: ")[1].split(", "))
