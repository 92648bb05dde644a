"""Options that several commands share, each spelled once."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from kpistream.settings import PREFIX

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(text: str) -> float:
    """A span such as ``90``, ``90s``, ``2m`` or ``1.5h``, in seconds; above 0."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)([smhd]?)", text.strip())
    span = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not 0 < span < math.inf:
        raise typer.BadParameter(f"{text!r} is not a span such as 90, 90s, 2m or 1h")
    return span


def names(text: str | None) -> list[str] | None:
    """The parts of a list with commas; None if there is none."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _setting(name: str, more: str, *flags: str, **arguments: Any) -> Any:
    """An option that stands for a setting; what holds without it is the setting's to say."""
    variable = PREFIX + name.upper()
    return typer.Option(*flags, help=f"{more} ({variable})", show_default=False, **arguments)


Config = Annotated[
    Path | None,
    _setting(
        "config",
        "YAML file of settings, and of your own events and KPIs; unless given, kpistream.yml in "
        "the working directory.",
        "--config",
        "-c",
        metavar="FILE",
    ),
]
Broker = Annotated[
    str | None,
    _setting(
        "broker",
        "Kafka servers, separated by commas; 127.0.0.1:9092 unless set.",
        "--broker",
        "-b",
        metavar="HOST:PORT",
    ),
]
AppId = Annotated[
    str | None,
    _setting(
        "app_id",
        "Names the consumer group and kpistream's own topics.",
        "--app-id",
        metavar="NAME",
    ),
]
WebHost = Annotated[
    str | None, _setting("web_host", "Address of the web server.", "--web-host", metavar="ADDRESS")
]
WebPort = Annotated[
    int | None,
    _setting("web_port", "Port of the web server; 0 for a free one.", "--web-port", metavar="PORT"),
]
LogLevel = Annotated[
    str | None,
    _setting(
        "log_level",
        "DEBUG, INFO, WARNING or ERROR; DEBUG shows tracebacks.",
        "--log-level",
        metavar="LEVEL",
    ),
]
Catalogue = Annotated[
    Path | None,
    _setting(
        "catalogue",
        "File of measures and KPIs instead of the shipped.",
        "--catalogue",
        metavar="FILE",
    ),
]
Rules = Annotated[
    list[Path] | None,
    _setting(
        "rules",
        "File of alert rules instead of the shipped; can be repeated.",
        "--rules",
        metavar="FILE",
    ),
]
Windows = Annotated[
    str | None,
    _setting("windows", "Windows, such as 5m,24h,this_month.", "--windows", metavar="NAMES"),
]
Json = Annotated[bool, typer.Option("--json", help="JSON objects on standard output, one a line.")]
