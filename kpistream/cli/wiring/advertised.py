"""How a worker is reached: by people, by other workers, and not by everybody."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final

from kpistream.core.located_yaml import ConfigErrors
from kpistream.edges.web.guard import Guard, Unguarded
from kpistream.settings import Settings

_ALL_ADDRESSES: Final = ("0.0.0.0", "::", "[::]", "")  # noqa: S104 - they are told apart


def advertised_url(
    settings: Settings, port: int, hostname: Callable[[], str] = socket.gethostname
) -> str:
    """Where other workers reach this one, which listens on ``port``."""
    if settings.web_url:
        return settings.web_url
    host = hostname() if settings.web_host in _ALL_ADDRESSES else settings.web_host
    is_bare = ":" in host and not host.startswith("[")
    return f"http://[{host}]:{port}" if is_bare else f"http://{host}:{port}"


def guard_of(settings: Settings) -> Guard:
    """Who is let in."""
    return Guard(
        settings.web_host,
        tuple(token.get_secret_value() for token in settings.read_tokens),
        tuple(token.get_secret_value() for token in settings.write_tokens),
    )


def peer_token(settings: Settings) -> str | None:
    """What a worker shows the others, to read; None if they ask for nothing.

    It is sent without TLS, so it is never one that lets write.
    """
    return next((token.get_secret_value() for token in settings.read_tokens), None)


def refuse_openness(settings: Settings) -> None:
    """Raise ConfigErrors if everybody in the network could read what a worker serves."""
    try:
        guard_of(settings).refuse_openness()
    except Unguarded as error:
        raise ConfigErrors([settings.error(("web_host",), str(error))]) from None
