"""What of the libraries' logs is shown."""

from __future__ import annotations

import logging

import pytest

from kpistream.cli.noise import OneOfAKind, is_not_as_ever, without_mark


def line(text: str, *arguments: object, logger: str = "aiokafka.client") -> logging.LogRecord:
    return logging.LogRecord(logger, logging.ERROR, "client.py", 1, text, arguments, None)


def test_of_lines_of_a_kind_one_is_shown_in_ten_seconds_and_the_others_are_counted() -> None:
    now_s = 100.0
    throttle = OneOfAKind(clock=lambda: now_s)
    shown = []
    for second in range(25):
        now_s = 100.0 + second
        record = line("Unable connect to %s: try %d", "broker", second)
        if throttle.filter(record):
            shown.append(record.getMessage())
    assert shown == [
        "Unable connect to broker: try 0",
        "Unable connect to broker: try 10 (and 9 more like it)",
        "Unable connect to broker: try 20 (and 9 more like it)",
    ]


def test_other_lines_are_not_held_back() -> None:
    throttle = OneOfAKind(clock=lambda: 0.0)
    assert throttle.filter(line("one"))
    assert throttle.filter(line("another"))
    assert throttle.filter(line("one", logger="aiokafka.conn"))
    assert all(throttle.filter(line("ours", logger="kpistream.stream.app")) for _ in range(3))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[^--ChangelogRecovery]: Restored", "Restored"),
        ("[^Worker]: Ready", "Ready"),
        ("[one]: of ours", "[one]: of ours"),
    ],
)
def test_the_marks_of_faust_are_stripped(written: str, shown: str) -> None:
    record = line(written, logger="faust")
    assert without_mark(record)
    assert record.getMessage() == shown


def test_a_first_start_is_not_a_line() -> None:
    text = "Group Coordinator Request failed: %s"
    assert not is_not_as_ever(line(text, "[Error 15] GroupCoordinatorNotAvailableError"))
    assert is_not_as_ever(line(text, "[Error 30] GroupAuthorizationFailedError"))
