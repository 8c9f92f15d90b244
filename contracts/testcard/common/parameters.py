"""What a call says outside its body: in its path, its query, its headers and its cookies.

Read as OpenAPI's default styles have it: `form` in query and cookie, `simple` in path and header.
Knows calls and fields. Must not know bodies, who answers, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from testcard.common.document import Node
from testcard.common.flaw import Flaw
from testcard.common.members import parameter_field
from testcard.common.message import BLANKED, Call
from testcard.common.place import Field
from testcard.common.schema import Validator, coerced

_MOST: Final = 1_000  # parameters of a query that are read
_NOT_READ: Final = frozenset({"accept", "content-type", "authorization"})
"""Headers that OpenAPI says are no parameters."""


@dataclass(frozen=True)
class Parameters:
    """The parameters of an operation, in one reading.

    Attributes:
        fields: by their names as fields: `query.version`.
        joined: those of them whose lists come as one text with commas.
        validator: of an object of all their values by these names.
    """

    fields: Mapping[str, Field]
    joined: frozenset[str]
    validator: Validator


def parameters_of(nodes: Iterable[Node]) -> Parameters | None:
    """Return OpenAPI's parameters as fields; None where there are none.

    Args:
        nodes: of the path, then of the operation, which go before.
    """
    by_place = {(node["in"], _key(node)): node for node in nodes}
    kept = [
        node
        for node in by_place.values()
        if node["in"] != "header" or node["name"].lower() not in _NOT_READ
    ]
    if not kept:
        return None
    fields = {field.name: field for field in map(parameter_field, kept)}
    joined = {
        field.name
        for field, node in zip(fields.values(), kept, strict=True)
        if not node.get("explode", node["in"] in ("query", "cookie"))
    }
    schema = {
        "type": "object",
        "properties": {name: each.whole for name, each in fields.items()},
        "required": [name for name, each in fields.items() if each.required],
    }
    return Parameters(fields, frozenset(joined), Validator(schema))


def read_parameters(
    call: Call, params: Mapping[str, str], parameters: Parameters, *, lenient: bool
) -> tuple[dict[str, Any], list[Flaw]]:
    """Return what a call says in parameters, by field name and as their types, and what is wrong.

    Args:
        call: as the client sent it.
        params: of its path, escapes as they came.
        parameters: of its operation.
        lenient: whether the last of a repeated one counts.
    """
    sent = _sent(call, params, parameters)
    values: dict[str, Any] = {}
    flaws: list[Flaw] = []
    for name, field in parameters.fields.items():
        texts = sent.get(name, [])
        if not texts:
            continue
        if field.depth:
            listed = texts[-1].split(",") if name in parameters.joined else texts
            values[name] = [coerced(text, field.schema) for text in listed]
            continue
        values[name] = coerced(texts[-1], field.schema)
        if len(texts) > 1 and not lenient:
            message = f"{name} was sent {len(texts)} times; one was expected"
            path, said = _path(field), field.evidence()
            flaws.append(Flaw("malformed", "parameter", path, "parts", message, said))
    hidden = BLANKED in (call.header("cookie") or "")
    for breach in parameters.validator.breaches(values):
        field = parameters.fields[str(breach.path[0])]
        if hidden and field.place.location == "cookie":
            continue  # nobody can say what was sent
        there, said = (*_path(field), *breach.path[1:]), field.evidence(breach.keyword)
        message = breach.message.replace(repr(field.name), field.name)
        flaws.append(Flaw("invalid", "parameter", there, breach.keyword, message, said))
    return values, flaws


def _key(node: Node) -> str:
    name: str = node["name"]
    return name.lower() if node["in"] == "header" else name


def _sent(call: Call, params: Mapping[str, str], parameters: Parameters) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    locations = {field.place.location for field in parameters.fields.values()}
    pairs = [(f"query.{name}", text) for name, text in _query(call)] if "query" in locations else []
    pairs += _cookies(call) if "cookie" in locations else []
    by_wire = {_wire(field): name for name, field in parameters.fields.items()}
    for wire, text in pairs:
        if name := by_wire.get(wire):
            found.setdefault(name, []).append(text)
    for name, field in parameters.fields.items():
        if field.place.location == "path" and field.place.name in params:
            found[name] = [unquote(params[field.place.name])]
        elif field.place.location == "header":
            found[name] = [
                text for header, text in call.headers if header.lower() == field.place.name.lower()
            ]
    return found


def _path(field: Field) -> tuple[str, str]:
    return field.place.location, field.place.name


def _wire(field: Field) -> str:
    return f"{field.place.location}.{field.place.name}"


def _query(call: Call) -> list[tuple[str, str]]:
    if not call.parts.query:
        return []
    try:
        return parse_qsl(call.parts.query, keep_blank_values=True, max_num_fields=_MOST)
    except ValueError:
        return []


def _cookies(call: Call) -> Iterator[tuple[str, str]]:
    jar = SimpleCookie()
    try:
        jar.load(call.header("cookie") or "")
    except CookieError:
        return
    for name, morsel in jar.items():
        yield f"cookie.{name}", morsel.value
