"""What goes over the wire: Call, Reply, Exchange, Trace.

Knows HTTP's nouns. Must not know a web framework, a provider, a socket or a thread.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

Headers = tuple[tuple[str, str], ...]
"""Names and values in the order sent; names keep their case and are compared without it."""

_DIGITS = 18  # of a length that is read; more of them would be too large all the same

BLANKED = "[blanked]"
"""Stands in every record where a secret was."""


_LONG_URL = 4_096  # characters

_LONG_TYPE = 200  # characters of a Content-Type

_split_afresh = inspect.unwrap(urlsplit)


def split_url(url: str) -> SplitResult:
    """Take a URL apart; one that is long is kept nowhere, as `urlsplit` keeps the latest.

    Raises:
        ValueError: it is none.
    """
    if len(url) <= _LONG_URL:
        return urlsplit(url)
    parts: SplitResult = _split_afresh(url)
    return parts


def _media_type_of(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


_media_type = lru_cache(maxsize=64)(_media_type_of)  # clients send the same few


def header(headers: Headers, name: str) -> str | None:
    """Return the first value of header `name`, in any case, or None."""
    wanted = name.lower()
    for key, value in headers:
        if key.lower() == wanted:
            return value
    return None


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request.

    Attributes:
        method: in capitals.
        url: absolute, as the client addressed it.
        headers: as the client sent them.
        body: as the client sent it, transfer encoding undone.
        peer: the address that it came from; None where it came through no socket.
        root: what stands ahead of the path in a URL that leads back here: where it is mounted.
        prefix: what a door put ahead of the path that the client sent.
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    peer: str | None = field(default=None, compare=False)
    root: str = field(default="", compare=False)
    prefix: str = field(default="", compare=False)
    _by_name: Mapping[str, str] | None = field(default=None, init=False, repr=False, compare=False)

    def header(self, name: str) -> str | None:
        """Return the first value of header `name`, in any case, or None."""
        found = self._by_name
        return (self.first_headers if found is None else found).get(name.lower())

    def with_body(self, body: bytes) -> Call:
        """Return the same call with this body; its headers are not looked through anew."""
        call = Call(self.method, self.url, self.headers, body, self.peer, self.root, self.prefix)
        object.__setattr__(call, "_by_name", self._by_name)
        return call

    @property
    def first_headers(self) -> Mapping[str, str]:
        """The first value of each header, by its name in small letters; read once a call."""
        found = self._by_name
        if found is None:
            found = dict(reversed(self.headers))
            if not "".join(found).islower():
                found = {name.lower(): value for name, value in reversed(self.headers)}
            object.__setattr__(self, "_by_name", found)
        return found

    @property
    def parts(self) -> SplitResult:
        """The URL, taken apart."""
        return split_url(self.url)

    @property
    def media_type(self) -> str | None:
        """The Content-Type without its parameters, in small letters; None where absent."""
        value = self.first_headers.get("content-type")
        if not value:
            return None
        return _media_type(value) if len(value) <= _LONG_TYPE else _media_type_of(value)

    @property
    def body_size(self) -> int:
        """Bytes of the body: those that are here, or those declared where these are more."""
        here, declared = len(self.body), self.first_headers.get("content-length", "")[:_DIGITS]
        return max(here, int(declared)) if declared.isdecimal() else here


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer.

    Attributes:
        status: the HTTP status code.
        headers: without Content-Length, Date and Transfer-Encoding, which a door adds.
        body: the whole of it.
        streamed: whether a door sends the body in chunks, without a Content-Length.
        delay: seconds that a door waits before it sends.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    streamed: bool = False
    delay: float = 0.0

    def header(self, name: str) -> str | None:
        """Return the first value of header `name`, in any case, or None."""
        return header(self.headers, name)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One Call and what came back.

    Attributes:
        call: what was sent.
        reply: what was answered.
        started: Unix time of the call, in seconds.
        elapsed: seconds from the call to the end of its answer.
    """

    call: Call
    reply: Reply
    started: float = 0.0
    elapsed: float = 0.0


Trace = tuple[Exchange, ...]
"""Exchanges in the order they were begun."""
