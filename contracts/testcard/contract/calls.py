"""How a check's calls are put together: server, path, key, body.

Knows how fields and files are put into a Call. Must not know which values are worth sending,
who sends them, or any one provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from testcard.common.body import MULTIPART, FilePart
from testcard.common.message import Call, Headers
from testcard.common.operation import Operation
from testcard.common.reading import Reading

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
        fields: of the body, by the page's names; FilePart for files.
        key: None for a call without one.
        key_header: the header that carries it; the first documented one where None.
        typed: whether the body's media type is named.
        params: of the path.
    """
    url = reading.spec.server + operation.path.format(**(params or {}))
    headers: Headers = (("User-Agent", OWN_AGENT),)
    names = operation.key_headers or operation.key_aliases
    if key is not None and names:
        headers += ((key_header or names[0], key),)
    if operation.body is None or fields is None:
        return Call(operation.method, url, headers)
    form = operation.body.media_type == MULTIPART
    media_type = FORM_TYPE if form else operation.body.media_type
    if typed:
        headers += (("Content-Type", media_type),)
    return Call(operation.method, url, headers, form_body(fields) if form else orjson.dumps(fields))


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


def form_body(fields: Mapping[str, Any]) -> bytes:
    """Return fields as the body of a multipart form; those that are None are left out."""
    pieces = [_piece(name, value) for name, value in fields.items() if value is not None]
    return b"".join(pieces) + f"--{_BOUNDARY}--\r\n".encode()


def _piece(name: str, value: Any) -> bytes:
    quoted = name.replace('"', "%22")
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{quoted}"'
    if isinstance(value, FilePart):
        if value.filename is not None:
            head += f'; filename="{value.filename}"\r\nContent-Type: image/png'
        return f"{head}\r\n\r\n".encode() + value.data + b"\r\n"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{head}\r\n\r\n{text}\r\n".encode()
