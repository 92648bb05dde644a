"""The page for a terminal, driven by keys, against a worker that a test speaks for."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Static

from kpistream.cli.terminal.app import TopApp
from kpistream.cli.terminal.feed import Away, Feed, Picture, Refused
from kpistream.cli.terminal.frame import Frame
from kpistream.cli.terminal.query import Query
from kpistream.cli.terminal.tiles import Tiles, TileView
from kpistream.cli.terminal.vocabulary import Vocabulary
from kpistream.core.kpis.kpi import Language
from kpistream.edges.web.readiness import broker_silent
from tests.cli.terminal.live_worker import (
    TOKEN,
    VOCABULARY,
    LiveWorker,
    alert,
    overview,
    tile,
)

CELL_WIDTH = 12.2
"""How wide a cell is in a screenshot."""

LARGE = (140, 44)
SMALL = (80, 24)

GOAL = {
    "id": "online_sales",
    "name": {"en": "Online sales", "fr": "Ventes en ligne"},
    "kpi": "revenue",
    "status": "at_risk",
    "value": 5_840.0,
    "target": 36_500.0,
    "done": 0.16,
    "currency": "EUR",
    "days_left": 300.0,
}


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Page:
    """An app that runs: what it shows, and how to wait for it."""

    def __init__(self, app: TopApp, pilot: Pilot[Refused], worker: LiveWorker) -> None:
        self.app = app
        self.worker = worker
        self._pilot = pilot

    @property
    def lines(self) -> list[str]:
        """The lines of the screen, without what is only there for its looks."""
        return list(_lines(self.app.export_screenshot()))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def line_with(self, *texts: str) -> bool:
        """Whether a line has all of these."""
        return any(all(text in line for text in texts) for line in self.lines)

    @property
    def status(self) -> str:
        return str(self.app.query_one("#status", Static).render())

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait until something holds, as long as a test may take."""
        while not holds():
            await self._pilot.pause(0.01)

    async def shows(self, *texts: str) -> None:
        """Wait until the screen shows all of these."""
        await self.until(lambda: all(text in self.text for text in texts))

    async def no_longer_shows(self, text: str) -> None:
        await self.until(lambda: text not in self.text)

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)
        await self._pilot.pause()

    async def resize(self, width: int, height: int) -> None:
        await self._pilot.resize_terminal(width, height)
        await self._pilot.pause()

    async def asks(self, **named: str) -> None:
        """Wait until the worker is asked for this."""
        await self.until(lambda: self.worker.asked[-1:] == [named])


def _lines(svg: str) -> Iterator[str]:
    pattern = r'<text class="[^"]*-r\d+" x="([^"]*)" y="([^"]*)"[^>]*>(.*?)</text>'
    for _, parts in groupby(re.findall(pattern, svg), key=lambda one: one[1]):
        line = ""
        for x, _, text in parts:
            gap = round(float(x) / CELL_WIDTH) - cell_len(line)
            line += " " * gap + html.unescape(text).replace("\u00a0", " ")
        yield line.rstrip()


@asynccontextmanager
async def page(
    worker: LiveWorker | None = None,
    size: tuple[int, int] = LARGE,
    query: Query | None = None,
    language: Language = "en",
    clock: Clock | None = None,
    vocabulary: dict[str, Any] | None = None,
) -> AsyncIterator[Page]:
    """An app that follows a worker."""
    async with worker or LiveWorker() as served:
        feed = Feed(served.url, delays_s=(0.05,))
        words = Vocabulary.of(vocabulary or VOCABULARY)
        app = TopApp(feed, words, query or Query(), language, clock or Clock())
        async with app.run_test(size=size, notifications=True) as pilot:
            yield Page(app, pilot, served)


def worker(**named: Any) -> LiveWorker:
    """A worker whose frames have this."""
    made = LiveWorker()
    made.frame = overview(**named)
    return made


class TestContent:
    async def test_the_status_says_that_it_is_live_and_as_of_when(self) -> None:
        async with page() as shown:
            await shown.shows("● live  Overview, 1h  as of 2026-03-01 10:00:00 UTC")

    async def test_tiles_have_a_value_a_change_a_line_and_a_target(self) -> None:
        async with page() as shown:
            await shown.shows("128,431 EUR", "▲ 13 % better", "▁▃ █▆")
            await shown.shows("3.12 %", "▼ 0.33 pp worse", "✓ target 3 %")
            await shown.shows("▲ 8.4 % worse", "✗ target 40.00 EUR", "= unchanged", "no value")

    async def test_a_ratio_of_money_is_no_percentage(self) -> None:
        async with page() as shown:
            await shown.shows("4.5", "✓ target 4")
            assert "450 %" not in shown.text

    async def test_a_value_that_is_not_to_be_trusted_is_marked(self) -> None:
        async with page() as shown:
            await shown.until(lambda: re.search(r"ROAS\)\s+!", shown.text))
            await shown.until(lambda: re.search(r"Revenue\s+~", shown.text))

    async def test_a_value_beyond_its_urgent_line_says_so(self) -> None:
        tiles = {"return_on_ad_spend": tile("return_on_ad_spend", 0.8)}
        async with page(worker(tiles=tiles)) as shown:
            await shown.shows("✗ target 4, urgent", "nothing before")

    async def test_members_have_bars_and_the_rest_is_counted(self) -> None:
        async with page() as shown:
            await shown.shows("Revenue by channel", "email", "▲ 30 %", "▼ 11 %", "2 more")
            bars = {
                line.split()[0]: line.count("█")
                for line in shown.lines
                if line.strip().startswith(("email", "ads", "organic"))
            }
            assert bars["email"] > bars["ads"] > bars["organic"] > 0

    async def test_each_step_of_a_funnel_is_a_part_of_the_step_before(self) -> None:
        async with page() as shown:
            await shown.shows("Funnel: Shop", "↳ 73 %", "↳ 4.2 %")

    async def test_without_breakdown_and_funnel_there_is_no_hole(self) -> None:
        async with page(worker(breakdown=None, funnel=None)) as shown:
            await shown.shows("no breakdown here")
            assert "Funnel" not in shown.text

    async def test_objectives_are_a_line(self) -> None:
        async with page(worker(objectives=[GOAL])) as shown:
            await shown.shows("Objectives  Online sales at risk 5,840 EUR / 36,500 EUR")

    async def test_workers_that_do_not_answer_are_named(self) -> None:
        gone = {"worker": "http://10.0.0.2:6066", "reason": "no answer", "slices": ["channel"]}
        async with page(worker(missing=[gone], silent_topics=["orders"])) as shown:
            await shown.shows("! missing: http://10.0.0.2:6066 (no answer, channel)")
            await shown.shows("! silent topics: orders")

    async def test_workers_whose_broker_is_away_are_told_from_those_that_are_gone(self) -> None:
        cut_off = {"worker": "http://10.0.0.3:6066", "reason": broker_silent(0), "slices": []}
        gone = {"worker": "http://10.0.0.2:6066", "reason": "no answer", "slices": []}
        async with page(worker(missing=[cut_off, gone])) as shown:
            since = "the broker has not answered since 1970-01-01 00:00:00 UTC"
            await shown.shows(f"! stands still: http://10.0.0.3:6066 ({since})")
            await shown.shows("! missing: http://10.0.0.2:6066 (no answer)")

    async def test_a_board_without_kpis_says_so(self) -> None:
        async with page(worker(tiles={}, breakdown=None, funnel=None)) as shown:
            await shown.shows("This board has no KPIs.")

    async def test_a_worker_without_events_yet_is_told_as_such(self) -> None:
        async with page(worker(as_of=None)) as shown:
            await shown.shows("as of no events yet")

    async def test_tiles_are_in_the_order_of_their_board(self) -> None:
        tiles = dict(reversed(overview()["tiles"].items()))
        async with page(worker(tiles=tiles)) as shown:
            await shown.shows("Visitors")
            order = VOCABULARY["dashboards"]["overview"]
            assert shown.app.query_one(Tiles).kpis == order


class TestLive:
    async def test_a_patch_changes_what_is_shown_and_nothing_else(self) -> None:
        async with page() as shown:
            await shown.shows("20,412")
            visitors = tile("visitors", 30_000, 18_000)
            patch = {"as_of": "2026-03-01T10:00:10Z", "tiles": {"visitors": visitors}}
            await shown.worker.send("patch", patch)
            await shown.shows("30,000", "▲ 67 % better", "10:00:10 UTC", "128,431 EUR")

    async def test_an_alert_appears_and_resolves(self) -> None:
        async with page() as shown:
            await shown.shows("No alerts.")
            await shown.worker.send("patch", {"alerts": [alert()]})
            await shown.shows(
                "1 firing",
                "● CRITICAL roas_below_one",
                "channel=ads, campaign=autumn",
                "Return on ad spend (ROAS) 0.8 over 1h, instead of 2.1",
                "120.00 EUR",
                "Fell from 2.1 to 0.8: 92 % of it by",
                "→ Pause the campaign.",
            )
            assert "No alerts." not in shown.text
            await shown.worker.send("patch", {"alerts": [alert(state="resolved")]})
            await shown.shows("✓ resolved roas_below_one")
            assert "CRITICAL" not in shown.text
            assert "firing" not in shown.text

    async def test_what_fires_is_above_what_is_pending_or_over(self) -> None:
        alerts = [
            alert("1", rule="over", state="resolved"),
            alert("2", rule="about_to", state="pending"),
            alert("3", rule="to_note", severity="info"),
            alert("4", rule="to_mend", severity="critical"),
        ]
        async with page(worker(alerts=alerts), (140, 70)) as shown:
            rules = ("to_mend", "to_note", "about_to", "resolved over")
            await shown.shows(*rules)
            places = [shown.text.index(rule) for rule in rules]
            assert places == sorted(places)

    async def test_why_people_are_not_told_is_said(self) -> None:
        muted: dict[str, list[str]] = {"silenced_by": [], "inhibited_by": [], "muted_receivers": []}
        alerts = [
            alert("1", suppression={**muted, "acknowledged": {"author": "ana"}}),
            alert("2", suppression={**muted, "acknowledged": None, "silenced_by": ["x"]}),
            alert("3", suppression={**muted, "acknowledged": None, "inhibited_by": ["1"]}),
        ]
        async with page(worker(alerts=alerts)) as shown:
            await shown.shows("(ana looks after it)", "(silenced)", "(inhibited by another)")

    async def test_after_a_hang_up_it_says_why_and_comes_back(self) -> None:
        async with page() as shown:
            await shown.shows("● live")
            shown.worker.refusals = [(503, "recovering")] * 10_000
            await shown.worker.hang_up()
            await shown.shows("↻ reconnecting", "recovering; again in", "128,431 EUR")
            shown.worker.refusals.clear()
            await shown.shows("● live")
            assert "recovering" not in shown.text

    async def test_a_worker_that_is_not_ready_is_waited_for(self) -> None:
        busy = LiveWorker()
        busy.refusals = [(503, "recovering: 2 partitions")] * 10_000
        async with page(busy) as shown:
            await shown.shows("connecting", "recovering: 2 partitions", "Waiting for the worker")
            busy.refusals.clear()
            await shown.shows("● live", "128,431 EUR")

    async def test_a_time_that_stands_still_is_called_stale(self) -> None:
        clock = Clock()
        async with page(clock=clock) as shown:
            await shown.shows("● live")
            clock.now_s = 14.0
            await shown.worker.send("patch", {"tiles": {"visitors": tile("visitors", 5)}})
            await shown.shows("no value", "● live")
            clock.now_s = 16.0
            await shown.shows("■ stale")
            await shown.worker.send("patch", {"as_of": "2026-03-01T10:00:31Z"})
            await shown.shows("● live")


class TestKeys:
    async def test_b_and_w_and_d_go_round(self) -> None:
        async with page() as shown:
            await shown.shows("● live")
            await shown.press("b")
            await shown.asks(board="sales")
            await shown.press("b")
            await shown.asks(board="overview")
            await shown.press("w")
            await shown.asks(board="overview", window="24h")
            await shown.press("w")
            await shown.asks(board="overview", window="5m")
            await shown.press("W")
            await shown.asks(board="overview", window="24h")
            await shown.press("d")
            await shown.asks(board="overview", window="24h", by="campaign")
            await shown.press("B")
            await shown.asks(board="sales", window="24h", by="campaign")

    async def test_another_board_has_other_tiles(self) -> None:
        async with page() as shown:
            await shown.shows("128,431 EUR")
            sales = {"board": "sales", "window": "1h", "by": "channel", "kpi": "orders"}
            tiles = {"sales_cycle_length": tile("sales_cycle_length", 345_600.0, 432_000.0)}
            shown.worker.frame = overview(query=sales, tiles=tiles, funnel=None)
            await shown.press("b")
            await shown.shows("Sales cycle length", "4 days", "▼ 20 % better", "Sales, 1h")
            assert "128,431 EUR" not in shown.text

    async def test_a_board_stays_named_until_the_other_is_there(self) -> None:
        async with page() as shown:
            await shown.shows("● live")
            shown.worker.refusals = [(503, "busy")] * 10_000
            await shown.press("b")
            await shown.shows("busy")
            assert "Overview, 1h" in shown.status
            assert "live" not in shown.status

    async def test_the_breakdown_follows_the_tile(self) -> None:
        async with page() as shown:
            await shown.shows("● live")
            await shown.press("right")
            await shown.asks(kpi="conversion_rate")
            await shown.press("tab")
            await shown.asks(kpi="average_order_value")
            await shown.press("down")
            await shown.asks(kpi="visitors")
            await shown.press("up")
            await shown.asks(kpi="average_order_value")
            await shown.press("left", "left")
            await shown.asks(kpi="revenue")

    async def test_enter_tells_all_of_a_tile(self) -> None:
        async with page() as shown:
            await shown.shows("● live")
            await shown.press("right", "enter")
            await shown.shows("Conversion rate, as it is.", "conversion_rate", "Look at it.")
            await shown.press("escape")
            await shown.no_longer_shows("Look at it.")

    async def test_a_goes_to_the_alerts_and_enter_tells_all_of_one(self) -> None:
        alerts = [alert("1"), alert("2", rule="another_one", summary="It is another.")]
        async with page(worker(alerts=alerts)) as shown:
            await shown.shows("another_one")
            await shown.press("a", "down", "enter")
            await shown.shows("It is another.", "performance marketing", "below 1")
            await shown.press("escape", "a")
            assert shown.app.focused is not None
            assert shown.app.focused.parent is shown.app.query_one(Tiles)

    async def test_the_highlighted_alert_stays_so_when_others_come(self) -> None:
        async with page(worker(alerts=[alert("1"), alert("2", rule="mine")])) as shown:
            await shown.shows("mine")
            await shown.press("a", "down")
            others = [alert("0", rule="newer"), alert("1"), alert("2", rule="mine", value=0.5)]
            await shown.worker.send("patch", {"alerts": others})
            await shown.shows("newer")
            await shown.press("enter")
            await shown.shows("ROAS) 0.5")
            [card] = shown.app.screen.query("#card")
            assert str(card.border_title) == "mine"

    async def test_a_question_mark_explains_keys_and_signs(self) -> None:
        async with page() as shown:
            await shown.shows("● live")
            await shown.press("question_mark")
            await shown.shows("break down by the next dimension", "incomplete: a source is silent")
            await shown.press("q")
            await shown.no_longer_shows("break down by the next dimension")

    async def test_l_changes_the_language(self) -> None:
        async with page() as shown:
            await shown.shows("● live")
            await shown.press("l")
            await shown.shows("● en direct", "128 431 EUR", "▲ 13 % mieux", "Chiffre d'affaires")
            await shown.press("l")
            await shown.shows("● live", "128,431 EUR")

    async def test_q_quits(self) -> None:
        async with page() as shown:
            await shown.press("q")
            await shown.until(lambda: not shown.app.is_running)
            assert (shown.app.return_code, shown.app.return_value) == (0, None)

    async def test_keys_do_nothing_as_long_as_there_is_nothing(self) -> None:
        busy = LiveWorker()
        busy.refusals = [(503, "recovering")] * 10_000
        async with page(busy) as shown:
            await shown.shows("recovering")
            await shown.press("b", "w", "d", "a", "enter", "escape", "tab", "down", "l", "l")
            await shown.shows("recovering")
            assert all(asked == {} for asked in shown.worker.asked)


class Talkative(Feed):
    """A feed that never pauses: each state of the page differs from the last, or there is none."""

    def __init__(self, boards: list[Frame]) -> None:
        super().__init__("http://nobody")
        self.boards = boards
        self.told = 0

    async def follow(self, query: Query) -> AsyncGenerator[Picture | Away, None]:
        while True:
            self.told += 1
            await asyncio.sleep(0)
            if self.boards:
                yield Picture({}, self.boards[self.told % len(self.boards)])
            else:
                yield Away("recovering", 0.0)


class TestTheEnd:
    @pytest.mark.parametrize("tiles", [[], [["revenue"], ["visitors", "revenue"]]])
    async def test_news_that_come_while_the_page_goes_harm_nobody(
        self, tiles: list[list[str]]
    ) -> None:
        feed = Talkative([Frame.of({**overview(), "tiles": _tiles(names)}) for names in tiles])
        app = TopApp(feed, Vocabulary.of(VOCABULARY), Query(), "en", Clock())
        async with app.run_test(size=LARGE) as pilot:
            while feed.told < 20:
                await pilot.pause()
        assert (app.return_code, app.is_running) == (None, False)

    async def test_what_the_clock_a_refusal_or_a_tile_still_says_then_harms_nobody(self) -> None:
        clock = Clock()
        async with page(clock=clock) as shown:
            await shown.shows("● live")
        clock.now_s = 60.0
        await shown.app._look_at_the_clock()
        shown.app._be_refused(Query("sales"), Refused("unknown board", 2))
        shown.app._choose(TileView.Chosen("visitors"))
        assert (shown.app.is_running, len(shown.worker.asked)) == (False, 1)


def _tiles(names: list[str]) -> dict[str, Any]:
    return {name: tile(name, 1.0) for name in names}


class TestRefusals:
    async def test_without_a_token_the_page_ends_and_says_so(self) -> None:
        async with page(LiveWorker(TOKEN)) as shown:
            await shown.until(lambda: not shown.app.is_running)
            assert "--token" in str(shown.app.return_value)

    async def test_a_later_query_that_is_refused_leaves_the_page_as_it_was(self) -> None:
        async with page() as shown:
            await shown.shows("● live")
            shown.worker.refusals = [(400, "no such [window]")]
            await shown.press("w")
            await shown.shows("no such [window]")
            await shown.asks()
            await shown.shows("● live", "Overview, 1h")

    async def test_a_first_query_that_is_refused_ends_it(self) -> None:
        strict = LiveWorker()
        strict.refusals = [(400, "unknown member")]
        async with page(strict) as shown:
            await shown.until(lambda: not shown.app.is_running)
            assert str(shown.app.return_value) == "unknown member"


class TestSizes:
    async def test_eighty_by_twenty_four_has_room_for_all(self) -> None:
        busy = worker(alerts=[alert()], objectives=[GOAL])
        async with page(busy, SMALL) as shown:
            await shown.shows("128,431 EUR", "CAC", "Visitors", "Objectives", "Revenue by channel")
            await shown.shows("Funnel: Shop", "● CRITICAL roas_below_one", "q Quit", "l FR")
            assert max(map(len, shown.lines)) <= 80

    async def test_eighty_columns_are_enough_for_french(self) -> None:
        async with page(worker(alerts=[alert()]), SMALL, language="fr") as shown:
            await shown.shows("● en direct", "l EN", "pire", "Entonnoir : Boutique")

    async def test_a_narrow_terminal_has_fewer_columns(self) -> None:
        async with page(size=(140, 60)) as shown:
            await shown.until(lambda: shown.line_with(" Revenue ", "Return on ad spend"))
            await shown.resize(45, 60)
            await shown.until(lambda: shown.line_with(" Revenue ", "Conversion rate"))
            await shown.until(lambda: shown.line_with("AOV", "ROAS"))

    async def test_a_tiny_terminal_shows_what_it_can(self) -> None:
        async with page(size=(24, 8)) as shown:
            await shown.shows("Revenue", "128,431 EUR")
            await shown.press("down", "down", "down")
            await shown.shows("Return on ad spend")


class TestHostileNames:
    HOSTILE = "\x1b[2J\x9b31m[red]\u202e[/red][@click=app.quit]x[/]"
    SHOWN = "?[2J?31m[red]?[/red]"

    async def test_they_are_shown_as_they_are_and_steer_nothing(self) -> None:
        frame = overview(alerts=[alert(rule=self.HOSTILE, action=self.HOSTILE)])
        frame["breakdown"]["rows"][0]["member"] = self.HOSTILE
        frame["alerts"][0]["slice"] = {"channel": self.HOSTILE}
        frame["funnel"]["name"] = self.HOSTILE
        frame["missing"] = [{"worker": self.HOSTILE, "reason": self.HOSTILE, "slices": []}]
        frame["silent_topics"] = [self.HOSTILE]
        hostile = LiveWorker()
        hostile.frame = frame
        first, *others = VOCABULARY["kpis"]
        renamed = {**VOCABULARY, "kpis": [{**first, "name": {"en": self.HOSTILE}}, *others]}
        async with page(hostile, (200, 60), vocabulary=renamed) as shown:
            await shown.shows(f"● CRITICAL {self.SHOWN}", f"channel={self.SHOWN}")
            await shown.shows(f"Funnel: {self.SHOWN}", f"{self.SHOWN}[@click=app.quit]x[/] by")
            await shown.press("a", "enter")
            await shown.shows("performance marketing")
            raw = shown.app.export_screenshot()
            assert not {"\x1b", "\x9b", "\u202e"} & set(raw)

    async def test_long_ones_are_cut(self) -> None:
        long = worker()
        long.frame["breakdown"]["rows"][0]["member"] = "m" * 5_000
        long.frame["breakdown"]["rows"][1]["member"] = "会" * 5_000
        async with page(long, SMALL) as shown:
            await shown.shows("mmmmm", "…", "会会", "52,000 EUR")


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_colours_can_be_done_without(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with page(worker(alerts=[alert()]), size) as shown:
        await shown.shows("CRITICAL", "worse", "better")
        colours = re.findall(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", _rules(shown.app))
        assert colours
        assert all(_is_grey(*colour) for colour in colours)


def _is_grey(*parts: str) -> bool:
    """Whether a colour is none, or as good as none."""
    numbers = [int(part, 16) for part in parts]
    return max(numbers) - min(numbers) < 4


def _rules(app: TopApp) -> str:
    """The colours that a screenshot's texts have."""
    return "\n".join(re.findall(r"-r\d+ \{[^}]*\}", app.export_screenshot()))
