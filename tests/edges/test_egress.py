import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from kpistream.edges.egress import KINDS, Egress, EgressDenied, kind_of
from tests.edges.names import Names

TIMEOUT = aiohttp.ClientTimeout(total=60)
LOOPBACK = ip_network("127.0.0.0/8")


@pytest.mark.parametrize(
    ("network", "kind"),
    [(network, kind) for kind, networks in KINDS.items() for network in networks],
)
def test_a_network_of_a_kind_is_denied_from_its_first_to_its_last_address(
    network: str, kind: str
) -> None:
    span = ip_network(network)
    assert kind_of(span[0]) is not None
    assert kind_of(span[-1]) is not None
    assert kind in {kind_of(span[0]), kind_of(span[-1]), kind_of(span[span.num_addresses // 2])}


@pytest.mark.parametrize(
    "address",
    [
        *("1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "93.184.216.34"),
        *("100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"),
        *("169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0"),
        *("191.255.255.255", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0"),
        *("198.17.255.255", "198.20.0.0", "198.51.99.255", "203.0.114.0", "223.255.255.255"),
        *("2000::", "2001:200::", "2001:4860:4860::8888", "2001:db7:ffff::", "2001:db9::"),
        *("2003::", "2606:4700::1111", "3ffe::1", "3fff:1000::"),
    ],
)
def test_a_public_address_may_be_reached(address: str) -> None:
    assert kind_of(ip_address(address)) is None
    Egress().check_host(f"{address}")


@given(st.ip_addresses())
def test_what_python_knows_to_be_no_public_address_is_denied(
    address: IPv4Address | IPv6Address,
) -> None:
    assert kind_of(address) is not None or address.is_global


@pytest.mark.parametrize(
    ("allowed", "host", "denied"),
    [
        ("10.1.0.0/16", "10.1.2.3", False),
        ("10.1.0.0/16", "10.2.0.1", True),
        ("127.0.0.1/32", "127.0.0.1", False),
        ("127.0.0.1/32", "127.0.0.2", True),
        ("127.0.0.0/8", "::ffff:127.0.0.1", True),
        ("::ffff:127.0.0.0/104", "::ffff:127.0.0.1", False),
        ("::ffff:127.0.0.0/104", "127.0.0.1", True),
        ("fe80::/10", "fe80::1", False),
        ("fe80::/10", "fe80::1%eth0", True),
        ("127.0.0.0/8", "127.1", True),
        ("169.254.169.254/32", "169.254.169.254", False),
        ("0.0.0.0/0", "::1", True),
    ],
)
def test_a_network_that_is_allowed_may_be_reached_and_nothing_beside_it(
    allowed: str, host: str, denied: bool
) -> None:
    egress = Egress([ip_network(allowed)])
    if denied:
        with pytest.raises(EgressDenied):
            egress.check_host(host)
    else:
        egress.check_host(host)


@pytest.mark.parametrize(
    ("host", "address", "message"),
    [
        (
            "10.0.0.5",
            "10.0.0.5",
            "10.0.0.5 is denied: it is a private address; allow its network with receivers[].allow",
        ),
        (
            "crm.example.com",
            "127.0.0.1",
            "crm.example.com is denied: it has 127.0.0.1, a loopback address; "
            "allow its network with receivers[].allow",
        ),
        (
            "2130706433",
            "2130706433",
            "2130706433 is denied: an address must be written in full, "
            "as 192.0.2.1 or [2001:db8::1]",
        ),
        ("fe80::1%lo", "fe80::1%lo", "fe80::1%lo is denied: an address may not name a zone"),
    ],
)
def test_who_is_denied_is_told_why_and_what_to_change(
    host: str, address: str, message: str
) -> None:
    with pytest.raises(EgressDenied) as denied:
        Egress().check_address(host, address)
    assert str(denied.value) == message


def test_a_host_is_shown_without_what_could_move_a_cursor() -> None:
    with pytest.raises(EgressDenied) as denied:
        Egress().check_host("\x1b[2J.example.com")
    assert str(denied.value).isprintable()


@pytest.mark.parametrize(
    "host", ["hooks.example.com", "hooks.example.com.", "a-b_c.x1", "xn--fa-hia.de", "localhost"]
)
def test_a_name_is_for_its_addresses_to_judge(host: str) -> None:
    Egress().check_host(host)


class Seen:
    """Who was asked for, by what name, and over how many connections."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.server_names: list[str | None] = []
        self.peers: set[object] = set()

    async def serve(self, request: web.Request) -> web.Response:
        self.hosts.append(request.host)
        assert request.transport is not None
        self.peers.add(request.transport.get_extra_info("peername"))
        body = gzip.compress(b"0" * 1000)
        headers = {"Content-Encoding": "gzip", "Set-Cookie": "seen=1"}
        return web.Response(body=body, headers=headers)

    def tls(self, authority: trustme.CA, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(context)
        context.sni_callback = lambda _, name, __: self.server_names.append(name)
        return context


@asynccontextmanager
async def serving(seen: Seen, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_get("/", seen.serve)
    server = TestServer(app)
    await server.start_server(ssl=tls)
    try:
        assert server.port is not None
        yield server.port
    finally:
        await server.close()


async def test_a_connection_to_an_address_keeps_the_name_it_was_asked_by() -> None:
    seen, authority = Seen(), trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    names = Names({"hooks.example.com": [["127.0.0.1"]]})
    egress = Egress([LOOPBACK], resolver=names, tls=trusting)
    async with (
        serving(seen, seen.tls(authority, "hooks.example.com")) as port,
        egress.session(TIMEOUT) as session,
        session.get(f"https://hooks.example.com:{port}/") as response,
    ):
        assert response.status == 200
    assert seen.hosts == [f"hooks.example.com:{port}"]
    assert seen.server_names == ["hooks.example.com"]


async def test_a_connection_is_used_again_and_a_new_one_resolves_anew() -> None:
    seen, names = Seen(), Names({"hooks.example.com": [["127.0.0.1"]]})
    egress = Egress([LOOPBACK], resolver=names)
    async with serving(seen) as port:
        for _ in range(2):
            async with egress.session(TIMEOUT) as session:
                for _ in range(3):
                    async with session.get(f"http://hooks.example.com:{port}/") as response:
                        await response.read()
    assert len(seen.hosts) == 6
    assert len(seen.peers) == len(names.asked) == 2


async def test_an_answer_is_neither_decompressed_nor_remembered() -> None:
    seen, names = Seen(), Names({"hooks.example.com": [["127.0.0.1"]]})
    async with (
        serving(seen) as port,
        Egress([LOOPBACK], resolver=names).session(TIMEOUT) as session,
        session.get(f"http://hooks.example.com:{port}/") as response,
    ):
        assert len(await response.read()) < 100
        assert len(session.cookie_jar) == 0
    assert not session.trust_env


async def test_a_name_without_an_address_is_a_failure_of_the_network() -> None:
    for names in (Names(), Names({"hooks.example.com": [[]]})):
        async with Egress(resolver=names).session(TIMEOUT) as session:
            with pytest.raises(aiohttp.ClientConnectorDNSError):
                await session.get("http://hooks.example.com/")


async def test_the_system_resolves_names_unless_told_otherwise() -> None:
    async with Egress().session(TIMEOUT) as session:
        with pytest.raises(EgressDenied, match=r"it has .+, a loopback address"):
            await session.get("http://localhost/")


async def test_no_socket_is_made_for_an_address_that_slipped_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Were aiohttp to ask neither connector nor resolver, the socket would still be refused."""
    monkeypatch.setattr(Egress, "check_host", lambda *_: None)
    async with Egress().session(TIMEOUT) as session:
        for url in ("http://127.0.0.1/", "http://[::1]/", "http://10.0.0.1/"):
            with pytest.raises(EgressDenied):
                await session.get(url)
