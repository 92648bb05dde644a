"""Panels about alerts: now, what happened, noise, and whether people were told."""

from __future__ import annotations

from typing import Final

from kpistream.edges.grafana.board import ALERTS, url_of
from kpistream.edges.grafana.kpi_style import steps
from kpistream.edges.grafana.parts import (
    AnyPanel,
    Bar,
    Column,
    bars,
    graph,
    grid_table,
    link,
    single,
    timeline,
)
from kpistream.edges.grafana.queries import JOB, increase, rate
from kpistream.edges.grafana.words import Words
from kpistream.edges.metrics import families

ANY_RULE: Final = JOB
CHOSEN_RULES: Final = f'{JOB}, rule=~"$rule"'

_MOST_RULES: Final = 15


def firing_now(words: Words, where: str = ANY_RULE) -> AnyPanel:
    """How many alerts fire."""
    expr = f'sum({families.ALERTS.name}{{{where}, state="firing"}})'
    title, about = words("firing_now"), words("about_firing_now")
    panel = single(title, about, expr, words("firing"), steps(["green", "red"], [1]))
    return panel.data_links([link(words.board(ALERTS), url_of(ALERTS))])


def pending_now(words: Words, where: str) -> AnyPanel:
    """How many alerts wait for their duration."""
    expr = f'sum({families.ALERTS.name}{{{where}, state="pending"}})'
    title, about = words("pending_now"), words("about_pending_now")
    return single(title, about, expr, words("pending"), steps(["text", "orange"], [1]))


def changes_to(words: Words, state: str, title: str, about: str, where: str) -> AnyPanel:
    """How often alerts came to a state in the chosen time."""
    matchers = f'{where}, state="{state}"'
    expr = increase(families.ALERT_CHANGES, "", matchers=matchers)
    return single(words(title), words(about), expr, words(state))


def alerts_now(words: Words, where: str = ANY_RULE) -> AnyPanel:
    """The rules that have alerts."""
    to_rule = {
        "title": words("to_rule"),
        "url": url_of(ALERTS, "var-rule=${__data.fields.rule:percentencode}"),
    }
    columns = [
        Column(
            words(state),
            f'sum by (rule) ({families.ALERTS.name}{{{where}, state="{state}"}}) > 0',
            "none",
            0,
            steps(["text", colour], [1]),
        )
        for state, colour in (("firing", "red"), ("pending", "orange"), ("resolved", "green"))
    ]
    return grid_table(
        words("alerts_now"),
        words("about_alerts_now"),
        {"rule": words("rule")},
        columns,
        no_value=words("no_alerts"),
        links={"rule": [to_rule]},
        sorted_by=words("firing"),
    )


def history(words: Words, where: str) -> AnyPanel:
    """The state of each rule that was not quiet all the time."""
    name = families.ALERTS.name
    firing = f'2 * (sum by (rule, state) ({name}{{{where}, state="firing"}}) > bool 0)'
    pending = f'(sum by (rule, state) ({name}{{{where}, state="pending"}}) > bool 0)'
    told = f'{name}{{{where}, state=~"firing|pending"}}'
    ever = f"max by (rule) (max_over_time({told}[$__range] @ end())) > 0"
    return timeline(
        words("history"),
        words("about_history"),
        f"max by (rule) ({firing} or {pending}) and on (rule) ({ever})",
        "{{rule}}",
        [(words("quiet"), "transparent"), (words("pending"), "orange"), (words("firing"), "red")],
    )


def firing_course(words: Words, where: str = ANY_RULE) -> AnyPanel:
    """How many alerts of each rule fire, over time."""
    expr = f'sum by (rule) ({families.ALERTS.name}{{{where}, state="firing"}}) > 0'
    title, about = words("firing_course"), words("about_firing_course")
    return graph(title, about, expr, "{{rule}}", unit="none")


def noise(words: Words, where: str) -> AnyPanel:
    """The rules that fire most often."""
    count = increase(families.ALERT_CHANGES, "rule", matchers=f'{where}, state="firing"')
    expr = f"sort_desc(topk({_MOST_RULES}, {count} > 0))"
    return bars(words("noise"), words("about_noise"), [Bar("{{rule}}", expr)], unit="none")


def flapping(words: Words, where: str) -> AnyPanel:
    """The rules that change to and fro."""
    expr = f"{increase(families.ALERT_CHANGES, 'rule', matchers=where, span='1h')} > 0"
    return graph(words("flapping"), words("about_flapping"), expr, "{{rule}}", unit="none")


def deliveries(words: Words) -> AnyPanel:
    """Tries to tell, by receiver and outcome."""
    return grid_table(
        words("deliveries"),
        words("about_deliveries"),
        {"receiver": words("receiver"), "outcome": words("outcome")},
        [Column(words("tries"), increase(families.DELIVERIES, "receiver, outcome"), "none", 0)],
        sorted_by=words("tries"),
    )


def delivery_course(words: Words) -> AnyPanel:
    """Tries to tell, over time."""
    expr = f"60 * {rate(families.DELIVERIES, 'receiver, outcome')}"
    title, about = words("delivery_course"), words("about_delivery_course")
    return graph(title, about, expr, "{{receiver}} {{outcome}}", unit="short")


def waiting(words: Words) -> AnyPanel:
    """What could not be told yet."""
    expr = f"sum by (receiver) ({families.WAITING.name}{{{JOB}}})"
    title, about = words("waiting"), words("about_waiting")
    return graph(title, about, expr, "{{receiver}}", unit="none")


def left_out(words: Words) -> AnyPanel:
    """What is not told at all."""
    expr = increase(families.LEFT_OUT, "")
    title, about = words("left_out"), words("about_left_out")
    return single(title, about, expr, title, steps(["green", "red"], [1]))
