from __future__ import annotations

from kpistream.stream.topics import TopicSpec, TopicState

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
