"""The page for a terminal: tiles, a breakdown, a funnel and the alerts, kept up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.timer import Timer
from textual.widgets import OptionList, Static

from kpistream.cli.failures import FAILED
from kpistream.cli.terminal.alerts import AlertList
from kpistream.cli.terminal.breakdown import breakdown_table, breakdown_title
from kpistream.cli.terminal.card import Card
from kpistream.cli.terminal.colours import STRONG
from kpistream.cli.terminal.details import alert_details, tile_details
from kpistream.cli.terminal.drawing import Drawing
from kpistream.cli.terminal.feed import Away, Feed, Picture, Refused
from kpistream.cli.terminal.frame import Frame
from kpistream.cli.terminal.funnel import funnel_table, funnel_title
from kpistream.cli.terminal.look import LOOK
from kpistream.cli.terminal.objectives import objectives_line
from kpistream.cli.terminal.phrases import HELP
from kpistream.cli.terminal.query import Query
from kpistream.cli.terminal.status import STALE_S, Status, notes, status_line
from kpistream.cli.terminal.tiles import Tiles, TileView
from kpistream.cli.terminal.vocabulary import Vocabulary
from kpistream.cli.terminal.voice import Voice
from kpistream.core.kpis.kpi import Language

_PAUSE_S: Final = 0.15
"""Who presses a key several times is asked once what is wanted."""

_KEYS: Final = (
    ("q", "quit"),
    ("?", "help"),
    ("b", "board"),
    ("w", "window"),
    ("d", "by"),
    ("a", "alerts"),
    ("↵", "details"),
    ("l", "language"),
)


class TopApp(App[Refused]):
    """Shows what a feed brings; ends with a refusal if the worker will not answer."""

    CSS = LOOK
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (150, "-wide")]  # noqa: RUF012 - as Textual has it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]  # noqa: RUF012 - as Textual has it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", show=False),
        Binding("question_mark", "help", show=False),
        Binding("b", "turn('board', 1)", show=False),
        Binding("B", "turn('board', -1)", show=False),
        Binding("w", "turn('window', 1)", show=False),
        Binding("W", "turn('window', -1)", show=False),
        Binding("d", "turn('by', 1)", show=False),
        Binding("a", "alerts", show=False),
        Binding("escape", "tiles", show=False),
        Binding("l", "language", show=False),
    ]

    def __init__(
        self,
        feed: Feed,
        vocabulary: Vocabulary,
        query: Query,
        language: Language = "en",
        clock_s: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__()
        self._feed = feed
        self._voice = Voice(vocabulary, language)
        self._asked = query
        self._answered: Query | None = None
        self._frame: Frame | None = None
        self._status = Status()
        self._clock_s = clock_s
        self._moved_at_s = clock_s()
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """The page from top to bottom."""
        yield Static(id="status", markup=False)
        yield Static(id="notes", markup=False)
        with VerticalScroll(id="body", can_focus=False):
            yield Static(id="waiting", markup=False)
            yield Tiles(id="tiles")
            yield Drawing(id="objectives")
            with Horizontal(id="below"):
                with VerticalScroll(id="left"):
                    yield Drawing(id="breakdown")
                    yield Drawing(id="funnel")
                yield AlertList(id="alerts")
        yield Static(id="keys", markup=False)

    async def on_mount(self) -> None:
        """Show that there is nothing yet, and follow the feed."""
        await self._show()
        self.set_interval(1.0, self._look_at_the_clock)
        self._follow()

    def _follow(self) -> None:
        self.run_worker(self._take_all(self._asked), group="feed", exclusive=True)

    async def _take_all(self, query: Query) -> None:
        """Hand news to the app: what is shown is shown whole, whatever ends the following."""
        try:
            async for news in self._feed.follow(query):
                if isinstance(news, Picture):
                    self.call_later(self._take, news.frame, query)
                else:
                    self.call_later(self._miss, news)
        except Refused as refused:
            self.call_later(self._be_refused, query, refused)

    async def _take(self, frame: Frame, query: Query) -> None:
        if self._frame is None or frame.as_of != self._frame.as_of or self._answered != query:
            self._moved_at_s = self._clock_s()
        self._frame, self._answered = frame, query
        self._status = self._status_now()
        await self._show()

    async def _miss(self, away: Away) -> None:
        again = self._voice.say("again_in", f"{away.again_in_s:.0f} s")
        link: Final = "reconnecting" if self._frame else "connecting"
        self._status = Status(link, f"{away.reason}; {again}")
        await self._show()

    def _be_refused(self, query: Query, refused: Refused) -> None:
        """Go back to what was answered before; end if there is nothing to go back to."""
        if not self.is_running:
            return
        if self._answered is None or query == self._answered or refused.code == FAILED:
            self.exit(refused)
            return
        self.notify(str(refused), severity="error", markup=False)
        self._asked = self._answered
        self._follow()

    async def _look_at_the_clock(self) -> None:
        if self.is_running and self._status.link in ("live", "stale"):
            status = self._status_now()
            if status != self._status:
                self._status = status
                self._show_status()

    def _status_now(self) -> Status:
        has_time = self._frame is not None and self._frame.as_of is not None
        is_old = self._clock_s() - self._moved_at_s >= STALE_S
        return Status("stale" if has_time and is_old else "live")

    async def _show(self) -> None:
        if not self.is_running:
            return
        voice, frame = self._voice, self._frame
        self._show_status()
        self.query_one("#keys", Static).update(_keys(voice))
        waiting = self.query_one("#waiting", Static)
        waiting.display = frame is None or not frame.tiles
        waiting.update(Text(voice.say("waiting" if frame is None else "nothing")))
        self.query_one("#below").display = frame is not None
        if frame is not None:
            await self._show_frame(voice, frame)

    def _show_status(self) -> None:
        said = notes(self._voice, self._status, self._frame)
        line = status_line(self._voice, self._status, self._frame, self._asked)
        self.query_one("#status", Static).update(line)
        below = self.query_one("#notes", Static)
        below.display = bool(said)
        below.update(said)

    async def _show_frame(self, voice: Voice, frame: Frame) -> None:
        tiles = self.query_one(Tiles)
        goals = frame.objectives
        objectives = self.query_one("#objectives", Drawing)
        objectives.show((lambda _: objectives_line(voice, goals)) if goals else None)
        self._show_breakdown(voice, frame)
        self._show_funnel(voice, frame)
        alerts = self.query_one(AlertList)
        alerts.border_title = Text(voice.say("alerts"))
        alerts.show(voice, frame.alerts)
        order = voice.vocabulary.in_order(frame.query.board, frame.tiles)
        is_new = order != tiles.kpis
        had_focus = self.focused is None or isinstance(self.focused, TileView)
        await tiles.show(voice, [frame.tiles[kpi] for kpi in order], self._chosen(frame))
        if is_new and had_focus:
            tiles.take_focus(self._chosen(frame))

    def _show_breakdown(self, voice: Voice, frame: Frame) -> None:
        drawing, broken_down = self.query_one("#breakdown", Drawing), frame.breakdown
        kpi = self._chosen(frame)
        name = Text(voice.name(kpi) if kpi else voice.say("no_breakdown"))
        drawing.border_title = breakdown_title(voice, broken_down) if broken_down else name
        drawing.show(lambda width: breakdown_table(voice, broken_down, width))

    def _show_funnel(self, voice: Voice, frame: Frame) -> None:
        drawing, funnel = self.query_one("#funnel", Drawing), frame.funnel
        if funnel is None:
            drawing.show(None)
            return
        drawing.border_title = funnel_title(voice, funnel)
        drawing.show(lambda width: funnel_table(voice, funnel, width))

    def _chosen(self, frame: Frame) -> str | None:
        """The KPI whose tile is chosen, the worker's choice if nobody has chosen."""
        return self._asked.kpi or frame.query.kpi

    def _ask(self, query: Query, does_change_tiles: bool) -> None:
        """Follow another query soon, if no other key is pressed."""
        self._asked = query
        if self._pause:
            self._pause.stop()
        self._pause = self.set_timer(_PAUSE_S, self._follow)
        if does_change_tiles:
            self._status = Status("connecting")
            self._show_status()

    @on(TileView.Chosen)
    def _choose(self, chosen: TileView.Chosen) -> None:
        if not self.is_running:
            return
        if self._frame is not None and chosen.kpi != self._chosen(self._frame):
            self._ask(self._asked._replace(kpi=chosen.kpi), does_change_tiles=False)
        for view in self.query(TileView):
            view.set_class(view.kpi == chosen.kpi, "chosen")

    @on(OptionList.OptionSelected)
    def _open_alert(self) -> None:
        self.action_details()

    def action_turn(self, what: str, step: int) -> None:
        """The next board, window or dimension."""
        names = self._names(what)
        if self._frame is None or len(names) < 2:
            return
        now = getattr(self._asked, what) or getattr(self._frame.query, what)
        place = names.index(now) + step if now in names else 0
        changed = self._asked._replace(**{what: names[place % len(names)]})
        if what == "board":
            changed = changed._replace(kpi=None)
        self._ask(changed, does_change_tiles=True)

    def _names(self, what: str) -> Sequence[str]:
        vocabulary = self._voice.vocabulary
        match what:
            case "board":
                return list(vocabulary.dashboards)
            case "window":
                return vocabulary.windows
        return vocabulary.dimensions

    def action_alerts(self) -> None:
        """To the alerts, or from there back to the tiles."""
        alerts = self.query_one(AlertList)
        if alerts.has_focus:
            self.action_tiles()
            return
        alerts.focus()
        if alerts.highlighted is None:
            alerts.action_first()

    def action_tiles(self) -> None:
        """Back to the chosen tile."""
        if self._frame is not None:
            self.query_one(Tiles).take_focus(self._chosen(self._frame))

    def action_details(self) -> None:
        """All there is to say of the chosen alert or tile."""
        alerts = self.query_one(AlertList)
        alert = alerts.highlighted_alert if alerts.has_focus else None
        if alert is not None:
            self._open(alert.rule, alert_details(self._voice, alert))
        elif self._frame is not None and not alerts.has_focus:
            tile = self._frame.tiles.get(self._chosen(self._frame) or "")
            if tile is not None:
                self._open(self._voice.name(tile.kpi), tile_details(self._voice, tile))

    def action_help(self) -> None:
        """What the keys and signs mean."""
        self._open(self._voice.say("key_help"), HELP[self._voice.language])

    async def action_language(self) -> None:
        """The other language."""
        other: Language = "fr" if self._voice.language == "en" else "en"
        self._voice = Voice(self._voice.vocabulary, other)
        await self._show()

    def _open(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        self.push_screen(Card(title, rows, self._voice.say("close")))


def _keys(voice: Voice) -> Text:
    return Text("  ").join(
        Text.assemble((key, STRONG), " ", voice.say(f"key_{name}")) for key, name in _KEYS
    )
