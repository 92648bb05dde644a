from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from numpy.random import default_rng

from bench.alert_quality import crowd, leavers, losses, page, quiet, theory
from bench.alert_quality.__main__ import PAGE
from bench.alert_quality.feed import Feed, plan_of
from bench.alert_quality.rulebook import LEAVES, rule_of
from bench.alert_quality.shop import (
    HOUR_S,
    LARGEST,
    START_S,
    Campaign,
    campaigns,
    happened,
    season,
)
from bench.processes import ROOT
from kpistream.core.alerting.rules.conditions import Line

QUIET = [quiet.Counted(seed, LEAVES[0], sure, 30) for seed, sure in ((1, 0), (2, 3))]


# -- the shop --------------------------------------------------------------------------------------


def test_campaigns_are_of_very_different_size() -> None:
    shop = campaigns(30, default_rng(1))
    clicks = [one.impressions * one.click_through_rate for one in shop]

    assert clicks[0] == pytest.approx(LARGEST)
    assert clicks[-1] == pytest.approx(1.0)
    assert clicks == sorted(clicks, reverse=True)
    assert {one.channel for one in shop if one.mails} == {"email"}


def test_what_happens_is_true_to_the_rates() -> None:
    [campaign, *_] = campaigns(30, default_rng(2))
    total: Counter[str] = Counter()
    for by_event in happened(campaign, np.full(24, 20.0), default_rng(3)):
        for sums in by_event.values():
            total.update(sums)

    clicks, orders = total["clicks"], total["orders"]
    revenue, cost = total["gross_revenue@EUR"], total["ad_cost@EUR"]
    assert clicks / total["impressions"] == pytest.approx(campaign.click_through_rate, rel=0.01)
    assert orders / total["visitors"] == pytest.approx(campaign.conversion_rate, rel=0.05)
    assert revenue / cost == pytest.approx(campaign.return_on_ad_spend, rel=0.05)
    spread = total["gross_revenue_squared@EUR"] * orders / revenue**2
    assert spread == pytest.approx(np.exp(campaign.order_sigma**2), rel=0.1)


@pytest.mark.parametrize(
    ("hour", "low", "high"), [(3, 0.05, 0.15), (20, 1.8, 2.2), (9 * 24 + 20, 0.6, 0.9)]
)
def test_traffic_has_nights_evenings_and_days_when_all_is_closed(
    hour: int, low: float, high: float
) -> None:
    assert low < season(START_S + hour * HOUR_S) < high


def test_what_is_fed_is_what_the_rules_read() -> None:
    campaign = Campaign("search", "autumn", 0, 0, 0, 0, 0, 0, 1)
    dear = Line("cost_per_click", "1h", "above", 1.0)
    feed = Feed(plan_of([rule_of("dear", dear, confidence=None)], ("1h",)))
    sums = {"click": {"clicks": 100}, "cost": {"ad_cost@EUR": 250 * 10**6}}
    feed.send([(60, START_S, {campaign.part: sums})], START_S + 60)
    [fired] = feed.judge()

    assert (fired.slice, fired.value, fired.sample) == (campaign.part, 2.5, 100)


# -- simulations, small ----------------------------------------------------------------------------

SMALL_QUIET = "quiet.measure_quiet(1, learning_h=26, hours=1, number=3)"
SAME_EVERYWHERE = f"from bench.alert_quality import quiet; print({SMALL_QUIET})"


def test_raw_rules_fire_where_sure_ones_are_silent() -> None:
    counted = quiet.measure_quiet(1, learning_h=30, hours=2, number=8)

    assert [one.leaf for one in counted] == list(LEAVES)
    assert sum(one.sure for one in counted) == 0
    assert sum(one.raw for one in counted) > 0


def test_the_same_seed_makes_the_same_week_in_every_process() -> None:
    """Python orders sets of words anew in each process; nothing may follow from that."""
    told = [
        subprocess.run(
            [sys.executable, "-c", SAME_EVERYWHERE],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert told[0] == told[1] != ""


def test_many_readers_who_leave_are_found_in_minutes_and_few_are_not() -> None:
    shapes = {"quick": leavers.shape("15m")}
    [many], [few] = (leavers.measure_leavers(mails, 2, 1, shapes) for mails in (400_000, 2_000))

    assert many.in_time == 1.0
    assert many.median_s is not None
    assert 60 <= many.median_s <= 600
    assert few.in_time == 0.0


def test_a_new_campaign_that_loses_money_is_found_within_some_hundreds_of_orders() -> None:
    found = losses.measure_losses(losses.Case(200.0, 0.5, True), 2, 1)

    assert found.median_h is not None
    assert 0.25 * found.theory_h[0] < found.median_h < 3 * found.theory_h[1]


def test_among_many_campaigns_bad_ones_are_blamed_and_hardly_any_others() -> None:
    [rate, raw, *_] = crowd.measure_crowd(1, hours=1, number=40)

    assert (rate.rule, raw.rule) == ("click_through_rate", "click_through_rate, raw")
    assert rate.bad > 5
    assert rate.good <= 2
    assert raw.good > 5


# -- theory ----------------------------------------------------------------------------------------


def test_power_grows_with_the_number_of_events_and_is_small_without_a_change() -> None:
    powers = [theory.power_of_a_rise(expected, 2.0, 900) for expected in (5, 20, 80)]

    assert powers == sorted(powers)
    assert powers[0] < 0.05
    assert powers[-1] > 0.99
    assert theory.power_of_a_rise(20, 1.0, 900) < 0.001


def test_a_doubled_count_needs_some_dozens_of_events_to_be_found_nearly_always() -> None:
    needed = theory.events_needed(2.0, 900, 0.95)

    assert theory.power_of_a_rise(needed, 2.0, 900) >= 0.95
    assert theory.power_of_a_rise(needed - 2, 2.0, 900) < 0.95
    assert 30 < needed < 80


def test_unequal_orders_and_surer_findings_need_more_of_them() -> None:
    half, _ = theory.orders_needed(0.8, 0.5, 50, 0.5)
    most, hours = theory.orders_needed(0.8, 0.5, 50, 0.95)
    unequal, _ = theory.orders_needed(0.8, 1.0, 50, 0.5)

    assert 100 < half < most
    assert half < unequal
    assert hours == most / 50


# -- the page --------------------------------------------------------------------------------------


def test_false_alerts_are_told_by_rule_and_by_kpi() -> None:
    text = page.quiet_text(QUIET)

    assert row(text, "return_on_ad_spend: below 1, 24h") == ["3", "1 of 2", "30.0"]
    assert row(text, "return_on_ad_spend") == ["1", "1.50", "3", "30.0", "no"]
    assert "Seeds 1 to 2" in text


def test_delays_are_told_beside_what_can_be_done_at_best() -> None:
    found = leavers.Found(20_000, "15m against 24h", [300, 600, 1200, None])
    text = page.leavers_text([found], seed=1)

    assert row(text, "15m against 24h") == ["20,000", "15", "50%", "15.0", "16%", "no"]


def test_losses_are_told_with_their_ratio_to_the_theory() -> None:
    case = losses.Case(50.0, 0.5, False)
    text = page.losses_text([losses.Found(case, [36_000, 36_000, None], (5.0, 8.0))], seed=1)

    assert row(text, "2.0") == ["50", "0.5", "10.0", "500", "5.0", "2.0", "10.0", "8.0", "1.2"]


def test_what_was_not_found_in_time_has_no_ratio() -> None:
    case = losses.Case(50.0, 0.5, True)
    text = page.losses_text([losses.Found(case, [None, None, None], (5.0, 8.0))], seed=1)

    assert row(text, "new")[2:6] == ["> 120", "-", "5.0", "-"]


def test_a_crowd_is_told_with_its_share_of_false_alerts() -> None:
    text = page.crowd_text([crowd.Found(1, "roas", 8, 0), crowd.Found(2, "roas", 10, 2)])

    assert row(text, "roas") == ["9.0", "90%", "1.0", "10.0%", "no"]


def test_the_page_is_of_this_text_and_has_every_section() -> None:
    written = PAGE.read_text(encoding="utf-8")

    assert written.startswith(page.INTRODUCTION)
    assert [line for line in written.splitlines() if line.startswith("## ")] == [
        "## When nothing is wrong",
        "## Readers who leave",
        "## Campaigns that lose money",
        "## Many campaigns, some of them bad",
    ]


def row(text: str, first: str) -> list[str]:
    """The other cells of the line of a table that begins with this one."""
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines())
    return next(found[1:] for found in cells if found[0] == first)
