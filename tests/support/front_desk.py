"""A front desk: what a web server tells of notifications and is told, without a notifier."""

from __future__ import annotations

from collections.abc import Sequence

from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.telling.dispatches import Delivery
from kpistream.core.alerting.telling.notifier import Control
from kpistream.core.alerting.telling.silences import Silence
from kpistream.core.alerting.telling.suppression import Suppression
from kpistream.core.readings import Board
from kpistream.edges.metrics import Exposition, Telemetry, WorkerCollector
from kpistream.edges.web import Readiness, Vocabulary, WebServer
from kpistream.edges.web.desk import BrokerAway, Desk
from tests.support.alerting import START, firing, resolved

NOW = START + 60
RECEIVER = {"name": "shop", "kind": "webhook", "host": "hooks.example.org"}


class FrontDesk:
    """What a worker knows, as tests set it; what is said to it is kept."""

    def __init__(self) -> None:
        self.is_owner = True
        self.disabled: frozenset[str] = frozenset()
        self.known: Sequence[Silence] = ()
        self.sent: Sequence[Delivery] = ()
        self.suppressed = Suppression()
        self.said: list[Control] = []
        self.is_away = False

    def suppression(self, alert: Alert) -> Suppression | None:
        return self.suppressed if self.is_owner else None

    def silences(self) -> Sequence[Silence]:
        return self.known

    def deliveries(self, limit: int) -> Sequence[Delivery]:
        return self.sent[:limit]

    async def say(self, control: Control) -> None:
        if self.is_away:
            raise BrokerAway("the broker has not acknowledged it")
        self.said.append(control)


def server(desk: Desk | None, host: str = "127.0.0.1", token: str | None = None) -> WebServer:
    """A web server with a firing and a resolved alert; it is a minute after START."""
    collector = WorkerCollector(
        board=Board,
        telemetry=Telemetry(),
        alerts=lambda: (),
        dimensions=(),
        rules=(),
        version="1",
    )
    made = WebServer(
        host,
        board=lambda: Board((), START),
        alerts=lambda: [firing(), resolved(rule="sales_below_plan")],
        ready=Readiness,
        exposition=Exposition(collector),
        vocabulary=Vocabulary((), (), (), ()),
        desk=lambda: desk,
        receivers=[RECEIVER],
        token=token,
    )
    made._site._notifications._clock_s = lambda: NOW
    made._site._notifications._new_id = lambda: "new"
    return made
