"""How a check's calls are put together: server, path, key, body.

Knows how fields and files are put into a Call. Must not know which values are worth sending,
who sends them, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from testcard.common.body import FilePart
from testcard.common.fields import MULTIPART, RAW_FIELD, Body
from testcard.common.keyways import KeyWay
from testcard.common.message import Call, Headers
from testcard.common.operation import Operation
from testcard.common.reading import Reading
from testcard.common.spelling import spelt_out
from testcard.common.spread import Spread, spread

OWN_AGENT: Final = "testcard-check"
"""Begins the User-Agent of testcard's own calls, some of which are wrong on purpose."""

_BOUNDARY: Final = "testcard-8a3f5c7e1d"
FORM_TYPE: Final = f"{MULTIPART}; boundary={_BOUNDARY}"
"""The media type of `form_body`'s forms."""


def _placeholder(_: bytes) -> str:
    return "testcard-file"


@dataclass(frozen=True, slots=True)
class Links:
    """Pictures elsewhere, for APIs that take URLs, or ids of pictures uploaded before.

    Attributes:
        picture: URL of an input.
        other: of another input.
        uploaded: uploads a picture's file and returns its id; a placeholder where none is sent.
    """

    picture: str = "https://pictures.example/harbour.png"
    other: str = "https://pictures.example/mountains.png"
    uploaded: Callable[[bytes], str] = _placeholder


def call_of(
    reading: Reading,  # noqa: ARG001 (every caller names it: an operation alone is nobody's)
    operation: Operation,
    fields: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
    key_header: str | None = None,
    typed: bool = True,
    params: Mapping[str, str] | None = None,
) -> Call:
    """Put a call together, addressed to the provider's documented server.

    Args:
        reading: whose operation it is.
        operation: what it is for.
        fields: by their names; FilePart for files, ABSENT for what is left out.
        key: None for a call without one.
        key_header: name of the header, or the like, that carries it; the first documented one
            where None.
        typed: whether the body's media type is named.
        params: of the path.
    """
    way = _way_of(operation, key_header) if key is not None else None
    if way is not None and way.location == "body":
        fields = {**(fields or {}), way.name: key}
    elif operation.key_in_body and key is None:
        fields = fields and {
            name: each for name, each in fields.items() if name not in _bodily(operation)
        }
    said = spread(operation.takes.fields, operation.takes.root, fields or {})
    headers: Headers = (("User-Agent", OWN_AGENT), *_beside(said))
    url = _url(operation, said, params or {})
    if way is not None and key is not None:
        url, headers = with_key(url, headers, way, key)
    if operation.body is None or fields is None:
        return Call(operation.method, url, headers)
    data, media_type = _written(operation.body, said.document)
    if typed:
        headers += (("Content-Type", media_type),)
    return Call(operation.method, url, headers, data)


def _way_of(operation: Operation, name: str | None) -> KeyWay | None:
    ways = [each for each in operation.key_ways if name in (None, each.name)]
    return next(iter(ways), None)


def _bodily(operation: Operation) -> tuple[str, ...]:
    return tuple(each.name for each in operation.key_ways if each.location == "body")


def with_key(url: str, headers: Headers, way: KeyWay, key: str) -> tuple[str, Headers]:
    """Return a URL and headers with a key, sent in this way; one of a body is not theirs."""
    written = way.written(key)
    if way.location == "header":
        return url, (*headers, (way.name, written))
    if way.location == "query":
        sign = "&" if "?" in url else "?"
        return f"{url}{sign}{urlencode([(way.name, written)])}", headers
    if way.location == "cookie":
        told = [value for name, value in headers if name.lower() == "cookie"]
        others = tuple(pair for pair in headers if pair[0].lower() != "cookie")
        cookie = "; ".join((*told, f"{way.name}={written}"))
        return url, (*others, ("Cookie", cookie))
    return url, headers


def _url(operation: Operation, said: Spread, params: Mapping[str, str]) -> str:
    known = {
        each.place.name: each.example
        for each in operation.takes.fields.values()
        if each.place.location == "path" and each.example is not None
    }
    url = operation.url
    for name, value in {**known, **said.said.get("path", {}), **params}.items():
        url = url.replace(f"{{{name}}}", quote(_text(value), safe=""))
    joined = operation.takes.parameters.joined if operation.takes.parameters else frozenset()
    pairs = [
        (name, value if isinstance(value, list) and f"query.{name}" not in joined else _text(value))
        for name, value in said.said.get("query", {}).items()
    ]
    if not pairs:
        return url
    texts = [
        (name, [_text(each) for each in value] if isinstance(value, list) else value)
        for name, value in pairs
    ]
    return f"{url}?{urlencode(texts, doseq=True)}"


def _beside(said: Spread) -> Iterator[tuple[str, str]]:
    for name, value in said.said.get("header", {}).items():
        yield name, _text(value)
    cookies = [f"{name}={_text(value)}" for name, value in said.said.get("cookie", {}).items()]
    if cookies:
        yield "Cookie", "; ".join(cookies)


def _written(body: Body, document: Mapping[str, Any]) -> tuple[bytes, str]:
    """Return a body's bytes, and its media type with all that belongs to it."""
    if body.raw:
        return _bytes_of(document.get(RAW_FIELD, "")), body.media_type
    if not body.form:
        return orjson.dumps(document), body.media_type
    parts = list(spelt_out(document, body.root, body.spellings))
    if body.media_type == MULTIPART:
        return form_body(parts), FORM_TYPE
    pairs = [(name, _text(value)) for name, value in parts if value is not None]
    return urlencode(pairs).encode(), body.media_type


def _bytes_of(picture: Any) -> bytes:
    if not isinstance(picture, FilePart | str):
        raise TypeError(f"{type(picture).__name__} is no body of bytes")
    return picture.data if isinstance(picture, FilePart) else picture.encode()


def _text(value: Any) -> str:
    """Return one value as it stands in a URL, a header or a form."""
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def form_body(fields: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> bytes:
    """Return fields as the body of a multipart form; those that are None are left out."""
    parts = fields.items() if isinstance(fields, Mapping) else fields
    pieces = [_piece(name, value) for name, value in parts if value is not None]
    return b"".join(pieces) + f"--{_BOUNDARY}--\r\n".encode()


def _piece(name: str, value: Any) -> bytes:
    quoted = name.replace('"', "%22")
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{quoted}"'
    if isinstance(value, FilePart):
        if value.filename is not None:
            head += f'; filename="{value.filename}"\r\nContent-Type: image/png'
        return f"{head}\r\n\r\n".encode() + value.data + b"\r\n"
    return f"{head}\r\n\r\n{_text(value)}\r\n".encode()
