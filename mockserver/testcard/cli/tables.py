"""Specs as a person can read them on a terminal of any width.

Knows Readings and rich. Must not know doors, or the mock. What specs say is shown as plain
text: it cannot act as markup.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from testcard.common.keys import MAGIC_KEYS
from testcard.common.operation import Operation
from testcard.common.place import Field
from testcard.common.reading import Reading
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
_NARROW = 110  # columns: with fewer, cells would be broken amid words
_IN_A_FILE = 10_000
_MOST_SERVERS = 8  # of an operation that are listed


def printing_console(out: TextIO | None = None) -> Console:
    """Return a console for tables: as wide as the terminal; in a pipe or file as they are."""
    console = Console(file=out)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _IN_A_FILE
    return console


def providers_listing(specs: Iterable[Spec], width: int) -> Iterator[RenderableType]:
    """Yield every provider with its operations and where they really are.

    Args:
        specs: of the providers.
        width: of the terminal, in columns; where it is too small for a table, URLs stand on
            lines of their own, which the terminal alone breaks, so that they can be copied.
    """
    rows = [
        (spec.id, name, f"{method} {url}") for spec in specs for name, method, url in spec.calls()
    ]
    table = _table("id", "operation", "call")
    for row in rows:
        table.add_row(*map(Text, row))
    if not rows or Console(width=_IN_A_FILE).measure(table).maximum <= width:
        yield table
        return
    for name, operation, call in rows:
        yield Text.assemble((name, "bold"), f"  {operation}")
        yield Text(f"  {call}")


def serving_listing(readings: Iterable[Reading], base: str) -> Iterator[RenderableType]:
    """Yield where each provider and operation answers, to be copied, and the magic keys."""
    yield Text("base URL, and what it stands in for", "bold")
    for reading in readings:
        for server in reading.places.servers:
            yield Text(f"{base}/{reading.spec.id}{server.base}  for {server.url}")
        for each in reading.operations:
            yield Text(f"  {each.method} {base}/{reading.spec.id}{each.path}", "dim")
    yield Text()
    keys = _table("key", "what it does")
    for key, meaning in MAGIC_KEYS:
        keys.add_row(Text(key), Text(meaning))
    yield keys


def show_all(console: Console, parts: Iterable[RenderableType]) -> None:
    """Print parts one below the other; lines of text are broken by the terminal alone."""
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text))


def contract_listing(reading: Reading, width: int) -> Iterator[RenderableType]:
    """Yield a provider's contract: fields, answers and settings, each with grade and source.

    Args:
        reading: of the provider.
        width: of the terminal, in columns; where it is small, evidence stands below its field.
    """
    own = words(reading.document)
    price = own["price"]
    yield Text.assemble((reading.spec.title, "bold"), f"  ({reading.profile} profile)")
    yield from _page(own)
    said = f"({price['grade']}: {price['source']})"
    yield Text(
        f"price: {reading.general_price.told} {reading.general_price.unit} a successful call {said}"
    )
    if family := own.get("family"):
        yield Text(f"model family: {family['name']} ({family['grade']}: {family['source']})")
    for operation in reading.operations:
        yield Text()
        yield from _operation_parts(operation, width)
    if reading.settings:
        yield Text()
        yield Text("Settings", style="bold")
        yield from _listed(("setting", "now", "what it does"), _settings(reading), width)


def _page(own: Mapping[str, Any]) -> Iterator[Text]:
    """Yield what the page is called and where it is, in one piece, to be copied."""
    day = f", read {own['read']}" if "read" in own else ""
    yield Text(f"{own['vendor']} · page: {own['page']}{day}")
    if "page-url" in own:
        yield Text(own["page-url"], no_wrap=True)


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a table: its cells, what stands behind it, and whether it explains the last."""

    cells: tuple[str, ...]
    evidence: Evidence | None = None
    explains: bool = False


def _key(operation: Operation) -> str:
    ways = [each for each in operation.key_ways if not each.alias]
    if not ways:
        return "no key"
    told = " or ".join(dict.fromkeys(each.shown for each in ways))
    where = "in header " if all(each.location == "header" for each in ways) else "in "
    return f"key {where}{told}{', may be missing' if operation.key_optional else ''}"


def _operation_parts(operation: Operation, width: int) -> Iterator[RenderableType]:
    said = operation.evidence
    title = f"{operation.method} {operation.url}"
    yield Text.assemble((title, "bold"), f"  {operation.id}  ", _graded(said))
    others = [each.url for each in operation.servers[1:]]
    if others:
        yield Text(f"also at: {_few(others)}")
    yield Text.assemble(f"{_key(operation)}  ", _graded(operation.key_evidence))
    for body in operation.bodies:
        if body.media_type:
            yield Text(f"body: {body.media_type}")
        if body.fields:
            columns = ("field", "type", "range", "default")
            yield from _listed(columns, _fields(body.fields.values()), width)
    yield from _listed(("status", "answer", "media type"), _answers(operation), width)


def _few(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_SERVERS
    return ", ".join(texts[:_MOST_SERVERS]) + (f" and {more} more" if more > 0 else "")


def _fields(fields: Iterable[Field]) -> Iterator[_Row]:
    for field in fields:
        name = f"{field.name}{' *' if field.required else ''}"
        default = "" if field.default is None else shown(field.default)
        listed = "list of " * field.depth + "one or more: " * field.either
        cells = (name, f"{listed}{_type(field.schema)}", _range(field.schema), default)
        yield _Row(cells, field.evidence())
        for keyword in words(field.schema).get("keywords", {}):
            yield _Row((f"  ↳ {keyword}", "", "", ""), field.evidence(keyword), explains=True)


def _answers(operation: Operation) -> Iterator[_Row]:
    for status, node in operation.answers.items():
        media = ", ".join(node.get("content", {}))
        yield _Row((status, node["description"], media), evidence(node))


def _settings(reading: Reading) -> Iterator[_Row]:
    for name, schema in reading.spec.settings.items():
        now = shown(reading.settings[name])
        yield _Row((f"{reading.spec.id}.{name}", now, schema["description"]))


def _listed(columns: tuple[str, ...], rows: Iterable[_Row], width: int) -> Iterator[RenderableType]:
    """Rows as a table, or where that would break words as lines."""
    if width < _NARROW:
        yield from (line for row in rows for line in _lines(columns, row))
        return
    found = list(rows)
    graded = any(row.evidence for row in found)
    table = _table(*columns, *(("grade", "source") if graded else ()))
    for row in found:
        name = Text(row.cells[0], "dim" if row.explains else "")
        said = row.evidence
        ends = (Text(said.grade, _GRADE_STYLES[said.grade]), Text(said.source)) if said else ()
        table.add_row(name, *map(Text, row.cells[1:]), *ends)
    yield table


def _lines(columns: tuple[str, ...], row: _Row) -> Iterator[RenderableType]:
    name, *cells = row.cells
    named = zip(columns[1:], cells, strict=True)
    told = "; ".join(f"default {cell}" if of == "default" else cell for of, cell in named if cell)
    said = _graded(row.evidence) if row.evidence else ("", "")
    if row.explains:
        yield Padding(Text.assemble((name.strip(), "dim"), "  ", said), (0, 0, 0, 4))
        return
    yield Padding(Text.assemble((name, "bold"), f"  {told}"), (0, 0, 0, 0))
    if row.evidence:
        yield Padding(Text.assemble(said), (0, 0, 0, 4))


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
