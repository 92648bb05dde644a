"""Files of settings that are wrong, each with all that `kpistream check` says of it.

The first lines of a file are the expected mistakes: with a line number of the file itself, or with
the name of another file. Where a line ends in `...`, more allowed values follow.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kpistream.settings import SHIPPED
from tests.cli.conftest import Run

FOLDER = Path(__file__).parent / "bad_files"
FILES = sorted(FOLDER.glob("*.yml"))


def expected(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("# ") for line in lines if line.startswith("# ")]


def told(path: Path, errors: str) -> list[str]:
    """The mistakes as a file expects them; what shows a formula is left out."""
    mistakes = [e for e in errors.splitlines() if not e.startswith(("warning: ", "    "))]
    for prefix in (f"{path}:", f"{FOLDER}/", f"{SHIPPED}/"):
        mistakes = [mistake.removeprefix(prefix) for mistake in mistakes]
    return [mistake.replace(f" {FOLDER}/", " ") for mistake in mistakes]


def fits(wanted: str, found: str) -> bool:
    if wanted.endswith("..."):
        return found.startswith(wanted.removesuffix("..."))
    return found == wanted


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_wrong_is_told_where_it_stands(kpistream: Run, path: Path) -> None:
    ran = kpistream("check", "--no-broker", "--config", path)
    assert ran.code == 2
    found, wanted = told(path, ran.err), expected(path)
    assert wanted
    assert len(found) == len(wanted), ran.err
    for one, other in zip(wanted, found, strict=True):
        assert fits(one, other), f"{other!r} is not {one!r}"


def test_there_are_at_least_fifty() -> None:
    assert len(FILES) >= 50
