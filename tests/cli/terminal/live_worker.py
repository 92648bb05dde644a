"""A worker as far as its live page goes: the vocabulary, and a stream that a test speaks into."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from aiohttp import web

TOKEN = "0123456789abcdef"  # noqa: S105 - of nobody
AS_OF = "2026-03-01T10:00:00Z"


def kpi(name: str, english: str, french: str, unit: str = "count", **named: Any) -> dict[str, Any]:
    """A KPI as `/api/v1/kpis` describes it."""
    ordinary = {
        "id": name,
        "name": {"en": english, "fr": french},
        "description": {"en": f"{english}, as it is.", "fr": f"{french}, tel quel."},
        "unit": unit,
        "has_money": unit == "money",
        "direction": "up",
        "formula": name,
        "target": None,
        "urgent": None,
        "minimum_sample": 1,
        "owner": "marketing",
        "action": "Look at it.",
        "classes": ["operational"],
        "stage": None,
        "north_star": False,
        "windows": [],
        "slices": None,
        "measures": [name],
    }
    return {**ordinary, **named}


KPIS = [
    kpi("revenue", "Revenue", "Chiffre d'affaires", "money"),
    kpi("conversion_rate", "Conversion rate", "Taux de conversion", "ratio", target=0.03),
    kpi("average_order_value", "Average order value (AOV)", "Panier moyen", "money"),
    kpi(
        "return_on_ad_spend",
        "Return on ad spend (ROAS)",
        "Retour sur dépenses publicitaires (ROAS)",
        "ratio",
        has_money=True,
        target=4.0,
        urgent=1.0,
    ),
    kpi(
        "customer_acquisition_cost",
        "Customer acquisition cost (CAC)",
        "Coût d'acquisition client (CAC)",
        "money",
        direction="down",
        target=40.0,
    ),
    kpi("net_promoter_score", "Net Promoter Score (NPS)", "Net Promoter Score (NPS)", "points"),
    kpi("visitors", "Visitors", "Visiteurs"),
    kpi("sessions", "Sessions", "Sessions"),
    kpi("orders", "Orders", "Commandes"),
    kpi("sales_cycle_length", "Sales cycle length", "Durée du cycle", "seconds", direction="down"),
]

VOCABULARY: dict[str, Any] = {
    "kpis": KPIS,
    "dashboards": {
        "overview": [one["id"] for one in KPIS[:7]],
        "sales": ["orders", "sales_cycle_length"],
    },
    "funnels": {"shop": ["visitors", "sessions", "orders"]},
    "texts": {
        "performance marketing": {
            "en": "performance marketing",
            "fr": "marketing à la performance",
        },
        "Pause the campaign.": {"en": "Pause the campaign.", "fr": "Suspendre la campagne."},
        "Look at it.": {"en": "Look at it.", "fr": "À examiner."},
    },
    "windows": ["5m", "1h", "24h"],
    "dimensions": ["channel", "campaign"],
    "slices": ["total", "channel", "campaign"],
    "currency": "EUR",
    "zone": "UTC",
    "version": "0.1.0",
}


def tile(name: str, value: float | None, before: float | None = None, **named: Any) -> Any:
    """A tile of a frame."""
    ordinary = {
        "kpi": name,
        "value": value,
        "before": before,
        "currency": None,
        "sample": 100,
        "trust": None if value is None else "provisional",
        "as_of": AS_OF,
        "points": [1, 2, None, 4, 3],
    }
    return {**ordinary, **named}


def alert(fingerprint: str = "f" * 16, **named: Any) -> dict[str, Any]:
    """An alert of a frame, firing."""
    ordinary = {
        "kind": "alert",
        "rule": "roas_below_one",
        "state": "firing",
        "slice": {"channel": "ads", "campaign": "autumn"},
        "kpi": "return_on_ad_spend",
        "window": "1h",
        "unit": "ratio",
        "value": 0.8,
        "baseline": 2.1,
        "sample": 100,
        "since": AS_OF,
        "changed_at": AS_OF,
        "held_at": AS_OF,
        "fired_at": [AS_OF],
        "fingerprint": fingerprint,
        "severity": "critical",
        "owner": "performance marketing",
        "action": "Pause the campaign.",
        "summary": "A campaign earns less than it costs.",
        "labels": {},
        "inhibits": [],
        "currency": "EUR",
        "evidence": {"condition": "below 1", "method": "raw", "p": None},
        "why": {
            "value": 0.8,
            "before": 2.1,
            "segments": [],
            "drivers": [],
            "at_stake_per_hour": 120.0,
            "stake_currency": "EUR",
            "stake_formula": "cost - revenue",
            "sentence": "Fell from 2.1 to 0.8: 92 % of it by campaign=autumn (its own rate).",
        },
        "suppression": None,
    }
    return {**ordinary, **named}


def overview(**named: Any) -> dict[str, Any]:
    """A frame of the board overview."""
    tiles = [
        tile("revenue", 128_431.2, 114_000.0, currency="EUR"),
        tile("conversion_rate", 0.0312, 0.0345, trust="final"),
        tile("average_order_value", 61.5, 61.5, currency="EUR"),
        tile("return_on_ad_spend", 4.5, 3.9, trust="incomplete"),
        tile("customer_acquisition_cost", 41.2, 38.0, currency="EUR"),
        tile("net_promoter_score", None),
        tile("visitors", 20_412, 18_000),
    ]
    rows = [("email", 52_000.0, 40_000.0), ("ads", 41_000.0, 46_000.0), ("organic", 35_431.2, None)]
    frame = {
        "as_of": AS_OF,
        "query": {
            "board": "overview",
            "window": "1h",
            "by": "channel",
            "kpi": "revenue",
            "slice": {},
        },
        "tiles": {one["kpi"]: one for one in tiles},
        "breakdown": {
            "by": "channel",
            "kpi": "revenue",
            "rows": [
                {
                    "member": member,
                    "value": value,
                    "before": before,
                    "sample": 1_000,
                    "currency": "EUR",
                    "trust": "provisional",
                }
                for member, value, before in rows
            ],
            "more": 2,
        },
        "funnel": {
            "name": "shop",
            "steps": [
                {"kpi": "visitors", "value": 20_412},
                {"kpi": "sessions", "value": 15_000},
                {"kpi": "orders", "value": 636},
            ],
        },
        "alerts": [],
        "objectives": [],
        "silent_topics": [],
        "missing": [],
    }
    return {**frame, **named}


class LiveWorker:
    """Answers `/api/v1/kpis` and `/api/v1/live` on a free port.

    A connection gets the frame of its query, then what the test sends to all. ``refusals`` are
    problems (status, detail) for the next connections, one each.
    """

    def __init__(self, token: str | None = None) -> None:
        self.frame = overview()
        self.vocabulary = VOCABULARY
        self.refusals: list[tuple[int, str]] = []
        self.asked: list[dict[str, str]] = []
        self.url = ""
        self._token = token
        self._streams: list[web.StreamResponse] = []
        self._ended = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.add_routes(
            [web.get("/api/v1/kpis", self._kpis), web.get("/api/v1/live", self._live)],
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        self._ended.set()
        if self._runner:
            await self._runner.cleanup()

    async def __aenter__(self) -> LiveWorker:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def send(self, name: str, document: Any) -> None:
        """Send an event to all who follow."""
        await self.send_raw(f"event: {name}\nid: 2\ndata: {json.dumps(document)}\n\n".encode())

    async def send_raw(self, data: bytes) -> None:
        for stream in list(self._streams):
            with suppress(ConnectionError):
                await stream.write(data)

    async def hang_up(self) -> None:
        """End all connections."""
        ended, self._ended, self._streams = self._ended, asyncio.Event(), []
        ended.set()

    async def _kpis(self, request: web.Request) -> web.Response:
        return self._refusal(request) or web.json_response(self.vocabulary)

    async def _live(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.query))
        if refusal := self._refusal(request):
            return refusal
        if self.refusals:
            return _problem(*self.refusals.pop(0))
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        query = {**self.frame["query"], **request.query}
        frame = {**self.frame, "query": query}
        await stream.write(
            f": hello\n\nevent: frame\nid: 1\ndata: {json.dumps(frame)}\n\n".encode()
        )
        self._streams.append(stream)
        await self._ended.wait()
        return stream

    def _refusal(self, request: web.Request) -> web.Response | None:
        if self._token and request.headers.get("Authorization") != f"Bearer {self._token}":
            return _problem(401, "a token is needed")
        return None


def _problem(status: int, detail: str) -> web.Response:
    document = {"type": "about:blank", "title": "no", "status": status, "detail": detail}
    return web.json_response(document, status=status, content_type="application/problem+json")


class Served:
    """A live worker in a thread of its own, as commands wait for its answers."""

    def __init__(self, token: str | None = None) -> None:
        self.worker = LiveWorker(token)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> LiveWorker:
        self._thread.start()
        self.wait_for(self.worker.start())
        return self.worker

    def __exit__(self, *_: object) -> None:
        self.wait_for(self.worker.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done in the thread."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(60)
