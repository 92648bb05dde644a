"""Where workers reach each other, and that none serves everybody."""

from __future__ import annotations

from typing import Any

import pytest

from kpistream.cli.wiring.advertised import advertised_url, guard_of, peer_token
from kpistream.settings import settings_of
from tests.cli.conftest import Run

READ, WRITE = "0123456789abcdef", "fedcba9876543210"


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "http://127.0.0.1:6067"),
        ({"web_host": "10.0.0.7"}, "http://10.0.0.7:6067"),
        ({"web_host": "::1"}, "http://[::1]:6067"),
        ({"web_host": "0.0.0.0"}, "http://worker-1:6067"),  # noqa: S104
        ({"web_host": "::"}, "http://worker-1:6067"),
        ({"web_url": "https://kpis.example.org/w1/"}, "https://kpis.example.org/w1"),
    ],
)
def test_a_worker_is_reached_at_its_host_unless_it_is_said_otherwise(
    settings: dict[str, Any], url: str
) -> None:
    assert advertised_url(settings_of(**settings), 6067, lambda: "worker-1") == url


def test_workers_show_each_other_a_token_of_readers_and_never_one_of_writers() -> None:
    assert peer_token(settings_of()) is None
    assert peer_token(settings_of(write_tokens=[WRITE])) is None
    assert peer_token(settings_of(write_tokens=[WRITE], read_tokens=[READ])) == READ


def test_the_guard_knows_the_tokens_of_the_settings() -> None:
    guard = guard_of(settings_of(read_tokens=[READ], write_tokens=[WRITE]))
    assert (guard.read_tokens, guard.write_tokens) == ((READ,), (WRITE,))


def test_a_worker_that_everybody_could_read_does_not_start(
    kpistream: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = kpistream("worker", "--web-host", "0.0.0.0")  # noqa: S104 - it is refused
    assert ran.code == 2
    assert ran.err == (
        "flag: --web-host: everybody who reaches 0.0.0.0 could read everything: set read_tokens, "
        "or web_host to 127.0.0.1\n"
    )
    monkeypatch.setenv("KPISTREAM_WEB_HOST", "::")
    ran = kpistream("check", "--no-broker")
    assert ran.code == 2
    assert "KPISTREAM_WEB_HOST: everybody who reaches :: could read everything" in ran.err
    monkeypatch.setenv("KPISTREAM_READ_TOKENS", READ)
    assert kpistream("check", "--no-broker").code == 0
