"""Where testcard itself answers, beside the providers that it stands in for.

Knows the paths that no provider has. Must not know what is said there, or who asks.
"""

from __future__ import annotations

from typing import Final

ADMIN_PREFIX: Final = "/_testcard/"
"""What the path of every call to testcard itself begins with."""

SERVE_PORT: Final = 4242
"""Where `testcard serve` listens unless it is told otherwise."""

CA_PATH: Final = f"{ADMIN_PREFIX}ca.pem"
"""The public part of the certificate authority of `testcard run`."""


def served_at(provider: str) -> str:
    """Return the URL at which `testcard serve` answers for a provider, by its id."""
    return f"http://127.0.0.1:{SERVE_PORT}/{provider}"
