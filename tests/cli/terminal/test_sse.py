from __future__ import annotations

import pytest

from kpistream.cli.terminal.sse import Event, EventReader, TooLarge


def events(*chunks: bytes, most_bytes: int = 1_000) -> list[Event]:
    reader = EventReader(most_bytes)
    return [event for chunk in chunks for event in reader.feed(chunk)]


@pytest.mark.parametrize(
    ("stream", "found"),
    [
        (b"event: frame\nid: 1\ndata: {}\n\n", [("frame", "{}")]),
        (b"data: {}\n\n", [("message", "{}")]),
        (b"event:frame\ndata:{}\n\n", [("frame", "{}")]),
        (b"event: frame\r\ndata: {}\r\n\r\n", [("frame", "{}")]),
        (b"event: frame\rdata: {}\r\rdata: 2\n\n", [("frame", "{}"), ("message", "2")]),
        (b"data: one\ndata: two\n\n", [("message", "one\ntwo")]),
        (b"data:  indented\n\n", [("message", " indented")]),
        (b": a comment\n\nretry: 5\nunheard: of\ndata: x\n\n", [("message", "x")]),
        (b"event: frame\n\ndata: x\n\n", [("message", "x")]),
        (b"\xef\xbb\xbfdata: x\n\n", [("message", "x")]),
        (b"data: x\n", []),
        (b"", []),
    ],
)
def test_a_stream_is_read_as_the_standard_says(stream: bytes, found: list[tuple[str, str]]) -> None:
    assert events(stream) == found


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_stream_may_be_cut_anywhere(end: bytes) -> None:
    stream = end.join([b"event: patch", "data: é€".encode(), b"", b"data: 2", b"", b""])
    whole = [("patch", "é€"), ("message", "2")]
    assert events(*(stream[i : i + 1] for i in range(len(stream)))) == whole
    for cut in range(len(stream)):
        assert events(stream[:cut], stream[cut:]) == whole


def test_an_event_that_does_not_end_is_refused() -> None:
    with pytest.raises(TooLarge, match="more than 100 bytes"):
        events(b"data: ", b"x" * 101, most_bytes=100)
    with pytest.raises(TooLarge):
        events(*[b"data: x\n"] * 20, most_bytes=100)


def test_many_events_are_not_one_large_one() -> None:
    assert len(events(*[b"data: x\n\n"] * 50, most_bytes=100)) == 50
