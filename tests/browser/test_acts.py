"""People acknowledge and silence alerts on the page, and see what comes of it."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import shop
from tests.browser.conftest import Open
from tests.browser.fake_worker import SILENCE, FakeWorker
from tests.browser.seen import alert, status, text
from tests.browser.test_access import PHONE, STILL, serious
from tests.browser.test_keyboard import tab_to
from tests.browser.test_phone import FITS, WIDER

pytestmark = pytest.mark.browser

LEAVERS = "5a0c3f6b2e917d44"
"""The alert about readers of e-mails who leave, which nobody looks after."""

SAID = "#said"
WRITE_TOKEN = "a-write-token-of-32-characters-or-more"  # noqa: S105 - of a fake worker
READ_TOKEN = "a-read-token-of-32-characters-or-more"  # noqa: S105 - of a fake worker


def suppression(**changes: Any) -> dict[str, Any]:
    """What keeps people from being told of an alert: nothing."""
    nothing: dict[str, Any] = {
        "silenced_by": [],
        "inhibited_by": [],
        "acknowledged": None,
        "muted_receivers": [],
    }
    return nothing | changes


def tell(worker: FakeWorker, **changes: Any) -> None:
    """Let the stream say what keeps people from being told of the alert."""
    worker.patch(alerts=[shop.roas(), shop.unsubscribes(suppression=suppression(**changes))])


def silence(**changes: Any) -> dict[str, Any]:
    """A silence as workers list them."""
    ordinary = {
        "id": SILENCE,
        "state": "active",
        "matchers": ['alertname="unsubscribe_rate_rising"', 'channel="email"'],
        "starts_at": shop.moment(shop.NOW),
        "ends_at": "2026-11-22T14:00:00Z",
        "author": "ben",
        "comment": "a test send",
        "created_at": shop.moment(shop.NOW),
    }
    return ordinary | changes


def silenced(worker: FakeWorker, *silences: dict[str, Any]) -> None:
    """Let there be silences of the alert from the beginning."""
    worker.silences = list(silences)
    by = [one["id"] for one in silences]
    worker.overrides["alerts"] = [
        shop.unsubscribes(suppression=suppression(silenced_by=by)),
        shop.roas(),
    ]


def button(page: Page, act: str) -> Locator:
    return alert(page, LEAVERS).locator(f"[data-act={act}]")


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def note(page: Page) -> Locator:
    return alert(page, LEAVERS).locator(".act-note")


def send(page: Page, author: str = "ana", comment: str = "") -> None:
    """Fill in the dialog that is open, and send it."""
    page.get_by_label("Your name").fill(author)
    if comment:
        page.get_by_label("Comment").fill(comment)
    page.keyboard.press("Enter")


def said(worker: FakeWorker) -> list[tuple[str, dict[str, Any]]]:
    return [(where, msgspec.to_builtins(body)) for where, body in worker.said]


class TestAcknowledging:
    def test_changes_the_card_when_the_stream_says_so_and_not_before(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened()
        button(page, "acknowledge").click()
        expect(dialog(page)).to_contain_text("Unsubscribe rate, email")
        expect(dialog(page)).to_contain_text("cannot be taken back")
        send(page, "ana", "the send is stopped")
        expect(dialog(page)).to_have_count(0)
        expect(note(page)).to_have_text("Acknowledging…")
        expect(button(page, "acknowledge")).to_have_attribute("aria-disabled", "true")
        expect(alert(page, LEAVERS)).not_to_contain_text("Acknowledged by")
        assert said(worker) == [
            (
                f"POST /api/v1/alerts/{LEAVERS}/acknowledge",
                {"author": "ana", "comment": "the send is stopped"},
            )
        ]

        tell(worker, acknowledged={"author": "ana", "comment": "the send is stopped"})
        expect(alert(page, LEAVERS)).to_contain_text("Acknowledged by ana (the send is stopped)")
        expect(page.locator(SAID)).to_have_text("Acknowledged: Unsubscribe rate, email")
        expect(button(page, "acknowledge")).to_be_hidden()
        expect(note(page)).to_be_hidden()
        expect(button(page, "silence")).not_to_have_attribute("aria-disabled", "true")

    def test_is_not_offered_of_what_somebody_looks_after_or_what_does_not_fire(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        worker.overrides["alerts"] = [
            shop.roas(),
            shop.unsubscribes(state="pending"),
            shop.bounces(),
        ]
        page = opened()
        expect(alert(page, shop.roas()["fingerprint"]).get_by_role("button")).to_have_text(
            [re.compile("^Silence ")]
        )
        expect(button(page, "acknowledge")).to_be_hidden()
        expect(button(page, "silence")).to_be_hidden()
        page.locator(".resolved > summary").click()
        expect(page.locator("#resolved-alerts .acts")).to_be_hidden()

    def test_sends_nothing_twice(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        worker.answering.clear()
        button(page, "acknowledge").click()
        send(page)
        expect(page.locator(".acting form")).to_have_attribute("aria-busy", "true")
        page.keyboard.press("Enter")
        worker.answering.set()
        expect(note(page)).to_have_text("Acknowledging…")
        for act in ("acknowledge", "silence"):
            button(page, act).focus()
            page.keyboard.press("Enter")
            expect(dialog(page)).to_have_count(0)
        assert len(worker.said_with) == 1

    def test_that_shows_no_effect_is_told_to_show_none(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened(is_live=False)
        page.clock.install()
        page.reload()
        button(page, "acknowledge").click()
        send(page)
        expect(note(page)).to_have_text("Acknowledging…")
        page.clock.run_for(10_100)
        expect(note(page)).to_contain_text("has shown nothing of it for 10 seconds")
        expect(page.locator(SAID)).to_contain_text("has shown nothing of it for 10 seconds")
        expect(button(page, "acknowledge")).not_to_have_attribute("aria-disabled", "true")
        expect(alert(page, LEAVERS)).not_to_contain_text("Acknowledged by")

        tell(worker, acknowledged={"author": "ana", "comment": ""})
        page.clock.run_for(100)
        expect(note(page)).to_be_hidden()
        expect(page.locator(SAID)).to_have_text("Acknowledged: Unsubscribe rate, email")

    def test_is_over_with_the_alert(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        button(page, "acknowledge").click()
        send(page)
        expect(note(page)).to_have_text("Acknowledging…")
        worker.patch(alerts=[shop.roas(), shop.unsubscribes(state="resolved")])
        expect(page.locator("#resolved-alerts .alert")).to_have_count(1)
        expect(page.locator("#alerts-title")).to_be_focused()
        worker.patch(alerts=[shop.roas(), shop.unsubscribes()])
        expect(button(page, "acknowledge")).to_be_visible()
        expect(note(page)).to_be_hidden()

    def test_asks_for_a_name_once(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        button(page, "acknowledge").click()
        expect(page.get_by_label("Your name")).to_be_focused()
        page.keyboard.press("Enter")
        assert worker.said_with == []
        send(page, " ana ")
        expect(dialog(page)).to_have_count(0)
        page.reload()
        button(page, "acknowledge").click()
        expect(page.get_by_label("Your name")).to_have_value("ana")
        expect(page.get_by_label("Comment")).to_be_focused()


class TestSilencing:
    def test_is_of_this_very_alert_for_an_hour_unless_said_otherwise(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened()
        button(page, "silence").click()
        expect(page.get_by_label("For how long").locator("option")).to_have_text(
            ["1 hour", "4 hours", "until tomorrow, 9:00 (your device\u2019s time)", "1 day"]
        )
        send(page, comment="a test send")
        expect(note(page)).to_have_text("Silencing…")
        ((where, body),) = said(worker)
        assert where == "POST /api/v1/silences"
        assert body == {
            "matchers": ['alertname="unsubscribe_rate_rising"', 'channel="email"'],
            "author": "ana",
            "comment": "a test send",
            "starts_at": None,
            "ends_at": None,
            "for": "1h",
        }
        expect(alert(page, LEAVERS)).not_to_contain_text("Silenced")
        tell(worker, silenced_by=["another"])
        expect(note(page)).to_have_text("Silencing…")
        tell(worker, silenced_by=["another", SILENCE])
        expect(note(page)).to_be_hidden()
        expect(alert(page, LEAVERS)).to_contain_text("Silenced")
        expect(page.locator(SAID)).to_have_text(
            "Silenced until 22 Nov, 10:00 UTC: Unsubscribe rate, email"
        )

    @pytest.mark.parametrize(("choice", "length"), [("4 hours", "4h"), ("1 day", "1d")])
    def test_may_be_for_longer(
        self, choice: str, length: str, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened()
        button(page, "silence").click()
        page.get_by_label("For how long").select_option(choice)
        send(page)
        expect(note(page)).to_have_text("Silencing…")
        assert said(worker)[0][1]["for"] == length

    def test_until_tomorrow_is_by_the_clock_of_who_looks(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened(is_live=False, timezone_id="Europe/Paris")
        page.clock.set_fixed_time("2026-10-24T21:30:00Z")
        page.reload()
        button(page, "silence").click()
        page.get_by_label("For how long").select_option("tomorrow")
        send(page)
        expect(note(page)).to_have_text("Silencing…")
        body = said(worker)[0][1]
        assert body["ends_at"] == "2026-10-25T08:00:00.000Z"
        assert body["for"] is None

    def test_may_be_of_more_alerts_but_not_of_all(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        button(page, "silence").click()
        rule = page.get_by_label("Rule: unsubscribe_rate_rising")
        channel = page.get_by_label("channel: email")
        rule.uncheck()
        channel.uncheck()
        send(page)
        expect(page.get_by_role("alert")).to_have_text("Tick at least one.")
        channel.check()
        page.get_by_role("button", name="Silence", exact=True).click()
        expect(note(page)).to_have_text("Silencing…")
        assert said(worker)[0][1]["matchers"] == ['channel="email"']

    def test_of_a_hostile_name_is_of_that_name(self, worker: FakeWorker, opened: Open) -> None:
        name = 'a"b\\c\nd{}<b>,=~'
        worker.overrides["alerts"] = [shop.unsubscribes(slice={"channel": name}, currency="EUR")]
        page = opened()
        button(page, "silence").click()
        send(page)
        expect(note(page)).to_have_text("Silencing…")
        silence = worker.matchers[0]
        labels = {"alertname": "unsubscribe_rate_rising", "channel": name, "currency": "EUR"}
        assert [(one.label, one.op) for one in silence] == [(label, "=") for label in labels]
        assert silence.match(labels)
        assert not silence.match(labels | {"channel": "email"})

    def test_ends_when_somebody_says_so(self, worker: FakeWorker, opened: Open) -> None:
        other = silence(id="b2", author="eve", comment="", matchers=['channel=~"e.*"'])
        silenced(worker, silence(), other)
        worker.silences.append(silence(id="c3", author="somebody else"))
        page = opened()
        button(page, "end_silence").click()
        expect(page.get_by_role("radio")).to_have_count(2)
        expect(page.get_by_label("until 22 Nov, 14:00 UTC, by ben (a test send)")).to_be_checked()
        eves = page.get_by_label('until 22 Nov, 14:00 UTC, by eve channel=~"e.*"')
        eves.check()
        send(page)
        expect(note(page)).to_have_text("Ending the silence…")
        assert said(worker) == [("DELETE /api/v1/silences/b2", {"author": "ana"})]
        tell(worker, silenced_by=[SILENCE])
        expect(page.locator(SAID)).to_have_text("The silence has ended: Unsubscribe rate, email")
        expect(button(page, "end_silence")).to_be_visible()
        tell(worker)
        expect(button(page, "end_silence")).to_be_hidden()

    def test_is_chosen_by_what_it_is_about_in_the_language_of_the_page(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        matchers = ['alertname="a \\"b\\" \\\\"', 'channel="(not set)"', 'currency="EUR"']
        silenced(worker, silence(comment="", matchers=[*matchers, 'device!="mobile"']))
        page = opened("?lang=fr", locale="fr-FR")
        button(page, "end_silence").click()
        shown = text(page.locator(".silence-matchers"))
        assert shown == ('Règle : a "b" \\, canal : non renseigné, Devise : EUR, device!="mobile"')

    def test_that_has_ended_meanwhile_is_told_to_have_ended(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        silenced(worker, silence(state="ended"))
        page = opened()
        button(page, "end_silence").click()
        expect(note(page)).to_have_text("No silence of this alert holds any more.")
        expect(page.locator(SAID)).to_have_text("No silence of this alert holds any more.")


class TestAProblem:
    @pytest.mark.parametrize(
        ("problem", "detail"),
        [
            (HTTPStatus.CONFLICT, "the alert is resolved; only a firing one is acknowledged"),
            (HTTPStatus.SERVICE_UNAVAILABLE, "the broker has not acknowledged it"),
            (HTTPStatus.FORBIDDEN, "a page of another site may change nothing"),
        ],
    )
    def test_is_told_as_it_is(
        self, problem: HTTPStatus, detail: str, worker: FakeWorker, opened: Open
    ) -> None:
        worker.problem = (problem, detail)
        page = opened()
        button(page, "acknowledge").click()
        send(page)
        expect(page.get_by_role("alert")).to_have_text(f"The worker says: {detail}")
        expect(page.get_by_label("Write token")).to_be_hidden()
        worker.problem = None
        send(page)
        expect(note(page)).to_have_text("Acknowledging…")

    def test_is_told_on_the_card_where_the_dialog_is_closed_or_not_open_yet(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        silenced(worker, silence())
        worker.problem = (HTTPStatus.SERVICE_UNAVAILABLE, "nobody has the notifier")
        page = opened()
        button(page, "end_silence").click()
        expect(note(page)).to_have_text("The worker says: nobody has the notifier")

        worker.answering.clear()
        button(page, "acknowledge").click()
        expect(note(page)).to_be_hidden()
        send(page)
        expect(page.locator(".acting form")).to_have_attribute("aria-busy", "true")
        page.keyboard.press("Escape")
        expect(dialog(page)).to_have_count(0)
        worker.answering.set()
        expect(note(page)).to_have_text("The worker says: nobody has the notifier")
        expect(page.locator(SAID)).to_have_text("The worker says: nobody has the notifier")

    def test_may_be_that_the_worker_is_away(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        button(page, "acknowledge").click()
        worker.stop()
        expect(status(page)).to_have_text("Reconnecting…")
        send(page)
        expect(page.get_by_role("alert")).to_contain_text("The worker does not answer.")
        expect(page.get_by_role("alert")).to_contain_text("is not known")
        worker.start()
        expect(status(page)).to_have_text("Live")
        send(page)
        expect(note(page)).to_have_text("Acknowledging…")


class TestAWriteToken:
    def test_is_asked_for_where_one_is_wanted_and_sent_in_the_head_of_what_is_said_alone(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        worker.write_token = WRITE_TOKEN
        page = opened()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        button(page, "acknowledge").click()
        field = page.get_by_label("Write token")
        expect(field).to_be_hidden()
        send(page)
        expect(field).to_be_focused()
        expect(page.get_by_role("alert")).to_contain_text("It takes a write token")
        field.fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("That is not a token this worker knows.")
        expect(field).to_have_value("")
        field.fill(WRITE_TOKEN)
        page.keyboard.press("Enter")
        expect(note(page)).to_have_text("Acknowledging…")
        assert worker.said_with == [None, "Bearer wrong", f"Bearer {WRITE_TOKEN}"]

        asked.clear()
        page.reload()
        expect(status(page)).to_have_text("Live")
        button(page, "silence").click()
        send(page)
        expect(note(page)).to_have_text("Silencing…")
        assert worker.said_with[-1] == f"Bearer {WRITE_TOKEN}"
        assert set(worker.authorisations) == {None}
        assert asked
        assert not any(WRITE_TOKEN in url for url in [*asked, page.url])
        kept = page.evaluate("() => [JSON.stringify(localStorage), document.cookie]")
        assert not any(WRITE_TOKEN in one for one in kept)

    def test_is_asked_for_where_the_read_token_is_not_enough(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        worker.token, worker.write_token = READ_TOKEN, WRITE_TOKEN
        page = opened("#token=" + READ_TOKEN)
        button(page, "acknowledge").click()
        send(page)
        expect(page.get_by_role("alert")).to_contain_text("with this token one may read")
        field = page.get_by_label("Write token")
        expect(field).to_be_focused()
        field.fill(WRITE_TOKEN)
        page.keyboard.press("Enter")
        expect(note(page)).to_have_text("Acknowledging…")
        assert worker.said_with == [f"Bearer {READ_TOKEN}", f"Bearer {WRITE_TOKEN}"]
        assert set(worker.authorisations) == {f"Bearer {READ_TOKEN}"}

    def test_is_not_asked_for_where_who_may_read_may_write(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        worker.token = READ_TOKEN
        page = opened("#token=" + READ_TOKEN)
        button(page, "acknowledge").click()
        send(page)
        expect(note(page)).to_have_text("Acknowledging…")
        assert worker.said_with == [f"Bearer {READ_TOKEN}"]


class TestByKeyboard:
    def test_an_alert_is_acknowledged_and_the_focus_stays_near(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened()
        tab_to(page, "Acknowledge Unsubscribe")
        page.keyboard.press("Enter")
        page.keyboard.type("ana")
        page.keyboard.press("Enter")
        expect(note(page)).to_have_text("Acknowledging…")
        expect(button(page, "acknowledge")).to_be_focused()
        tell(worker, acknowledged={"author": "ana", "comment": ""})
        expect(button(page, "silence")).to_be_focused()

    def test_a_dialog_that_is_left_does_nothing_and_gives_the_focus_back(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened()
        button(page, "silence").focus()
        page.keyboard.press("Space")
        expect(page.get_by_label("Your name")).to_be_focused()
        page.keyboard.press("Escape")
        expect(dialog(page)).to_have_count(0)
        expect(button(page, "silence")).to_be_focused()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Cancel").press("Enter")
        expect(button(page, "silence")).to_be_focused()
        assert worker.said_with == []

    def test_the_focus_goes_to_the_heading_if_the_alert_has_gone(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened()
        button(page, "silence").click()
        worker.patch(alerts=[])
        expect(page.locator("#active-alerts .alert")).to_have_count(0)
        page.keyboard.press("Escape")
        expect(page.locator("#alerts-title")).to_be_focused()


class TestHowItLooks:
    @pytest.mark.parametrize("address", ["?theme=light", "?theme=dark&lang=fr"])
    @pytest.mark.parametrize("options", [{}, PHONE])
    @pytest.mark.parametrize("act", ["acknowledge", "silence", "end_silence"])
    def test_axe_finds_nothing_serious_and_it_fits(
        self, act: str, address: str, options: dict[str, Any], worker: FakeWorker, opened: Open
    ) -> None:
        long = "spring" * 20
        longest = silence(id="a1", author=long, matchers=[f'campaign="{long}"'])
        silenced(worker, longest, silence(id="b2"))
        worker.write_token = WRITE_TOKEN
        page = opened(address, **STILL, **options)
        button(page, act).click()
        fields = page.locator(".acting .field input:visible")
        fields.first.fill("ana")
        page.keyboard.press("Enter")
        expect(page.locator("#write-token")).to_be_focused()
        assert serious(page) == []
        assert page.evaluate(WIDER) == []
        assert page.evaluate(FITS)
        page.locator("#write-token").fill(WRITE_TOKEN)
        page.keyboard.press("Enter")
        expect(note(page)).to_be_visible()
        assert serious(page) == []
        assert page.evaluate(WIDER) == []

    def test_it_speaks_french(self, worker: FakeWorker, opened: Open) -> None:
        page = opened("?lang=fr", locale="fr-FR")
        expect(button(page, "acknowledge")).to_have_text(re.compile("^Prendre en charge "))
        button(page, "silence").click()
        expect(page.get_by_label("Pendant combien de temps").locator("option")).to_have_text(
            ["1 heure", "4 heures", "jusqu\u2019à demain, 9 h (heure de votre appareil)", "1 jour"]
        )
        page.get_by_label("Votre nom").fill("ana")
        page.get_by_label("Commentaire (facultatif)").fill("un essai")
        page.get_by_role("button", name="Mettre en silence", exact=True).click()
        expect(note(page)).to_have_text("Mise en silence…")
        tell(worker, silenced_by=[SILENCE])
        expect(page.locator(SAID)).to_have_text(re.compile("^En silence jusqu\u2019au 22 nov"))

    def test_a_change_of_language_loses_nothing(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        button(page, "acknowledge").click()
        send(page)
        expect(note(page)).to_have_text("Acknowledging…")
        page.locator("#setting-language").select_option("fr")
        expect(note(page)).to_have_text("Prise en charge…")
        tell(worker, acknowledged={"author": "ana", "comment": ""})
        expect(page.locator(SAID)).to_have_text(re.compile("^Prise en charge : "))

    def test_nobody_acts_in_a_frame_of_another_page(self, worker: FakeWorker, opened: Open) -> None:
        silenced(worker, silence())
        page = opened("?embed=1")
        expect(alert(page, LEAVERS)).to_contain_text("Silenced")
        expect(page.locator("[data-act]:visible")).to_have_count(0)
