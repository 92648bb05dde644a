from __future__ import annotations

from typing import Any, cast

import pytest

from kpistream.stream import topics
from kpistream.stream.topics import (
    LogShrunkError,
    TopicError,
    TopicSpec,
    TopicState,
    require_logs,
)

SPEC = TopicSpec("clicks", 8, {"message.timestamp.type": "LogAppendTime"})


def state(partitions: int = 8, **config: str) -> TopicState:
    settings = {key.replace("_", "."): value for key, value in config.items()}
    return TopicState("clicks", partitions, settings, created=False)


def test_a_topic_as_specified_has_no_differences() -> None:
    assert state(message_timestamp_type="LogAppendTime").differences(SPEC) == {}


def test_differences_say_what_was_wanted_and_what_was_found() -> None:
    assert state(4, message_timestamp_type="CreateTime").differences(SPEC) == {
        "partitions": ("8", "4"),
        "message.timestamp.type": ("LogAppendTime", "CreateTime"),
    }


def test_a_missing_setting_is_a_difference() -> None:
    assert state().differences(SPEC) == {"message.timestamp.type": ("LogAppendTime", None)}


def test_a_broker_that_does_not_tell_its_settings_is_judged_by_the_partitions() -> None:
    silent = TopicState("clicks", 4, None, created=False)
    assert silent.differences(SPEC) == {"partitions": ("8", "4")}
    assert silent.timestamp_type is None


def test_a_log_that_holds_what_was_read_of_it_is_in_order() -> None:
    require_logs({("clicks", 0): 9, ("clicks", 1): -1}, {("clicks", 0): 10, ("clicks", 1): 0})


def test_a_log_that_ends_before_what_was_read_of_it_is_an_error_that_names_it() -> None:
    with pytest.raises(LogShrunkError, match=r"clicks-0 ends at offset 10, but 5,000 were read"):
        require_logs({("clicks", 0): 4999}, {("clicks", 0): 10})


async def test_a_topic_that_no_broker_knows_in_time_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Forgetful:
        async def describe_topics(self) -> list[Any]:
            return []

    monkeypatch.setattr(topics, "_TIMEOUT_S", 0.1)
    with pytest.raises(TopicError, match="the brokers were asked for clicks"):
        await topics._wait_until_known(cast(Any, Forgetful()), ["clicks"])
