"""The page docs/events.md says what the code does, field by field and example by example."""

import re
from pathlib import Path

import msgspec
import pytest

from kpistream.core.decode import Decoder
from kpistream.core.events import DEFAULT_TOPICS, EVENT_TYPES, Event, Order
from kpistream.core.money import Money
from kpistream.core.outcomes import Outcome, Reason, Rejected

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))


def table(section: str) -> list[list[str]]:
    """The rows of the section's table without its head, each as its cells."""
    lines = [line for line in SECTIONS[section].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def documented(section: str) -> dict[str, bool]:
    """Field name to whether it is required, as the section's table has it."""
    return {row[0].strip("` "): row[2].strip() == "yes" for row in table(section)}


def declared(struct: type[msgspec.Struct]) -> dict[str, bool]:
    """Field name to whether it is required, as the code has it."""
    return {field.name: field.required for field in msgspec.structs.fields(struct)}


def blocks(section: str, language: str) -> list[str]:
    """The section's fenced blocks of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```", SECTIONS[section], re.M | re.S)


EXAMPLES = [(name, text) for name in EVENT_TYPES for text in blocks(name, "json")]
REJECTED = [tuple(row) for row in table("Rejected")]


def test_the_common_fields_are_documented() -> None:
    assert documented("Fields of every event") == declared(Event)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_the_fields_of_each_event_are_documented(name: str) -> None:
    own = declared(EVENT_TYPES[name])
    for common in declared(Event):
        del own[common]
    assert documented(name) == own


def test_the_fields_of_money_are_documented() -> None:
    assert documented("Money") == declared(Money)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_the_default_topic_of_each_event_is_documented(name: str) -> None:
    assert f"Default topic `{DEFAULT_TOPICS[name]}`" in SECTIONS[name]


def test_every_event_has_an_example() -> None:
    assert {name for name, _ in EXAMPLES} == set(EVENT_TYPES)


@pytest.mark.parametrize(("name", "text"), EXAMPLES)
def test_the_examples_are_events_and_survive_being_written_again(name: str, text: str) -> None:
    decoder = Decoder(EVENT_TYPES[name])
    event = decoder.decode(text.encode())
    assert isinstance(event, EVENT_TYPES[name])
    assert decoder.decode(msgspec.json.encode(event)) == event


def test_the_money_examples_are_one_amount() -> None:
    (block,) = blocks("Money", "money")
    amounts = [msgspec.json.decode(line, type=Money).scaled() for line in block.splitlines()]
    assert amounts == [12_340_000] * 4


@pytest.mark.parametrize(("value", "reason"), REJECTED)
def test_the_rejected_examples_are_rejected_for_the_reason_given(value: str, reason: str) -> None:
    outcome = Decoder(Order).decode(value.strip("`").encode())
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
    event = Decoder(Order).decode(EXAMPLES[3][1].encode())
    with pytest.raises(AttributeError):
        event.channel = "other"  # type: ignore[union-attr,misc]


def test_each_reason_explains_one_outcome() -> None:
    late = {reason for reason in Reason if reason.outcome is Outcome.late}
    assert late == {Reason.too_old, Reason.pane_closed}
    assert {reason.outcome for reason in Reason} == {Outcome.late, Outcome.rejected}
