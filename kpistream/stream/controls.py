"""Controls on the topic of alerts: silences and acknowledgements, between the alerts themselves.

They are in one log with what they are about, so their order is the same after every restart. An
alert's key names its change; that of a control says what it is, and so that it is one.
"""

from __future__ import annotations

from typing import Final

import msgspec

from kpistream.core.alerting.telling.acknowledgements import Acknowledgement
from kpistream.core.alerting.telling.notifier import Control

FORMAT: Final = 1
"""The first byte of a control: the format that this release writes, and the only one it reads."""

_SILENCE: Final = b"silence:"
_ACKNOWLEDGEMENT: Final = b"ack:"

_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final[msgspec.msgpack.Decoder[Control]] = msgspec.msgpack.Decoder(Control)


def is_control(key: bytes) -> bool:
    """Whether the record with this key is a control; otherwise it is an alert."""
    return key.startswith((_SILENCE, _ACKNOWLEDGEMENT))


def encode_control(control: Control) -> tuple[bytes, bytes]:
    """The key and the value of a control's record."""
    if isinstance(control, Acknowledgement):
        key = _ACKNOWLEDGEMENT + control.fingerprint.encode()
    else:
        key = _SILENCE + control.id.encode()
    return key, bytes([FORMAT]) + _encode(control)


def decode_control(value: bytes) -> Control:
    """The control that :func:`encode_control` wrote; raises ValueError for any other value."""
    if value[:1] != bytes([FORMAT]):
        raise ValueError(f"a control that is not of format {FORMAT}")
    return _decoder.decode(value[1:])
