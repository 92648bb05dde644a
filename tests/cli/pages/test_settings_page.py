"""The page of all settings follows from their declarations, and its examples can be loaded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kpistream.cli.pages.settings_page import markdown
from kpistream.settings import Settings, load_settings

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", markdown(), re.S)
VARIABLES = [
    re.findall(r"^(KPISTREAM_\w+)='?(.*?)'?$", block, re.M)
    for block in re.findall(r"```sh\n(.*?)```", markdown(), re.S)
]


def test_the_page_follows_from_the_declarations() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(), (
        "write it anew: python -m kpistream.cli.pages.settings_page > docs/settings.md"
    )


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_has_a_sentence(name: str) -> None:
    [row] = [line for line in markdown().splitlines() if line.startswith(f"| `{name}` | `KPI")]
    assert row.endswith(". |")


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_a_file_can_be_loaded(example: str, tmp_path: Path) -> None:
    path = tmp_path / "kpistream.yml"
    path.write_text(example, encoding="utf-8")
    assert load_settings(path).model_dump() != load_settings().model_dump()


@pytest.mark.parametrize("variables", VARIABLES)
def test_an_example_of_variables_can_be_loaded(
    variables: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    unless_set = load_settings().model_dump()
    for name, value in variables:
        monkeypatch.setenv(name, value)
    assert load_settings().model_dump() != unless_set


def test_the_page_has_examples_of_both() -> None:
    assert (len(EXAMPLES), [len(found) for found in VARIABLES]) == (2, [4, 1])
