"""The modules of the page, each by itself in a real browser."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kpistream.edges.web.assets import page_folder
from tests.browser.conftest import Open

pytestmark = pytest.mark.browser

TRUSTS = ("final", "incomplete", "provisional")
TOLD = {*TRUSTS, *(f"{trust}_means" for trust in TRUSTS), "not_set", "others"}
"""Words for what workers tell."""

PARSE = """async (pieces) => {
  const { EventParser } = await import("./page/stream.js");
  const parser = new EventParser();
  const events = pieces.flatMap((piece) => parser.push(piece));
  return events.map(({ name, data, id }) => [name, data, id]);
}"""

DICTIONARIES = """async () => {
  const { WORDS } = await import("./page/words.js");
  const names = (text) => JSON.stringify(text).match(/\\{\\w+\\}/g) ?? [];
  const values = (text) => [...new Set(names(text))].sort();
  const mapped = (record, change) => Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, change(value)]));
  return mapped(WORDS, (texts) => mapped(texts, values));
}"""


def parsed(opened: Open, *pieces: str) -> list[list[str]]:
    found: list[list[str]] = opened().evaluate(PARSE, list(pieces))
    return found


class TestTheParserOfEvents:
    def test_reads_events_comments_and_ids(self, opened: Open) -> None:
        stream = ': hello\n\nid: 1\nevent: frame\ndata: {"a": 1}\n\n: still here\n\ndata: x\n\n'
        assert parsed(opened, stream) == [["frame", '{"a": 1}', "1"], ["message", "x", ""]]

    def test_minds_no_cut_and_no_kind_of_line_end(self, opened: Open) -> None:
        stream = "event: a\r\ndata: one\r\ndata: two\r\n\r\nevent: b\rdata:three\r\rdata: é\n\n"
        whole = [["a", "one\ntwo", ""], ["b", "three", ""], ["message", "é", ""]]
        assert parsed(opened, stream) == whole
        assert parsed(opened, *stream) == whole

    def test_leaves_out_what_is_not_finished(self, opened: Open) -> None:
        assert parsed(opened, "data: one\n\ndata: two\n") == [["message", "one", ""]]

    def test_forgets_an_event_without_data(self, opened: Open) -> None:
        assert parsed(opened, "event: a\n\ndata: b\n\n") == [["message", "b", ""]]


class TestTheWords:
    def test_are_the_same_in_both_languages(self, opened: Open) -> None:
        found: dict[str, dict[str, Any]] = opened().evaluate(DICTIONARIES)
        assert found["en"] == found["fr"]

    def test_are_there_for_all_that_is_said_and_none_is_too_many(self, opened: Open) -> None:
        known = set(opened().evaluate(DICTIONARIES)["en"])
        folder = page_folder()
        sources = [file.read_text("utf-8") for file in folder.iterdir() if file.name != "words.js"]
        quoted = {word for source in sources for word in re.findall(r'"([a-z_]+)"', source)}
        said = {
            word for source in sources for word in re.findall(r'say\(\s*"([a-z_]+)"', source)
        } | {word for source in sources for word in re.findall(r'data-word[a-z-]*="(\w+)"', source)}
        assert said - known == set()
        families = ("condition_", "window_", "severity_", "status_", "theme_")
        unused = {word for word in known - quoted - TOLD if not word.startswith(families)}
        assert unused == set()


class TestThePage:
    def test_asks_nobody_but_its_worker_and_writes_no_markup(self) -> None:
        for file in page_folder().iterdir():
            source = file.read_text("utf-8")
            assert "innerHTML" not in source, file.name
            assert "insertAdjacentHTML" not in source, file.name
            hosts = set(re.findall(r"https?://[^\s\"')]+", source))
            assert hosts <= {"http://www.w3.org/2000/svg"}, file.name
