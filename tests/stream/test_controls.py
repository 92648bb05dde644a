"""Controls: what people say, between the alerts of one log."""

from __future__ import annotations

import pytest

from kpistream.core.alerting.telling.notifier import Control
from kpistream.core.alerting.telling.silences import SilenceEnded
from kpistream.stream.controls import FORMAT, decode_control, encode_control, is_control
from tests.support.alerting import START, firing
from tests.support.notified import acknowledged, silence

SAID: list[Control] = [silence(), SilenceEnded(id="one", at=START), acknowledged(firing())]


@pytest.mark.parametrize("control", SAID, ids=lambda control: type(control).__name__)
def test_a_control_is_read_as_it_was_written(control: Control) -> None:
    key, value = encode_control(control)
    assert is_control(key)
    assert value[0] == FORMAT
    assert decode_control(value) == control


def test_what_is_said_of_one_thing_has_one_key() -> None:
    keys = [encode_control(control)[0] for control in SAID]
    assert keys == [b"silence:one", b"silence:one", b"ack:" + firing().fingerprint.encode()]


def test_the_key_of_an_alert_is_that_of_no_control() -> None:
    assert not is_control(firing().fingerprint.encode())
    assert not is_control(b"")


@pytest.mark.parametrize("value", [b"", b"\x00", bytes([FORMAT + 1]) + b"\x80", bytes([FORMAT])])
def test_what_is_no_control_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match=r"format|truncated|Input"):
        decode_control(value)
