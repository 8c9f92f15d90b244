"""Whom a call is for, found once: by its host first, by `/{provider}` at every other address.

At a vendor's own host its paths stand as they are documented, and nobody else's do. At any other
address a provider's paths stand below `/{provider}`. Hosts are compared as RFC 9110 has it, paths
as RFC 3986 has it: `%73` is `s`, `%2F` is no `/`.

Knows Calls, and of a provider its Readings. Must not know who answers, state, or what an answer
says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Protocol
from urllib.parse import SplitResult, urlsplit

from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.hosts import PORTS, Authority, authority_of
from testcard.common.message import Call
from testcard.common.operation import Operation
from testcard.common.reading import Reading

_HOSTS_REMEMBERED: Final = 64
_LONGEST_HOST: Final = 300  # characters, port and all, of one that is remembered
_ADDRESSES_REMEMBERED: Final = 128
_LONGEST_ADDRESS: Final = 400  # characters of method, host and path that are remembered
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")
_DOWNLOAD: Final = re.compile(ADMIN_PREFIX + r"pictures/(?P<job>[\w-]+)/(?P<index>[0-9]{1,3})\.png")
_FILE: Final = re.compile(ADMIN_PREFIX + r"files/(?P<id>[\w-]+)")
_METHODS_OF_DOWNLOADS: Final = ("GET", "HEAD")
_METHODS_OF_FILES: Final = ("GET", "HEAD", "PUT")


class Served(Protocol):
    """A provider as routing sees it: its spec in two readings."""

    reading: Reading
    documented: Reading


@dataclass(frozen=True, slots=True)
class Download:
    """A picture that a job led to.

    Attributes:
        job: id of the job.
        index: of the picture, from 0.
    """

    job: str
    index: int


@dataclass(frozen=True, slots=True)
class FileAt:
    """An uploaded picture, or where one is to be put.

    Attributes:
        id: of the file.
    """

    id: str


@dataclass(frozen=True, slots=True)
class Match:
    """What a call was matched to.

    Attributes:
        path: of the call in normal form, without the provider's prefix.
        dialect: the provider's; None where the address is nobody's.
        operation: None where path and method are none of the provider's.
        params: name -> value, of the path.
        path_known: whether the path is the provider's, under any method.
        download: the picture of a job, or the uploaded one, that is asked for.
        is_admin: whether testcard itself is asked; then it is no provider's.
        hint: where the path would be known; empty where it is, or nowhere would be.
    """

    path: str
    dialect: Served | None = None
    operation: Operation | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    path_known: bool = False
    download: Download | FileAt | None = None
    is_admin: bool = False
    hint: str = ""

    @property
    def provider(self) -> str | None:
        """Id of the provider that the call is for; None where it is for nobody."""
        return self.dialect.reading.spec.id if self.dialect else None

    @property
    def is_alias(self) -> bool:
        """Whether the path is one that only the lenient profile takes."""
        operation = self.operation
        if operation is None or not operation.aliases:
            return False
        return operation.pattern.fullmatch(self.path) is None

    @property
    def allowed(self) -> tuple[str, ...]:
        """Methods that the path is known with."""
        if self.download is not None:
            of_files = isinstance(self.download, FileAt)
            return _METHODS_OF_FILES if of_files else _METHODS_OF_DOWNLOADS
        if self.dialect is None:
            return ()
        reading = self.dialect.reading
        methods = {each.method for each in reading.operations}
        return tuple(sorted(each for each in methods if reading.match(each, self.path)[0]))


class Router:
    """Whom calls are for, among the providers that are served."""

    def __init__(self, served: Iterable[Served]) -> None:
        """Route to these, in this order where several share a host and know a path."""
        self._served = {each.reading.spec.id: each for each in served}
        self._hosts: dict[Authority, list[Served]] = {}
        for each in self._served.values():
            server = urlsplit(each.reading.spec.server)
            host, port = authority_of(server)
            for written in {port, port or PORTS.get(server.scheme)}:  # a gateway may undo TLS
                self._hosts.setdefault((host, written), []).append(each)
        self._at = lru_cache(_HOSTS_REMEMBERED)(self._served_at)
        self._remembered = lru_cache(_ADDRESSES_REMEMBERED)(self._route)

    def route(self, call: Call) -> Match:
        """Find whom a call is for, and what for."""
        parts = call.parts
        address = call.method, parts.scheme, parts.netloc, parts.path
        short = sum(map(len, address)) <= _LONGEST_ADDRESS
        return self._remembered(*address) if short else self._route(*address)

    def _route(self, method: str, scheme: str, netloc: str, path: str) -> Match:
        path = normal_path(path)
        whose = self._at if len(netloc) <= _LONGEST_HOST else self._served_at
        here = whose(scheme, netloc)
        if path.startswith(ADMIN_PREFIX):
            return _admin(path, here)
        if here:
            return self._at_host(method, path, here)
        first, _, rest = path.removeprefix("/").partition("/")
        if first in self._served:
            served = self._served[first]
            return _download(f"/{rest}", [served]) or self._found(method, f"/{rest}", served)
        return Match(path, hint=self._whose(path))

    def _served_at(self, scheme: str, netloc: str) -> Collection[Served]:
        return self._hosts.get(authority_of(SplitResult(scheme, netloc, "", "", "")), ())

    def _at_host(self, method: str, path: str, here: Collection[Served]) -> Match:
        found = [self._found(method, path, each) for each in here]
        best = next((each for each in found if each.operation), None)
        best = best or next((each for each in found if each.path_known), found[0])
        return best if best.path_known else replace(best, hint=self._whose(path))

    def _found(self, method: str, path: str, served: Served) -> Match:
        operation, params, path_known = served.reading.match(method, path)
        return Match(path, served, operation, params, path_known)

    def _whose(self, path: str) -> str:
        first, _, rest = path.removeprefix("/").partition("/")
        if first in self._served and _knows(self._served[first], f"/{rest}"):
            return _told(self._served[first], f"/{rest}")
        known = (each for each in self._served.values() if _knows(each, path))
        return "; ".join(_told(each, path) for each in known)


def normal_path(path: str) -> str:
    """Return a path with needless escapes undone, and the others in capitals (RFC 3986, 6.2.2).

    `/%73egmind/a%2fb` is `/segmind/a%2Fb`.
    """
    return _ESCAPE.sub(_unescaped, path) if "%" in path else path


def _unescaped(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if _UNRESERVED.fullmatch(character) else escape[0].upper()


def _admin(path: str, here: Collection[Served]) -> Match:
    return _download(path, here) or Match(path, is_admin=True)


def _download(path: str, here: Collection[Served]) -> Match | None:
    dialect = next(iter(here), None)  # of a host that several share, any may say what is wrong
    if found := _DOWNLOAD.fullmatch(path):
        return Match(path, dialect, download=Download(found["job"], int(found["index"])))
    if found := _FILE.fullmatch(path):
        return Match(path, dialect, download=FileAt(found["id"]))
    return None


def _knows(served: Served, path: str) -> bool:
    return served.reading.match("", path)[2]


def _told(served: Served, path: str) -> str:
    spec = served.reading.spec
    here = f"/{spec.id}{path} at testcard's own address"
    return f"{path} is a path of {spec.id}: {spec.server}{path}, or {here}"
