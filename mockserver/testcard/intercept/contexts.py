"""The TLS contexts of the hosts whose tunnels end here, each made when it is first asked for.

Knows authorities and which hosts are answered for. Must not know HTTP, or any one provider.
"""

from __future__ import annotations

import ssl
from collections.abc import Container, Sequence

from testcard.intercept.authority import Authority

_MOST_KEPT = 256


class HostContexts:
    """Gives a host's TLS context, with a certificate of the authority that may speak for it.

    Attributes:
        authorities: those that sign.
    """

    def __init__(self, authorities: Sequence[Authority], *answered: Container[str]) -> None:
        """Sign for the hosts that are in one of `answered`."""
        self.authorities = tuple(authorities)
        self._answered = answered
        self._made: dict[str, ssl.SSLContext] = {}

    def get(self, host: str, /) -> ssl.SSLContext | None:
        """Return it; None where tunnels to the host do not end here."""
        if host in self._made:
            return self._made[host]
        if not any(host in each for each in self._answered):
            return None
        signing = next((each for each in self.authorities if each.speaks_for(host)), None)
        if signing is None:
            return None
        if len(self._made) >= _MOST_KEPT:  # a child may make up names for a variable
            self._made.clear()
        self._made[host] = signing.context(host)
        return self._made[host]
