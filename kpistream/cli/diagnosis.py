"""Why no connection to a broker comes about: aiokafka logs the reason and raises another error."""

from __future__ import annotations

import asyncio
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from aiokafka.conn import create_conn
from aiokafka.errors import (
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from kpistream.stream.connection import Connection

_PATIENCE_S: Final = 3.0


def diagnosis(link: Connection) -> str | None:
    """What a server that takes connections has against this one; None if none takes any.

    Connects anew, in a thread of its own: whoever asks may have a loop that is running.
    """
    with ThreadPoolExecutor(1) as thread:
        for server in link.servers:
            host, _, port = server.rpartition(":")
            if port.isdecimal() and _listens(host.strip("[]"), int(port)):
                attempt = _attempt(link, host.strip("[]"), int(port))
                return _reason(link, thread.submit(asyncio.run, attempt).result())
    return None


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), _PATIENCE_S).close()
    except OSError:
        return False
    return True


async def _attempt(link: Connection, host: str, port: int) -> Exception | None:
    """Say hello as a client does; what went wrong."""
    options = {"request_timeout_ms": round(_PATIENCE_S * 1000), **link.client_options()}
    try:
        connected = await create_conn(host, port, **options)
    except (OSError, KafkaError) as error:
        return error
    await connected.close()
    return None


def _reason(link: Connection, error: Exception | None) -> str:
    if isinstance(error, SaslAuthenticationFailed):
        return (
            f"refused user {link.username!r}: wrong name or password "
            "(broker_username, broker_password)"
        )
    if isinstance(error, UnsupportedSaslMechanismError):
        return f"does not take broker_mechanism {link.mechanism}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has a certificate that is not trusted: {error.verify_message} (broker_ca_file)"
    return (
        "accepts connections, but does not answer as Kafka: it is something else, still starting, "
        f"or broker_security is not what the broker speaks ({link.security})"
    )
