"""Request bodies taken apart: Call -> named values, before any reading of them.

Knows JSON, forms, and bodies that are one picture. What would cost much to read is
counted first and refused: a parser holds up every other call for as long as it runs.
Must not know who asks: the mock that answers a call, or a clause that judges a client's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import orjson
from pydantic_core import from_json
from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field as Part
from python_multipart.multipart import File, parse_options_header

from testcard.common.fields import MULTIPART, RAW_FIELD, URLENCODED, Body
from testcard.common.message import Call
from testcard.common.schema import shown

_MOST_PARTS = 100  # of a form
_MOST_MEMBERS = 10_000  # of a JSON document, all depths together
_MANY_SIGNS = 1_000
_LONGEST_TYPE = 1_000  # characters of a Content-Type
_LARGE: Final = 4_096  # bytes of a JSON text
_PLAIN: Final = frozenset((str, bool, type(None)))
_LEAST_INTEGER: Final = -(1 << 63)  # of those that orjson reads as integers
_MOST_INTEGER: Final = (1 << 64) - 1


class Malformed(ValueError):  # noqa: N818 (what a body is, not what went wrong in here)
    """A body cannot be read at all; the message says what was seen and expected."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """One part of a form that carries bytes.

    Attributes:
        data: its content.
        filename: None where the part names none.
    """

    data: bytes
    filename: str | None


class SentBody(NamedTuple):
    """A body taken apart, before any reading of it.

    Attributes:
        values: name -> what was sent: JSON's values, or the parts of a form, of several of one
            name the last.
        parts: of a form, in the order sent; the picture that is the body; None for JSON.
    """

    values: Mapping[str, Any]
    parts: tuple[tuple[str, FilePart], ...] | None = None

    @property
    def form(self) -> bool:
        """Whether it is a form."""
        return self.parts is not None

    @property
    def repeated(self) -> Mapping[str, int]:
        """Name -> how many parts of a form have it, where there are several."""
        counts = Counter(name for name, _ in self.parts or ())
        return {name: count for name, count in counts.items() if count > 1}


def sent_in(call: Call, body: Body, *, sparse: bool = False) -> SentBody:
    """Take the body of `call` apart, as the media type has it that `body` is sent in.

    Args:
        call: whose body it is.
        body: what the operation takes.
        sparse: whether it is known to be, as `is_sparse` tells it.

    Raises:
        Malformed: it cannot be taken apart, or has more members or parts than are read.
    """
    if body.media_type == MULTIPART:
        parts = tuple(_parts(call.body, _boundary(call)))
    elif body.media_type == URLENCODED:
        parts = tuple(_pairs(call.body))
    elif body.raw:
        parts = ((RAW_FIELD, FilePart(call.body, "")),) if call.body else ()
    else:
        return SentBody(_json(call.body, sparse=sparse))
    return SentBody(dict(parts), parts)


def checkable(value: Any) -> Any:
    """Return a document as a schema sees it: file parts become empty strings, however deep."""
    if isinstance(value, FilePart):
        return ""
    if isinstance(value, Mapping):
        return {name: checkable(each) for name, each in value.items()}
    return [checkable(each) for each in value] if isinstance(value, list) else value


def _json(text: bytes, *, sparse: bool) -> dict[str, Any]:
    if not sparse and has_many_members(text):
        raise Malformed(
            f"the body has more than {_MOST_MEMBERS} commas and brackets; a JSON object of at most "
            "as many members was expected"
        )
    flat = _flat_object(text)
    if flat is not None:
        return flat
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        seen = "is empty" if not text else f"is not JSON: {error}"
        raise Malformed(f"the body {seen}; a JSON object was expected") from error
    if not isinstance(value, dict):
        raise Malformed(f"the body is {shown(value)}; a JSON object was expected")
    return value


def _flat_object(text: bytes) -> dict[str, Any] | None:
    """Read a large object whose members are plain, as orjson reads it, in a quarter of the time.

    pydantic-core copies long texts but once. None for whatever it might read otherwise: what it
    refuses, what is nested, and numbers that a double or 64 bits do not hold; nor for escapes,
    which orjson undoes in half the time.
    """
    if len(text) < _LARGE or b"\\" in text:
        return None
    try:
        value = from_json(text, allow_inf_nan=False, cache_strings="none")
    except ValueError:
        return None
    return value if type(value) is dict and _are_plain(value.values()) else None


def _are_plain(values: Collection[Any]) -> bool:
    """Whether orjson reads these values alike."""
    if _PLAIN.issuperset(map(type, values)):
        return True
    return all(
        _LEAST_INTEGER <= each <= _MOST_INTEGER
        if type(each) is int
        else isfinite(each)
        if type(each) is float
        else type(each) in _PLAIN
        for each in values
    )


def has_many_members(text: bytes) -> bool:
    """Whether a JSON text may hold more than 10,000 values: each stands behind `,`, `[` or `{`.

    To parse them would hold up every other call. Base64 has none of these signs, so that
    megabytes of it are passed over at the speed of memory.
    """
    return len(text) > _MOST_MEMBERS and _has_more_than(text, _MOST_MEMBERS, b",[{")


def is_sparse(body: bytes) -> bool:
    """Whether few signs stand in a body behind which a value, a secret's name or a URL may stand.

    To read and to redact it takes less than 3 ms where it has at most 256 KiB.
    """
    return len(body) <= _MOST_MEMBERS or not _has_more_than(body, _MANY_SIGNS, b'":=,[{')


def _has_more_than(text: bytes, most: int, signs: bytes) -> bool:
    """Whether more than `most` of these signs stand in a text, at the cost of `most`."""
    left, find = most, text.find
    for sign in signs:
        at = find(sign)
        while at >= 0:
            if not left:
                return True
            left -= 1
            at = find(sign, at + 1)
    return False


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


def _pairs(text: bytes) -> Iterator[tuple[str, FilePart]]:
    if text.count(b"&") >= _MOST_PARTS:
        raise Malformed(f"the form has more than the {_MOST_PARTS} parts taken")
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, strict_parsing=bool(text))
    except ValueError as error:
        raise Malformed(f"the body is not a readable {URLENCODED}: {error}") from error
    for name, value in pairs:
        yield name, FilePart(value.encode(), None)


def _parts(text: bytes, boundary: bytes) -> list[tuple[str, FilePart]]:
    if text.count(b"\r\n--" + boundary) > _MOST_PARTS:
        raise Malformed(f"the form has more than the {_MOST_PARTS} parts taken")
    parts: list[tuple[str, FilePart]] = []

    def on_part(part: Part | File) -> None:
        name = (part.field_name or b"").decode("utf-8", "replace")
        parts.append((name, _part(part)))

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
