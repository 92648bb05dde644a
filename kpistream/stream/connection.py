"""How to reach the brokers, as Faust and as an aiokafka client want it told."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kpistream.core.located_yaml import ConfigError, ConfigErrors

if TYPE_CHECKING:
    from faust.auth import SASLCredentials, SSLCredentials

TLS = ("SSL", "SASL_SSL")
SASL = ("SASL_PLAINTEXT", "SASL_SSL")


@dataclass(frozen=True, slots=True)
class Connection:
    """The brokers, what they ask of a client, and how patient to be with a silent worker."""

    bootstrap: str
    """``host:port``, separated by commas."""
    security: str = "PLAINTEXT"
    mechanism: str = "PLAIN"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    session_timeout_s: float = 30.0

    def __post_init__(self) -> None:
        """Raise :class:`ConfigErrors` for what no broker could be reached with."""
        mistakes = list(self._mistakes())
        if mistakes:
            raise ConfigErrors(ConfigError("settings", 0, *mistake) for mistake in mistakes)

    @property
    def servers(self) -> list[str]:
        """The bootstrap servers, one by one."""
        return [server.strip() for server in self.bootstrap.split(",")]

    def client_options(self) -> dict[str, Any]:
        """The options of an aiokafka client, besides the bootstrap servers."""
        options: dict[str, Any] = {"security_protocol": self.security}
        if self.security in TLS:
            options["ssl_context"] = self._tls()
        if self.security in SASL:
            options["sasl_mechanism"] = self.mechanism
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self.password
        return options

    def faust_credentials(self) -> SASLCredentials | SSLCredentials | None:
        """The same for Faust's consumer; None for a broker that asks for nothing."""
        # Here, because it takes half a second, which `check` and `compute` need not wait for.
        from faust.auth import SASLCredentials, SSLCredentials

        tls = self._tls() if self.security in TLS else None
        if self.security in SASL:
            return SASLCredentials(
                username=self.username,
                password=self.password,
                ssl_context=tls,
                mechanism=self.mechanism,
            )
        return SSLCredentials(context=tls) if tls is not None else None

    def _mistakes(self) -> Iterator[tuple[str, str]]:
        """Settings, and what is wrong with them."""
        if self.security in SASL:
            for setting, value in (
                ("broker_username", self.username),
                ("broker_password", self.password),
            ):
                if not value:
                    yield setting, f"must be set when broker_security is {self.security}"
        if self.security in TLS and self.ca_file is not None:
            try:
                self._tls()
            except OSError as error:
                yield "broker_ca_file", f"{self.ca_file}: {error.strerror or error}"

    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)
