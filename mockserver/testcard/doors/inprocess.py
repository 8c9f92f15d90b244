"""What the doors inside a test's own process share: whose calls are taken, and how long to wait.

Knows the mock that answers now, and host names. Must not know any client library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from testcard.common.message import Call, Reply

if TYPE_CHECKING:
    from testcard.mock.core import Mock, Work


class OtherHost(AssertionError):  # noqa: N818 (what a call asks for)
    """A client called a host that nobody here stands in for."""


class Inside:
    """The mock, as doors see it that stand between a client and its sockets."""

    def __init__(self, mock: Callable[[], Mock]) -> None:
        """Answer from what `mock` returns at each call."""
        self._mock = mock
        self._allowed: set[str] = set()

    @property
    def mock(self) -> Mock:
        """The mock that answers now."""
        return self._mock()

    @property
    def hosts(self) -> dict[str, list[str]]:
        """Scheme, host and port of what is stood in for -> ids of its providers."""
        hosts: dict[str, list[str]] = {}
        for name, dialect in self.mock.dialects.items():
            for origin in {server.origin: None for server in dialect.reading.places.servers}:
                hosts.setdefault(origin, []).append(name)
        return hosts

    def allow(self, host: str) -> None:
        """Let calls to `host` (a name, or name:port) through to the network."""
        self._allowed.add(host.lower())

    def allows(self, url: str) -> bool:
        """Whether a call to `url` goes through to the network."""
        parts = urlsplit(url)
        return not self._allowed.isdisjoint({parts.hostname, parts.netloc.lower()})

    def takes(self, url: str) -> bool:
        """Whether the mock stands in for the host and port of `url`."""
        return bool(self.mock.whose(url))

    def refusal(self, method: str, url: str) -> str:
        """Say why a call was not let out, and what is served instead."""
        served = "\n".join(
            f"  {origin} ({', '.join(names)})" for origin, names in sorted(self.hosts.items())
        )
        host = urlsplit(url).netloc or url
        return (
            f"{method} {url}: {host} is not served, and no call leaves a test that uses testcard."
            f"\nServed:\n{served}\nCorrect the client's URL, or let the host through with "
            f"testcard.allow({host!r})."
        )

    def answer(self, call: Call) -> Reply:
        """Have the mock answer."""
        return self.mock.answer(call)

    def begin(self, call: Call) -> Reply | Work:
        """Have the mock answer at once, or return what is to be done aside."""
        return self.mock.begin(call)


def patience(delay: float, limit: float | None) -> tuple[float, bool]:
    """Return how long a client waits for an answer, and whether it then gives up."""
    if limit is not None and delay >= limit:
        return limit, True
    return delay, False
