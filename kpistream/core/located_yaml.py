"""YAML that remembers its line numbers, and errors that name file, line, key and allowed values.

What people write (the catalogue, the rules) is read here:

    located = load(text, "rules.yml")         # plain data, and the line of every key
    shape = validate(located, RulesShape)     # a pydantic model, or ConfigErrors
    raise ConfigErrors([located.error(("rules", 0, "kpi"), "unknown KPI 'ctr'", known_ids)])
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from yaml.reader import ReaderError

MAX_CHARACTERS: Final = 1_000_000
"""The largest file that is read."""

MAX_DEPTH: Final = 32
"""The deepest nesting a file may have."""

MAX_ALLOWED_SHOWN: Final = 60
"""The most allowed values an error lists."""

Path = tuple[str | int, ...]
"""The way to a value: keys of mappings and indexes of lists; `()` is the whole file."""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ConfigError:
    """One mistake in a file that a person wrote."""

    filename: str
    line: int
    key: str
    problem: str
    allowed: Sequence[str] | None = None
    excerpt: str = ""
    """What to show below the message, such as a formula with a caret under the mistake."""

    def __str__(self) -> str:
        """The mistake as `file:line: key: problem; allowed: a, b`; line 0 stands for none."""
        line = f":{self.line}" if self.line else ""
        key = f"{self.key}: " if self.key else ""
        below = "".join(f"\n    {line}" for line in self.excerpt.splitlines())
        return f"{self.filename}{line}: {key}{self.problem}{self._allowed_text()}{below}"

    def _allowed_text(self) -> str:
        if not self.allowed:
            return ""
        more = len(self.allowed) - MAX_ALLOWED_SHOWN
        tail = f", and {more} more" if more > 0 else ""
        return "; allowed: " + ", ".join(self.allowed[:MAX_ALLOWED_SHOWN]) + tail


class ConfigErrors(ValueError):
    """All the mistakes found in a file, in the order of its lines."""

    def __init__(self, errors: Iterable[ConfigError]) -> None:
        """Take the mistakes, of which there is at least one."""
        self.errors: tuple[ConfigError, ...] = tuple(sorted(errors, key=lambda e: e.line))
        super().__init__("\n".join(str(error) for error in self.errors))

    def __iter__(self) -> Iterator[ConfigError]:
        """The mistakes, one by one."""
        return iter(self.errors)

    def __len__(self) -> int:
        """How many mistakes there are."""
        return len(self.errors)


@dataclass(frozen=True, slots=True)
class Located:
    """Plain data (dict, list, str, int, float, bool, None) and the line each part stands on."""

    filename: str
    data: Any
    lines: Mapping[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line (from 1) of the key or item at `path`, or of its nearest parent in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def error(
        self,
        path: Path,
        problem: str,
        allowed: Iterable[str] | None = None,
        excerpt: str = "",
    ) -> ConfigError:
        """A mistake at `path`."""
        values = None if allowed is None else tuple(allowed)
        line, key = self.line(path), dotted(path)
        return ConfigError(self.filename, line, key, problem, values, excerpt)


def load(text: str, filename: str) -> Located:
    """Parse one YAML document; raises ConfigErrors on bad syntax and on duplicate keys.

    Words mean what YAML 1.2's core schema says: `NO` and `5:30` are text, only `true` and
    `false` are booleans. Anchors, aliases, tags and further documents are refused.
    """
    if len(text) > MAX_CHARACTERS:
        problem = f"the file is larger than {MAX_CHARACTERS} characters"
        raise ConfigErrors([ConfigError(filename, 1, "", problem)])
    try:
        return _Builder(filename, yaml.parse(text, Loader=yaml.SafeLoader)).build()
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problem = f"the character number {error.character} is not allowed in YAML"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = f"not YAML: {error.problem or error.context}"
    raise ConfigErrors([ConfigError(filename, line, "", problem)])


def validate(located: Located, model: type[Model]) -> Model:
    """The data in the shape of `model`; raises ConfigErrors for all that does not fit."""
    try:
        return model.model_validate(located.data)
    except ValidationError as error:
        raise config_errors(error, located, model) from None


def config_errors(
    error: ValidationError, located: Located, model: type[BaseModel], at: Path = ()
) -> ConfigErrors:
    """A pydantic error about the part of the file at `at`, as mistakes with line and key."""
    part = _part(located.data, at)
    nouns: dict[Path, dict[str, object]] = {}
    errors: list[ConfigError] = []
    for details in error.errors(include_url=False):
        path = at + _path_in_file(details["loc"], part)
        if details["type"] in _NOUNS:
            nouns.setdefault(path, {})[_NOUNS[details["type"]]] = details["input"]
        else:
            errors.append(_translated(details, path, located, _keys(model, path[len(at) : -1])))
    for path, wanted in nouns.items():
        value = _shown(next(iter(wanted.values())))
        errors.append(located.error(path, f"must be {' or '.join(wanted)}, not {value}"))
    return ConfigErrors(errors)


def dotted(path: Path) -> str:
    """A path as a person would write it: `rules[2].slice.channel`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint such as `; did you mean 'clicks'?`, or nothing when no known name is close."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _plain(text: str) -> Any:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


class _Builder:
    """Builds the data from the parser's events, and notes the lines on the way."""

    def __init__(self, filename: str, events: Iterator[yaml.Event]) -> None:
        self._filename = filename
        self._events = events
        self._lines: dict[Path, int] = {}
        self._errors: list[ConfigError] = []

    def build(self) -> Located:
        data: Any = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, (), "only one document may stand in a file")
                data = self._value(next(self._events), ())
        if self._errors:
            raise ConfigErrors(self._errors)
        return Located(self._filename, data, self._lines)

    def _value(self, event: yaml.Event, path: Path) -> Any:
        self._check(event, path)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        if isinstance(event, yaml.ScalarEvent):
            return _plain(event.value) if event.implicit[0] else event.value
        return None

    def _mapping(self, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._value(event, path)
            line = _line(event)
            if not isinstance(key, str):
                self._report(line, path, f"a key must be text, not {key!r}; put it in quotes")
            elif key in result:
                first = self._lines[*path, key]
                self._report(line, (*path, key), f"written twice; first on line {first}")
            else:
                self._lines[*path, key] = line
            value = self._value(next(self._events), (*path, str(key)))
            result.setdefault(str(key), value)
        return result

    def _sequence(self, path: Path) -> list[Any]:
        result: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            item = (*path, len(result))
            self._lines[item] = _line(event)
            result.append(self._value(event, item))
        return result

    def _check(self, event: yaml.Event, path: Path) -> None:
        if len(path) > MAX_DEPTH:
            self._refuse(event, (), f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._refuse(event, path, "anchors and aliases are not supported; write it out")
        if getattr(event, "tag", None):
            self._refuse(event, path, "tags are not supported")

    def _refuse(self, event: yaml.Event, path: Path, problem: str) -> None:
        self._report(_line(event), path, problem)
        raise ConfigErrors(self._errors)

    def _report(self, line: int, path: Path, problem: str) -> None:
        self._errors.append(ConfigError(self._filename, line, dotted(path), problem))


_NOUNS: Final = {
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_parsing": "a number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
}


def _translated(
    details: ErrorDetails, path: Path, located: Located, keys: list[str]
) -> ConfigError:
    """A pydantic error that is not about a type; `keys` may stand beside the one at `path`."""
    kind, shown = details["type"], _shown(details["input"])
    if kind == "missing":
        return located.error((*path, details["loc"][-1]), "this key is required")
    if kind == "extra_forbidden":
        return located.error(path, f"unknown key{did_you_mean(str(path[-1]), keys)}", keys)
    if kind in ("literal_error", "enum"):
        values = re.findall(r"'([^']*)'", details["ctx"]["expected"])
        hint = did_you_mean(str(details["input"]), values)
        return located.error(path, f"unknown value {shown}{hint}", values)
    if kind == "value_error":
        return located.error(path, details["msg"].removeprefix("Value error, "))
    return located.error(path, f"{re.sub(r'^[A-Z].* should', 'must', details['msg'])}, not {shown}")


def _shown(value: object) -> str:
    """A wrong value, shortened."""
    if value is None:
        return "empty"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _part(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _path_in_file(loc: Path, data: Any) -> Path:
    """Pydantic's location without the steps that stand for types, such as union members."""
    path: list[str | int] = []
    for step in loc:
        in_list = isinstance(data, list) and isinstance(step, int) and step < len(data)
        if in_list or (isinstance(data, dict) and step in data):
            data = data[step]
            path.append(step)
    return tuple(path)


def _keys(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that a mapping at `path` of a model's data may have."""
    models = _models(model)
    for step in path:
        fields = [_fields(model).get(str(step)) for model in models]
        found = [inner for info in fields if info for inner in _models(info.annotation)]
        models = found or models
    return [key for model in models for key in _fields(model)]


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """A model's fields by the key that a person writes."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models inside an annotation such as `dict[str, Rule] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]
