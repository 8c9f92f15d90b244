"""Request bodies: Call -> named fields, as a Reading's operation takes them.

Knows JSON, multipart forms and what the lenient profile forgives. What would cost much to read is
counted first and refused: a parser holds up every other call for as long as it runs.
Must not know who asks: the mock that answers a call, or a clause that judges a client's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
_MOST_PARTS = 100  # of a form
_MOST_MEMBERS = 10_000  # of a JSON document, all depths together
_LONGEST_TEXT = 1_000_000  # characters of a field that is no picture
_MOST_UNKNOWN = 20  # fields that a page does not know: as many are told one by one
_LONGEST_NAME = 60  # characters of a name that are repeated
_LONGEST_TYPE = 1_000  # characters of a Content-Type


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
        Malformed: the body is not of the media type that the operation takes, or has more
            members, parts or text than are read.
    """
    findings = _media_type_findings(call, body, lenient=lenient)
    form = body.media_type == MULTIPART
    sent = _form(call, body, findings, lenient=lenient) if form else _json(call.body)
    fields: dict[str, Any] = {}
    unknown: list[str] = []
    for name, value in sent.items():
        target = body.aliases.get(name) if lenient and name not in body.fields else name
        if target is None or target not in body.fields:
            unknown.append(name)
        elif target != name and target in sent:
            findings.append(Finding(name, f"passed over: {target!r} was sent too", "observed", ""))
        else:
            _keep(fields, findings, body.fields[target], value, form=form, lenient=lenient)
            if target != name:
                said = body.fields[target].evidence()
                findings.append(
                    Finding(name, f"the page calls it {target!r}", said.grade, said.source)
                )
    return fields, [*findings, *_unknown(unknown)]


def checkable(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return `fields` as a schema sees them: file parts become empty strings."""
    return {name: "" if isinstance(value, FilePart) else value for name, value in fields.items()}


def _unknown(names: list[str]) -> Iterator[Finding]:
    for name in names[:_MOST_UNKNOWN]:
        yield Finding(_short(name), "the page knows no such field", "documented", "the page")
    more = len(names) - _MOST_UNKNOWN
    if more > 0:
        message = f"and {more} more fields that the page does not know"
        yield Finding("body", message, "documented", "the page")


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


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
    if isinstance(value, str) and not field.encodings:
        _require_short(field.name, len(value))
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
    message = f"Content-Type is {_short(seen or 'missing')}, not {body.media_type}"
    if not lenient:
        raise Malformed(message)
    return [Finding("Content-Type", message, body.evidence.grade, body.evidence.source)]


def _require_short(name: str, size: int) -> None:
    if size > _LONGEST_TEXT:
        raise Malformed(
            f"the field {name!r} is a text of {size} characters; at most {_LONGEST_TEXT} are read"
        )


def _json(text: bytes) -> dict[str, Any]:
    if has_many_members(text):
        raise Malformed(
            f"the body has more than {_MOST_MEMBERS} commas and brackets; a JSON object of at most "
            "as many members was expected"
        )
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        seen = "is empty" if not text else f"is not JSON: {error}"
        raise Malformed(f"the body {seen}; a JSON object was expected") from error
    if not isinstance(value, dict):
        raise Malformed(f"the body is {shown(value)}; a JSON object was expected")
    return value


def has_many_members(text: bytes) -> bool:
    """Whether a JSON text may hold more than 10,000 values: each stands behind `,`, `[` or `{`.

    To parse them would hold up every other call. Base64 has none of these signs, so that
    megabytes of it are passed over at the speed of memory.
    """
    if len(text) <= _MOST_MEMBERS:
        return False
    left = _MOST_MEMBERS
    for sign in (b",", b"[", b"{"):
        at = text.find(sign)
        while at >= 0:
            left -= 1
            if left < 0:
                return True
            at = text.find(sign, at + 1)
    return False


def _form(
    call: Call, body: Body, findings: list[Finding], *, lenient: bool
) -> dict[str, FilePart | str]:
    sent = _parts(call.body, _boundary(call))
    for name, parts in sent.items():
        if len(parts) > 1:
            message = f"the form has {len(parts)} parts of the name {_short(name)!r}"
            if not lenient:
                raise Malformed(f"{message}; one was expected")
            last = f"{message}; the last was read"
            findings.append(Finding(_short(name), last, body.evidence.grade, body.evidence.source))
    return {name: _value(parts[-1], name, body.fields.get(name)) for name, parts in sent.items()}


def _boundary(call: Call) -> bytes:
    header = call.header("content-type") or ""
    if len(header) > _LONGEST_TYPE:
        raise Malformed(
            f"Content-Type has {len(header)} characters; at most {_LONGEST_TYPE} are read"
        )
    kind, options = parse_options_header(header)
    boundary = options.get(b"boundary")
    if kind != MULTIPART.encode() or not boundary:
        raise Malformed(f"Content-Type must be {MULTIPART} with a boundary")
    return boundary


def _parts(text: bytes, boundary: bytes) -> dict[str, list[FilePart]]:
    if text.count(b"\r\n--" + boundary) > _MOST_PARTS:
        raise Malformed(f"the form has more than the {_MOST_PARTS} parts taken")
    parts: dict[str, list[FilePart]] = {}

    def on_part(part: Part | File) -> None:
        name = (part.field_name or b"").decode("utf-8", "replace")
        parts.setdefault(name, []).append(_part(part))

    config = {"MAX_MEMORY_FILE_SIZE": len(text) + 1, "UPLOAD_ERROR_ON_BAD_CTE": True}
    try:
        parser = FormParser(MULTIPART, on_part, on_part, boundary=boundary, config=config)
    except FormParserError as error:
        raise Malformed(f"the body is not a readable {MULTIPART}: {error}") from error
    try:
        parser.write(text)
        parser.finalize()
    except FormParserError as error:
        raise Malformed(f"the body is not a readable {MULTIPART}: {error}") from error
    finally:
        if parser.parser is not None:  # a circle, which kept the parts alive
            parser.parser.callbacks = {}
    end = b"--" + boundary + b"--"
    if text[text.rfind(end) :].strip() != end:
        raise Malformed(f"the {MULTIPART} body breaks off before its last boundary")
    return parts


def _part(part: Part | File) -> FilePart:
    if isinstance(part, File):
        part.file_object.seek(0)
        name = part.file_name
        return FilePart(part.file_object.read(), name.decode("utf-8", "replace") if name else None)
    return FilePart(part.value or b"", None)


def _value(part: FilePart, name: str, field: Field | None) -> FilePart | str:
    if field is None or field.encodings:
        return part
    _require_short(name, len(part.data))
    try:
        return part.data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"the form field {field.name!r} is not UTF-8 text") from error
