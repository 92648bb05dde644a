"""From settings to receivers, and from alerts to real HTTP servers that are not always there."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from kpistream.cli.checking.reach import can_reach, strange_words, unreached
from kpistream.cli.wiring.receivers import loopback_of, open_receivers, read_receivers
from kpistream.core.alerting.telling.matchers import parse_matchers
from kpistream.core.alerting.telling.routing import ReceiverPlan
from kpistream.core.located_yaml import ConfigErrors
from kpistream.settings import Settings, settings_of
from tests.cli.conftest import Run
from tests.support.alerting import START, firing, resolved, rule
from tests.support.notified import Broker, Worker, acknowledged, silence
from tests.support.ports import kept_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of nobody
NEXT_SECRET = "whsec_" + "Qk" * 16
HOOK = "https://hooks.example.org/s3cr3t"
QUICK = {"group_wait": 0, "group_interval": 0}


def receiver(**named: Any) -> dict[str, Any]:
    return {"name": "shop", "url": HOOK, **named}


def settings(*receivers: Mapping[str, Any], **named: Any) -> Settings:
    return settings_of(receivers=list(receivers), **named)


def mistakes(*receivers: Mapping[str, Any], **named: Any) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        read_receivers(settings(*receivers, **named))
    return [str(error) for error in caught.value]


class TestReading:
    def test_a_receiver_is_told_of_everything_unless_it_says_otherwise(self) -> None:
        [spec] = read_receivers(settings(receiver()))
        assert spec.plan == ReceiverPlan(name="shop", match=parse_matchers([]))
        assert (spec.kind, spec.host) == ("webhook", "hooks.example.org")

    def test_all_that_is_written_is_in_the_plan(self) -> None:
        written = receiver(
            match=["channel=email"],
            severities=["critical"],
            owners=["crm"],
            group_by=["channel"],
            group_wait="5s",
            group_interval="1m",
            repeat_interval="never",
            send_resolved=False,
            mute=["nights"],
        )
        mutes = {"nights": {"days": ["sat", "sun"], "from": "22:00", "to": "07:00"}}
        [spec] = read_receivers(settings(written, mute_times=mutes, zone="Europe/Paris"))
        assert spec.to_dict() == {
            "name": "shop",
            "kind": "webhook",
            "host": "hooks.example.org",
            "match": ['channel="email"'],
            "severities": ["critical"],
            "owners": ["crm"],
            "group_by": ["channel"],
            "group_wait": 5.0,
            "group_interval": 60.0,
            "repeat_interval": None,
            "send_resolved": False,
            "mute": ["nights"],
        }
        [mute] = spec.plan.mute_times
        assert mute.covers(START + 11.5 * 3600)  # Sunday 22:30 in Paris
        assert not mute.covers(START + 10.5 * 3600)

    def test_webhooks_are_short_for_receivers(self) -> None:
        [one, other] = read_receivers(
            settings(receiver(), webhooks=[{"name": "short", "url": HOOK}])
        )
        assert [one.name, other.name] == ["short", "shop"]
        assert one.plan == ReceiverPlan(name="short", match=parse_matchers([]))

    def test_nothing_shows_a_secret(self) -> None:
        full = receiver(
            headers={"Authorization": "s3cr3t"}, secrets=[SECRET], match=["channel=email"]
        )
        pager = {"name": "pager", "kind": "pagerduty", "routing_key": "s3cr3t"}
        given = settings(full, pager)
        for spec in read_receivers(given):
            for text in (repr(spec), str(spec.to_dict()), repr(given)):
                assert "s3cr3t" not in text
                assert SECRET not in text

    @pytest.mark.parametrize(
        ("written", "key", "problem"),
        [
            ({"url": "ftp://x"}, "url", "must begin with http:// or https://"),
            ({"url": "https:///s3cr3t"}, "url", "must be http://host/"),
            ({"url": "http://10.1.2.3/x"}, "url", "a private address; allow its network with"),
            ({"url": "http://169.254.169.254/"}, "url", "cloud metadata"),
            ({"url": "http://0x7f.1/"}, "url", "must be written in full"),
            ({"url": "http://[::ffff:127.0.0.1]/"}, "url", "IPv4-mapped"),
            ({"secrets": ["s3cr3t"]}, "secrets[0]", "begins with whsec_"),
            ({"secrets": [SECRET, "whsec_s3cr3t"]}, "secrets[1]", "24 to 64 bytes"),
            ({"headers": {"Host": "x"}}, "headers.Host", "is set by kpistream alone"),
            ({"headers": {"X-A": "s3cr3t\n"}}, "headers.X-A", "characters that none may have"),
        ],
    )
    def test_what_cannot_be_told_is_a_mistake_at_its_key(
        self, written: dict[str, Any], key: str, problem: str
    ) -> None:
        [told] = mistakes(receiver(), receiver(**{"name": "other", **written}))
        assert told.startswith(f"settings: receivers[1].{key}: ")
        assert problem in told
        assert "s3cr3t" not in told

    def test_a_private_address_can_be_allowed(self) -> None:
        [spec] = read_receivers(settings(receiver(url="http://10.1.2.3/x", allow=["10.1.0.0/16"])))
        assert spec.host == "10.1.2.3"

    def test_a_dashboard_has_known_placeholders(self) -> None:
        [told] = mistakes(dashboard_url="https://grafana.example.org/{kpis}")
        assert told.startswith("settings: dashboard_url: unknown {kpis}")

    @pytest.mark.parametrize(
        ("host", "networks"),
        [
            ("127.0.0.1", ["127.0.0.1/32"]),
            ("127.1.2.3", ["127.1.2.3/32"]),
            ("::1", ["::1/128"]),
            ("localhost", ["127.0.0.0/8", "::1/128"]),
            ("10.0.0.1", []),
            ("localhost.example.org", []),
            ("hooks.example.org", []),
        ],
    )
    def test_a_loopback_that_is_written_out_is_allowed_and_no_name(
        self, host: str, networks: list[str]
    ) -> None:
        assert list(map(str, loopback_of(host))) == networks


class TestReach:
    @pytest.mark.parametrize(
        ("plan", "is_reached"),
        [
            ({}, True),
            ({"severities": frozenset({"critical"})}, True),
            ({"severities": frozenset({"info"})}, False),
            ({"owners": frozenset({"performance marketing"})}, True),
            ({"owners": frozenset({"crm"})}, False),
            ({"match": ["channel=email"]}, True),
            ({"match": ["site=shop"]}, False),
            ({"match": ["site!=shop"]}, True),
            ({"match": ["alertname=~roas.*"]}, True),
            ({"match": ["alertname=other"]}, False),
            ({"match": ["currency=EUR"]}, True),
            ({"match": ["channel=email", "kpi=revenue"]}, False),
        ],
    )
    def test_is_what_can_be_known_before_an_alert_fires(
        self, plan: dict[str, Any], is_reached: bool
    ) -> None:
        named = {**plan, "match": parse_matchers(plan.get("match", []))}
        assert can_reach(rule(), ReceiverPlan(name="a", **named)) is is_reached

    def test_members_that_a_rule_fixes_count(self) -> None:
        email = rule(slice={"channel": "email"})
        ads = ReceiverPlan(name="a", match=parse_matchers(["channel=ads"]))
        assert not can_reach(email, ads)
        assert unreached([email, rule(name="any")], [ads]) == [email]

    def test_words_that_no_rule_has_are_strange(self) -> None:
        plan = ReceiverPlan(
            name="a",
            match=parse_matchers(["chanel=email", "sit!=x", "team=~a|b"]),
            owners=frozenset({"performance marketin"}),
        )
        assert [*strange_words([rule(labels={"team": "a"})], plan)] == [
            (("match", 0), "no rule's alerts have a label 'chanel'; did you mean 'channel'?"),
            (
                ("owners",),
                "no rule has the owner 'performance marketin'; "
                "did you mean 'performance marketing'?",
            ),
        ]


RULES = """
rules:
  - name: roas_below_one
    kpi: return_on_ad_spend
    slice: {channel: "*"}
    window: 1h
    below: 1
    severity: critical
    owner: performance marketing
    action: Pause the campaign.
    summary: A channel earns less than it costs.
"""


def test_check_says_who_gets_which_rules_and_which_reach_nobody(
    kpistream: Run, tmp_path: Any
) -> None:
    (tmp_path / "rules.yml").write_text(RULES, encoding="utf-8")
    config = tmp_path / "kpistream.yml"
    config.write_text(
        "rules: [rules.yml]\n"
        "id_key: s3cr3t\n"
        "receivers:\n"
        f"  - {{name: crm, url: {HOOK}, match: [chanel=email]}}\n",
        encoding="utf-8",
    )
    ran = kpistream("check", "--no-broker", "--config", config)
    assert ran.code == 0
    assert "ok  receiver crm: webhook at hooks.example.org, no rule\n" in ran.out
    assert ran.err.splitlines() == [
        f"warning: {config}:4: receivers[0].match[0]: no rule's alerts have a label 'chanel'; "
        "did you mean 'channel'?",
        "warning: rule roas_below_one: its alerts reach no receiver",
    ]


# -- with real servers -----------------------------------------------------------------------------


class Hook:
    """A server of a receiver; while it is down, nobody listens."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self.bodies: list[dict[str, Any]] = []
        self.requests: list[web.BaseRequest] = []
        self.raw: list[bytes] = []
        self.statuses: list[int] = []
        self.came = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def up(self) -> None:
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_port=True).start()

    async def down(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.Request) -> web.Response:
        self.raw.append(await request.read())
        self.bodies.append(json.loads(self.raw[-1]))
        self.requests.append(request)
        self.came.set()
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    async def next(self) -> None:
        """Wait until something came since the last time."""
        await asyncio.wait_for(self.came.wait(), 60)
        self.came.clear()

    @property
    def told(self) -> list[list[str]]:
        return [[alert["status"] for alert in body["alerts"]] for body in self.bodies]


@asynccontextmanager
async def worker(broker: Broker, written: Settings) -> AsyncIterator[Worker]:
    async with AsyncExitStack() as stack:
        receivers = await open_receivers(read_receivers(written), written, {}, stack)
        started = Worker(broker, *receivers)
        started.start()
        try:
            yield started
        finally:
            await started.kill()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    with kept_port() as port:
        made = Hook(port)
        yield made
        await made.down()


async def tried(one: Worker, times: int) -> None:
    """Wait until it has tried so often."""
    async with asyncio.timeout(60):
        while sum(one.tries.values()) < times:  # noqa: ASYNC110 - counters tell nobody that they count
            await asyncio.sleep(0.005)


async def test_of_what_changed_while_a_receiver_was_down_it_is_told_the_newest_state_once(
    hook: Hook,
) -> None:
    written = settings(receiver(url=hook.url, **QUICK))
    broker = Broker()
    async with worker(broker, written) as one:
        await one.take(firing())
        await tried(one, 1)
        await one.take(resolved(START + 1), firing(START + 2), resolved(START + 3))
        await one.at(10)
        await tried(one, 2)
        assert hook.bodies == []
        await hook.up()
        await one.at(100)
        await hook.next()
        await tried(one, 3)
        await one.at(1000)
    assert hook.told == [["resolved"]]
    assert set(one.tries) == {("shop", "failed"), ("shop", "delivered")}


async def test_a_restart_keeps_the_id_of_a_message_its_silences_and_who_looks_after_what(
    hook: Hook,
) -> None:
    written = settings(receiver(url=hook.url, repeat_interval="1m", **QUICK))
    broker, mail = Broker(), firing(rule="mail")
    hushed = silence(id="mail", matchers=parse_matchers(["alertname=mail"]), ends_at=START + 5000)
    async with worker(broker, written) as one:
        await one.take(hushed, mail, firing())
        await tried(one, 1)
        [first] = [d.message_id for d in one.stage.deliveries(9)]
    await hook.up()
    async with worker(broker, written) as two:
        await two.at(10)
        await hook.next()
        assert hook.requests[0].headers["webhook-id"] == first
        await tried(two, 1)
        await two.take(acknowledged(firing()))
    async with worker(broker, written) as three:
        await three.at(1000)
        assert len(hook.bodies) == 1
        await three.at(5001)
        await hook.next()
        assert [alert["labels"]["alertname"] for alert in hook.bodies[-1]["alerts"]] == ["mail"]
        await three.take(resolved(START + 5002))
        await hook.next()
    assert hook.told == [["firing"], ["firing"], ["resolved"]]


async def test_a_message_is_signed_with_each_secret_and_has_the_headers_of_the_settings(
    hook: Hook,
) -> None:
    given = {"secrets": [SECRET, NEXT_SECRET], "headers": {"Authorization": "Bearer s3cr3t"}}
    await hook.up()
    async with worker(Broker(), settings(receiver(url=hook.url, **given, **QUICK))) as one:
        await one.take(firing())
        await hook.next()
    [request], [raw] = hook.requests, hook.raw
    assert request.headers["Authorization"] == "Bearer s3cr3t"
    for secret in (SECRET, NEXT_SECRET):
        Webhook(secret).verify(raw.decode(), dict(request.headers))


async def test_a_name_that_turns_out_to_be_this_machine_is_denied_and_delays_no_other(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def look_up(host: Any, *more: Any, **named: Any) -> Any:
        return real("127.0.0.1" if host == "inside.example.org" else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    await hook.up()
    inside = receiver(name="inside", url=f"http://inside.example.org:{hook.port}/hook", **QUICK)
    async with worker(Broker(), settings(receiver(url=hook.url, **QUICK), inside)) as one:
        await one.take(firing())
        await hook.next()
        await tried(one, 2)
        assert one.tries == {("shop", "delivered"): 1, ("inside", "denied"): 1}
    assert len(hook.bodies) == 1


@pytest.mark.parametrize(
    ("kind", "more", "shown"),
    [
        ("slack", {}, "attachments"),
        ("teams", {}, "attachments"),
        ("discord", {}, "embeds"),
        ("pagerduty", {"routing_key": "key"}, "dedup_key"),
    ],
)
async def test_each_kind_is_told_in_its_own_shape(
    hook: Hook, kind: str, more: dict[str, Any], shown: str
) -> None:
    await hook.up()
    written = settings(receiver(url=hook.url, kind=kind, **more, **QUICK))
    async with worker(Broker(), written) as one:
        await one.take(firing())
        await hook.next()
    assert shown in hook.bodies[0]


async def test_a_request_that_is_not_taken_keeps_no_other_back_and_is_tried_alone(
    hook: Hook,
) -> None:
    await hook.up()
    hook.statuses = [202, 500, 202]
    pager = receiver(url=hook.url, kind="pagerduty", routing_key="key", **QUICK)
    slices = [(("channel", "ads"), ("campaign", f"c{n}")) for n in range(3)]
    async with worker(Broker(), settings(pager)) as one:
        await one.take(*(firing(slice=part) for part in slices))
        await tried(one, 1)
        assert len(hook.bodies) == 3
        await one.at(10)
        await tried(one, 2)
    keys = [body["dedup_key"] for body in hook.bodies]
    ids = [request.headers["webhook-id"] for request in hook.requests]
    assert (len(keys), keys[3], ids[3]) == (4, keys[1], ids[1])
    assert len(set(ids)) == len(set(keys)) == 3
    assert one.tries == {("shop", "failed"): 1, ("shop", "delivered"): 1}
