import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook

from kpistream.edges.egress import Egress
from kpistream.edges.retry import RetryPolicy
from kpistream.edges.signing import Signer
from kpistream.edges.webhook import (
    Attempt,
    AttemptResult,
    InvalidHeader,
    InvalidWebhookUrl,
    Request,
    Target,
    WebhookSender,
)
from tests.edges.names import Names
from tests.support.ports import kept_port

SECRET = "T0K3N"  # noqa: S105 - it stands for one
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEXT_KEY = "whsec_" + "Qk" * 16
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOOPBACK = [ip_network("127.0.0.0/8")]
QUICK = RetryPolicy(try_s=0.2)
PATIENT = RetryPolicy(try_s=20.0)

DELIVERED, FAILED, REFUSED, DISABLED, DENIED = (
    AttemptResult.delivered,
    AttemptResult.failed,
    AttemptResult.refused,
    AttemptResult.disabled,
    AttemptResult.denied,
)

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def message(**changes: Any) -> Request:
    return Request(**({"body": b'{"a":1}', "message_id": "msg_1"} | changes))


def answer(status: int, **headers: str) -> Answer:
    async def respond(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, headers=named, text="an answer")

    return respond


@dataclass
class Scene:
    """A server that answers by a script (the last answer stays), and what was seen of a sender."""

    script: list[Answer]
    url: str = ""
    requests: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    now_s: float = 0.0

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.read())
        return await self.script[min(len(self.requests), len(self.script)) - 1](request)

    def sender(self, policy: RetryPolicy = PATIENT, **options: Any) -> WebhookSender:
        return WebhookSender(
            Target.parse(self.url),
            policy,
            now=lambda: NOON + timedelta(seconds=self.now_s),
            monotonic_s=lambda: 1000.0 + self.now_s,
            **({"egress": Egress(LOOPBACK)} | options),
        )

    async def attempt(self, policy: RetryPolicy = PATIENT, **changes: Any) -> Attempt:
        async with self.sender(policy) as sender:
            return await sender.attempt(message(**changes))


@asynccontextmanager
async def scene(*script: Answer) -> AsyncIterator[Scene]:
    set_up = Scene(list(script))
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", set_up.serve)
    async with TestServer(app) as server:
        set_up.url = str(server.make_url(f"/services/{SECRET}"))
        yield set_up


@asynccontextmanager
async def peer(behave: Peer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Scene]:
    """A server that does with each connection what no web server would."""
    tasks: set[asyncio.Task[None]] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await behave(reader, writer)
        except (asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=tls)
    host, port = server.sockets[0].getsockname()
    try:
        yield Scene([], f"{'https' if tls else 'http'}://{host}:{port}/services/{SECRET}")
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


async def test_a_message_arrives_as_it_was_sent() -> None:
    async with scene(answer(204)) as it:
        attempt = await it.attempt(headers={"Authorization": "Bearer B34R3R"})
    assert attempt == Attempt("127.0.0.1", 1, DELIVERED, 204)
    assert it.bodies == [b'{"a":1}']
    [request] = it.requests
    assert request.method == "POST"
    assert {name: request.headers[name] for name in ("User-Agent", "Content-Type")} == {
        "User-Agent": "kpistream",
        "Content-Type": "application/json",
    }
    assert request.headers["Authorization"] == "Bearer B34R3R"
    assert request.headers["Accept-Encoding"] == "identity"


async def test_a_message_may_go_elsewhere_by_another_method_as_another_type() -> None:
    async with scene(answer(200)) as it:
        elsewhere = Target.parse(it.url.replace("services", "elsewhere"))
        headers = {"content-type": "text/plain"}
        await it.attempt(method="PUT", target=elsewhere, headers=headers)
    [request] = it.requests
    assert (request.method, request.path) == ("PUT", f"/elsewhere/{SECRET}")
    assert request.headers.getall("Content-Type") == ["text/plain"]


async def test_attempts_share_the_name_of_the_message_and_each_tells_its_own_time() -> None:
    async with scene(answer(500), answer(200)) as it, it.sender() as sender:
        attempts = [await sender.attempt(message(), 1)]
        it.now_s = 90.7
        attempts.append(await sender.attempt(message(), 2))
    assert [one.number for one in attempts] == [1, 2]
    for name in ("webhook-id", "Idempotency-Key"):
        assert [one.headers[name] for one in it.requests] == ["msg_1", "msg_1"]
    began = int(NOON.timestamp())
    told = [one.headers["webhook-timestamp"] for one in it.requests]
    assert told == [str(began), str(began + 90)]
    assert "webhook-signature" not in it.requests[0].headers


async def test_each_attempt_is_signed_anew_with_each_secret() -> None:
    signer = Signer([KEY, NEXT_KEY])
    async with scene(answer(500), answer(200)) as it, it.sender(signer=signer) as sender:
        for number in (1, 2):
            await sender.attempt(message(), number)
            it.now_s += 60
    for seconds, request in zip((0, 60), it.requests, strict=True):
        at = NOON + timedelta(seconds=seconds)
        assert request.headers["webhook-signature"].split(" ") == [
            Webhook(key).sign("msg_1", at, '{"a":1}') for key in (KEY, NEXT_KEY)
        ]


@pytest.mark.parametrize(
    ("status", "result", "problem"),
    [
        *((status, DELIVERED, "") for status in (200, 201, 202, 204, 299)),
        *((s, REFUSED, f"answered {s}") for s in (400, 401, 403, 404, 405, 413, 422, 451, 499)),
        *((s, FAILED, f"answered {s}") for s in (408, 425, 429, 500, 502, 503, 599, 600, 999)),
        (410, DISABLED, "answered 410 (switched off)"),
        *(
            (s, FAILED, f"answered {s} (redirects are not followed)")
            for s in (300, 301, 302, 303, 304, 307, 308)
        ),
    ],
)
async def test_what_an_answer_means(status: int, result: AttemptResult, problem: str) -> None:
    async with scene(answer(status, Location="/elsewhere")) as it:
        attempt = await it.attempt()
    assert (attempt.result, attempt.status, attempt.problem) == (result, status, problem)
    assert len(it.requests) == 1


@pytest.mark.parametrize(
    ("status", "asked", "asked_s"),
    [
        (429, "7", 7.0),
        (503, "Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        (503, "Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        (429, "86400", 3600.0),
        (503, "Sun, 01 Mar 2027 12:00:00 GMT", 3600.0),
        (429, "soon", None),
        (404, "7", None),
        (200, "7", None),
    ],
)
async def test_a_receiver_may_ask_to_be_left_alone(
    status: int, asked: str, asked_s: float | None
) -> None:
    async with scene(answer(status, Retry_After=asked)) as it:
        assert (await it.attempt()).asked_s == asked_s


async def test_an_endpoint_that_is_gone_is_left_alone_until_a_restart() -> None:
    async with scene(answer(410), answer(200)) as it:
        async with it.sender() as sender:
            asked, unasked = [await sender.attempt(message(), number) for number in (1, 2)]
            elsewhere = Target.parse(it.url + "/elsewhere")
            assert (await sender.attempt(message(target=elsewhere))).result is DELIVERED
        assert (asked.result, asked.status) == (DISABLED, 410)
        assert (unasked.result, unasked.status) == (DISABLED, None)
        assert unasked.problem == "switched off by an answer of 410"
        assert len(it.requests) == 2
        assert (await it.attempt()).result is DELIVERED


async def test_a_host_that_is_denied_is_asked_again_once_its_name_has_changed() -> None:
    async with scene(answer(200)) as it:
        it.url = it.url.replace("127.0.0.1", "hooks.example.com")
        names = Names({"hooks.example.com": [["10.0.0.1"], ["127.0.0.1"]]})
        async with it.sender(egress=Egress(LOOPBACK, resolver=names)) as sender:
            denied, delivered = [await sender.attempt(message(), n) for n in (1, 2)]
    assert denied.problem == (
        "hooks.example.com is denied: it has 10.0.0.1, a private address; "
        "allow its network with receivers[].allow"
    )
    assert (denied.result, denied.status) == (DENIED, None)
    assert delivered.result is DELIVERED


async def test_an_attempt_tells_how_long_it_took() -> None:
    async def later(_: web.Request) -> web.StreamResponse:
        it.now_s += 3.5
        return web.Response()

    async with scene(later) as it:
        assert (await it.attempt()).took_s == 3.5


# -- receivers that misbehave ----------------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\n"


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.Event().wait()


def drop_by_drop(head: bytes, endless: bytes) -> Peer:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while True:
            for byte in endless:
                await asyncio.sleep(0.01)
                writer.write(bytes([byte]))
                await writer.drain()

    return drip


def flood(head: bytes, endless: bytes) -> Peer:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while True:
            writer.write(endless)
            await writer.drain()
            await asyncio.sleep(0)

    return pour


def say(text: bytes) -> Peer:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b'{"a":1}')
        writer.write(text)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    return speak


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    no_linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)


async def half_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write_eof()
    await asyncio.Event().wait()


async def read_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport can
    await asyncio.Event().wait()


TOO_LATE = "no answer within 0.2 s"


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(hang, id="silence"),
        pytest.param(drop_by_drop(b"", b"HTTP/1.1 200 " + b"O" * 9000), id="slow status"),
        pytest.param(drop_by_drop(OK, b"a: b\r\n"), id="slow headers"),
        pytest.param(drop_by_drop(b"", b"HTTP/1.1 102 \r\n\r\n"), id="slow processing"),
        pytest.param(read_nothing, id="unread request"),
    ],
)
async def test_who_does_not_answer_in_time_has_failed(behave: Peer) -> None:
    async with peer(behave) as it:
        attempt = await it.attempt(QUICK, body=b"x" * 10_000_000)
    assert (attempt.result, attempt.status, attempt.problem) == (FAILED, None, TOO_LATE)


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(flood(OK, b"a: b\r\n"), id="endless headers"),
        pytest.param(flood(OK + b"a: ", b"b" * 1000), id="endless header"),
        pytest.param(flood(b"", b"HTTP/1.1 200 OK" * 100), id="endless status"),
        pytest.param(flood(b"", b"\x16\x03\x01\x02" * 100), id="no HTTP"),
        pytest.param(say(b""), id="no answer"),
        pytest.param(say(OK + b"a: b"), id="half an answer"),
        pytest.param(say(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), id="unclear"),
        pytest.param(reset, id="reset"),
        pytest.param(half_close, id="half-closed"),
    ],
)
async def test_who_answers_nothing_that_can_be_read_has_failed(behave: Peer) -> None:
    async with peer(behave) as it:
        attempt = await it.attempt(PATIENT)
    assert (attempt.result, attempt.status) == (FAILED, None)
    assert attempt.problem.isidentifier(), "the class of what went wrong"


async def test_endless_answers_before_the_answer_end_with_the_attempt() -> None:
    async with peer(flood(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n")) as it:
        attempt = await it.attempt(QUICK)
    assert (attempt.result, attempt.status) == (FAILED, None)


BOMB = gzip.compress(bytes(10_000_000))


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(flood(OK + b"\r\n", b"x" * 65_536), id="endless body"),
        pytest.param(flood(OK + b"Content-Length: 99999999999\r\n\r\n", b"x" * 999), id="huge"),
        pytest.param(drop_by_drop(OK + b"\r\n", b"x"), id="slow body"),
        pytest.param(flood(OK + b"Content-Length: 1\r\n\r\n", b""), id="no body"),
        pytest.param(say(OK + b"Content-Encoding: gzip\r\n\r\n" + BOMB), id="bomb"),
        pytest.param(say(OK + b"Content-Encoding: br\r\n\r\nnone"), id="no compression"),
        pytest.param(say(OK + b"Content-Length: 10\r\n\r\nx"), id="short body"),
        pytest.param(
            drop_by_drop(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"z\r\n"), id="bad chunk"
        ),
    ],
)
async def test_the_body_of_an_answer_neither_holds_a_sender_nor_changes_the_result(
    behave: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kpistream.edges.webhook.MAX_ANSWER_S", 0.1)
    async with peer(behave) as it:
        attempt = await it.attempt()
    assert (attempt.result, attempt.status) == (DELIVERED, 200)


async def test_of_an_answer_without_an_end_a_bounded_part_is_read() -> None:
    sent = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    async with peer(count) as it:
        assert (await it.attempt()).result is DELIVERED
    assert sent < 50_000_000, "what the system's buffers hold, and no more"


async def test_nobody_at_home_is_a_failure() -> None:
    with kept_port() as port:
        attempt = await Scene([], url=f"http://127.0.0.1:{port}/services/{SECRET}").attempt()
    problem = "cannot connect (ConnectionRefusedError)"
    assert attempt == Attempt("127.0.0.1", 1, FAILED, problem=problem)


async def test_a_name_that_nobody_knows_is_a_failure() -> None:
    it = Scene([], url=f"http://hooks.example.com/services/{SECRET}")
    async with it.sender(egress=Egress(resolver=Names())) as sender:
        attempt = await sender.attempt(message())
    assert (attempt.result, attempt.problem) == (FAILED, "its name cannot be resolved")


async def test_a_resolver_that_hangs_ends_with_the_attempt() -> None:
    class Hanging(Names):
        async def resolve(self, *_: Any) -> Any:
            await asyncio.Event().wait()

    it = Scene([], url=f"http://hooks.example.com/services/{SECRET}")
    async with it.sender(QUICK, egress=Egress(resolver=Hanging())) as sender:
        assert (await sender.attempt(message())).problem == TOO_LATE


# -- TLS -------------------------------------------------------------------------------------------

AUTHORITY = trustme.CA()
HOUR = timedelta(hours=1)


def tls(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def trusting() -> Egress:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return Egress(LOOPBACK, tls=context)


@pytest.mark.parametrize(
    ("server", "problem"),
    [
        (tls(trustme.CA().issue_cert("127.0.0.1")), "certificate is not trusted (unable to get"),
        (
            tls(AUTHORITY.issue_cert("127.0.0.1", not_after=datetime.now(UTC) - HOUR)),
            "certificate is not trusted (certificate has expired)",
        ),
        (
            tls(AUTHORITY.issue_cert("127.0.0.1", not_before=datetime.now(UTC) + HOUR)),
            "certificate is not trusted (certificate is not yet valid)",
        ),
        (tls(AUTHORITY.issue_cert("hooks.example.com")), "certificate is not valid for"),
    ],
    ids=["strange authority", "expired", "not yet valid", "wrong host"],
)
async def test_who_has_no_certificate_to_trust_is_told_nothing(
    server: ssl.SSLContext, problem: str
) -> None:
    heard = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))

    async with peer(listen, server) as it, it.sender(egress=trusting()) as sender:
        attempt = await sender.attempt(message())
    assert (attempt.result, attempt.status) == (FAILED, None)
    assert problem in attempt.problem
    assert heard in ([], [b""])


async def answer_without_a_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b'{"a":1}')
    writer.write(OK + b"Content-Length: 0\r\n\r\n")
    await reader.read()


async def test_a_certificate_of_a_trusted_authority_is_enough() -> None:
    server = tls(AUTHORITY.issue_cert("127.0.0.1"))
    async with (
        peer(answer_without_a_body, server) as it,
        it.sender(egress=trusting()) as sender,
    ):
        assert (await sender.attempt(message())).result is DELIVERED


async def test_who_speaks_no_tls_has_failed() -> None:
    async def in_the_clear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    async with peer(in_the_clear) as it:
        it.url = it.url.replace("http:", "https:")
        attempt = await it.attempt()
    assert (attempt.result, attempt.problem) == (FAILED, "cannot agree on TLS")


async def test_who_never_greets_back_has_failed() -> None:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        await asyncio.Event().wait()

    async with peer(wait) as it:
        it.url = it.url.replace("http:", "https:")
        attempt = await it.attempt(RetryPolicy(try_s=20.0, connect_s=0.2))
    assert (attempt.result, attempt.problem) == (FAILED, "no connection within 0.2 s")


# -- what is never shown, and what is never sent ---------------------------------------------------


async def test_the_secret_of_a_url_is_never_shown() -> None:
    target = Target.parse(f"https://user:{SECRET}@hooks.example.com/services/{SECRET}")
    assert str(target) == "hooks.example.com"
    assert SECRET not in repr(target)
    echo = answer(404, X_Echo=SECRET)
    script = [echo, answer(302, Location=f"/{SECRET}"), answer(410)]
    async with scene(*script) as it, it.sender() as sender:
        said = message(body=SECRET.encode())
        attempts = [await sender.attempt(said, number) for number in (1, 2, 3, 4)]
    denied = Scene([], url=f"http://user:{SECRET}@10.0.0.1/{SECRET}")
    attempts.append(await denied.attempt())
    assert [one.result for one in attempts] == [
        *(REFUSED, FAILED, DISABLED, DISABLED),
        DENIED,
    ]
    assert SECRET not in repr(attempts)
    assert SECRET not in repr(message(body=SECRET.encode(), headers={"a": SECRET}, target=target))


@pytest.mark.parametrize(
    "text", ["", "ftp://h/T0K3N", "h/T0K3N", "http:///T0K3N", "http://h:99999/T0K3N", "file:///x"]
)
def test_a_url_that_no_webhook_can_have_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidWebhookUrl) as refused:
        Target.parse(text)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, SECRET) for name in ("Host", "content-length", "Transfer-Encoding", "CONNECTION")),
        *((name, SECRET) for name in ("webhook-id", "Webhook-Signature", "webhook-timestamp")),
        *((name, SECRET) for name in ("", "a b", "a:", "a\r\nHost", "\u00e9")),
        *(("X-Token", value) for value in (f"{SECRET}\r\nHost: h", f"{SECRET}\n", f"{SECRET}\0")),
    ],
)
def test_a_header_that_would_break_a_request_is_refused_without_repeating_it(
    name: str, value: str
) -> None:
    with pytest.raises(InvalidHeader) as refused:
        message(headers={name: value})
    assert SECRET not in str(refused.value)


def test_a_message_is_named_by_what_a_header_can_hold() -> None:
    with pytest.raises(InvalidHeader, match="webhook-id"):
        message(message_id="msg_1\r\nHost: h")


async def test_a_sender_that_is_not_open_says_so() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await Scene([], "http://127.0.0.1/").sender().attempt(message())
