"""Why a broker cannot be reached, as people are told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from aiokafka.errors import SaslAuthenticationFailed, UnsupportedSaslMechanismError

from kpistream.cli import diagnosis
from kpistream.stream.connection import Connection
from tests.cli.conftest import Run


@pytest.fixture
def no_kafka() -> Iterator[str]:
    """The address of a server that takes connections and ends each at the first word."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connected, _ = server.accept()
                    with connected:
                        connected.recv(1)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        # What waits in accept() is woken by this alone.
        server.shutdown(socket.SHUT_RDWR)


def bob(bootstrap: str) -> Connection:
    return Connection(bootstrap, "SASL_PLAINTEXT", "SCRAM-SHA-256", "bob", "s3cr3t")


def test_where_nothing_listens_there_is_nothing_to_tell(nobody: str) -> None:
    assert diagnosis.diagnosis(Connection(nobody)) is None


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            SaslAuthenticationFailed("no"),
            "refused user 'bob': wrong name or password (broker_username, broker_password)",
        ),
        (UnsupportedSaslMechanismError(), "does not take broker_mechanism SCRAM-SHA-256"),
    ],
)
def test_a_refusal_names_the_settings_to_look_at(
    no_kafka: str, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    async def refuse(*arguments: Any, **options: Any) -> None:
        raise error

    monkeypatch.setattr(diagnosis, "create_conn", refuse)
    assert diagnosis.diagnosis(bob(no_kafka)) == told


@pytest.mark.parametrize("command", ["emit", "topics create"])
def test_a_server_that_is_silent_may_speak_another_security(
    kpistream: Run, no_kafka: str, command: str
) -> None:
    ran = kpistream(*command.split(), "--broker", no_kafka)
    assert ran.code == 1
    assert "or broker_security is not what the broker speaks (PLAINTEXT)" in ran.err


@pytest.mark.parametrize("command", ["emit", "topics create", "check", "worker --web-port 0"])
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"SECURITY": "SASL_PLAINTEXT", "PASSWORD": "p"}, "broker_username: must be set"),
        ({"SECURITY": "SASL_SSL", "USERNAME": "bob"}, "broker_password: must be set"),
        ({"SECURITY": "SSL", "CA_FILE": "/none.pem"}, "broker_ca_file: /none.pem: No such file"),
        ({"SECURITY": "SSL", "CA_FILE": "/"}, "broker_ca_file: /: "),
    ],
)
def test_security_that_cannot_work_ends_with_2(
    kpistream: Run,
    monkeypatch: pytest.MonkeyPatch,
    nobody: str,
    command: str,
    settings: dict[str, str],
    told: str,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"KPISTREAM_BROKER_{name}", value)
    ran = kpistream(*command.split(), "--broker", nobody)
    assert ran.code == 2
    assert told in ran.err
    assert "Traceback" not in ran.err
