"""Whom a call is for, found once: by its host first, by `/{provider}` at every other address.

At a vendor's own host its paths stand as they are documented, and nobody else's do. At any other
address a provider's paths stand below `/{provider}`. Hosts are compared as RFC 9110 has it, paths
as RFC 3986 has it: `%73` is `s`, `%2F` is no `/`.

Knows Calls, and of a provider its Readings. Must not know who answers, state, or what an answer
says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Protocol
from urllib.parse import SplitResult

from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.hosts import Authority, authority_of, is_loopback
from testcard.common.message import Call, split_url
from testcard.common.operation import Operation
from testcard.common.reading import Reading
from testcard.common.routes import Routes

_HOSTS_REMEMBERED: Final = 64
_LONGEST_HOST: Final = 300  # characters, port and all, of one that is remembered
_ADDRESSES_REMEMBERED: Final = 128
_LONGEST_ADDRESS: Final = 400  # characters of method, host and path that are remembered
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")
_DOWNLOAD: Final = re.compile(
    ADMIN_PREFIX + r"pictures/(?P<job>[\w-]+)/(?P<index>[0-9]{1,3})\.(png|jpeg|webp)"
)
_FILE: Final = re.compile(ADMIN_PREFIX + r"files/(?P<id>[\w-]+)")
_MOST_PLACES: Final = 3  # that a path is told to stand at
_METHODS_OF_DOWNLOADS: Final = ("GET", "HEAD")
_METHODS_OF_FILES: Final = ("GET", "HEAD", "PUT")


class Served(Protocol):
    """A provider as routing sees it: its spec in two readings."""

    reading: Reading
    documented: Reading


_Standing = tuple[Served, Routes]
"""A provider, and what of it stands at one host and port."""


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
        routes: what the provider answers there; None where the address is nobody's.
        operation: None where path and method are none of the provider's.
        params: name -> value, of the path.
        path_known: whether the path is the provider's, under any method.
        download: the picture of a job, or the uploaded one, that is asked for.
        is_admin: whether testcard itself is asked; then it is no provider's.
        hint: where the path would be known; empty where it is, or nowhere would be.
    """

    path: str
    dialect: Served | None = None
    routes: Routes | None = None
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
        return self.routes.methods(self.path) if self.routes else ()


class Router:
    """Whom calls are for, among the providers that are served."""

    def __init__(self, served: Iterable[Served]) -> None:
        """Route to these, in this order where several share a host and know a path."""
        self._served = {each.reading.spec.id: each for each in served}
        self._hosts: dict[Authority, list[Served]] = {}
        for each in self._served.values():
            for there in each.reading.places.authorities:
                self._hosts.setdefault(there, []).append(each)
        self._wide = [each for each in self._served.values() if each.reading.places.wide]
        self._at = lru_cache(_HOSTS_REMEMBERED)(self._served_at)
        self._remembered = lru_cache(_ADDRESSES_REMEMBERED)(self._route)

    def route(self, call: Call) -> Match:
        """Find whom a call is for, and what for."""
        parts = call.parts
        address = call.method, parts.scheme, parts.netloc, parts.path
        short = sum(map(len, address)) <= _LONGEST_ADDRESS
        return self._remembered(*address) if short else self._route(*address)

    def whose(self, url: str) -> tuple[str, ...]:
        """Return the ids of the providers that a URL's host and port are a server of."""
        parts = split_url(url)
        here = self._served_at(parts.scheme, parts.netloc)
        return tuple(served.reading.spec.id for served, _ in here)

    def _route(self, method: str, scheme: str, netloc: str, path: str) -> Match:
        path = normal_path(path)
        whose = self._at if len(netloc) <= _LONGEST_HOST else self._served_at
        here = whose(scheme, netloc)
        if path.startswith(ADMIN_PREFIX):
            return _admin(path, here)
        found = self._at_host(method, path, here) if here else None
        if found is not None and (found.path_known or not _is_own(netloc)):
            return found
        first, _, rest = path.removeprefix("/").partition("/")
        if first in self._served:
            served, bare = self._served[first], f"/{rest}"
            routes = served.reading.places.anywhere
            match = _download(bare, served) or _found(method, bare, served, routes)
            bases = "" if match.path_known else _told(served, bare)
            return replace(match, hint=bases) if bases else match
        rooted = path in ("", "/")  # where it listens, testcard says at its root what there is
        return found if found and not rooted else Match(path, hint=self._known_at(path))

    def _served_at(self, scheme: str, netloc: str) -> Sequence[_Standing]:
        there = authority_of(SplitResult(scheme, netloc, "", "", ""))
        named = self._hosts.get(there, ())
        perhaps = (*named, *(each for each in self._wide if each not in named))
        found = ((each, each.reading.places.at(there)) for each in perhaps)
        return [(each, routes) for each, routes in found if routes is not None]

    def _at_host(self, method: str, path: str, here: Sequence[_Standing]) -> Match:
        found = [_found(method, path, *each) for each in here]
        best = next((each for each in found if each.operation), None)
        best = best or next((each for each in found if each.path_known), found[0])
        return best if best.path_known else replace(best, hint=self._known_at(path))

    def _known_at(self, path: str) -> str:
        """Say where a path would be known; nothing where it nowhere is."""
        first, _, rest = path.removeprefix("/").partition("/")
        if first in self._served:
            told = _told(self._served[first], f"/{rest}")
            if told:
                return told
        return "; ".join(filter(None, (_told(each, path) for each in self._served.values())))


def normal_path(path: str) -> str:
    """Return a path with needless escapes undone, and the others in capitals (RFC 3986, 6.2.2).

    `/%73egmind/a%2fb` is `/segmind/a%2Fb`.
    """
    return _ESCAPE.sub(_unescaped, path) if "%" in path else path


def _unescaped(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if _UNRESERVED.fullmatch(character) else escape[0].upper()


def _is_own(netloc: str) -> bool:
    """Whether a host is this machine, where testcard may listen as well as a local API."""
    return is_loopback(authority_of(SplitResult("http", netloc, "", "", ""))[0])


def _found(method: str, path: str, served: Served, routes: Routes) -> Match:
    operation, params, path_known = routes.match(method, path)
    return Match(path, served, routes, operation, params, path_known)


def _admin(path: str, here: Sequence[_Standing]) -> Match:
    dialect = here[0][0] if here else None  # of several at a host, any may say what is wrong
    return _download(path, dialect) or Match(path, is_admin=True)


def _download(path: str, dialect: Served | None) -> Match | None:
    if found := _DOWNLOAD.fullmatch(path):
        return Match(path, dialect, download=Download(found["job"], int(found["index"])))
    if found := _FILE.fullmatch(path):
        return Match(path, dialect, download=FileAt(found["id"]))
    return None


def _told(served: Served, path: str) -> str:
    """Say where a path of a provider's stands; nothing where it is none of it."""
    spec = served.reading.spec
    for operation in served.reading.places.anywhere.knowing(path):
        there = [each.origin for each in operation.servers if each.base_in(path) is not None]
        places = [f"{origin}{path}" for origin in dict.fromkeys(there)][:_MOST_PLACES]
        here = f"/{spec.id}{path} at testcard's own address"
        return f"{path} is a path of {spec.id}: {' or '.join(places)}, or {here}"
    for operation in served.reading.operations:
        if operation.template != operation.path and operation.is_template_of(path):
            first = operation.servers[0]
            here = f"/{spec.id}{first.base}{path} at testcard's own address"
            return f"{path} of {spec.id} stands behind {first.base}: {first.url}{path}, or {here}"
    return ""
