"""The page docs/events.md says what the code does, field by field and example by example."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from kpistream.core.decimals import scaled_decimal
from kpistream.core.events.decode import Decoder
from kpistream.core.events.event_types import SHIPPED, EventField
from kpistream.core.events.events import MAX_PERIOD, Cost, Event, Lead, Order, Survey
from kpistream.core.events.outcomes import Outcome, Reason, Rejected
from kpistream.core.money.money import Money

PAGE = (Path(__file__).parents[3] / "docs" / "events.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))
COMMON = len(msgspec.structs.fields(Event))
BY_TOPIC = {kind.topic: kind.name for kind in SHIPPED.values()}


def table(section: str) -> list[list[str]]:
    """The rows of the section's table without its head, each as its cells."""
    lines = [line for line in SECTIONS[section].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def blocks(section: str, language: str) -> list[str]:
    """The section's fenced blocks of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```", SECTIONS[section], re.M | re.S)


def words(field: EventField) -> str:
    """What the page says of a field's values."""
    match field.kind:
        case "text" if field.minimum:
            return f"text, {field.minimum} to {field.maximum} characters"
        case "text":
            return f"text, at most {field.maximum}"
        case "choice":
            return " or ".join([", ".join(map(code, field.values[:-1])), code(field.values[-1])])
        case "integer":
            return f"integer, {field.minimum} to {field.maximum}"
        case "moment":
            return "RFC 3339 time with an offset or `Z`"
        case _:
            return field.kind


def code(value: Any) -> str:
    return f"`{msgspec.json.encode(value).decode().strip(chr(34))}`"


def row(field: EventField) -> list[str]:
    """What a table says of a field."""
    unless = "" if field.default is None else f"; {code(field.default)} unless given"
    required = "yes" if field.required else "no"
    return [f"`{field.name}`", words(field), required, field.description + unless]


EXAMPLES = [(name, text) for name in SHIPPED for text in blocks(name, "json")]
REJECTED = [(BY_TOPIC[topic.strip("`")], *rest) for topic, *rest in table("Rejected")]


def test_the_common_fields_are_documented() -> None:
    assert table("Fields of every event") == [row(f) for f in SHIPPED["click"].fields[:COMMON]]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_fields_of_each_event_are_documented(name: str) -> None:
    assert table(name) == [row(field) for field in SHIPPED[name].fields[COMMON:]]


def test_the_fields_of_money_are_documented() -> None:
    declared = {field.name: field.required for field in msgspec.structs.fields(Money)}
    assert {cells[0].strip("`"): cells[2] == "yes" for cells in table("Money")} == declared


@pytest.mark.parametrize("name", SHIPPED)
def test_the_description_and_the_default_topic_of_each_event_are_documented(name: str) -> None:
    kind = SHIPPED[name]
    expected = f"Default topic `{kind.topic}`. {kind.description}"
    assert SECTIONS[name].lstrip().startswith(expected)


def test_every_event_has_an_example() -> None:
    assert {name for name, _ in EXAMPLES} == set(SHIPPED)


@pytest.mark.parametrize(("name", "text"), EXAMPLES)
def test_the_examples_are_events_and_survive_being_written_again(name: str, text: str) -> None:
    decoder = Decoder(SHIPPED[name].struct)
    event = decoder.decode(text.encode())
    assert isinstance(event, SHIPPED[name].struct)
    assert decoder.decode(msgspec.json.encode(event)) == event


def test_the_money_examples_are_one_amount() -> None:
    (block,) = blocks("Money", "money")
    amounts = [msgspec.json.decode(line, type=Money).scaled() for line in block.splitlines()]
    assert amounts == [12_340_000] * 4


def test_the_decimal_examples_are_one_number() -> None:
    (block,) = blocks("Decimal", "decimal")
    numbers = [msgspec.json.decode(line, type=Decimal) for line in block.splitlines()]
    assert [scaled_decimal(number) for number in numbers] == [1_250_000] * 4


@pytest.mark.parametrize(("name", "value", "reason"), REJECTED)
def test_the_rejected_examples_are_rejected_for_the_reason_given(
    name: str, value: str, reason: str
) -> None:
    outcome = Decoder(SHIPPED[name].struct).decode(value.strip("`").encode())
    assert isinstance(outcome, Rejected)
    assert outcome.reason == reason


def test_the_sign_of_a_refund_is_in_its_kind() -> None:
    purchase, refund = (
        Decoder(Order).decode(text.encode()) for name, text in EXAMPLES if name == "order"
    )
    assert isinstance(purchase, Order)
    assert isinstance(refund, Order)
    assert (purchase.kind, refund.kind) == ("purchase", "refund")
    assert purchase.revenue.scaled() == refund.revenue.scaled() == 49_900_000


def test_an_event_cannot_be_changed() -> None:
    event = Decoder(Order).decode(blocks("order", "json")[0].encode())
    with pytest.raises(AttributeError):
        event.channel = "other"  # type: ignore[union-attr,misc]


def cost(start: datetime, end: datetime) -> Cost:
    paid = Money("EUR", amount="1")
    return Cost(event_id="k-1", occurred_at=end, period_start=start, amount=paid)


END = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize("length", [timedelta(microseconds=1), timedelta(days=1), MAX_PERIOD])
def test_a_period_lasts_up_to_31_days_and_an_hour(length: timedelta) -> None:
    assert cost(END - length, END).period_start == END - length


@pytest.mark.parametrize(
    "length", [timedelta(0), timedelta(seconds=-1), MAX_PERIOD + timedelta(microseconds=1)]
)
def test_a_period_that_is_empty_backward_or_longer_is_refused(length: timedelta) -> None:
    with pytest.raises(ValueError, match="`period_start` is not before `occurred_at`"):
        cost(END - length, END)


def test_a_whole_october_in_paris_is_a_period_although_clocks_go_back() -> None:
    paris = ZoneInfo("Europe/Paris")
    start, end = datetime(2026, 10, 1, tzinfo=paris), datetime(2026, 11, 1, tzinfo=paris)
    assert cost(start.astimezone(UTC), end.astimezone(UTC)).occurred_at == end


def test_a_lead_may_begin_when_it_is_told_but_not_later() -> None:
    told: dict[str, Any] = {"event_id": "l-1", "occurred_at": END, "lead_id": "L-1"}
    assert Lead(**told, stage="lead", created_at=END).created_at == END
    with pytest.raises(ValueError, match="`created_at` is after"):
        Lead(**told, stage="lead", created_at=END + timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("kind", "given"), [("nps", {"recalled": True}), ("recall", {"score": 9}), ("nps", {})]
)
def test_a_survey_needs_the_answer_of_its_kind(kind: Any, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"of kind `{kind}` needs"):
        Survey(event_id="q-1", occurred_at=END, kind=kind, **given)


def test_an_answer_of_zero_or_no_is_an_answer() -> None:
    told: dict[str, Any] = {"event_id": "q-1", "occurred_at": END}
    assert Survey(**told, kind="nps", score=0).score == 0
    assert Survey(**told, kind="recall", recalled=False).recalled is False


def test_each_reason_explains_one_outcome() -> None:
    late = {reason for reason in Reason if reason.outcome is Outcome.late}
    assert late == {Reason.too_old, Reason.pane_closed}
    assert {reason.outcome for reason in Reason} == {Outcome.late, Outcome.rejected}
