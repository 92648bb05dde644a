"""The reference page of all settings, written from their declarations.

``python -m kpistream.cli.pages.settings_page > docs/settings.md`` writes it anew.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from kpistream.settings import (
    CONFIG_VARIABLE,
    DEFAULT_FILE,
    PREFIX,
    SHIPPED,
    Length,
    MuteTimeSettings,
    Name,
    ReceiverSettings,
    Settings,
    SpecialDaySettings,
    Webhook,
    WholeDays,
    WindowName,
)

_HEAD: Final = f"""\
# Settings

Without any, a worker looks for Kafka on this machine. `kpistream check` reads all of them and says
what is wrong, where, and what would be right; an unknown setting or variable is an error.

## Where they come from

The first that has a setting wins:

1. a flag, such as `--broker`; `kpistream COMMAND --help` lists those of a command;
2. a variable, such as `{PREFIX}BROKER`;
3. the YAML file that `--config` or `{CONFIG_VARIABLE}` names, or else `{DEFAULT_FILE}` in the
   directory where the command is started, if there is one;
4. what holds unless set, in the table below.

```yaml
broker: kafka-1.example.org:9092,kafka-2.example.org:9092
app_id: kpistream
replication_factor: 3
zone: Europe/Paris
windows: [5m, 1h, 24h, today, this_month]
slices:
  - []                     # the total
  - [channel]
  - [channel, campaign]
member_limits: {{campaign: 5000}}
rates: rates/ecb.csv       # files are found from the folder of this file
rules: [rules/shop.yml]
webhooks:
  - {{name: marketing, url: "https://hooks.example.org/marketing"}}
```

The same file may hold events, measures, KPIs, dimensions, objectives, dashboards and funnels of
your own: [own-kpis.md](own-kpis.md). `kpistream demo` reads neither variables nor a file.

In a variable, lists of plain values have commas, other lists and mappings are JSON. An entry of a
mapping can have a variable of its own:

```sh
{PREFIX}WINDOWS=5m,1h
{PREFIX}RULES=rules/shop.yml,rules/mail.yml
{PREFIX}SLICES='[[], ["channel"]]'
{PREFIX}DUPLICATE_HORIZONS__ORDER=2d
```

A list or a mapping replaces what holds unless set: `topics: {{click: clicks}}` reads clicks alone.
A length is a whole number and `s`, `m`, `h` or `d`. A file that a flag or a variable names is found
from where the command is started. All workers of an `app_id` need the same
settings, but for `web_host`, `web_port`, `web_url` and `log_level`.

## Secrets

`broker_password`, `id_key`, `read_tokens`, `write_tokens`, the URLs of `webhooks`, and the URLs,
`secrets`, headers and `routing_key` of `receivers` are in no log, message or metric: of a URL only
the host is shown.
Keep them out of the file that is committed, and set them by variables.
There is no flag for them, since the list of processes shows flags to everybody. Set an `id_key` of
your own before the first event: visitors and customers are kept as hashes under it, and nobody can
trace them without the key.

## A Kafka that asks who you are

```yaml
broker: kafka.example.org:9093
broker_security: SASL_SSL
broker_mechanism: SCRAM-SHA-512
broker_username: kpistream
broker_ca_file: /etc/kpistream/ca.pem    # only if the system does not trust the broker's authority
```

```sh
{PREFIX}BROKER_PASSWORD=...
```

`SSL` encrypts, but does not say who connects: certificates of clients are not supported.
`SASL_PLAINTEXT` says it, but does not encrypt: with `PLAIN`, the password can be read on the way.

## Who may see and change what

A worker listens on `127.0.0.1`: on its machine, everybody may read, silence and acknowledge. It
refuses to listen elsewhere without `read_tokens`. Make each token with `openssl rand -hex 16`, and
set them by the variables `{PREFIX}READ_TOKENS` and `{PREFIX}WRITE_TOKENS`.

All workers of an `app_id` need the same: they ask each other, at `web_url`. To replace a token, set
the new one before the old one, and later leave out the old one. Workers show each other the first
of `read_tokens`.

The web server speaks HTTP: where others could listen, put a proxy with TLS before it. Behind one,
set `read_tokens` and `write_tokens`, even if it is on the same machine: all that it passes on comes
from there. [API](api.md#who-may) has the details.

## All of them

| Setting | Variable | Allowed | Unless set | Meaning |
|---|---|---|---|---|
"""

_WORDS: Final[list[tuple[Any, str]]] = [
    (Name, "up to 120 letters, digits, `.`, `_`, `-`"),
    (Length, "length"),
    (WholeDays, "length in whole days"),
    (WindowName, "window"),
    (Webhook, "`name`, `url`"),
    (ReceiverSettings, "[receivers](notifications.md#receivers)"),
    (MuteTimeSettings, "`days`, `from`, `to`, `first`, `last`"),
    (SpecialDaySettings, "`name`, `from`, `to`"),
    (Path, "file"),
    (SecretStr, "secret text"),
    (str, "text"),
    (int, "whole number"),
    (float, "number"),
]


def markdown() -> str:
    """The whole page."""
    hints = get_type_hints(Settings, include_extras=True)
    rows = (_row(name, hints[name], field) for name, field in Settings.model_fields.items())
    return _HEAD + "".join(rows)


def _row(name: str, hint: Any, field: FieldInfo) -> str:
    meaning = " ".join((field.description or "").replace("``", "`").split())
    unless = _default(field.get_default(call_default_factory=True))
    return f"| `{name}` | `{PREFIX}{name.upper()}` | {_allowed(hint)} | {unless} | {meaning} |\n"


def _allowed(hint: Any) -> str:
    """What a type allows, in words."""
    for known, words in _WORDS:
        if hint is known:
            return words
    arguments = [each for each in get_args(hint) if each is not type(None)]
    origin = get_origin(hint)
    if origin is Annotated:
        return _allowed(arguments[0]) + _limits(hint)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is list:
        return f"list of: {_allowed(arguments[0])}"
    if origin is dict:
        return f"mapping to: {_allowed(arguments[1])}"
    return " or ".join(map(_allowed, arguments))


def _limits(hint: Any) -> str:
    """The smallest and the largest number that an annotation allows."""
    rules = [rule for given in hint.__metadata__ for rule in getattr(given, "metadata", ())]
    low = [rule.ge for rule in rules if hasattr(rule, "ge")]
    high = [rule.le for rule in rules if hasattr(rule, "le")]
    return f", {low[0]:,} to {high[0]:,}" if low and high else ""


def _default(value: Any) -> str:
    if value is None:
        return "none"
    if value == "":
        return "empty"
    match value:
        case Path():
            return f"`{value.relative_to(SHIPPED).as_posix()}` of the package"
        case [Path(), *_]:
            return ", ".join(map(_default, value))
        case _:
            return f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    match value:
        case SecretStr():
            return str(value.get_secret_value())
        case list() | dict():
            return json.dumps(value)
        case _:
            return str(value)


if __name__ == "__main__":
    sys.stdout.write(markdown())
