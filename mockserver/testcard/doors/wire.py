"""Replies as they go over the wire, the same through every door.

Knows Replies and what HTTP says of headers and bodies. Must not know a framework or a library.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from testcard.common.message import Headers, Reply

RawHeaders = list[tuple[bytes, bytes]]

_CHUNK = 16 << 10
_BODILESS = frozenset({204, 304})
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")  # RFC 9110, 5.5: a space in place of each


def call_headers(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return a call's headers as text: each byte a character."""
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw])


def reply_headers(reply: Reply) -> RawHeaders:
    """Return an answer's headers in bytes, repeated ones too, with its length where it has one.

    A value outside latin-1 goes in UTF-8.
    """
    headers = [(_bytes(name).lower(), _bytes(value)) for name, value in reply.headers]
    headers = [each for each in headers if each[0] not in _FRAMING]
    if not reply.streamed and reply.status >= 200 and reply.status not in _BODILESS:
        headers.append((b"content-length", b"%d" % len(reply.body)))
    return headers


def reply_body(reply: Reply, method: str) -> bytes:
    """Return an answer's body, empty where HTTP lets it have none."""
    return b"" if method == "HEAD" or reply.status in _BODILESS else reply.body


def pieces(body: bytes) -> Iterator[bytes]:
    """Cut a streamed body into what is sent at once."""
    for start in range(0, len(body), _CHUNK):
        yield body[start : start + _CHUNK]


def _bytes(text: str) -> bytes:
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "replace")
    return _CONTROLS.sub(b" ", data)
