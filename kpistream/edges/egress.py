"""Where HTTP may go: to public addresses, and to the networks that the settings allow.

A name is resolved once for each connection. Each address that comes of it is looked at, one that
is denied denies the name, and the connection is made to the very addresses that were looked at,
under the name it had (Host, SNI). Addresses in URLs are looked at in the same way.
"""

import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

ALLOW_SETTING: Final = "receivers[].allow"
"""The setting that lists the networks a receiver may be in."""

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "cloud metadata": (
        *("169.254.169.254/32", "169.254.170.2/32", "100.100.100.200/32", "192.0.0.192/32"),
        *("168.63.129.16/32", "fd00:ec2::254/128"),
    ),
    "unspecified": ("0.0.0.0/32", "::/128"),
    "this-network": ("0.0.0.0/8",),
    "loopback": ("127.0.0.0/8", "::1/128"),
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
    "unique local": ("fc00::/7",),
    "carrier-grade NAT": ("100.64.0.0/10",),
    "link-local": ("169.254.0.0/16", "fe80::/10"),
    "site-local": ("fec0::/10",),
    "documentation": (
        *("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"),
        *("2001:db8::/32", "3fff::/20"),
    ),
    "benchmark": ("198.18.0.0/15", "2001:2::/48"),
    "Teredo": ("2001::/32",),
    "6to4": ("2002::/16", "192.88.99.0/24"),
    "protocol assignment": ("192.0.0.0/24", "2001::/23"),
    "multicast": ("224.0.0.0/4", "ff00::/8"),
    "broadcast": ("255.255.255.255/32",),
    "NAT64": ("64:ff9b::/96", "64:ff9b:1::/48"),
    "IPv4-mapped": ("::ffff:0:0/96",),
    "IPv4-translated": ("::ffff:0:0:0/96",),
    "IPv4-compatible": ("::/96",),
    "discard-only": ("100::/64",),
    "reserved": ("240.0.0.0/4", "::/3", "4000::/2", "8000::/1"),
}
"""What no public service has for an address; the first kind that fits names it.

From the IANA registries of special-purpose addresses (RFC 6890), in which all of IPv6 but 2000::/3
is reserved. What carries an IPv4 address inside is denied whatever that address is, and so is a
cloud's metadata service where its address is a public one.
"""

_DENIED: Final = tuple(
    (ip_network(network), kind) for kind, networks in KINDS.items() for network in networks
)

_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_LABEL: Final = r"[A-Za-z0-9_-]{1,63}"
_NAME: Final = re.compile(rf"(?=.{{1,254}}\Z){_LABEL}(\.{_LABEL})*\.?")


class EgressDenied(aiohttp.ClientError):
    """A host that may not be reached; no connection was made. Says why, and shows the host alone.

    Not an OSError, which aiohttp would wrap into one about the network.
    """

    def __init__(self, host: str, why: str) -> None:
        shown = host if host.isascii() and host.isprintable() else ascii(host)
        super().__init__(f"{shown[:253]} is denied: {why}")


def kind_of(address: Address) -> str | None:
    """What kind of address that is no public one it is; None for a public address."""
    return next((kind for network, kind in _DENIED if address in network), None)


class Egress:
    """The addresses that may be reached, and HTTP sessions that reach no other.

    ``allow`` lists networks that may be reached although they are no public ones. Names are
    resolved by the system, and certificates checked against its authorities, unless told otherwise.
    """

    def __init__(
        self,
        allow: Iterable[Network] = (),
        *,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allow = tuple(allow)
        self._resolver = resolver
        self._tls = tls

    def session(self, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
        """A session without proxies, netrc, cookies and decompression; the caller closes it.

        Where it is told to follow redirects, each is looked at like a first address.
        """
        return aiohttp.ClientSession(
            connector=self.connector(),
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=timeout,
        )

    def connector(self) -> aiohttp.TCPConnector:
        """A pool of connections to what may be reached."""
        resolver = _CheckedResolver(self, self._resolver or aiohttp.ThreadedResolver())
        return _CheckedConnector(self, resolver, self._tls)

    def check_host(self, host: str) -> None:
        """Look at the host of a URL, as far as it can be without resolving it.

        Raises EgressDenied for an address that may not be reached, for one that is not written in
        full, and for what can be no name. What ends in a number is an address, as in the URL
        standard of the WHATWG: decimal, octal and hexadecimal spellings never reach a resolver.
        """
        last = host.rstrip(".").rpartition(".")[2]
        if ":" in host or _NUMBER.fullmatch(last):
            self.check_address(host, host)
        elif not _NAME.fullmatch(host):
            raise EgressDenied(host, "it is no name of a host")

    def check_address(self, host: str, text: str) -> None:
        """Look at an address of a host; raises EgressDenied."""
        address = _address(host, text)
        kind = kind_of(address)
        if kind is None or any(address in network for network in self._allow):
            return
        its = "it is" if host == text else f"it has {address},"
        why = f"{its} a {kind} address; allow its network with {ALLOW_SETTING}"
        raise EgressDenied(host, why)


def _address(host: str, text: str) -> Address:
    try:
        address = ip_address(text)
    except ValueError:
        why = "an address must be written in full, as 192.0.2.1 or [2001:db8::1]"
        raise EgressDenied(host, why) from None
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise EgressDenied(host, "an address may not name a zone")
    return address


class _CheckedResolver(AbstractResolver):
    """Resolves names, and refuses one if any of its addresses is denied."""

    def __init__(self, egress: Egress, resolver: AbstractResolver) -> None:
        self._egress = egress
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not found:
            raise OSError("the name has no address")
        for one in found:
            self._egress.check_address(host, one["host"])
        return found

    async def close(self) -> None:
        await self._resolver.close()


class _CheckedConnector(aiohttp.TCPConnector):
    """Connections to hosts that may be reached, each resolved anew and without a proxy."""

    def __init__(
        self, egress: Egress, resolver: AbstractResolver, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(
            resolver=resolver,
            ssl=tls or True,
            # A remembered answer would be one that was not looked at for this connection.
            use_dns_cache=False,
            socket_factory=self._socket,
        )
        self._egress = egress

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - as aiohttp has it
    ) -> Connection:
        host = req.url.raw_host or ""
        # aiohttp asks no resolver about what looks like an address.
        self._egress.check_host(host)
        if req.proxy is not None:
            raise EgressDenied(host, "it may not be reached through a proxy")
        return await super().connect(req, traces, timeout)

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for an address, the last gate: whatever came before, this one is connected."""
        family, kind, protocol, _, (address, *_) = info
        self._egress.check_address(address, address)
        return socket.socket(family, kind, protocol)
