"""How a check's calls are put together: server, path, key, body.

Knows how fields and files are put into a Call. Must not know which values are worth sending,
who sends them, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from testcard.common.body import FilePart
from testcard.common.fields import MULTIPART, Body
from testcard.common.key_way import KeyWay
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


@dataclass(frozen=True, slots=True)
class Links:
    """Pictures in the web, for APIs that take nothing but URLs.

    Attributes:
        picture: of an input.
        other: of another input.
    """

    picture: str = "https://pictures.example/harbour.png"
    other: str = "https://pictures.example/mountains.png"


def call_of(
    reading: Reading,
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
        reading: whose server it is.
        operation: what it is for.
        fields: by their names; FilePart for files, ABSENT for what is left out.
        key: None for a call without one.
        key_header: the header that carries it; the first documented one where None.
        typed: whether the body's media type is named.
        params: of the path.
    """
    said = spread(operation.takes.fields, operation.takes.root, fields or {})
    headers: Headers = (("User-Agent", OWN_AGENT), *_beside(said))
    url = _url(reading, operation, said, params or {})
    if key is not None and operation.key_ways:
        way = _way(operation, key_header)
        if way.place == "query":
            url += ("&" if "?" in url else "?") + urlencode({way.name: key})
        elif way.place == "body":
            said.document[way.name] = key
        else:
            value = way.written(key)
            cookie = way.place == "cookie"
            headers += (("Cookie", f"{way.name}={key}") if cookie else (way.name, value),)
    if operation.body is None or fields is None:
        return Call(operation.method, url, headers)
    data, media_type = _written(operation.body, said.document)
    if typed:
        headers += (("Content-Type", media_type),)
    return Call(operation.method, url, headers, data)


def _url(reading: Reading, operation: Operation, said: Spread, params: Mapping[str, str]) -> str:
    known = {
        each.place.name: each.example
        for each in operation.takes.fields.values()
        if each.place.location == "path" and each.example is not None
    }
    path = operation.path
    for name, value in {**known, **said.said.get("path", {}), **params}.items():
        path = path.replace(f"{{{name}}}", quote(_text(value), safe=""))
    joined = operation.takes.parameters.joined if operation.takes.parameters else frozenset()
    pairs = [
        (name, value if isinstance(value, list) and f"query.{name}" not in joined else _text(value))
        for name, value in said.said.get("query", {}).items()
    ]
    url = reading.spec.server + path
    if not pairs:
        return url
    texts = [
        (name, [_text(each) for each in value] if isinstance(value, list) else value)
        for name, value in pairs
    ]
    return f"{url}?{urlencode(texts, doseq=True)}"


def _way(operation: Operation, header: str | None) -> KeyWay:
    """Return the way to send a key: in this header, or the first one there is."""
    ways = operation.key_ways
    return next((way for way in ways if way.name == header and way.place == "header"), ways[0])


def _beside(said: Spread) -> Iterator[tuple[str, str]]:
    for name, value in said.said.get("header", {}).items():
        yield name, _text(value)
    cookies = [f"{name}={_text(value)}" for name, value in said.said.get("cookie", {}).items()]
    if cookies:
        yield "Cookie", "; ".join(cookies)


def _written(body: Body, document: Mapping[str, Any]) -> tuple[bytes, str]:
    """Return a body's bytes, and its media type with all that belongs to it."""
    if not body.form:
        return orjson.dumps(document), body.media_type
    parts = list(spelt_out(document, body.root, body.spellings))
    if body.media_type == MULTIPART:
        return form_body(parts), FORM_TYPE
    pairs = [(name, _text(value)) for name, value in parts if value is not None]
    return urlencode(pairs).encode(), body.media_type


def _text(value: Any) -> str:
    """Return one value as it stands in a URL, a header or a form."""
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def at_base(url: str, server: str, base: str) -> str:
    """Return `url` at `base` where it is one of `server`'s, or else as it is.

    Args:
        url: absolute.
        server: scheme and host of the provider's documented server.
        base: URL that stands in its place; empty where nothing does.
    """
    rest = url.removeprefix(server)
    meant = base and rest != url and (not rest or rest[0] in "/?#")
    return base + rest if meant else url


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
