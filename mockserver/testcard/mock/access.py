"""Who may look after a mock: programs of this machine, and whoever has its token.

A page that a browser shows may send calls to any address, and a name may be made to lead here; a
page's own Origin and the Host that it used tell both. Knows Calls and addresses. Must not know
what is asked for, or a socket.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from testcard.common.hosts import address, is_loopback
from testcard.common.message import Call, Headers

_BEARER: Final = re.compile(r"(?i)^bearer +(\S+) *$")
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]+")
_STAND_INS: Final = (None, "testclient")
"""Peers of calls that came through no socket: from this process, by the doors or Starlette's."""
_PASSED_ON: Final = ("x-forwarded-for", "x-real-ip", "forwarded")
"""Headers by which a gateway says whose call it passes on."""
_TODO: Final = "start it with --admin-token TOKEN and send Authorization: Bearer TOKEN"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call may not look after the mock.

    Attributes:
        status: of its answer.
        message: what was seen, what was expected, what to do.
        headers: of its answer.
    """

    status: int
    message: str
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Access:
    """Who may look after a mock.

    Attributes:
        bound: the address listened on.
        token: opens it to whoever sends it; None for nobody from another machine.
        hosts: further names, in small letters, that it may be called by.
    """

    bound: str = "127.0.0.1"
    token: str | None = None
    hosts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, bound: str, token: str | None, hosts: Iterable[str]) -> Access:
        """Take it as a person writes it.

        Raises:
            ValueError: the token cannot be sent in a header; it is not repeated.
        """
        if token is not None and not _TOKEN.fullmatch(token):
            raise ValueError(
                f"the admin token has {len(token)} characters; letters, digits and -._~+/= were "
                "expected, at least one"
            )
        return cls(bound, token, frozenset(host.lower() for host in hosts))

    def refusal(self, call: Call) -> Refusal | None:
        """Return why a call may not; None where it may."""
        if call.peer in _STAND_INS:
            return None
        found = _BEARER.match(call.header("authorization") or "")
        if self.token and found and hmac.compare_digest(found[1].encode(), self.token.encode()):
            return None
        elsewhere = _elsewhere(call)
        if elsewhere:
            return self._from_elsewhere(elsewhere)
        return self._unexpected_host(call.parts) or _foreign_page(call)

    def _from_elsewhere(self, whence: str) -> Refusal:
        if self.token:
            seen = f"the call came from {whence} without the token of this server"
            challenge = (("www-authenticate", 'Bearer realm="testcard"'),)
            return Refusal(401, f"{seen}; send Authorization: Bearer TOKEN", challenge)
        seen = f"the call came from {whence}; only this machine may look after this server"
        return Refusal(403, f"{seen}. To let others: {_TODO}")

    def _unexpected_host(self, parts: SplitResult) -> Refusal | None:
        host = (parts.hostname or "").removesuffix(".")
        if is_loopback(host) or host == self.bound.lower() or host in self.hosts:
            return None
        everywhere = address(self.bound)
        if everywhere is not None and everywhere.is_unspecified and address(host) is not None:
            return None  # every address of this machine; only a name can be made to lead here
        expected = "localhost, the address listened on or an --admin-host was expected"
        return Refusal(421, f"Host is {host!r}, which is no name of this server; {expected}")


def _elsewhere(call: Call) -> str:
    """Return where a call came from; empty where all that is said of it is this machine."""
    if not is_loopback(call.peer or ""):
        return call.peer or "nobody knows where"
    said = [value for name, value in call.headers if name.lower() in _PASSED_ON]
    others = [each.strip() for value in said for each in value.split(",")]
    foreign = next((each for each in others if not is_loopback(each)), None)
    return "" if foreign is None else f"a gateway that passed on a call of {foreign[:60]!r}"


def _foreign_page(call: Call) -> Refusal | None:
    origin = call.header("origin")
    if origin is None or _netloc(origin) == call.parts.netloc.lower():
        return None
    seen = f"a page of {origin[:60]!r} sent the call; a page of this server's own was expected"
    return Refusal(403, f"{seen}, or a program, which sends no Origin")


def _netloc(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
