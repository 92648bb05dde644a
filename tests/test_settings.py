from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from kpistream.core.located_yaml import ConfigErrors
from kpistream.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert settings.windows == ["5m", "1h", "24h"]
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
    assert load_settings(path) == load_settings()


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
    ("windows", "5m,7s", "window '7s' does not fit: use a multiple of 10s, at most 44d"),
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
    monkeypatch.setenv("KPISTREAM_DUPLICATE_HORIZONS__ORDER", "long")
    horizon, dimension = sorted(mistakes())
    assert horizon == (
        "environment: KPISTREAM_DUPLICATE_HORIZONS.order: "
        "'long' is not a length such as 30s, 5m, 24h or 7d"
    )
    assert dimension.startswith("environment: KPISTREAM_SLICES[1][0]: unknown value 'chanel'; did")


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("windows", [], "name at least one window"),
        ("windows", ["7s"], "'7s' does not fit"),
        ("windows", ["soon"], "'soon' is not a length"),
        ("slices", [], "name at least one set"),
        ("slices", [["chanel"]], "'channel'"),
        ("topics", {"clack": "clacks"}, "unknown event type 'clack'; allowed: impression, click"),
        ("topics", {"click": "same", "order": "same"}, "cannot share a topic"),
        ("topics", {}, "at least one event type"),
        ("currency", "EURO", "not an active ISO 4217 code"),
        ("duplicate_horizons", {"order": "long"}, "'long' is not a length"),
        ("max_skew", "1", "'1' is not a length"),
        ("webhooks", [{"name": "a", "url": "ftp://x"}], "must begin with http:// or https://"),
        ("webhooks", "[", "neither JSON nor a list"),
        ("app_id", "no spaces", "pattern"),
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
}


def test_secrets_are_in_no_text_made_of_settings() -> None:
    settings = load_settings(**SECRETS)
    for text in (repr(settings), str(settings), str(settings.model_dump()), f"{settings.webhooks}"):
        assert "s3cr3t" not in text
    assert "s3cr3t" not in settings.model_dump_json()


def test_secrets_are_in_no_message_about_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(f"KPISTREAM_{name.upper()}", value)
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
    ],
)
def test_a_secret_of_the_wrong_kind_in_the_file_is_not_repeated(tmp_path: Path, line: str) -> None:
    path = tmp_path / "k.yml"
    path.write_text(line, encoding="utf-8")
    told = mistakes(path)[0]
    assert told.startswith(f"{path}:1: ")
    assert "5363" not in told


def test_the_key_of_ids_is_a_number_that_follows_from_its_text() -> None:
    assert Settings(id_key="a").id_key_number == Settings(id_key="a").id_key_number
    assert Settings(id_key="a").id_key_number != Settings(id_key="b").id_key_number
