"""Hosts and ports: which are equal, and which are this machine's own or in its own network.

Knows URLs and addresses. Must not know files, operations, who answers, or any one provider.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

Authority = tuple[str, int | None]
"""Host in small letters without a final dot, and port; None for the scheme's own."""

PORTS: Final = {"http": 80, "https": 443}
"""The port of each scheme's own."""

OWN_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""This machine's, by which a server of its own is usually called, and told of in a spec."""

_NO_PORT: Final = -1  # stands for what is no port, and is nobody's


def authority(url: str) -> Authority:
    """Return host and port of a URL, such that equal ones are equal (RFC 9110, 4.2.3)."""
    return authority_of(urlsplit(url))


def authority_of(parts: SplitResult) -> Authority:
    """Return host and port of a URL that was taken apart, as `authority` does."""
    host = (parts.hostname or "").removesuffix(".")
    try:
        port = parts.port
    except ValueError:
        port = _NO_PORT
    return host, None if port == PORTS.get(parts.scheme) else port


def address(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a host is, IPv6 without brackets; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_loopback(host: str, *, surely: bool = False) -> bool:
    """Whether a name or an address, IPv6 without brackets, is this machine's own.

    Args:
        host: a name or an address.
        surely: leave out the names below `localhost`: they are this machine by RFC 6761, but a
            resolver may still ask a network for them. Nothing is sent there on its own account.
    """
    name = host.lower().removesuffix(".")
    found = address(name)
    if found is None:
        return name == "localhost" or (not surely and name.endswith(".localhost"))
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback


def is_near(host: str) -> bool:
    """Whether a host can only be this machine's own or one of its own network.

    Private addresses, names that end in `.local` (RFC 6762), and names without a dot.
    """
    name = host.lower().removesuffix(".")
    found = address(name)
    if found is not None:
        return found.is_private or found.is_link_local
    return is_loopback(name) or name.endswith(".local") or "." not in name
