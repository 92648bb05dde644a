"""A front desk: what a web server tells of notifications and is told, without a notifier."""

from __future__ import annotations

from collections.abc import Sequence

from kpistream.core.alerting.alerts import Alert
from kpistream.core.alerting.telling.dispatches import Delivery
from kpistream.core.alerting.telling.matchers import parse_matchers
from kpistream.core.alerting.telling.notifier import Control
from kpistream.core.alerting.telling.silences import Silence
from kpistream.core.alerting.telling.suppression import Suppression
from kpistream.core.monitoring.readings import Board
from kpistream.edges.web import Guard, WebServer
from kpistream.edges.web.desk import BrokerAway, Desk
from tests.support import builders as build
from tests.support.alerting import START, firing, resolved
from tests.support.known import Known, exposition

NOW = START + 60
RECEIVER = {"name": "shop", "kind": "webhook", "host": "hooks.example.org"}


SILENCE = Silence(
    id="one",
    matchers=parse_matchers(["channel=email", 'campaign=~"autumn.*"']),
    starts_at=START,
    ends_at=START + 600,
    author="ana",
    comment="the mail server moves",
    created_at=START,
)
DELIVERY = Delivery(
    receiver="shop",
    group=(("alertname", "roas_below_one"),),
    number=1,
    message_id="msg_1",
    told=(firing().identity,),
    truncated=0,
    reason="new",
    repeat=0,
    repeats=0,
    outcome="failed",
    tries=2,
    refusals=0,
    failures=2,
    first_try_at=START,
    last_try_at=START + 1,
    retry_at=START + 3,
    status=503,
    problem="answered 503",
)


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

    def suppression_of(self, fingerprint: str) -> Suppression | None:
        return self.suppressed if self.is_owner else None

    def silences(self) -> Sequence[Silence]:
        return self.known

    def deliveries(self, limit: int) -> Sequence[Delivery]:
        return self.sent[:limit]

    async def say(self, control: Control) -> None:
        if self.is_away:
            raise BrokerAway("the broker has not acknowledged it")
        self.said.append(control)


def server(
    desk: Desk | None,
    host: str = "127.0.0.1",
    read_tokens: Sequence[str] = (),
    write_tokens: Sequence[str] = (),
) -> WebServer:
    """A web server with a firing and a resolved alert; it is a minute after START."""
    known = Known(build.plan())
    known.board = Board((), START)
    known.alerts = [firing(), resolved(rule="sales_below_plan")]
    known.desk = desk
    made = WebServer(
        host,
        knowledge=known,
        exposition=exposition(known),
        receivers=[RECEIVER],
        guard=Guard(host, tuple(read_tokens), tuple(write_tokens)),
    )
    made._site.alerts._clock_s = made._site.silences._clock_s = lambda: NOW
    made._site.silences._new_id = lambda: "new"
    return made
