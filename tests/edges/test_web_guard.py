"""Who may read and who may write: on the machine, from elsewhere, with which token."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import ClientSession

from kpistream.edges.web import Guard, Unguarded
from kpistream.edges.web.assets import Assets
from kpistream.edges.web.guard import is_loopback
from kpistream.edges.web.operation import Access
from kpistream.edges.web.site import page_policy
from tests.support.alerting import firing
from tests.support.front_desk import FrontDesk, server
from tests.support.known import server as known_server
from tests.support.known import worker

READ = "0123456789abcdef"
READ_TOO = "abcdef0123456789"
WRITE = "fedcba9876543210"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what must not be open is tried

EMAIL = {"matchers": ["channel=email"], "for": "2h", "author": "ana"}
FINGERPRINT = firing().fingerprint
READS = [
    "/metrics",
    "/api/v1/alerts",
    f"/api/v1/alerts/{FINGERPRINT}",
    "/api/v1/readings",
    "/api/v1/kpis",
    "/api/v1/health",
    "/api/v1/openapi.json",
    "/api/v1/silences",
]
OPEN = ["/healthz", "/readyz"]
PASSED_ON = [
    {"Forwarded": "for=192.0.2.7"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"x-forwarded-proto": "https"},
    {"X-Real-IP": "192.0.2.7"},
    {"Via": "1.1 proxy"},
]


async def status(
    path: str,
    *,
    host: str = "127.0.0.1",
    read: tuple[str, ...] = (),
    write: tuple[str, ...] = (),
    body: Any = None,
    **headers: Any,
) -> int:
    """What a worker with these tokens answers to a question, or with a body to a statement."""
    desk = FrontDesk()
    async with (
        server(desk, host, read, write) as started,
        ClientSession(f"http://127.0.0.1:{started.port}") as session,
        session.request(
            "GET" if body is None else "POST", path, json=body, headers=headers
        ) as answer,
    ):
        text = await answer.text()
        assert not any(token in text for token in (*read, *write))
        assert len(desk.said) == (answer.status == 202)
        return answer.status


async def said(**options: Any) -> int:
    return await status("/api/v1/silences", body=EMAIL, **options)


def bearer(token: str) -> dict[str, Any]:
    return {"Authorization": f"Bearer {token}"}


class TestReading:
    @pytest.mark.parametrize("path", READS)
    async def test_takes_a_token_where_there_are_some(self, path: str) -> None:
        assert await status(path, host=EVERYWHERE, read=(READ,)) == 401
        assert await status(path, host=EVERYWHERE, read=(READ,), **bearer(READ)) == 200

    @pytest.mark.parametrize("path", OPEN)
    async def test_of_whether_it_is_alive_is_open(self, path: str) -> None:
        assert await status(path, host=EVERYWHERE, read=(READ,), Host="evil.example") == 200

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (f"Bearer {READ}", 200),
            (f"bearer  {READ} ", 200),
            (f"Bearer {READ_TOO}", 200),
            (f"Bearer {WRITE}", 200),
            ("", 401),
            ("Bearer", 401),
            (f"Bearer {READ}x", 401),
            (f"Bearer {READ[:-1]}", 401),
            (f"Basic {READ}", 401),
            (READ, 401),
            ("Bearer ü", 401),
            (f"Bearer {READ},{READ_TOO}", 401),
        ],
    )
    async def test_is_for_who_knows_any_of_them(self, given: str, expected: int) -> None:
        options: dict[str, Any] = {"host": EVERYWHERE, "read": (READ, READ_TOO), "write": (WRITE,)}
        headers: dict[str, Any] = {"Host": "monitor.example.org", "Authorization": given}
        assert await status("/api/v1/alerts", **options, **headers) == expected

    @pytest.mark.parametrize(
        ("host", "expected"),
        [
            ("127.0.0.1:6066", 200),
            ("localhost:6066", 200),
            ("[::1]:6066", 200),
            ("monitor.example.org", 403),
            ("127.0.0.1.example.org", 403),
            ("localhost.example.org:6066", 403),
            ("", 403),
        ],
    )
    async def test_without_tokens_is_for_who_believes_to_be_on_the_machine(
        self, host: str, expected: int
    ) -> None:
        assert await status("/api/v1/alerts", Host=host) == expected

    async def test_is_refused_to_a_name_that_was_bent_to_this_machine(self) -> None:
        assert await status("/metrics", Host="evil.example", Origin="http://evil.example") == 403

    @pytest.mark.parametrize("headers", PASSED_ON)
    async def test_through_a_proxy_on_the_machine_takes_a_token(
        self, headers: dict[str, Any]
    ) -> None:
        assert await status("/api/v1/alerts", **headers) == 403
        assert await status("/api/v1/alerts", write=(WRITE,), **headers) == 403
        assert await status("/api/v1/alerts", read=(READ,), **headers, **bearer(READ)) == 200

    async def test_on_the_machine_is_free_where_only_writing_takes_a_token(self) -> None:
        assert await status("/api/v1/alerts", write=(WRITE,)) == 200
        headers: dict[str, Any] = {"Host": "monitor.example.org"}
        assert await status("/api/v1/alerts", write=(WRITE,), **headers) == 403
        assert await status("/api/v1/alerts", write=(WRITE,), **headers, **bearer(WRITE)) == 200


class TestWriting:
    @pytest.mark.parametrize(
        ("token", "expected"), [(WRITE, 202), (READ, 403), ("0000000000000000", 401), ("", 401)]
    )
    async def test_takes_a_token_to_write(self, token: str, expected: int) -> None:
        options: dict[str, Any] = {"host": EVERYWHERE, "read": (READ,), "write": (WRITE,)}
        headers = {"Host": "monitor.example.org", **bearer(token)}
        assert await said(**options, **headers) == expected

    async def test_without_such_a_token_is_for_who_is_on_the_machine(self) -> None:
        assert await said() == 202
        assert await said(Host="monitor.example.org") == 403

    @pytest.mark.parametrize("headers", PASSED_ON)
    async def test_through_a_proxy_on_the_machine_takes_such_a_token(
        self, headers: dict[str, Any]
    ) -> None:
        assert await said(**headers) == 403
        assert await said(read=(READ,), **headers, **bearer(READ)) == 403
        assert await said(write=(WRITE,), **headers, **bearer(WRITE)) == 202

    async def test_with_tokens_to_read_alone_takes_one_on_the_machine(self) -> None:
        options: dict[str, Any] = {"host": EVERYWHERE, "read": (READ,)}
        assert await said(**options) == 401
        assert await said(**options, **bearer(READ)) == 202
        assert await said(**options, **bearer(READ), Host="monitor.example.org") == 403

    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            ({"Host": "localhost", "Origin": "http://localhost"}, 202),
            ({"Host": "localhost", "Origin": "http://localhost:8000"}, 403),
            ({"Host": "localhost", "Origin": "null"}, 403),
            ({"Host": "localhost", "Origin": "http://evil.example"}, 403),
        ],
    )
    async def test_is_not_for_pages_of_other_sites(
        self, headers: dict[str, str], expected: int
    ) -> None:
        assert await said(**headers) == expected
        assert await said(write=(WRITE,), **headers, **bearer(WRITE)) == expected


@pytest.mark.parametrize(
    ("path", "access"), [("/api/v1/readings", "read"), ("/", "open"), ("/page/app.js", "open")]
)
async def test_the_page_is_open_and_what_it_shows_is_not(path: str, access: Access) -> None:
    guard = Guard(EVERYWHERE, (READ,))
    made = known_server(worker(), guard=guard, pages=Assets().routes())
    async with made as started, ClientSession(started.url) as session, session.get(path) as got:
        assert got.status == (401 if guard.needs_token(access) else 200)


async def test_the_page_may_be_shown_by_whom_the_settings_name() -> None:
    pages = Assets().routes()
    made = known_server(worker(), pages=pages, frame_ancestors=["https://intranet.example.org"])
    async with made as started, ClientSession(started.url) as session:
        async with session.get("/") as page:
            policy = page.headers["Content-Security-Policy"]
        async with session.get("/api/v1/kpis") as answer:
            other = answer.headers["Content-Security-Policy"]
    assert policy == page_policy(["https://intranet.example.org"])
    assert policy.endswith("frame-ancestors https://intranet.example.org")
    assert "script-src 'self'" in policy
    assert other == "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    assert page_policy([]).endswith("frame-ancestors 'none'")


class TestAServerThatAnybodyCouldReach:
    @pytest.mark.parametrize("host", [EVERYWHERE, "::", "10.0.0.1", "monitor.example.org", ""])
    async def test_does_not_start_without_tokens_to_read(self, host: str) -> None:
        for write in ((), (WRITE,)):
            with pytest.raises(Unguarded, match=r"set read_tokens, or web_host to 127\.0\.0\.1"):
                await server(FrontDesk(), host, (), write).start()

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    async def test_is_not_one_on_a_loopback(self, host: str) -> None:
        async with server(FrontDesk(), host) as started:
            assert started.port

    def test_shows_no_token_in_what_describes_it(self) -> None:
        assert READ not in repr(Guard(EVERYWHERE, (READ,), (WRITE,)))


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LOCALHOST", True),
        (EVERYWHERE, False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_a_loopback_is_the_machine_itself(host: str, is_own: bool) -> None:
    assert is_loopback(host) is is_own
