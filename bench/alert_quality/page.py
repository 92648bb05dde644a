"""The page `docs/alert-quality.md`: what is promised, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from bench.alert_quality import crowd, leavers, losses, quiet
from bench.alert_quality.theory import events_needed
from bench.report import table

INTRODUCTION: Final = """\
# The quality of alerts

Written by `make quality`; the same seeds give the same page. [rules.md](rules.md) promises of a
rule with `confidence: 0.95`: if nothing is wrong, a week without any alert of this rule has at
least this probability, over all slices and looks. Here that is counted, and what it costs: how long
real troubles stay hidden.

All figures are of simulations: seeded chance makes partials, as measuring workers send them, and
the monitor that merges and judges them is the worker's own. Times are simulated. Where a target is
missed, the table says so.
"""

_QUIET: Final = """\
## When nothing is wrong

A shop of {campaigns} campaigns in 5 channels, from 3,000 clicks an hour to 1 (Zipf). Traffic has a
daily and a weekly season, special days with 0.4 or 2.5 times as much, and an hourly rate that
differs by 20 % (gamma); within an hour events come independently, orders are lognormal (sigma 0.5
to 1), clicks are bought in auctions. All rates are what they are, always: click-through rates of 1
to 4 %, conversion rates of 1.5 to 4 %, returns on ad spend of 1.3 to 4, unsubscribe rates of 0.2 to
0.5 %. After 30 days of history each rule is judged every minute for a week, for all campaigns, a
special day in it included; drifts after 40 days, since they take five weeks to learn. So every
alert is false.

Seeds {seeds}, a week each. Held to: at most one false alert for a KPI and week, over all slices.

{rules}

By KPI, of all its rules together:

{kpis}

"""

_QUIET_READING: Final = """\
Of {all} weeks of a rule {alarmed} had an alert; the promise allows one in twenty, {allowed:.1f}.
Raw thresholds look at the same values at the same moments; what they add is noise. Where events
are few, exact tests can only err towards silence, which is why most rules stay further below their
level than they must. What is simulated is true to the promise's assumption: rates that hold still,
and orders and unsubscriptions in the minute of what they follow from. Where a rate itself wanders,
as unsubscribe rates do from one mailing to the next, compare with a season, or ask for a larger
change; where effects come late, `settle`.
"""

_LEAVERS: Final = """\
## Readers who leave

An e-mail channel sends so many mails in each of twelve hours a day, of which {rate:.1%} lead to an
unsubscription at once. At some moment of a sending hour that doubles. Each figure is of {cases}
cases, seed {seed}; looked at every 30 seconds for an hour. Held to: 95 % are found within 15
minutes.

{table}

"""

_LEAVERS_READING: Final = """\
*At best* is how often 15 full minutes of the doubled rate would be found by an exact test that
knows the usual rate, at the level that a week of looking asks for: no rule that keeps the promise
finds much more. It reaches 95 % at {needed} usual unsubscriptions in 15 minutes, which here
are {mails:,} mails an hour; with half the rate it takes twice the mails. Below that volume the
target cannot be held by anybody who keeps the promise, and is missed here. A window of 15 minutes
against 24 hours comes up to what is possible. One of an hour is filled with the time before until
half of it is new; against `before`, what is usual is as uncertain as what is new. Three windows in
one rule find large troubles sooner, at the price of a level that is shared by three.
"""

_LOSSES: Final = """\
## Campaigns that lose money

A campaign with so many orders an hour, of 50 euros on average and lognormal, earns 2.0 times what
it costs; then clicks become dearer, and it earns 0.8 times. The rule is `return_on_ad_spend` below
1 over any of the windows {windows}. A new campaign earns 0.8 from its first hour. Each figure
is of {runs} runs, seed {seed}, looked at every 15 minutes for five days.

{table}

"""

_LOSSES_READING: Final = """\
*Theory* is the shortest window, all of the bad time, in which the gamma test of Fay and Feuer
rejects half of the times (in 95 % of them), at the level that a week of looking at such a window
asks for, if it is known how unequal orders are. The rule has to learn that from the orders, has
windows of only four lengths, and looks again and again, which may find it sooner. After a good time
a window shows the loss only when most of what it holds is bad: it is that wait, not the test, that
the larger ratios are made of. Keep several lengths in one rule, the shortest one such that it holds
some hundreds of orders.
"""

_CROWD: Final = """\
## Many campaigns, some of them bad

Of {campaigns} campaigns {bad} are bad, for a week: their click-through rate is 1.8 to 1.85 % where
the line is 2 %, their return on ad spend 0.5 to 0.8 where the line is 1. All others are exactly on
the line, where false alerts are likeliest. Windows of 24 hours, looked at every 15 minutes; sizes
are lognormal, 400 clicks an hour in the middle. Seeds {seeds}. Held to: at most 5 % of the alerts
are false.

{table}

"""

_CROWD_READING: Final = """\
Benjamini and Hochberg's procedure is there for this: the more campaigns are surely bad, the less
sure each of them has to be, and of all that are blamed a bounded share is blamed wrongly. A
campaign counts as blamed if it fired once in the week. A raw threshold finds every bad campaign,
among nearly all the others.
"""


def quiet_text(found: Sequence[quiet.Counted], campaigns: int = quiet.CAMPAIGNS) -> str:
    """False alerts, by rule and by KPI."""
    weeks = len({one.seed for one in found})
    by_rule = [list(of) for _, of in groupby(sorted(found, key=_place), key=_place)]
    by_kpi = [
        [one for one in found if one.leaf.kpi == kpi]
        for kpi in dict.fromkeys(of[0].leaf.kpi for of in by_rule)
    ]
    rules = table(
        ("rule over every campaign", "false alerts", "weeks with one", "raw alerts a week"),
        [_rule_row(of, weeks) for of in by_rule],
    )
    kpis = table(
        (
            "KPI",
            "rules",
            "false alerts a week",
            "most in a week",
            "raw alerts a week",
            "<= 1 a week",
        ),
        [_kpi_row(of, weeks) for of in by_kpi],
    )
    text = _QUIET.format(campaigns=campaigns, seeds=_seeds(found), rules=rules, kpis=kpis)
    alarmed = sum(one.sure > 0 for one in found)
    reading = _QUIET_READING.format(all=len(found), alarmed=alarmed, allowed=0.05 * len(found))
    return text + reading


def _place(one: quiet.Counted) -> str:
    return f"{one.leaf.kpi}: {one.words}"


def _rule_row(of: Sequence[quiet.Counted], weeks: int) -> tuple[str, ...]:
    fired = sum(one.sure for one in of)
    with_one = sum(one.sure > 0 for one in of)
    raw = sum(one.raw for one in of) / weeks
    return _place(of[0]), str(fired), f"{with_one} of {weeks}", f"{raw:,.1f}"


def _kpi_row(of: Sequence[quiet.Counted], weeks: int) -> tuple[str, ...]:
    by_week = [sum(o.sure for o in of if o.seed == seed) for seed in {o.seed for o in of}]
    mean = sum(by_week) / weeks
    raw = sum(one.raw for one in of) / weeks
    held = "yes" if mean <= 1 else "no"
    kpi = of[0].leaf.kpi
    return kpi, str(len(of) // weeks), f"{mean:.2f}", str(max(by_week)), f"{raw:,.1f}", held


def leavers_text(found: Sequence[leavers.Found], seed: int) -> str:
    """Delays of doubled unsubscribe rates, by volume and rule."""
    cases = len(found[0].delays_s)
    rows = [
        (
            one.shape,
            f"{one.mails:,}",
            f"{one.mails * leavers.RATE / 4:,.0f}",
            f"{one.in_time:.0%}",
            _minutes(one.median_s),
            f"{one.at_best:.0%}",
            "yes" if one.in_time >= 0.95 else "no",
        )
        for shape in leavers.SHAPES
        for one in found
        if one.shape == shape
    ]
    head = (
        "rises by half ...",
        *("mails an hour", "usual in 15 min", "in 15 min", "median min", "at best", "95 %"),
    )
    text = _LEAVERS.format(rate=leavers.RATE, cases=cases, seed=seed, table=table(head, rows))
    needed = events_needed(leavers.TIMES, leavers.ALLOWED_S, 0.95)
    mails = round(needed * 4 / leavers.RATE, -3)
    return text + _LEAVERS_READING.format(needed=needed, mails=round(mails))


def losses_text(found: Sequence[losses.Found], seed: int) -> str:
    """Delays of losses, beside the theory."""
    rows = [_loss_row(one) for one in found]
    head = (
        *("before", "orders/h", "sigma", "median h", "orders", "theory h", "ratio"),
        *("95 % h", "theory h", "ratio"),
    )
    windows = ", ".join(losses.WINDOWS)
    runs = len(found[0].delays_s)
    text = _LOSSES.format(windows=windows, runs=runs, seed=seed, table=table(head, rows))
    return text + _LOSSES_READING


def _loss_row(one: losses.Found) -> tuple[str, ...]:
    case, (half, most) = one.case, one.theory_h
    middle = one.median_h
    return (
        "new" if case.is_new else "2.0",
        f"{case.orders_an_hour:.0f}",
        f"{case.sigma}",
        _hours(middle),
        "-" if middle is None else f"{middle * case.orders_an_hour:,.0f}",
        _hours(half),
        _ratio(middle, half),
        _hours(one.most_h),
        _hours(most),
        _ratio(one.most_h, most),
    )


def crowd_text(found: Sequence[crowd.Found]) -> str:
    """Shares of false alerts and of bad campaigns found, by rule."""
    rows = []
    for rule in dict.fromkeys(one.rule for one in found):
        of = [one for one in found if one.rule == rule]
        good, bad = sum(one.good for one in of), sum(one.bad for one in of)
        share = good / max(1, good + bad)
        rows.append(
            (
                rule,
                f"{bad / len(of):.1f}",
                f"{bad / len(of) / crowd.BAD:.0%}",
                f"{good / len(of):.1f}",
                f"{share:.1%}",
                "yes" if share <= 0.05 else "no",
            )
        )
    head = ("rule", "bad found", "power", "good blamed", "share false", "<= 5 %")
    text = _CROWD.format(
        campaigns=crowd.CAMPAIGNS, bad=crowd.BAD, seeds=_seeds(found), table=table(head, rows)
    )
    return text + _CROWD_READING


def page(texts: Iterable[str]) -> str:
    """The whole page."""
    return "\n".join((INTRODUCTION, *texts))


def _seeds(found: Iterable[quiet.Counted] | Iterable[crowd.Found]) -> str:
    seeds: Iterator[int] = iter(sorted({one.seed for one in found}))
    numbers = list(seeds)
    return f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else str(numbers[0])


def _minutes(seconds: float | None) -> str:
    return "> 60" if seconds is None else f"{seconds / 60:.1f}"


def _hours(hours: float | None) -> str:
    return "> 120" if hours is None else f"{hours:.1f}"


def _ratio(found: float | None, theory: float) -> str:
    return "-" if found is None else f"{found / theory:.1f}"
