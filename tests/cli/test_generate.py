"""``kpistream generate``."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.repo.files import ROOT

OWN = """
rules: []
events:
  test_drive: {fields: {model: text}}
measures:
  test_drives: {count: test_drive}
kpis:
  test_drives:
    {name: {en: Test drives, fr: Essais}, unit: count, direction: up, formula: test_drives}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "kpistream.yml"
    path.write_text(OWN, encoding="utf-8")
    return path


def board(folder: Path, name: str) -> str:
    return (folder / f"{name}.json").read_text(encoding="utf-8")


def test_it_writes_the_boards_of_the_shipped_catalogue(kpistream: Run, tmp_path: Path) -> None:
    ran = kpistream("generate", "--to", tmp_path / "new" / "boards")
    assert ran.code == 0
    assert f"{tmp_path / 'new' / 'boards' / 'shop.json'}: written" in ran.out
    committed = ROOT / "grafana" / "dashboards"
    assert board(tmp_path / "new" / "boards", "shop") == board(committed, "shop")


def test_kpis_of_ones_own_get_a_board(kpistream: Run, tmp_path: Path, config: Path) -> None:
    assert kpistream("generate", "--to", tmp_path, "--config", config).code == 0
    assert '"title": "Test drives"' in board(tmp_path, "more")


def test_it_speaks_french(kpistream: Run, tmp_path: Path, config: Path) -> None:
    kpistream("generate", "--to", tmp_path, "--config", config, "--language", "fr")
    assert '"title": "kpistream / Boutique"' in board(tmp_path, "shop")
    assert '"title": "Essais"' in board(tmp_path, "more")


def test_check_tells_what_is_not_up_to_date_and_writes_nothing(
    kpistream: Run, tmp_path: Path, config: Path
) -> None:
    kpistream("generate", "--to", tmp_path, "--config", config)
    assert kpistream("generate", "--to", tmp_path, "--config", config, "--check").code == 0
    (tmp_path / "brand.json").write_text("{}", encoding="utf-8")
    (tmp_path / "email.json").unlink()
    (tmp_path / "old.json").write_text('{\n  "uid": "kpistream-old"\n}\n', encoding="utf-8")
    (tmp_path / "theirs.json").write_text('{\n  "uid": "node-exporter"\n}\n', encoding="utf-8")
    ran = kpistream("generate", "--to", tmp_path, "--config", config, "--check", "--json")
    assert ran.code == 1
    assert "kpistream generate" in ran.err
    states = {Path(one["file"]).name: one["state"] for one in map(json.loads, ran.out.splitlines())}
    assert (states["brand.json"], states["email.json"]) == ("differs", "missing")
    assert (states["old.json"], states["shop.json"]) == ("stale", "same")
    assert "theirs.json" not in states
    assert board(tmp_path, "brand") == "{}"


def test_the_advice_of_check_is_the_command_that_mends_it(
    kpistream: Run, tmp_path: Path, config: Path
) -> None:
    to, rules = tmp_path / "some boards", tmp_path / "rules.yml"
    rules.write_text("rules: []\n", encoding="utf-8")
    asked = ("--config", config, "--rules", rules, "--windows", "1h,24h", "-l", "fr", "--to", to)
    ran = kpistream("generate", *asked, "--check")
    assert ran.code == 1
    advised = shlex.split(ran.err.partition("run: ")[2])
    assert advised[0] == "kpistream"

    assert kpistream(*advised[1:]).code == 0
    assert '"title": "Essais"' in board(to, "more")
    assert kpistream("generate", *asked, "--check").code == 0


def test_the_advice_names_no_more_than_was_given(
    kpistream: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = kpistream("generate", "--check")
    assert ran.err.rstrip().endswith("run: kpistream generate")


def test_what_is_only_not_made_any_more_is_to_be_deleted(
    kpistream: Run, tmp_path: Path, config: Path
) -> None:
    kpistream("generate", "--to", tmp_path, "--config", config)
    (tmp_path / "old.json").write_text('{\n  "uid": "kpistream-old"\n}\n', encoding="utf-8")
    ran = kpistream("generate", "--to", tmp_path, "--config", config, "--check")
    assert ran.code == 1
    assert "old.json: not made any more; delete it" in ran.out
    assert "run:" not in ran.err


def test_a_board_that_has_a_name_of_kpistreams_own_is_refused(
    kpistream: Run, tmp_path: Path, config: Path
) -> None:
    config.write_text(f"{OWN}dashboards: {{pipeline: [test_drives]}}\n", encoding="utf-8")
    ran = kpistream("generate", "--to", tmp_path, "--config", config)
    assert (ran.code, ran.out) == (2, "")
    assert "'pipeline'" in ran.err


def test_without_the_extra_it_says_what_to_install(
    kpistream: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [*sys.modules]:
        if name.startswith(("kpistream.edges.grafana", "grafana_foundation_sdk")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "grafana_foundation_sdk", None)
    ran = kpistream("generate", "--to", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "pip install 'kpistream[grafana]'" in ran.err


def test_a_folder_that_cannot_be_written_is_told(kpistream: Run, config: Path) -> None:
    ran = kpistream("generate", "--to", config, "--config", config)
    assert ran.code == 2
    assert str(config) in ran.err
