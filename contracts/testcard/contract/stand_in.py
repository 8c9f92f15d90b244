"""What stands in place of an API's servers, and where a call goes then.

Knows URLs and servers. Must not know who sends, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, urlsplit

from testcard.common.hosts import authority_of
from testcard.common.servers import Server, servers_of

Lists = Iterable[tuple[Server, ...]]
"""The servers of an API, a tuple for each list that operations have."""

_PLAIN: Final = ("http", "https")


class StandIn:
    """A URL, and the servers that it stands in place of.

    Another host's takes every call, at its documented path: `http://127.0.0.1:4242/acme` has
    `/acme/v2/edits` for `https://api.acme.example/v2/edits`, and so has `…:4242/acme/v2`, which
    ends as the server does. One of the API's own takes what its servers list has, a region's calls
    say, and every other call goes where it is documented.

    Attributes:
        base: what stands ahead of documented paths; empty where nothing stands in.
    """

    def __init__(self, url: str | None, servers: str | Lists) -> None:
        """Have `url` stand in place of `servers`, or of the one server that a URL is.

        Args:
            url: None where nothing stands in.
            servers: of the API.

        Raises:
            ValueError: `url` is no http or https URL.
        """
        self._lists = _lists(servers)
        self.base = ""
        self.origin = ""
        self._own: Server | None = None
        if url is not None:
            self._take(url)

    def _take(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PLAIN or not parts.hostname:
            expected = f"an http(s) URL that stands in place of {self.documented}"
            raise ValueError(f"{url!r} is no target; mock, reference, or {expected} was expected")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self.origin = f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"
        path = parts.path.rstrip("/")
        there = authority_of(parts)
        known = [server for each in self._lists for server in each]
        here = (each for each in known if each.stands_at(there) and path in ("", each.base))
        self._own = next(here, None)
        ends = [each.base for each in known if each.base and path.endswith(each.base)]
        ahead = path.removesuffix(max(ends, key=len, default=""))
        self.base = self.origin if self._own else self.origin + ahead

    @property
    def documented(self) -> str:
        """URL of the first of the servers."""
        return self._lists[0][0].url

    @property
    def is_real(self) -> bool:
        """Whether it is one of the API's own servers."""
        return self._own is not None

    def at(self, url: str) -> str:
        """Return where a call to `url`, absolute, goes: elsewhere if that is one of the servers."""
        if not self.base:
            return url
        parts = urlsplit(url)
        there, path = authority_of(parts), parts.path
        for servers in self._lists:
            meant = next((each for each in servers if each.stands_at(there)), None)
            if meant is not None:
                return self._moved(parts, path, servers, meant, url)
        return url

    def _moved(
        self, parts: SplitResult, path: str, servers: tuple[Server, ...], meant: Server, url: str
    ) -> str:
        rest = parts._replace(scheme="", netloc="").geturl()
        if self._own is None:
            return self.base + rest
        if self._own not in servers:
            return url
        ahead = meant.base_in(path)
        return self.base + (rest if ahead is None else self._own.base + rest.removeprefix(ahead))

    def trusts(self, url: str) -> bool:
        """Whether what a URL leads to may see keys.

        That is what stands in; where that is one of the servers, or nothing, these.
        """
        if self.base and f"{url}/".startswith((f"{self.origin}/", f"{self.origin}?")):
            return True
        parts = urlsplit(url)
        there = authority_of(parts)
        known = (server for each in self._lists for server in each)
        real = self.is_real or not self.base
        return real and any(each.scheme == parts.scheme and each.stands_at(there) for each in known)


def _lists(servers: str | Lists) -> tuple[tuple[Server, ...], ...]:
    if isinstance(servers, str):
        return (servers_of([{"url": servers}], ""),)
    return tuple(servers)
