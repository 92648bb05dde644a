from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kpistream.core.events.event_types import SHIPPED as SHIPPED_EVENTS
from kpistream.core.located_yaml import ConfigErrors
from kpistream.settings import SHIPPED, TOKEN_VARIABLE, Settings, load_settings, settings_of


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    empty = tmp_path / "started-here"
    empty.mkdir()
    monkeypatch.chdir(empty)
    for name in list(os.environ):
        if name.startswith("KPISTREAM_"):
            monkeypatch.delenv(name)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "kpistream.yml"
    path.write_text("broker: file:9092\napp_id: file\nwindows: [5m, 1h]\n", encoding="utf-8")
    return path


def mistakes(config: Path | None = None, **flags: Any) -> list[str]:
    with pytest.raises(ConfigErrors) as refused:
        load_settings(config, **flags)
    return [str(error) for error in refused.value]


# -- sources ---------------------------------------------------------------------------------------


def test_without_any_source_the_defaults_hold() -> None:
    settings = load_settings()
    assert settings.broker == "127.0.0.1:9092"
    assert settings.windows == [
        *("5m", "15m", "1h", "24h", "7d", "30d"),
        *("today", "this_week", "this_month", "this_quarter"),
    ]
    assert settings.topics == {name: kind.topic for name, kind in SHIPPED_EVENTS.items()}
    assert len(settings.topics) == 13
    assert (settings.zone, settings.currency, settings.rates) == ("UTC", "EUR", None)
    assert (settings.member_limit, settings.member_limits) == (1000, {})
    assert settings.own is None
    assert settings.slices == [[], ["channel"], ["campaign"], ["channel", "campaign"]]
    assert settings.web_host == "127.0.0.1"


def test_the_file_comes_before_the_defaults(config: Path) -> None:
    settings = load_settings(config)
    assert (settings.broker, settings.windows) == ("file:9092", ["5m", "1h"])


def test_a_variable_comes_before_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPISTREAM_BROKER", "variable:9092")
    settings = load_settings(config)
    assert (settings.broker, settings.app_id) == ("variable:9092", "file")


def test_a_flag_comes_before_everything(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPISTREAM_BROKER", "variable:9092")
    assert load_settings(config, broker="flag:9092", app_id=None).broker == "flag:9092"


def test_a_variable_can_name_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPISTREAM_CONFIG", str(config))
    assert load_settings().app_id == "file"


def test_one_load_knows_nothing_of_the_file_of_another(config: Path) -> None:
    load_settings(config)
    assert load_settings().app_id == "kpistream"


def test_an_empty_file_sets_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty.yml"
    path.write_text("", encoding="utf-8")
    assert load_settings(path).model_dump() == load_settings().model_dump()


@pytest.mark.parametrize(
    "text",
    [
        "https://one.example.org/a, https://two.example.org/b",
        '["https://one.example.org/a", "https://two.example.org/b"]',
        '[{"name": "webhook-98e2ef", "url": "https://one.example.org/a"},'
        ' {"name": "webhook-2d815a", "url": "https://two.example.org/b"}]',
    ],
)
def test_webhooks_can_be_a_list_of_urls_or_json(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("KPISTREAM_WEBHOOKS", text)
    assert [(w.name, w.url.get_secret_value()) for w in load_settings().webhooks] == [
        ("webhook-98e2ef", "https://one.example.org/a"),
        ("webhook-2d815a", "https://two.example.org/b"),
    ]


def test_a_webhook_keeps_its_name_wherever_it_stands_in_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KPISTREAM_WEBHOOKS", "https://two.example.org/b,https://one.example.org/a")
    assert [w.name for w in load_settings().webhooks] == ["webhook-2d815a", "webhook-98e2ef"]


def test_receivers_can_be_json(monkeypatch: pytest.MonkeyPatch) -> None:
    text = '[{"name": "shop", "kind": "slack", "url": "https://one.example.org/a"}]'
    monkeypatch.setenv("KPISTREAM_RECEIVERS", text)
    [receiver] = load_settings().receivers
    assert (receiver.name, receiver.kind) == ("shop", "slack")


def test_receivers_that_are_no_json_are_told_with_an_example(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KPISTREAM_RECEIVERS", "https://one.example.org/s3cr3t")
    [told] = mistakes()
    assert told.startswith("environment: KPISTREAM_RECEIVERS: must be JSON, such as [{")
    assert "s3cr3t" not in told


def test_a_mute_time_can_have_a_variable_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPISTREAM_MUTE_TIMES__NIGHTS", '{"from": "22:00", "to": "07:00"}')
    assert load_settings().mute_times["nights"].begin == "22:00"


@pytest.mark.parametrize(
    ("written", "seconds"), [("5m", 300.0), (0, 0.0), (0.25, 0.25), ("0s", None), (-1, None)]
)
def test_times_of_receivers_are_lengths_or_seconds(written: Any, seconds: float | None) -> None:
    given = {"name": "a", "url": "https://x/", "group_wait": written}
    if seconds is None:
        assert mistakes(receivers=[given])
    else:
        assert load_settings(receivers=[given]).receivers[0].group_wait == seconds


@pytest.mark.parametrize("text", ["5m,1h", " 5m , 1h ,", '["5m", "1h"]'])
def test_windows_can_be_a_list_with_commas_or_json(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("KPISTREAM_WINDOWS", text)
    assert load_settings().windows == ["5m", "1h"]


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("a.yml,b.yml", [Path("a.yml"), Path("b.yml")]),
        ("a.yml", [Path("a.yml")]),
        ('["a.yml"]', [Path("a.yml")]),
        ("[]", []),
    ],
)
def test_files_of_rules_can_be_a_list_with_commas_or_json(
    monkeypatch: pytest.MonkeyPatch, text: str, files: list[Path]
) -> None:
    monkeypatch.setenv("KPISTREAM_RULES", text)
    assert load_settings().rules == files


def test_an_entry_of_a_mapping_can_have_a_variable_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KPISTREAM_DUPLICATE_HORIZONS__ORDER", "2d")
    assert load_settings().duplicate_horizons == {"order": "2d"}


def test_the_file_of_the_working_directory_is_read_when_no_other_is_named(
    config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(config.parent)
    assert load_settings().app_id == "file"
    other = tmp_path / "other.yml"
    other.write_text("app_id: other\n", encoding="utf-8")
    assert load_settings(other).app_id == "other"
    monkeypatch.setenv("KPISTREAM_CONFIG", str(other))
    assert load_settings().app_id == "other"


def test_files_are_found_from_the_folder_of_the_file_that_names_them(tmp_path: Path) -> None:
    path = tmp_path / "k.yml"
    path.write_text(
        "rates: rates/ecb.csv\nrules: [rules.yml, /rules/shop.yml]\nbroker_ca_file: ca.pem\n"
        "catalogue: mine.yml\n",
        encoding="utf-8",
    )
    settings = load_settings(path)
    assert settings.rates == tmp_path / "rates" / "ecb.csv"
    assert settings.rules == [tmp_path / "rules.yml", Path("/rules/shop.yml")]
    assert (settings.broker_ca_file, settings.catalogue) == (
        tmp_path / "ca.pem",
        tmp_path / "mine.yml",
    )


def test_files_of_flags_variables_and_the_package_stay_where_they_are(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPISTREAM_RATES", "ecb.csv")
    settings = load_settings(config, rules=[Path("rules.yml")])
    assert (settings.rates, settings.rules) == (Path("ecb.csv"), [Path("rules.yml")])
    assert settings.catalogue == SHIPPED / "catalogue.yml"


def test_settings_of_nothing_else_read_neither_variables_nor_a_file(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPISTREAM_BROKER", "variable:9092")
    monkeypatch.chdir(config.parent)
    settings = settings_of(partitions=1)
    assert (settings.broker, settings.app_id) == ("127.0.0.1:9092", "kpistream")
    assert settings.partitions == 1


# -- the catalogue in the file of settings ---------------------------------------------------------

OWN = """\
app_id: dealer
dimensions: [brand]
slices: [[], [brand]]
member_limits: {brand: 20}
topics: {click: clicks}
duplicate_horizons: {test_drive: 7d}
events:
  test_drive: {topic: drives}
  visit: {}
measures: {test_drives: {count: test_drive}}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.yml"
    path.write_text(OWN, encoding="utf-8")
    return path


def test_a_file_of_settings_may_hold_a_part_of_the_catalogue(own: Path) -> None:
    settings = load_settings(own)
    assert settings.app_id == "dealer"
    assert settings.own is not None
    assert list(settings.own.data) == ["dimensions", "events", "measures"]
    assert settings.own.line(("events", "visit")) == 9


def test_event_types_of_ones_own_are_always_read(own: Path) -> None:
    assert load_settings(own).topics == {
        "click": "clicks",
        "test_drive": "drives",
        "visit": "visits",
    }
    moved = load_settings(own, topics={"test_drive": "elsewhere"})
    assert moved.topics == {"click": "clicks", "test_drive": "elsewhere", "visit": "visits"}


def test_dimensions_and_events_of_ones_own_can_be_named(own: Path) -> None:
    settings = load_settings(own)
    assert (settings.slices, settings.member_limits) == ([[], ["brand"]], {"brand": 20})
    assert settings.duplicate_horizons == {"test_drive": "7d"}


def test_a_topic_that_is_shared_is_told_where_it_was_named(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.write_text(OWN.replace("drives}", "visits}"), encoding="utf-8")
    problem = "'visits' is the topic of test_drive already: two event types cannot share"
    assert mistakes(own) == [f"{own}:9: events.visit.topic: {problem}"]
    monkeypatch.setenv("KPISTREAM_TOPICS", '{"visit": "clicks"}')
    [mistake] = mistakes(own, topics={"test_drive": "drives"})
    assert mistake.startswith("environment: KPISTREAM_TOPICS.visit: 'clicks' is the topic of")


# -- mistakes --------------------------------------------------------------------------------------


def test_a_mistake_in_the_file_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "k.yml"
    path.write_text("broker: a:1\nweb_port: [1]\npartitions: 0\n", encoding="utf-8")
    assert mistakes(path) == [
        f"{path}:2: web_port: must be a whole number, not a list",
        f"{path}:3: partitions: must be greater than or equal to 1, not 0",
    ]


def test_a_mistake_in_a_variable_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPISTREAM_WEB_PORT", "many")
    [mistake] = mistakes()
    assert mistake.startswith("environment: KPISTREAM_WEB_PORT: ")


def test_a_mistake_in_a_flag_names_the_flag() -> None:
    [mistake] = mistakes(log_level="LOUD")
    assert mistake.startswith("flag: --log-level: ")


def test_a_mistake_in_an_entry_is_told_where_that_entry_was_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "k.yml"
    path.write_text("member_limits:\n  site: 0\n", encoding="utf-8")
    monkeypatch.setenv("KPISTREAM_MEMBER_LIMITS__CHANNEL", "none")
    in_the_variable, in_the_file = sorted(mistakes(path), key=lambda told: str(path) in told)
    assert in_the_file.startswith(f"{path}:2: member_limits.site: must be")
    assert in_the_variable.startswith("environment: KPISTREAM_MEMBER_LIMITS.channel: must be")


def test_a_variable_that_does_not_exist_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPISTREAM_BROKR", "here:9092")
    [mistake] = mistakes()
    assert mistake.startswith("environment: KPISTREAM_BROKR: unknown variable; allowed: ")
    assert "KPISTREAM_BROKER," in mistake


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("SLICES", '[[], ["channel"], ["channel", "campaign"]]'),
        ("TOPICS", '{"click": "clicks", "order": "orders"}'),
        ("DUPLICATE_HORIZONS", '{"order": "1d"}'),
    ],
)
def test_what_has_to_be_json_is_told_with_an_example_that_fits(
    monkeypatch: pytest.MonkeyPatch, name: str, example: str
) -> None:
    monkeypatch.setenv(f"KPISTREAM_{name}", "channel,campaign")
    assert mistakes() == [f"environment: KPISTREAM_{name}: must be JSON, such as {example}"]
    monkeypatch.setenv(f"KPISTREAM_{name}", example)
    load_settings()


SAID_EVERYWHERE = [
    ("log_level", "LOUD", "unknown value 'LOUD'; allowed: DEBUG, INFO, WARNING, ERROR"),
    ("app_id", "no spaces", "must match pattern '^[A-Za-z0-9._-]{1,120}$', not 'no spaces'"),
    ("windows", "5m,7s", "window '7s' does not fit: use a multiple of 10s, at most 93d"),
    ("rules", "[", "is neither JSON nor a list with commas"),
    ("rules", " ", "is empty; an empty list is []"),
]


@pytest.mark.parametrize(("setting", "value", "told"), SAID_EVERYWHERE)
def test_a_mistake_is_told_in_the_same_words_wherever_it_was_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: str, value: str, told: str
) -> None:
    path = tmp_path / "k.yml"
    path.write_text(f"{setting}: {value!r}\n", encoding="utf-8")
    flags: dict[str, Any] = {setting: value}
    assert mistakes(path) == [f"{path}:1: {setting}: {told}"]
    assert mistakes(**flags) == [f"flag: --{setting.replace('_', '-')}: {told}"]
    monkeypatch.setenv(f"KPISTREAM_{setting.upper()}", value)
    assert mistakes() == [f"environment: KPISTREAM_{setting.upper()}: {told}"]


def test_a_mistake_inside_a_variable_says_where_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KPISTREAM_SLICES", '[[], ["chanel"]]')
    [dimension] = mistakes()
    assert dimension.startswith(
        "environment: KPISTREAM_SLICES[1][0]: unknown dimension 'chanel'; did you mean 'channel'?"
    )
    monkeypatch.setenv("KPISTREAM_DUPLICATE_HORIZONS__ORDER", "long")
    assert mistakes() == [
        "environment: KPISTREAM_DUPLICATE_HORIZONS.order: "
        "'long' is not a length such as 30s, 5m, 24h or 7d"
    ]


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("windows", [], "name at least one window"),
        ("windows", ["7s"], "'7s' does not fit"),
        ("windows", ["soon"], "'soon' is not a length"),
        ("slices", [], "name at least one set"),
        ("slices", [["chanel"]], "'channel'"),
        ("topics", {"clack": "clacks"}, "unknown event type 'clack'; did you mean 'click'?"),
        ("topics", {"click": "same", "order": "same"}, "is the topic of click already"),
        ("topics", {}, "at least one event type"),
        ("currency", "EURO", "not an active ISO 4217 code"),
        ("duplicate_horizons", {"order": "long"}, "'long' is not a length"),
        ("max_skew", "1", "'1' is not a length"),
        ("webhooks", [{"name": "a", "url": "ftp://x"}], "must begin with http:// or https://"),
        ("webhooks", "[", "neither JSON nor a list"),
        ("app_id", "no spaces", "pattern"),
        ("id_key", "", "must not be empty"),
        ("id_key", " ", "must not be empty"),
        ("zone", "Europe/Pari", "did you mean 'Europe/Paris'?"),
        ("member_limit", 0, "greater than or equal to 1"),
        ("member_limits", {"chanel": 5}, "unknown dimension 'chanel'"),
        ("rates_max_age", "36h", "no number of whole days"),
        ("windows", ["5m", "5m"], "'5m' is written twice"),
        ("slices", [["channel", "channel"]], "'channel' is twice in the set"),
        ("slices", [["channel", "site"], ["site", "channel"]], "written twice"),
    ],
)
def test_values_that_cannot_work_are_refused(setting: str, value: Any, told: str) -> None:
    flags: dict[str, Any] = {setting: value}
    assert told in mistakes(**flags)[0]


@pytest.mark.parametrize("content", [b"- a\n", b"\xff\xfe", b"a: [\n"])
def test_a_file_that_is_no_mapping_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "k.yml"
    path.write_bytes(content)
    assert mistakes(path)[0].startswith(f"{path}:")


# -- secrets ---------------------------------------------------------------------------------------

SECRETS: dict[str, Any] = {
    "broker_password": "pass-s3cr3t",
    "id_key": "key-s3cr3t",
    "webhooks": "https://hooks.example.org/s3cr3t",
    "read_tokens": "token-s3cr3t-token",
    "write_tokens": "token-s3cr3t-token",
    "receivers": [
        {
            "name": "shop",
            "url": "https://hooks.example.org/s3cr3t",
            "secrets": ["whsec_s3cr3t"],
            "headers": {"Authorization": "s3cr3t"},
        },
        {"name": "pager", "kind": "pagerduty", "routing_key": "s3cr3t"},
    ],
}


def test_secrets_are_in_no_text_made_of_settings() -> None:
    settings = load_settings(**SECRETS)
    for text in (repr(settings), str(settings), str(settings.model_dump()), f"{settings.webhooks}"):
        assert "s3cr3t" not in text
    assert "s3cr3t" not in settings.model_dump_json()


def test_secrets_are_in_no_message_about_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        text = value if isinstance(value, str) else json.dumps(value)
        monkeypatch.setenv(f"KPISTREAM_{name.upper()}", text)
    monkeypatch.setenv("KPISTREAM_WEBHOOKS", '[{"name": "s", "url": "ftp://s3cr3t"}]')
    assert "s3cr3t" not in "\n".join(mistakes(web_port="many"))


@pytest.mark.parametrize(
    "line",
    [
        "broker_password: 5363",
        "broker_password: [5363]",
        "id_key: {a: 5363}",
        "webhooks: 5363",
        "webhooks: [5363]",
        "webhooks: [{name: a, url: 5363}]",
        "webhooks: [{name: 'https://x/5363', url: 'https://x/5363'}]",
        "read_tokens: 5363",
        "read_tokens: [5363]",
        "write_tokens: {a: 5363}",
        "receivers: 5363",
        "receivers: [{name: a, url: 5363}]",
        "receivers: [{name: a, url: 'https://x/', secrets: 5363}]",
        "receivers: [{name: a, url: 'https://x/', secrets: [5363]}]",
        "receivers: [{name: a, url: 'https://x/', headers: {a: 5363}}]",
        "receivers: [{name: a, kind: pagerduty, routing_key: 5363}]",
        "receivers: [{name: 'https://x/5363', url: 'https://x/5363'}]",
    ],
)
def test_a_secret_of_the_wrong_kind_in_the_file_is_not_repeated(tmp_path: Path, line: str) -> None:
    path = tmp_path / "k.yml"
    path.write_text(line, encoding="utf-8")
    told = mistakes(path)[0]
    assert told.startswith(f"{path}:1: ")
    assert "5363" not in told


# -- who may read and write ------------------------------------------------------------------------

LONG, LONGER = "0123456789abcdef", "fedcba9876543210"


@pytest.mark.parametrize(
    "text", [f"{LONG},{LONGER}", f" {LONG} , {LONGER},", f'["{LONG}","{LONGER}"]']
)
@pytest.mark.parametrize("name", ["read_tokens", "write_tokens"])
def test_several_tokens_are_a_list_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(f"KPISTREAM_{name.upper()}", text)
    tokens = getattr(load_settings(), name)
    assert [token.get_secret_value() for token in tokens] == [LONG, LONGER]


@pytest.mark.parametrize(
    "token", ["short", f"{LONG} with spaces", f"{LONG}\n", f"{LONG}ü", " " * 20]
)
@pytest.mark.parametrize("name", ["read_tokens", "write_tokens"])
def test_a_token_is_long_and_fits_into_a_header(name: str, token: str) -> None:
    tokens: dict[str, Any] = {name: [token]}
    [told] = mistakes(**tokens)
    assert "openssl rand -hex 16" in told
    assert token not in told


def test_the_setting_of_before_names_those_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "k.yml"
    path.write_text(f"api_token: {LONG}\n", encoding="utf-8")
    [told] = mistakes(path)
    assert "use write_tokens (and read_tokens, for who only reads)" in told
    assert LONG not in told


def test_what_commands_show_a_worker_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, LONG)
    assert load_settings().write_tokens == []


@pytest.mark.parametrize(
    "origin",
    [
        "https://intranet.example.org",
        "http://localhost:8000",
        "https://*.example.org",
        "https://[::1]:8443",
    ],
)
def test_an_origin_may_show_the_page_in_a_frame(origin: str) -> None:
    assert load_settings(frame_ancestors=f"{origin}, {origin}").frame_ancestors == [origin] * 2


@pytest.mark.parametrize(
    "origin",
    [
        "intranet.example.org",
        "https://intranet.example.org/",
        "https://intranet.example.org/page",
        "https://a.example; script-src *",
        "https://a.example https://b.example",
        "'self'",
        "*",
        "https://*",
        "javascript:alert(1)",
        "https://user@intranet.example.org",
        "https://a.example\n",
    ],
)
def test_what_is_no_origin_gets_into_no_policy(origin: str) -> None:
    assert "is no origin such as https://" in mistakes(frame_ancestors=[origin])[0]


@pytest.mark.parametrize("url", ["http://worker-1:6066", "https://kpis.example.org/worker-1/"])
def test_a_worker_can_be_reached_at_a_url(url: str) -> None:
    assert load_settings(web_url=url).web_url == url.rstrip("/")


@pytest.mark.parametrize("url", ["worker-1:6066", "ftp://worker-1", "http://", "http://a b"])
def test_a_worker_can_be_reached_at_nothing_else(url: str) -> None:
    assert "is no URL such as http://worker-1:6066" in mistakes(web_url=url)[0]


# -- the key of ids --------------------------------------------------------------------------------


def test_the_key_of_ids_is_a_number_that_follows_from_its_text() -> None:
    assert Settings(id_key="a").id_key_number == Settings(id_key="a").id_key_number
    assert Settings(id_key="a").id_key_number != Settings(id_key="b").id_key_number
