"""Specs as tables that a person can read.

Knows Readings and rich. Must not know how a table gets to the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from testcard.common.keys import MAGIC_KEYS
from testcard.common.reading import Field, Operation, Reading
from testcard.common.schema import Schema, shown, types
from testcard.common.spec import Evidence, Spec, evidence, words

_GRADE_STYLES = {"documented": "green", "sample": "cyan", "observed": "yellow", "assumed": "red"}
_BOUNDS = (
    ("exclusiveMinimum", "> {}"),
    ("exclusiveMaximum", "< {}"),
    ("multipleOf", "multiple of {}"),
    ("minLength", "length ≥ {}"),
    ("maxLength", "length ≤ {}"),
    ("pattern", "like {}"),
    ("const", "always {}"),
)
_RATIOS = {"source": 3, "range": 2, "type": 2, "answer": 3}  # of what the others leave
_INT64 = (-(2**63), 2**63 - 1)


def providers_table(specs: Iterable[Spec]) -> Table:
    """Return every provider with its operations and the server it stands in for."""
    table = _table("id", "operation", "call")
    for spec in specs:
        for path, item in spec.document["paths"].items():
            for method, node in item.items():
                call = f"{method.upper()} {spec.server}{path}"
                table.add_row(spec.id, node["operationId"], call)
    return table


def serving_table(readings: Iterable[Reading], base: str) -> RenderableType:
    """Return where each provider answers, and the magic keys."""
    table = _table("base URL", "stands in for")
    for reading in readings:
        table.add_row(f"{base}/{reading.spec.id}", reading.spec.server)
    keys = _table("key", "what it does")
    for key, meaning in MAGIC_KEYS:
        keys.add_row(key, meaning)
    return Group(table, Text(), keys)


def contract_tables(reading: Reading) -> RenderableType:
    """Return a provider's contract: fields, answers, troubles and settings, each with grade."""
    spec = reading.spec
    own = words(reading.document)
    price = own["price"]
    parts: list[RenderableType] = [
        Text.assemble((spec.title, "bold"), f"  ({reading.profile} profile)"),
        Text(f"{own['vendor']} · page: {own['page']}"),
        Text(
            f"price: {reading.price} credits a successful call "
            f"({price['grade']}: {price['source']})"
        ),
    ]
    if family := own.get("family"):
        told = f"model family: {family['name']} ({family['grade']}: {family['source']})"
        parts.append(Text(told))
    for operation in reading.operations:
        parts += [Text(), *_operation_parts(spec, operation)]
    if reading.settings:
        parts += [Text(), Text("Settings", style="bold"), _settings_table(reading)]
    return Group(*parts)


def _operation_parts(spec: Spec, operation: Operation) -> Iterator[RenderableType]:
    said = operation.evidence
    title = f"{operation.method} {spec.server}{operation.path}"
    yield Text.assemble((title, "bold"), f"  {operation.id}  ", _graded(said))
    keys = " or ".join(operation.key_headers) or "none"
    key = operation.key_evidence
    optional = ", may be missing" if operation.key_optional else ""
    yield Text.assemble(f"key in header {keys}{optional}  ", _graded(key))
    if operation.body is not None:
        yield Text(f"body: {operation.body.media_type}")
        yield _fields_table(operation.body.fields.values())
    yield _answers_table(operation)


def _fields_table(fields: Iterable[Field]) -> Table:
    table = _table("field", "type", "range", "default", "grade", "source")
    for field in fields:
        said = field.evidence()
        table.add_row(
            f"{field.name}{' *' if field.required else ''}",
            _type(field.schema),
            _range(field.schema),
            shown(field.schema["default"]) if "default" in field.schema else "",
            Text(said.grade, style=_GRADE_STYLES[said.grade]),
            said.source,
        )
        for keyword in words(field.schema).get("keywords", {}):
            other = field.evidence(keyword)
            grade = Text(other.grade, style=_GRADE_STYLES[other.grade])
            table.add_row(Text(f"  ↳ {keyword}", style="dim"), "", "", "", grade, other.source)
    return table


def _answers_table(operation: Operation) -> Table:
    table = _table("status", "answer", "media type", "grade", "source")
    for status, node in operation.responses.items():
        said = evidence(node)
        table.add_row(
            str(status),
            node["description"],
            ", ".join(node.get("content", {})),
            Text(said.grade, style=_GRADE_STYLES[said.grade]),
            said.source,
        )
    return table


def _settings_table(reading: Reading) -> Table:
    table = _table("setting", "now", "what it does")
    for name, schema in reading.spec.settings.items():
        table.add_row(
            f"{reading.spec.id}.{name}", shown(reading.settings[name]), schema["description"]
        )
    return table


def _type(schema: Schema) -> str:
    encodings = words(schema).get("encodings")
    if encodings:
        return f"picture: {', '.join(encodings)}"
    named = "/".join(types(schema)) or "any"
    format_ = schema.get("format")
    return f"{named} ({format_})" if format_ else named


def _range(schema: Schema) -> str:
    said = []
    low, high = schema.get("minimum"), schema.get("maximum")
    if (low, high) == _INT64:
        said.append("64 bits")
    elif low is not None and high is not None:
        said.append(f"{low} to {high}")
    elif low is not None or high is not None:
        said.append(f"≥ {low}" if high is None else f"≤ {high}")
    said += [text.format(schema[keyword]) for keyword, text in _BOUNDS if keyword in schema]
    if "enum" in schema:
        said.append(" | ".join(str(each) for each in schema["enum"]))
    return ", ".join(said)


def _graded(said: Evidence) -> tuple[str, str]:
    return f"{said.grade}: {said.source}", _GRADE_STYLES[said.grade]


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=index == 0, ratio=_RATIOS.get(column))
    return table
