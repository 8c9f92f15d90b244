"""Values in the type that a schema has for them, and values where nothing is known.

Knows JSON Schema, and how times, pictures and places are written. Must not know HTTP, or any one
provider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil, floor
from typing import Any, Final

from testcard.common.place import ABSENT
from testcard.common.schema import Schema, named, types
from testcard.common.spec import words

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIMES: Final = frozenset({"created", "delivered-at", "expires", "expires-at"})
_RESET: Final = "rate-limit-reset"
_SPECIAL: Final = _TIMES | {_RESET, "breach-path"}
_SINGLE: Final = frozenset({"picture", "picture-url"})  # where a list may be, one stands alone
_NUMBERS: Final = frozenset({"number", "integer"})
_OF_FORMATS: Final[Mapping[str, str]] = {
    "uri": "https://testcard.invalid/",
    "date-time": "1970-01-01T00:00:00Z",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_EMPTY: Mapping[str, Any] = {
    "object": {},
    "array": [],
    "string": "",
    "number": 0,
    "integer": 0,
    "boolean": False,
    "null": None,
}


class Shaping:
    """How a schema has what is known of its role."""

    def __init__(self, schema: Schema) -> None:
        """Look through `schema`."""
        self._own, self._kinds = words(schema), types(schema)
        self._enum = schema.get("enum")
        self._role: str = self._own.get("role", "")
        self._in_uri = self._role == "picture" and self._own.get("encodings") == ["data-uri"]
        changed = self._in_uri or self._enum is not None or "scale" in self._own
        special = self._role in _SPECIAL or self._kinds == ("array",)
        self._keeps_texts = not (changed or special)

    def __call__(self, value: Any, known: Mapping[str, Any]) -> Any:
        """Return what is known of the role as the schema has it; ABSENT where it has no place.

        One of a list stands alone where the schema has no list, and one alone is a list of one
        where it has nothing else. Times are Unix seconds or ISO 8601, paths lists or dotted.
        """
        if self._keeps_texts and type(value) is str:
            return value
        own, kinds = self._own, self._kinds
        if self._role == _RESET and own.get("as", "seconds") != "seconds":
            return _time(value["at"], own["as"], kinds)
        if self._role in _TIMES:
            return _time(value, own.get("as"), kinds)
        if self._role == _RESET:
            value = ceil(value["seconds"])
        if self._role == "breach-path":
            value = _path(value, own, kinds, known)
        if isinstance(value, Sequence) and not isinstance(value, str):
            value = _listed(value, kinds, single=self._role in _SINGLE)
        elif kinds == ("array",):
            value = [value]
        if self._in_uri:
            value = _each(value, lambda one: f"data:{known.get('media-type', '')};base64,{one}")
        if "scale" in own:
            value = value * own["scale"]
        if kinds and isinstance(value, int | float) and not isinstance(value, bool):
            value = _number(value, kinds)
        return ABSENT if self._enum is not None and value not in self._enum else value


def something(schema: Schema, rendered: Callable[[Schema], Any]) -> Any:
    """Return a value that keeps `schema` where nothing is known; `rendered` gives items."""
    if "default" in schema:
        return schema["default"]
    for keyword in ("examples", "enum"):
        if schema.get(keyword):
            return schema[keyword][0]
    kinds = types(schema) or ("null",)
    kind = "null" if "null" in kinds else kinds[-1]
    if kind == "string":
        text = _OF_FORMATS.get(schema.get("format", ""), "")
        return text or "-" * schema.get("minLength", 0)
    if kind in _NUMBERS:
        return _least(schema, kind)
    if kind == "array":
        return [rendered(schema.get("items", {})) for _ in range(schema.get("minItems", 0))]
    return _EMPTY[kind]


def _time(value: float, written: str | None, kinds: Sequence[str]) -> Any:
    if written == "unix" or (written is None and "string" not in kinds):
        return round(value) if "number" not in kinds else value
    told = (_EPOCH + timedelta(seconds=value)).isoformat(timespec="milliseconds")
    return told.replace("+00:00", "Z")


def _path(value: Any, own: Mapping[str, Any], kinds: Sequence[str], known: Any) -> Any:
    steps = [known["breach-location"], *value] if own.get("located") else list(value)
    return named(steps) if own.get("as") == "dotted" or kinds == ("string",) else steps


def _listed(values: Sequence[Any], kinds: Sequence[str], *, single: bool) -> Any:
    """A list as such, or what is first of it where one alone is expected."""
    alone = single and len(values) == 1 and (not kinds or {"array", "string"} <= set(kinds))
    if alone or (kinds and "array" not in kinds):
        return values[0] if values else ABSENT
    return list(values)


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    return [change(one) for one in value] if isinstance(value, list) else change(value)


def _number(value: float, kinds: Sequence[str]) -> Any:
    if "string" in kinds and not _NUMBERS & set(kinds):
        return str(value)
    return round(value) if "integer" in kinds and "number" not in kinds else value


def _least(schema: Schema, kind: str) -> int | float:
    """The number nearest to 0 from below or above that a schema takes."""
    step = schema.get("multipleOf", 1 if kind == "integer" else 0)
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    value: float = 0
    if low is not None and low >= 0:
        value = ceil(low / step) * step if step else low
        if "exclusiveMinimum" in schema and value <= low:
            value += step or (1 if high is None else (high - low) / 2)
    elif high is not None and high <= 0:
        value = floor(high / step) * step if step else high
        if "exclusiveMaximum" in schema and value >= high:
            value -= step or 1
    return int(value) if kind == "integer" else value
