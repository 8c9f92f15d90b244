"""Request bodies: Call -> named fields, as a Reading's operation takes them.

Knows JSON, multipart forms and what the lenient profile forgives.
Must not know who asks: the mock that answers a call, or a clause that judges a client's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field as Part
from python_multipart.multipart import File, parse_options_header

from testcard.common.message import Call
from testcard.common.reading import Body, Field
from testcard.common.schema import coerced, shown, types

MULTIPART = "multipart/form-data"
_MOST_PARTS = 100


class Malformed(ValueError):  # noqa: N818 (what a body is, not what went wrong in here)
    """A body cannot be read at all; the message says what was seen and expected."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a page does not promise, seen in a call that was answered all the same.

    Attributes:
        where: the field or header.
        message: what was seen and what the page says.
        grade: of the fact that was passed over.
        source: of that fact.
    """

    where: str
    message: str
    grade: str
    source: str


@dataclass(frozen=True, slots=True)
class FilePart:
    """One part of a form that carries bytes.

    Attributes:
        data: its content.
        filename: None where the part names none.
    """

    data: bytes
    filename: str | None


def fields_of(call: Call, body: Body, *, lenient: bool) -> tuple[dict[str, Any], list[Finding]]:
    """Read the fields of `call`, under their own names and with their own types.

    Returns the fields and what was forgiven on the way. File parts come as FilePart.

    Raises:
        Malformed: the body is not of the media type that the operation takes.
    """
    findings = _media_type_findings(call, body, lenient=lenient)
    form = body.media_type == MULTIPART
    sent = _form(call, body) if form else _json(call.body)
    fields: dict[str, Any] = {}
    for name, value in sent.items():
        target = body.aliases.get(name) if lenient and name not in body.fields else name
        if target is None or target not in body.fields:
            findings.append(Finding(name, "the page knows no such field", "documented", "the page"))
        elif target != name and target in sent:
            findings.append(Finding(name, f"passed over: {target!r} was sent too", "observed", ""))
        else:
            _keep(fields, findings, body.fields[target], value, form=form, lenient=lenient)
            if target != name:
                said = body.fields[target].evidence()
                findings.append(
                    Finding(name, f"the page calls it {target!r}", said.grade, said.source)
                )
    return fields, findings


def checkable(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return `fields` as a schema sees them: file parts become empty strings."""
    return {name: "" if isinstance(value, FilePart) else value for name, value in fields.items()}


def _keep(
    fields: dict[str, Any],
    findings: list[Finding],
    field: Field,
    value: Any,
    *,
    form: bool,
    lenient: bool,
) -> None:
    if value is None and lenient and not field.required and "null" not in types(field.schema):
        findings.append(_finding(field, "null was read as not sent"))
        return
    if isinstance(value, str) and (form or lenient):
        read = coerced(value, field.schema)
        if not form and read is not value:
            message = f"{shown(value)} is a string; the page says {'/'.join(types(field.schema))}"
            findings.append(_finding(field, message))
        value = read
    fields[field.name] = value


def _finding(field: Field, message: str) -> Finding:
    said = field.evidence("type")
    return Finding(field.name, message, said.grade, said.source)


def _media_type_findings(call: Call, body: Body, *, lenient: bool) -> list[Finding]:
    seen = call.media_type
    if seen == body.media_type or (seen is None and body.untyped):
        return []
    message = f"Content-Type is {seen or 'missing'}, not {body.media_type}"
    if not lenient:
        raise Malformed(message)
    return [Finding("Content-Type", message, body.evidence.grade, body.evidence.source)]


def _json(text: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        seen = "is empty" if not text else f"is not JSON: {error}"
        raise Malformed(f"the body {seen}; a JSON object was expected") from error
    if not isinstance(value, dict):
        raise Malformed(f"the body is {shown(value)}; a JSON object was expected")
    return value


def _form(call: Call, body: Body) -> dict[str, Any]:
    kind, options = parse_options_header(call.header("content-type"))
    boundary = options.get(b"boundary")
    if kind != MULTIPART.encode() or not boundary:
        raise Malformed(f"Content-Type must be {MULTIPART} with a boundary")
    parts: dict[str, FilePart] = {}

    def on_part(part: Part | File) -> None:
        name = (part.field_name or b"").decode("utf-8", "replace")
        parts[name] = _part(part)
        if len(parts) > _MOST_PARTS:
            raise Malformed(f"the form has more than the {_MOST_PARTS} parts taken")

    parser = FormParser(
        MULTIPART,
        on_part,
        on_part,
        boundary=boundary,
        config={
            "MAX_MEMORY_FILE_SIZE": len(call.body) + 1,
            "UPLOAD_ERROR_ON_BAD_CTE": True,
        },
    )
    try:
        parser.write(call.body)
        parser.finalize()
    except FormParserError as error:
        raise Malformed(f"the body is not a readable {MULTIPART}: {error}") from error
    if not call.body.rstrip().endswith(b"--" + boundary + b"--"):
        raise Malformed(f"the {MULTIPART} body breaks off before its last boundary")
    return {name: _value(part, body.fields.get(name)) for name, part in parts.items()}


def _part(part: Part | File) -> FilePart:
    if isinstance(part, File):
        part.file_object.seek(0)
        name = part.file_name
        return FilePart(part.file_object.read(), name.decode("utf-8", "replace") if name else None)
    return FilePart(part.value or b"", None)


def _value(part: FilePart, field: Field | None) -> FilePart | str:
    if field is None or field.encodings:
        return part
    try:
        return part.data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"the form field {field.name!r} is not UTF-8 text") from error
