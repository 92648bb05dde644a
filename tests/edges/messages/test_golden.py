"""What is sent is what the golden files show."""

from __future__ import annotations

import json
from itertools import product

import pytest

from kpistream.edges.messages import SHAPES
from tests.edges.messages.write_golden import FOLDER, MESSAGES, path, written

CASES = list(product(SHAPES, MESSAGES))


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_message_is_as_its_golden_file_shows_it(kind: str, name: str) -> None:
    golden = json.loads(path(kind, name).read_text(encoding="ascii"))
    assert written(kind, name) == golden, (
        "if it was meant to change: python -m tests.edges.messages.write_golden"
    )


def test_no_golden_file_is_left_over() -> None:
    assert {each.name for each in FOLDER.iterdir()} == {path(*case).name for case in CASES}
