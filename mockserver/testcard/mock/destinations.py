"""Where callbacks may go: this machine, and hosts that were named for it.

Knows URLs. Must not know how anything is sent, HTTP, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.hosts import PORTS, is_loopback
from testcard.mock.routing import normal_path


@dataclass(frozen=True)
class Destinations:
    """Hosts that callbacks are delivered to, beside loopback addresses and `localhost`.

    Attributes:
        named: host in small letters, and its port; None for any.
    """

    named: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def of(cls, words: Iterable[str]) -> Destinations:
        """Read words like `receiver.example` and `receiver.example:8080`.

        Raises:
            ValueError: one is none.
        """
        return cls(frozenset(map(_host_and_port, words)))

    def refusal(self, url: str) -> str:
        """Return why nothing is delivered to a URL; empty where it is."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            return "its URL is none"
        if parts.scheme not in PORTS or not host:
            return "its URL is no http or https URL"
        path = normal_path(parts.path)
        if any(each.startswith(ADMIN_PREFIX) for each in (path, _without_dots(path))):
            return f"nothing is delivered to {ADMIN_PREFIX}"
        port = port or PORTS[parts.scheme]
        if is_loopback(host, surely=True) or {(host, port), (host, None)} & self.named:
            return ""
        return f"{host} is not this machine; --deliver {host}:{port} would let it through"


def _without_dots(path: str) -> str:
    """A path without the steps `.` and `..`, as a client sends it (RFC 3986, 5.2.4)."""
    steps: list[str] = []
    for step in path.split("/"):
        if step != "..":
            steps += [step] if step != "." else []
        elif len(steps) > 1:
            steps.pop()
    return "/".join(steps)


def _host_and_port(word: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(f"//{word}")
        host, port = parts.hostname, parts.port
        plain = parts.netloc == word and not re.search(r"[@\s]", word)
    except ValueError:
        host, port, plain = None, None, False
    if not host or not plain or port == 0:
        raise ValueError(f"{word!r} is no host to deliver to; HOST or HOST:PORT was expected")
    return host.rstrip("."), port
