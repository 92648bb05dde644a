from __future__ import annotations

import pytest

from kpistream.cli.counted import counted


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 events"), (1, "1 event"), (2, "2 events"), (1204, "1,204 events")]
)
def test_one_of_something_is_no_plural(number: int, text: str) -> None:
    assert counted(number, "events") == text
