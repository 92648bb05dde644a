"""The alerts, as a list of which one is highlighted."""

from __future__ import annotations

from typing import Final

from rich.text import Text
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from kpistream.cli.terminal.alert import alert_text, in_order
from kpistream.cli.terminal.frame import AlertLine
from kpistream.cli.terminal.voice import Voice

_LEAST_WIDTH: Final = 12


class AlertList(OptionList):
    """What fires, what is about to, and what has ended."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._voice: Voice | None = None
        self._alerts: list[AlertLine] = []
        self._texts: list[Text] = []

    @property
    def highlighted_alert(self) -> AlertLine | None:
        """The alert that a person looks at."""
        if self.highlighted is None or self.highlighted >= len(self._alerts):
            return None
        return self._alerts[self.highlighted]

    def show(self, voice: Voice, alerts: list[AlertLine]) -> None:
        """Show these alerts; the highlighted one stays so wherever it has moved."""
        highlighted = self.highlighted_alert
        self._voice, self._alerts = voice, in_order(alerts)
        self._redraw(highlighted)

    def on_resize(self) -> None:
        self._redraw(self.highlighted_alert)

    def _redraw(self, highlighted: AlertLine | None) -> None:
        width = self.scrollable_content_region.width - 2
        if self._voice is None or width < _LEAST_WIDTH:
            return
        voice = self._voice
        texts = [alert_text(voice, alert, width) for alert in self._alerts]
        shown = texts or [Text(voice.say("no_alerts"))]
        if shown == self._texts:
            return
        self._texts = shown
        self.clear_options()
        self.add_options([Option(text, disabled=not texts) for text in shown])
        self._highlight_again(highlighted)

    def _highlight_again(self, alert: AlertLine | None) -> None:
        if alert is not None:
            fingerprints = [one.fingerprint for one in self._alerts]
            if alert.fingerprint in fingerprints:
                self.highlighted = fingerprints.index(alert.fingerprint)
