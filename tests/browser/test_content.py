"""What the page shows of what a worker tells."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import shop
from tests.browser.conftest import Open
from tests.browser.fake_worker import FakeWorker
from tests.browser.seen import alert, plain, text, tile, value

pytestmark = pytest.mark.browser

ROAS = "d0f537b5fbd28f67"
UNSUBSCRIBES = "5a0c3f6b2e917d44"

VALUES: list[tuple[str, float | None, str]] = [
    ("revenue", 48_210.5, "€48,210.50"),
    ("revenue", 12_345_678.9, "€12,345,679"),
    ("revenue", -12.5, "\N{MINUS SIGN}€12.50"),
    ("conversion_rate", 0.0328, "3.28%"),
    ("conversion_rate", 0.5, "50.0%"),
    ("conversion_rate", 0.00042, "0.042%"),
    ("conversion_rate", 0, "0%"),
    ("return_on_ad_spend", 4.5, "4.5"),
    ("visitors", 18_715, "18,715"),
    ("net_promoter_score", -12, "\N{MINUS SIGN}12"),
    ("visitors", None, "no value over 1 hour"),
]
"""A KPI, its value, and how that is read in English."""

CHANGES: list[tuple[str, float, float | None, str, str | None]] = [
    ("revenue", 110, 100, "▲+10.0% better", "better"),
    ("revenue", 90, 100, "▼\u221210.0% worse", "worse"),
    ("customer_acquisition_cost", 110, 100, "▲+10.0% worse", "worse"),
    ("customer_acquisition_cost", 90, 100, "▼\u221210.0% better", "better"),
    ("conversion_rate", 0.035, 0.03, "▲+0.5 pp better", "better"),
    ("conversion_rate", 0.15, 0.2, "▼\u22125 pp worse", "worse"),
    ("return_on_ad_spend", 4.5, 3.0, "▲+50.0% better", "better"),
    ("net_promoter_score", 42, 35, "▲+7 points better", "better"),
    ("revenue", 100, 100, "\uff1d unchanged", "same"),
    ("revenue", 100, 0, "▲+€100.00 better", "better"),
    ("revenue", 100, None, "nothing to compare with", None),
]
"""A KPI, its value now and before, and how the change is told and judged."""


BOXES = """(nodes) => nodes.map((node) => {
  const { top, left, right } = node.getBoundingClientRect();
  return [Math.round(top), left, right];
})"""
SIDES = """(node) => {
  const { left, right } = node.getBoundingClientRect();
  return [left, right];
}"""


class TestTiles:
    def test_are_those_of_the_board_in_its_order(self, opened: Open) -> None:
        page = opened()
        shown = [each.get_attribute("data-kpi") for each in page.locator(".tile").all()]
        assert shown == list(shop.catalogue().dashboards["overview"])

    def test_show_values_as_their_units_are_read(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        for kpi, told, shown in VALUES:
            worker.patch(tiles={kpi: shop.tile(kpi, value=told)})
            expect(value(page, kpi)).to_have_text(shown)

    @pytest.mark.parametrize(
        ("address", "said"),
        [
            ("?window=5m", "no value over 5 minutes"),
            ("?window=today", "no value over today"),
            ("?window=24h&lang=fr", "pas de valeur sur 24 heures"),
        ],
    )
    def test_say_over_which_window_there_is_no_value(
        self, address: str, said: str, worker: FakeWorker, opened: Open
    ) -> None:
        worker.overrides["tiles"] = {"revenue": shop.tile("revenue", value=None)}
        assert text(value(opened(address), "revenue")) == said

    @pytest.mark.parametrize(
        ("width", "rows"),
        [
            (1280, [4, 3]),
            (1440, [4, 3]),
            (1920, [4, 3]),
            (768, [3, 2, 2]),
            (390, [2, 2, 2, 1]),
        ],
    )
    def test_fill_their_rows_and_leave_no_hole(
        self, width: int, rows: list[int], worker: FakeWorker, opened: Open
    ) -> None:
        worker.kpis["dashboards"]["overview"] = worker.kpis["dashboards"]["overview"][:7]
        tiles = {kpi: shop.tile(kpi) for kpi in worker.kpis["dashboards"]["overview"]}
        page = opened(viewport={"width": width, "height": 900})
        worker.tell("patch", {"tiles": {}})
        worker.patch(tiles=tiles)
        expect(page.locator(".tile")).to_have_count(7)
        boxes: list[list[float]] = page.locator(".tile").evaluate_all(BOXES)
        tops = sorted({top for top, *_ in boxes})
        shown = [[box for box in boxes if box[0] == top] for top in tops]
        assert [len(row) for row in shown] == rows
        left, right = page.locator("#tiles").evaluate(SIDES)
        for row in shown:
            assert abs(min(box[1] for box in row) - left) < 1
            assert abs(max(box[2] for box in row) - right) < 1
            widths = [box[2] - box[1] for box in row]
            assert max(widths) - min(widths) < 1

    def test_have_the_same_minus_in_values_as_in_changes(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        for lang in ("en", "fr"):
            page = opened(f"?lang={lang}")
            tiles = shop.frame(worker.asked[-1])["tiles"]
            score = tiles["net_promoter_score"] | {"value": -16.0, "before": -12.0}
            worker.patch(tiles={"net_promoter_score": score})
            expect(value(page, "net_promoter_score")).to_have_text("\N{MINUS SIGN}16")
            before = tile(page, "net_promoter_score").locator(".tile-before")
            expect(before).to_contain_text("\N{MINUS SIGN}12")

    def test_show_a_duration_in_two_units(self, worker: FakeWorker, opened: Open) -> None:
        worker.overrides["tiles"] = {"session_duration": shop.tile("session_duration", value=187)}
        shown = text(value(opened("?board=shop"), "session_duration"))
        assert shown == "3 mins 7 secs"

    def test_say_in_a_word_whether_a_change_is_good(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        for kpi, now, before, shown, verdict in CHANGES:
            worker.patch(tiles={kpi: shop.tile(kpi, value=now, before=before)})
            change = tile(page, kpi).locator(".change")
            expect(change).to_have_text(shown)
            assert change.get_attribute("data-verdict") == verdict

    def test_draw_a_course_with_gaps_and_tell_it_in_words(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        points = [1, 2, None, None, 3, 4, None, 8]
        worker.overrides["tiles"] = {"visitors": shop.tile("visitors", points=points)}
        shown = tile(opened(), "visitors")
        line = shown.locator(".spark-line").get_attribute("d") or ""
        assert line.count("M") == 3
        assert shown.locator("svg").get_attribute("aria-hidden") == "true"
        course = plain(shown.locator("[id^=course]").text_content() or "")
        assert course == "Course: lowest 1, highest 8, latest 8."

    @pytest.mark.parametrize("trust", ["provisional", "incomplete", "final"])
    def test_say_what_to_expect_of_the_value(
        self, trust: str, worker: FakeWorker, opened: Open
    ) -> None:
        worker.overrides["tiles"] = {"revenue": shop.tile("revenue", trust=trust)}
        badge = tile(opened(), "revenue").locator(".trust")
        assert text(badge) == trust
        assert badge.get_attribute("title")

    @pytest.mark.parametrize(("told", "is_reached"), [(0.39, True), (0.41, False)])
    def test_mark_a_target_and_whether_it_is_reached(
        self, told: float, is_reached: bool, worker: FakeWorker, opened: Open
    ) -> None:
        worker.overrides["tiles"] = {
            "bounce_rate": shop.tile("bounce_rate", value=told, points=[0.38, 0.42, told])
        }
        shown = tile(opened("?board=shop"), "bounce_rate")
        expected = "target ≤ 40%" + (" reached" if is_reached else "")
        assert text(shown.locator(".tile-target")) == expected
        assert shown.locator(".spark-target").get_attribute("d")

    @pytest.mark.parametrize(("told", "is_urgent"), [(0.84, True), (1.5, False)])
    def test_mark_what_is_urgent(
        self, told: float, is_urgent: bool, worker: FakeWorker, opened: Open
    ) -> None:
        worker.overrides["tiles"] = {
            "return_on_ad_spend": shop.tile("return_on_ad_spend", value=told)
        }
        mark = tile(opened(), "return_on_ad_spend").locator(".tile-urgent")
        expect(mark).to_be_visible(visible=is_urgent)

    def test_say_when_a_sample_is_small(self, worker: FakeWorker, opened: Open) -> None:
        worker.overrides["tiles"] = {"revenue": shop.tile("revenue", sample=7)}
        assert text(tile(opened(), "revenue").locator(".tile-sample")) == "n = 7, few data"

    def test_choose_the_kpi_that_is_broken_down(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        tile(page, "conversion_rate").locator(".tile-face").click()
        expect(page.locator("#breakdown-title")).to_have_text("Conversion rate by")
        expect(tile(page, "conversion_rate").locator(".tile-face")).to_have_attribute(
            "aria-pressed", "true"
        )
        expect(tile(page, "revenue").locator(".tile-face")).to_have_attribute(
            "aria-pressed", "false"
        )
        expect(page.locator("caption")).to_have_text("Conversion rate by channel")
        worker.wait_until_asked(kpi="conversion_rate")

    def test_explain_their_kpi(self, opened: Open) -> None:
        page = opened()
        tile(page, "return_on_ad_spend").get_by_role("button", name="About").click()
        dialog = page.get_by_role("dialog", name="Return on ad spend (ROAS)")
        shown = text(dialog)
        for part in ("revenue / ad_cost", "performance marketing", "Pause the campaign", "≤ 1"):
            assert part in shown
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()


class TestBreakdown:
    def test_is_a_table_of_members_with_value_change_and_sample(self, opened: Open) -> None:
        page = opened()
        table = page.get_by_role("table", name="Revenue by channel")
        heads = [text(head) for head in table.get_by_role("columnheader").all()]
        assert [head.lower() for head in heads] == ["channel", "value", "change", "sample"]
        row = [text(cell) for cell in table.locator("tbody tr").first.locator("th, td").all()]
        assert row == ["search", "€16,391.59", "▲ +14.0% better", "220"]

    def test_names_what_is_no_member(self, opened: Open) -> None:
        page = opened("?by=campaign")
        expect(page.locator("tr[data-member=__other__] .member")).to_have_text("all others")
        page = opened("?by=channel")
        expect(page.locator("tr[data-member='(not set)'] .member")).to_have_text("not set")

    def test_has_bars_as_long_as_the_values_are_large(self, opened: Open) -> None:
        page = opened()
        parts = page.locator(".row-bar").evaluate_all(
            "(bars) => bars.map((bar) => parseFloat(bar.style.getPropertyValue('--part')))"
        )
        assert parts[0] == 100
        assert parts == sorted(parts, reverse=True)

    def test_has_a_dash_where_there_is_nothing_to_compare_with(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        rows = [{**shop.rows("revenue", "channel")[0], "before": None}]
        told = {"by": "channel", "kpi": "revenue", "rows": rows, "more": 0}
        worker.overrides["breakdown"] = told
        change = opened().locator("tbody .change")
        expect(change).to_have_text("\u2013")
        expect(change).to_have_attribute("title", "nothing to compare with")

    def test_says_how_many_members_it_leaves_out(self, worker: FakeWorker, opened: Open) -> None:
        rows = shop.rows("revenue", "channel")
        told = {"by": "channel", "kpi": "revenue", "rows": rows, "more": 1_234}
        worker.overrides["breakdown"] = told
        expect(opened().get_by_text("and 1,234 more")).to_be_visible()

    def test_says_so_when_there_is_nothing_in_it(self, worker: FakeWorker, opened: Open) -> None:
        worker.overrides["breakdown"] = None
        expect(opened().get_by_text("Nothing here to break down yet.")).to_be_visible()

    def test_leads_to_one_member_and_back(self, worker: FakeWorker, opened: Open) -> None:
        page = opened()
        page.get_by_role("button", name="Show only email").click()
        chip = page.get_by_role("button", name="Remove filter channel: email")
        expect(chip).to_be_visible()
        expect(page.locator("caption")).to_have_text("Revenue by campaign")
        worker.wait_until_asked(channel="email")
        assert worker.asked[-1] == {
            "board": "overview",
            "window": "1h",
            "by": "campaign",
            "kpi": "revenue",
            "channel": "email",
        }
        chip.click()
        expect(chip).to_have_count(0)
        page.wait_for_function("() => !document.querySelector('[aria-busy]')")
        assert "channel" not in worker.asked[-1]


def funnel(**steps: float) -> dict[str, Any]:
    told = [{"kpi": kpi, "value": value} for kpi, value in steps.items()]
    return {"name": "shop", "steps": told}


class TestFunnel:
    def test_counts_each_step_and_how_many_make_it(self, opened: Open) -> None:
        page = opened()
        steps = [text(step) for step in page.locator(".step").all()]
        assert steps[0] == "Impressions 1,284,300"
        assert steps[2] == "Sessions 24,380 63.3% of the step before"
        expect(page.get_by_text("0.048% from start to end")).to_be_visible()

    def test_marks_the_largest_loss(self, opened: Open) -> None:
        page = opened()
        expect(page.locator(".step[data-worst]")).to_have_count(1)
        expect(page.locator(".step[data-worst] .step-loss")).to_have_text("largest loss")
        assert page.locator(".step[data-worst]").get_attribute("data-kpi") == "clicks"

    def test_has_bars_beside_the_largest_step(self, worker: FakeWorker, opened: Open) -> None:
        worker.overrides["funnel"] = funnel(impressions=500, clicks=50, sessions=1_000, orders=831)
        page = opened()
        parts = page.locator(".step-bar").evaluate_all(
            "(bars) => bars.map((bar) => bar.style.getPropertyValue('--part'))"
        )
        assert parts == ["50.00%", "5.00%", "100.00%", "83.10%"]
        steps = [text(step) for step in page.locator(".step").all()]
        assert steps[2] == "Sessions 1,000 2,000.0% of the step before"
        assert steps[1].endswith("largest loss")

    def test_names_no_loss_where_nothing_is_lost(self, worker: FakeWorker, opened: Open) -> None:
        worker.overrides["funnel"] = funnel(impressions=500, clicks=550, sessions=1_000)
        page = opened()
        expect(page.locator(".step")).to_have_count(3)
        expect(page.locator(".step-loss")).to_have_count(3)
        for loss in page.locator(".step-loss").all():
            expect(loss).to_be_hidden()

    def test_is_left_out_where_there_is_none(self, worker: FakeWorker, opened: Open) -> None:
        worker.overrides["funnel"] = None
        expect(opened().locator(".funnel-area")).to_be_hidden()

    def test_makes_no_share_of_what_is_not_known(self, worker: FakeWorker, opened: Open) -> None:
        steps = [{"kpi": "clicks", "value": None}, {"kpi": "orders", "value": 4}]
        worker.overrides["funnel"] = {"name": "shop", "steps": steps}
        page = opened()
        assert [text(step) for step in page.locator(".step").all()] == ["Clicks \u2013", "Orders 4"]
        expect(page.locator("#funnel .part-note")).to_have_text("")


def by(effect: float) -> dict[str, float]:
    return {"mix": 0.0, "rate": effect}


class TestAlerts:
    def test_say_what_fires_why_and_what_it_costs(self, opened: Open) -> None:
        shown = text(alert(opened(), ROAS))
        for part in (
            "critical",
            "Return on ad spend (ROAS)",
            "display · autumn sale · 1 hour",
            "for 14 mins",
            "0.84 compared with 1",
            "€212.40 an hour at stake",
            "Since the window before: Fell from 2.1 to 0.84: "
            "92 % of it by device=mobile (its own rate); "
            "Average order value (AOV) explains 78 %.",
            "A campaign earns less than it costs.",
            "Acknowledged by ana (the landing page is being mended)",
        ):
            assert part in shown

    def test_tell_the_rest_when_they_are_opened(self, opened: Open) -> None:
        page = opened()
        card = alert(page, ROAS)
        expect(card.get_by_text("Pause the campaign.")).to_be_hidden()
        card.locator("summary").click()
        shown = text(card)
        for part in (
            "device: mobile 2 → 0.62 -1.16 worse",
            "Average order value (AOV) €82.50 → €41.20 "
            "moves Return on ad spend (ROAS) by -49.8% worse",
            "What to do Pause the campaign.",
            "Owner performance marketing",
            "Condition below 1",
            "By chance in a week less than 0.01%",
            "Fired 2 times lately",
        ):
            assert part in shown
        link = card.get_by_role("link", name="Runbook")
        assert link.get_attribute("href") == "https://wiki.example.org/roas"

    def test_judge_what_moved_them_by_which_way_of_theirs_is_good(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        effects = {"one": 0.02, "two": -0.01}
        segments = [
            {"dimension": "campaign", "member": name, "value": 0.1, "before": 0.1} | by(effect)
            for name, effect in effects.items()
        ]
        drivers = [{"kpi": "cost_per_click", "value": 8.91, "before": 2.98, "effect": 0.7}]
        why = shop.unsubscribes()["why"] | {"segments": segments, "drivers": drivers}
        worker.overrides["alerts"] = [shop.unsubscribes(why=why)]
        page = opened("?theme=light")
        page.locator("#active-alerts .more summary").click()
        shown = page.locator("#active-alerts .effect")
        assert [each.get_attribute("data-verdict") for each in shown.all()] == [
            "worse",
            "better",
            "worse",
        ]
        assert text(shown.first.locator(".effect-size")) == "+2 pp worse"
        assert text(shown.nth(1).locator(".effect-size")) == "-1 pp better"
        colours = page.locator("#active-alerts .effect-bar").evaluate_all(
            "(bars) => bars.map((bar) => getComputedStyle(bar, '::before').backgroundColor)"
        )
        assert colours[0] == colours[2] == "rgb(179, 38, 30)"
        assert colours[1] == "rgb(10, 112, 72)"

    def test_say_of_what_they_cost_and_why_that_it_is_as_of_when_they_fired(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened()
        card = alert(page, ROAS)
        then = card.get_by_text("as of when it fired")
        expect(then).to_have_count(2)
        for each in then.all():
            expect(each).to_be_hidden()
        worker.patch(alerts=[shop.roas(value=0.833)])
        expect(card.locator(".alert-value")).to_have_text("0.83")
        for each in then.all():
            expect(each).to_be_hidden()
        worker.patch(alerts=[shop.roas(value=0.5)])
        for each in then.all():
            expect(each).to_be_visible()

    def test_say_when_their_condition_held_last_if_that_was_a_while_ago(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        page = opened()
        card = alert(page, ROAS)
        held = card.get_by_text("The condition held last")
        expect(held).to_have_count(0)
        worker.patch(alerts=[shop.roas(held_at=shop.ago(minutes=4))])
        expect(held).to_have_text("The condition held last 4 mins ago.")
        worker.patch(alerts=[shop.roas(state="resolved", held_at=shop.ago(minutes=4))])
        expect(page.locator("#resolved-alerts .alert")).to_have_count(1)
        expect(held).to_have_count(0)

    def test_say_of_a_member_whose_rate_is_the_same_that_its_share_has_changed(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        share = {"member": "share", "value": 0.0022, "before": 0.0023, "mix": 0.0026, "rate": -1e-4}
        rate = {"member": "rate", "value": 0.038, "before": 0.0, "mix": 0.002, "rate": 0.016}
        segments = [{"dimension": "campaign"} | each for each in (share, rate)]
        why = shop.unsubscribes()["why"] | {"segments": segments}
        worker.overrides["alerts"] = [shop.unsubscribes(why=why)]
        page = opened()
        page.locator("#active-alerts .more summary").click()
        shown = page.locator("#active-alerts .effect-values")
        expect(shown).to_have_text(["0% → 3.80%", "0.23% → 0.22% · mostly by its share of all"])

    def test_keep_the_name_of_a_member_that_is_called_like_a_kpi(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        said = (
            "Fell from 2 to 1: 92 % of it by campaign=orders (new); cost_per_click explains 50 %."
        )
        worker.overrides["alerts"] = [shop.roas(why=shop.roas()["why"] | {"sentence": said})]
        shown = text(alert(opened(), ROAS).locator(".alert-why"))
        assert "campaign=orders (new); Cost per click (CPC) explains 50 %." in shown

    @pytest.mark.parametrize(
        ("window", "name"), [("1m", "1 minute"), ("24h", "24 hours"), ("this_week", "this week")]
    )
    def test_name_the_window_that_they_look_at(
        self, window: str, name: str, worker: FakeWorker, opened: Open
    ) -> None:
        worker.overrides["alerts"] = [shop.roas(window=window)]
        shown = text(alert(opened(), ROAS).locator(".alert-slice"))
        assert shown == f"display · autumn sale · {name}"

    def test_come_the_worst_first(self, worker: FakeWorker, opened: Open) -> None:
        worker.overrides["alerts"] = [
            shop.alert(fingerprint="1", severity="info"),
            shop.alert(fingerprint="2", severity="warning"),
            shop.alert(fingerprint="3", severity="critical"),
            shop.alert(fingerprint="4", severity="critical", state="pending"),
        ]
        page = opened()
        order = page.locator("#active-alerts > .alert").evaluate_all(
            "(cards) => cards.map((card) => card.dataset.fingerprint)"
        )
        assert order == ["3", "2", "1", "4"]
        assert text(alert(page, "4").locator(".badge")) == "critical, pending"
        assert text(page.locator("#firing-count")) == "3 firing"
        assert page.title() == "(3) Overview · kpistream"

    def test_fold_what_is_over(self, opened: Open) -> None:
        page = opened()
        over = page.locator("#resolved-alerts .alert")
        expect(over).to_be_hidden()
        page.get_by_text("1 resolved").click()
        expect(over).to_be_visible()

    def test_show_the_part_that_they_are_about(self, worker: FakeWorker, opened: Open) -> None:
        page = opened("?window=24h")
        card = alert(page, ROAS)
        card.locator("summary").click()
        card.get_by_role("button", name="Show this part").click()
        expect(page.locator(".chip")).to_have_count(2)
        worker.wait_until_asked(
            kpi="return_on_ad_spend", window="1h", channel="display", campaign="autumn sale"
        )

    def test_are_said_to_be_none_when_there_are_none(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        worker.overrides["alerts"] = []
        expect(opened().get_by_text("All quiet: no alert fires.")).to_be_visible()

    def test_are_not_said_to_be_none_when_some_may_be_missing(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        worker.overrides["alerts"] = []
        worker.overrides["missing"] = [{"worker": "http://b:1", "reason": "gone", "slices": []}]
        page = opened()
        expect(page.get_by_text("All quiet")).to_have_count(0)
        expect(page.get_by_text("No alert is known here")).to_be_visible()


class TestObjectives:
    def test_say_how_far_they_are_and_where_they_lead(self, opened: Open) -> None:
        shown = text(opened().locator(".objective").first)
        for part in (
            "Online sales up 15 %",
            "on track",
            "€1,012,480 target €1,150,000 by 31 Dec 2026",
            "88% done",
            "plan for today: €1,025,616",
            "heading for €1,135,270",
            "€3,482.00 a day needed",
            "40 days left",
            "head of e-commerce",
        ):
            assert part in shown

    def test_mark_the_pace_on_the_way(self, opened: Open) -> None:
        page = opened()
        parts = [
            page.locator(".objective")
            .first.locator(name)
            .evaluate("(bar) => bar.style.getPropertyValue('--part')")
            for name in (".progress-done", ".progress-pace")
        ]
        assert parts == ["88.00%", "89.18%"]

    def test_leave_out_what_is_not_known(self, worker: FakeWorker, opened: Open) -> None:
        nothing = dict.fromkeys(("value", "expected", "projected", "done", "needed_per_day"))
        worker.overrides["objectives"] = [shop.sales(status="unknown", **nothing)]
        shown = text(opened().locator(".objective"))
        assert "unknown" in shown
        assert "null" not in shown
        assert "NaN" not in shown

    def test_are_left_out_where_there_are_none(self, worker: FakeWorker, opened: Open) -> None:
        worker.overrides["objectives"] = []
        expect(opened().locator(".objectives-area")).to_be_hidden()


class TestWhatIsMissing:
    def test_is_said_with_who_does_not_answer_and_what_that_leaves_out(
        self, worker: FakeWorker, opened: Open
    ) -> None:
        worker.overrides["missing"] = [
            {
                "worker": "http://10.0.0.7:6066",
                "reason": "connection refused",
                "slices": ["total", "channel_campaign"],
            }
        ]
        shown = text(opened().locator("[data-notice=missing]"))
        assert "1 worker does not answer" in shown
        assert "http://10.0.0.7:6066: connection refused" in shown
        assert "(without: total, channel \u00d7 campaign)" in shown

    def test_is_said_of_silent_sources(self, worker: FakeWorker, opened: Open) -> None:
        worker.overrides["silent_topics"] = ["orders", "clicks"]
        shown = text(opened().locator("[data-notice=silent]"))
        assert "Sources are silent: orders, clicks." in shown


class TestFrench:
    def test_is_spoken_to_who_asks_for_it(self, opened: Open) -> None:
        page = opened(locale="fr-FR")
        assert page.locator("html").get_attribute("lang") == "fr"
        assert page.title() == "(2) Vue d'ensemble · kpistream"
        assert text(tile(page, "revenue").locator(".tile-name")).startswith("Chiffre d'affaires")
        assert text(value(page, "revenue")) == "48 210,55 €"
        assert text(tile(page, "conversion_rate").locator(".change")) == "▲ +0,15 pt mieux"

    def test_is_spoken_where_the_address_says_so(self, opened: Open) -> None:
        page = opened("?lang=fr", locale="en-GB")
        expect(page.locator("#status")).to_have_text("En direct")

    def test_tells_why_in_french_too(self, opened: Open) -> None:
        why = alert(opened("?lang=fr"), ROAS).locator(".alert-why")
        expected = (
            "Depuis la fenêtre précédente : "
            "A baissé de 2,1 à 0,84 : 92 % par appareil mobile ; 78 % par Panier moyen."
        )
        assert text(why) == expected

    def test_tells_what_rules_and_kpis_say_in_french(self, opened: Open) -> None:
        page = opened("?lang=fr")
        summary = alert(page, ROAS).locator(".alert-summary")
        assert text(summary) == "Une campagne rapporte moins que sa publicité."
        assert summary.get_attribute("lang") is None
        alert(page, ROAS).get_by_text("Détails").first.click()
        assert "Responsable marketing à la performance" in text(alert(page, ROAS))
        tile(page, "revenue").get_by_role("button").nth(1).click()
        assert "Responsable e-commerce" in text(page.locator("dialog.details"))

    def test_marks_what_nobody_has_translated(self, opened: Open) -> None:
        page = opened("?lang=fr")
        assert alert(page, UNSUBSCRIBES).locator(".alert-summary").get_attribute("lang") == "en"
        page = opened("?lang=en")
        summary = alert(page, UNSUBSCRIBES).locator(".alert-summary")
        assert summary.get_attribute("lang") is None

    def test_calls_dimensions_and_funnels_what_the_worker_calls_them(self, opened: Open) -> None:
        page = opened("?lang=fr&by=channel")
        assert "canal" in text(page.locator("#breakdown table"))
        assert text(page.locator("#funnel-title")) == "Entonnoir : Boutique"

    def test_can_be_turned_to_and_back_without_loading_anew(self, opened: Open) -> None:
        page = opened()
        page.evaluate("() => { window.isSame = true; }")
        page.get_by_label("Language").focus()
        page.get_by_label("Language").select_option("fr")
        expect(page.locator("#alerts-title")).to_have_text("Alertes")
        assert text(value(page, "revenue")) == "48 210,55 €"
        page.get_by_label("Langue").select_option("en")
        expect(page.locator("#alerts-title")).to_have_text("Alerts")
        assert text(value(page, "revenue")) == "€48,210.55"
        assert page.evaluate("() => window.isSame")
        expect(page.locator("#setting-language")).to_be_focused()
