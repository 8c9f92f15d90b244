"""Who may use the proxy of a run: whoever has its credential, or is of the user who runs it.

While calls are recorded, the proxy may put a real key into them, so nobody else's process may
spend it by finding the port. Two ways in, because neither does alone:

- The credential stands in HTTPS_PROXY, so that curl, libcurl, requests, urllib, httpx, aiohttp
  and our hooks for Node and PHP send it at once, from a container or another user's process too
  if that was given the environment.
- Java has no property for it: HttpURLConnection and HttpClient send one only through an
  Authenticator, which is code of the program's own. Linux tells of every loopback connection
  which user made it (/proc/net/tcp), and a process of the same user could as well read the
  credential from the child's environment: it is let in without.

Where a system does not tell, a call without the credential is let in only while nothing can be
spent (`demanding` is false): a mock's answers are no secret, and Java works there too.

Knows the head of a call and Linux's table of connections. Must not know what is asked for.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final

USER: Final = "testcard"
REFUSAL: Final = (
    "this proxy belongs to one 'testcard run': use the HTTPS_PROXY that its command was given, "
    "user name and password included"
)
CHALLENGE: Final = (("proxy-authenticate", 'Basic realm="testcard run"'),)

Address = tuple[str, int]
"""A numeric address and a port."""

_CREDENTIAL: Final = re.compile(
    rb"\r\nproxy-authorization:[ \t]*basic[ \t]+([^\s]+)[ \t]*\r\n", re.I
)
_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_NOBODY: Final = -1


def _fresh() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Guard:
    """Lets callers of one run in.

    Attributes:
        demanding: whether the credential is a must where the caller's user cannot be known.
        token: the password.
        uid_of: the user who made the connection from one address to another; None where the
            system does not tell.
    """

    demanding: bool = True
    token: str = field(default_factory=_fresh, repr=False)
    uid_of: Callable[[Address, Address], int | None] = field(default=lambda *ends: uid_of(*ends))

    def admits(self, head: bytes, peer: Address, here: Address) -> bool:
        """Whether the caller may go on.

        Args:
            head: of its first call, up to and with the empty line.
            peer: where it calls from.
            here: where it was taken.
        """
        if self._carried(head):
            return True
        uid = self.uid_of(peer, here)
        return not self.demanding if uid is None else uid == os.getuid()

    def _carried(self, head: bytes) -> bool:
        own = b64encode(f"{USER}:{self.token}".encode())
        said = _CREDENTIAL.search(head)
        return said is not None and secrets.compare_digest(said[1], own)


def uid_of(peer: Address, here: Address) -> int | None:
    """Return the user who made the connection from `peer` to `here`; -1 where none is seen.

    None where this system does not tell.
    """
    if not _TABLES[0].exists():
        return None
    wanted = (_plain(peer), _plain(here))
    return next((uid for *ends, uid in _connections() if tuple(ends) == wanted), _NOBODY)


def _connections() -> Iterator[tuple[Address, Address, int]]:
    for table in _TABLES:
        try:
            lines = table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:  # a system without IPv6 has no such table
            continue
        for line in lines:
            _, near, far, _, _, _, _, uid, *_ = line.split()
            yield _address(near), _address(far), int(uid)


def _address(text: str) -> Address:
    """An address as Linux writes it: each four bytes in the machine's own order, in hex."""
    host, _, port = text.partition(":")
    data = bytes.fromhex(host)
    groups = (data[at : at + 4] for at in range(0, len(data), 4))
    packed = b"".join(int.from_bytes(each, "big").to_bytes(4, sys.byteorder) for each in groups)
    return _plain((str(ip_address(packed)), int(port, 16)))


def _plain(address: Address) -> Address:
    """The address without its mapping into IPv6, if it has one."""
    host = ip_address(address[0])
    mapped = host.ipv4_mapped if host.version == 6 else None
    return str(mapped or host), address[1]
