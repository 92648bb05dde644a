"""Requests that would reach what is not meant for them: none makes a connection."""

import asyncio
from collections.abc import Iterator
from ipaddress import ip_network

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from kpistream.edges.egress import Egress, EgressDenied
from kpistream.edges.retry import RetryPolicy
from kpistream.edges.webhook import (
    Attempt,
    AttemptResult,
    InvalidWebhookUrl,
    Request,
    Target,
    WebhookSender,
)
from tests.edges.names import Names, Trap, trap

SECRET = "T0K3N"  # noqa: S105 - it stands for one
PUBLIC = "93.184.216.34"
LOOPBACK = ip_network("127.0.0.1/32")
MESSAGE = Request(body=b"{}", message_id="msg_1")


@pytest.fixture
def trapped(monkeypatch: pytest.MonkeyPatch) -> Iterator[Trap]:
    with trap(monkeypatch) as set_up:
        yield set_up


async def attempts(url: str, egress: Egress, times: int = 1) -> list[Attempt]:
    policy = RetryPolicy(try_s=60.0)
    async with WebhookSender(Target.parse(url), policy, egress=egress) as sender:
        return [await sender.attempt(MESSAGE, number) for number in range(1, times + 1)]


WRITTEN_IN_FULL = [
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("[::1]", "loopback"),
    ("[0:0:0:0:0:0:0:1]", "loopback"),
    ("0.0.0.0", "unspecified"),  # noqa: S104 - nothing is bound
    ("[::]", "unspecified"),
    ("0.1.2.3", "this-network"),
    ("10.0.0.1", "private"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.168.1.1", "private"),
    ("100.64.0.1", "carrier-grade NAT"),
    ("169.254.0.1", "link-local"),
    ("169.254.169.254", "cloud metadata"),
    ("169.254.170.2", "cloud metadata"),
    ("100.100.100.200", "cloud metadata"),
    ("168.63.129.16", "cloud metadata"),
    ("[fd00:ec2::254]", "cloud metadata"),
    ("[fd12:3456:789a::1]", "unique local"),
    ("[fc00::1]", "unique local"),
    ("[fe80::1]", "link-local"),
    ("[fec0::1]", "site-local"),
    ("192.0.0.8", "protocol assignment"),
    ("192.0.2.1", "documentation"),
    ("198.51.100.1", "documentation"),
    ("203.0.113.1", "documentation"),
    ("[2001:db8::1]", "documentation"),
    ("[3fff::1]", "documentation"),
    ("198.18.0.1", "benchmark"),
    ("224.0.0.1", "multicast"),
    ("[ff02::1]", "multicast"),
    ("240.0.0.1", "reserved"),
    ("[4000::1]", "reserved"),
    ("255.255.255.255", "broadcast"),
    ("[::ffff:127.0.0.1]", "IPv4-mapped"),
    ("[::ffff:7f00:1]", "IPv4-mapped"),
    ("[::ffff:93.184.216.34]", "IPv4-mapped"),
    ("[::ffff:0:127.0.0.1]", "IPv4-translated"),
    ("[::127.0.0.1]", "IPv4-compatible"),
    ("[64:ff9b::127.0.0.1]", "NAT64"),
    ("[64:ff9b:1::10.0.0.1]", "NAT64"),
    ("[2002:7f00:1::]", "6to4"),
    ("192.88.99.1", "6to4"),
    ("[2001:0:7f00:1::]", "Teredo"),
    ("[100::1]", "discard-only"),
    # What a browser would read as one of those, too.
    ("１２７.0.0.1", "loopback"),  # noqa: RUF001
    ("127。0。0。1", "loopback"),
    ("①②⑦.⓪.⓪.①", "loopback"),
    ("hooks.example.com@127.0.0.1", "loopback"),
    ("hooks.example.com:80@127.0.0.1", "loopback"),
    ("hooks.example.com\n@127.0.0.1", "loopback"),
    ("127.0.0.1\t", "loopback"),
]

SPELLED_OTHERWISE = [
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7f.1",
    "0X7F.0.0.1",
    "0177.0.0.1",
    "127.1",
    "127.0.1",
    "127.0.0.1.",
    "127.0.0.1..",
    "127.0.0.01",
    "127.0.0.0x1",
    "256.256.256.256",
    "1.2.3.4.5",
    "4294967297",
    "hooks.example.com.127.1",
    "hooks.example.com.0x",
    "０x7f.1",  # noqa: RUF001
]

WITH_A_ZONE = ["[::1%25lo]", "[fe80::1%25eth0]", "[fe80::1%eth0]"]

NO_NAMES = [
    "%31%32%37.0.0.%31",
    "localhost%00.example.com",
    "127.0.0.1%09",
    "127.0.0.1 ",
    "hooks..example.com",
    "hooks.example.com..",
    f"{'a' * 64}.example.com",
    "a." * 127 + "com",
    "*.example.com",
]

VECTORS = [
    *WRITTEN_IN_FULL,
    *((host, "written in full") for host in SPELLED_OTHERWISE),
    *((host, "may not name a zone") for host in WITH_A_ZONE),
    *((host, "no name of a host") for host in NO_NAMES),
]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(("host", "why"), VECTORS)
async def test_a_url_with_such_a_host_is_denied_unasked_and_unconnected(
    scheme: str, host: str, why: str, trapped: Trap
) -> None:
    names = Names()
    [denied] = await attempts(f"{scheme}://{host}:{trapped.port}/{SECRET}", Egress(resolver=names))
    assert denied.result is AttemptResult.denied
    assert why in denied.problem
    assert SECRET not in denied.problem
    assert (trapped.connected, trapped.accepted, names.asked) == ([], 0, [])


ANSWERS_OF_NAMES = [
    (["127.0.0.1"], "loopback"),
    (["::1"], "loopback"),
    (["10.1.2.3"], "private"),
    (["169.254.169.254"], "cloud metadata"),
    (["fd00::1"], "unique local"),
    (["fe80::1%eth0"], "zone"),
    (["::ffff:127.0.0.1"], "IPv4-mapped"),
    (["::ffff:0:7f00:1"], "IPv4-translated"),
    (["64:ff9b::7f00:1"], "NAT64"),
    (["2002:7f00:1::1"], "6to4"),
    (["100.64.0.1"], "carrier-grade NAT"),
    (["0.0.0.0"], "unspecified"),  # noqa: S104 - nothing is bound
    ([PUBLIC, "127.0.0.1"], "loopback"),
    (["127.0.0.1", PUBLIC], "loopback"),
    ([PUBLIC, "2606:4700::1111", "::1"], "loopback"),
    ([PUBLIC] * 30 + ["192.168.0.1"], "private"),
    (["2130706433"], "written in full"),
    (["not an address"], "written in full"),
]


@pytest.mark.parametrize(("addresses", "why"), ANSWERS_OF_NAMES)
@pytest.mark.parametrize("host", ["hooks.example.com", "hooks.example.com.", "localhost"])
async def test_a_name_is_denied_if_any_of_its_addresses_is(
    host: str, addresses: list[str], why: str, trapped: Trap
) -> None:
    names = Names({host: [addresses]})
    [denied] = await attempts(f"http://{host}:{trapped.port}/{SECRET}", Egress(resolver=names))
    assert denied.result is AttemptResult.denied
    assert why in denied.problem
    assert denied.problem.startswith(f"{host} is denied: ")
    assert SECRET not in denied.problem
    assert (trapped.connected, trapped.accepted, names.asked) == ([], 0, [host])


@pytest.mark.parametrize(
    "spelling",
    [
        "\uff2c\uff2f\uff23\uff21\uff2c\uff28\uff2f\uff33\uff34",
        "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
        "LocalHost",
        "evil@localhost",
    ],
)
async def test_a_name_is_resolved_as_it_is_read(spelling: str, trapped: Trap) -> None:
    names = Names({"localhost": [["127.0.0.1"]]})
    [denied] = await attempts(f"http://{spelling}:{trapped.port}/", Egress(resolver=names))
    assert denied.result is AttemptResult.denied
    assert (trapped.connected, trapped.accepted, names.asked) == ([], 0, ["localhost"])


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com\\@127.0.0.1/",
        "http://\\\\127.0.0.1/",
        "http://[::1]@hooks.example.com/",
        "http://hooks.example.com\uff0f@127.0.0.1/",
        "http://127.0.0.1:80:80/",
        "http://127\u00ad.0.0.1/",
        "http:127.0.0.1/",
        "http:///127.0.0.1/",
        "//127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_INFO",
        "unix:///run/docker.sock",
        "http://xn--/",
    ],
)
def test_what_two_readers_could_read_differently_is_no_url_of_a_webhook(url: str) -> None:
    with pytest.raises(InvalidWebhookUrl):
        Target.parse(url)


async def test_a_name_that_is_bound_anew_is_looked_at_anew(trapped: Trap) -> None:
    names = Names({"rebind.example.com": [[PUBLIC], ["127.0.0.1"], [PUBLIC, "::1"]]})
    url = f"http://rebind.example.com:{trapped.port}/"
    results = [one.result for one in await attempts(url, Egress(resolver=names), times=3)]
    assert results == [AttemptResult.failed, AttemptResult.denied, AttemptResult.denied]
    assert (trapped.connected, trapped.accepted) == ([PUBLIC], 0)


async def test_the_address_that_was_looked_at_is_the_one_connected(trapped: Trap) -> None:
    names = Names({"rebind.example.com": [[PUBLIC], ["127.0.0.1"]]})
    await attempts(f"http://rebind.example.com:{trapped.port}/", Egress(resolver=names))
    assert (trapped.connected, names.asked) == ([PUBLIC], ["rebind.example.com"])


async def redirect(request: web.Request) -> web.Response:
    raise web.HTTPTemporaryRedirect(request.query["to"])


REDIRECTS = [
    "http://127.0.0.2:{port}/",
    "http://[::1]:{port}/",
    "http://0x7f.1:{port}/",
    "//127.0.0.3:{port}/",
    "http://inside.example.com:{port}/",
]


@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.parametrize("location", REDIRECTS)
async def test_a_redirect_leads_nowhere_else(location: str, follow: bool, trapped: Trap) -> None:
    app = web.Application()
    app.router.add_route("*", "/", redirect)
    names = Names({"inside.example.com": [["10.0.0.1"]]})
    egress = Egress([LOOPBACK], resolver=names)
    async with TestServer(app) as server:
        url = server.make_url("/").with_query(to=location.format(port=trapped.port))
        if follow:
            async with egress.session(aiohttp.ClientTimeout(total=60)) as session:
                with pytest.raises(EgressDenied):
                    await session.get(url)
        else:
            [failed] = await attempts(str(url), egress)
            assert (failed.result, failed.status) == (AttemptResult.failed, 307)
    assert (trapped.connected, trapped.accepted) == (["127.0.0.1"], 0)


async def test_the_trap_catches_what_is_allowed_to_fall_into_it(trapped: Trap) -> None:
    egress = Egress([ip_network("127.0.0.0/8")], resolver=Names({"inside": [["127.0.0.1"]]}))
    accepted = 0
    for host in ("127.0.0.1", "inside"):
        trying = asyncio.create_task(attempts(f"http://{host}:{trapped.port}/", egress))
        while not trying.done():
            await asyncio.sleep(0.01)
            accepted += trapped.accepted
        assert [one.result for one in await trying] == [AttemptResult.failed]
    assert (trapped.connected, accepted) == (["127.0.0.1"] * 2, 2)


async def test_a_proxy_of_the_environment_or_of_a_request_is_not_used(
    trapped: Trap, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = f"http://127.0.0.1:{trapped.port}"
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy)
    egress = Egress(resolver=Names({"hooks.example.com": [[PUBLIC]]}))
    await attempts("http://hooks.example.com/", egress)
    async with egress.session(aiohttp.ClientTimeout(total=60)) as session:
        with pytest.raises(EgressDenied, match="proxy"):
            await session.get("http://hooks.example.com/", proxy=proxy)
    assert (trapped.connected, trapped.accepted) == ([PUBLIC], 0)
