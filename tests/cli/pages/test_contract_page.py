"""The contract for machines follows from the event types, and what kpistream tells follows it."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

from kpistream.cli.pages.asyncapi import ALERT_CHANNEL, ALERTS, alerts_schema
from kpistream.cli.pages.contract_page import ASYNCAPI, documents, write
from kpistream.core.events.event_types import SHIPPED, EventField, event_type
from kpistream.core.events.json_schema import document
from kpistream.edges.messages.webhook import payload
from tests.edges.messages.sample import message
from tests.support.alerting import firing, resolved

DOCS = Path(__file__).parents[3] / "docs"
FILES = documents(SHIPPED.values())
CONTRACT: dict[str, Any] = yaml.safe_load(FILES[ASYNCAPI])
RIDE = event_type("ride", "fleet.rides", [EventField("fare", "money")], "A ride in a taxi.")


def followed(reference: dict[str, str], contract: dict[str, Any]) -> Any:
    """What a reference in the document refers to."""
    found: Any = contract
    for name in reference["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def references(data: Any) -> list[dict[str, str]]:
    """Every reference in the document."""
    if isinstance(data, dict):
        here = [data] if "$ref" in data else []
        return here + [each for value in data.values() for each in references(value)]
    return [each for value in data for each in references(value)] if isinstance(data, list) else []


# -- the files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_a_committed_file_follows_from_the_event_types(name: str) -> None:
    assert (DOCS / name).read_bytes() == FILES[name].encode(), (
        "write it anew: python -m kpistream.cli.pages.contract_page"
    )


def test_no_schema_of_a_type_that_is_gone_is_left() -> None:
    committed = {f"schemas/{path.name}" for path in (DOCS / "schemas").iterdir()}
    assert committed == FILES.keys() - {ASYNCAPI}


def test_a_schema_is_a_file_of_json() -> None:
    for name, kind in SHIPPED.items():
        assert json.loads(FILES[f"schemas/{name}.json"]) == document(kind)


def test_the_command_writes_them_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["contract_page", str(tmp_path / "new")])
    monkeypatch.delitem(sys.modules, "kpistream.cli.pages.contract_page")
    runpy.run_module("kpistream.cli.pages.contract_page", run_name="__main__")
    written = {
        path.relative_to(tmp_path / "new").as_posix(): path.read_text(encoding="utf-8")
        for path in (tmp_path / "new").rglob("*.*")
    }
    assert written == FILES


def test_a_users_own_types_are_documented_in_the_same_way(tmp_path: Path) -> None:
    files = documents([SHIPPED["click"], RIDE])
    write(files, tmp_path)
    contract = yaml.safe_load((tmp_path / ASYNCAPI).read_text(encoding="utf-8"))
    channel = contract["channels"]["fleet.rides"]
    assert channel["address"] == "fleet.rides"
    assert (
        followed(followed(channel["messages"]["ride"], contract)["payload"], contract)
        == (contract["components"]["schemas"]["ride"])
    )
    assert files.keys() == {ASYNCAPI, "schemas/click.json", "schemas/ride.json"}


def test_types_may_share_a_topic() -> None:
    tram = event_type("tram", "fleet.rides", [], "A ride in a tram.")
    contract = yaml.safe_load(documents([RIDE, tram])[ASYNCAPI])
    assert contract["channels"]["fleet.rides"]["messages"].keys() == {"ride", "tram"}


@pytest.mark.parametrize("name", ["money", "alerts", "alert_webhook"])
def test_a_type_may_be_called_as_it_likes(name: str) -> None:
    contract = yaml.safe_load(documents([RIDE, event_type(name, name, [], "A.")])[ASYNCAPI])
    plain = contract["components"]["schemas"][name]
    assert plain["properties"].keys() == {field.name for field in SHIPPED["impression"].fields}
    assert contract["channels"].keys() == {"fleet.rides", name, ALERT_CHANNEL}


# -- the AsyncAPI document -------------------------------------------------------------------------


def test_channels_are_topics_and_messages_are_events() -> None:
    topics = {name: c["address"] for name, c in CONTRACT["channels"].items()}
    assert topics == {k.topic: k.topic for k in SHIPPED.values()} | {ALERT_CHANNEL: None}
    for kind in SHIPPED.values():
        message = followed(CONTRACT["channels"][kind.topic]["messages"][kind.name], CONTRACT)
        assert (message["name"], message["summary"]) == (kind.name, kind.description)


def test_every_event_is_read_and_alerts_are_sent() -> None:
    actions = {
        next(iter(followed(each["channel"], CONTRACT)["messages"])): each["action"]
        for each in CONTRACT["operations"].values()
    }
    assert actions == dict.fromkeys(SHIPPED, "receive") | {ALERTS: "send"}


def test_every_reference_refers_to_something() -> None:
    found = references(CONTRACT)
    assert len(found) > 50
    assert all(followed(each, CONTRACT) for each in found)


def test_nothing_is_written_as_an_anchor() -> None:
    tokens = {type(token) for token in yaml.scan(FILES[ASYNCAPI])}
    assert not tokens & {yaml.tokens.AnchorToken, yaml.tokens.AliasToken}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_payload_is_the_schema_of_the_type_but_for_where_money_is_explained(name: str) -> None:
    here, alone = CONTRACT["components"]["schemas"][name], document(SHIPPED[name])
    del alone["$schema"]
    money = alone.pop("$defs", {}).get("money", CONTRACT["components"]["schemas"]["Money"])
    assert CONTRACT["components"]["schemas"]["Money"] == money
    text = json.dumps(alone).replace("#/$defs/money", "#/components/schemas/Money")
    assert here == json.loads(text)


# -- alerts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("alerts", [[firing()], [resolved()], [firing(), resolved()]], ids=len)
def test_what_a_webhook_is_told_is_as_the_contract_says(alerts: list[Any]) -> None:
    told = json.loads(msgspec.json.encode(payload(message(*alerts))))
    for validator in (Draft202012Validator, Draft7Validator):
        assert list(validator(alerts_schema()).iter_errors(told)) == []
    assert told.keys() == set(alerts_schema()["required"])
    entry = alerts_schema()["properties"]["alerts"]["items"]
    assert all(each.keys() == set(entry["required"]) for each in told["alerts"])


@pytest.mark.parametrize(
    "wrong", [{"version": "3"}, {"status": "pending"}, {"alerts": []}, {"groupLabels": {"a": 1}}]
)
def test_another_message_is_not_as_the_contract_says(wrong: dict[str, Any]) -> None:
    told = json.loads(msgspec.json.encode(payload(message(firing()))))
    assert not Draft202012Validator(alerts_schema()).is_valid(told | wrong)
