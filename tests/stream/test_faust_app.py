"""The Faust app: it is one that Faust will run, whatever is set."""

from __future__ import annotations

import pytest

from kpistream.stream.connection import Connection
from kpistream.stream.faust_app import build_faust_app


@pytest.mark.parametrize("session_timeout_s", [6.0, 300.0])
def test_a_request_may_take_as_long_as_a_worker_may_be_silent(session_timeout_s: float) -> None:
    link = Connection("127.0.0.1:1", session_timeout_s=session_timeout_s)
    conf = build_faust_app("k", link, "http://127.0.0.1:1").conf
    assert conf.broker_session_timeout == session_timeout_s
    assert conf.broker_request_timeout >= session_timeout_s
