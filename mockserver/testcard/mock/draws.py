"""Random choices of one call, which depend on the seed and on how many calls came before it.

Whichever thread goes first, the same calls in the same order draw the same. Must not know what
the choices are for.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

_LARGEST_SEED: Final = 2**32 - 1  # of the documented APIs that bound a seed at all
_BYTES: Final = 16


class Draws:
    """What one call draws, one choice after the other; for one thread at a time."""

    def __init__(self, seed: int, call: int | str) -> None:
        """Begin the draws of the call of this number (or name), in a world of this seed."""
        self._said = f"{seed}/{call}"
        self._drawn = 0

    def seed(self) -> int:
        """Return a random seed, 1 to 4294967295."""
        return 1 + int.from_bytes(self._drawn_bits()) % _LARGEST_SEED

    def id(self) -> str:
        """Return a fresh id in the form of a UUID."""
        drawn = self._drawn_bits().hex()
        variant = "89ab"[int(drawn[16], 16) & 3]  # RFC 9562: 10 in binary, then two bits drawn
        return f"{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-{variant}{drawn[17:20]}-{drawn[20:]}"

    def _drawn_bits(self) -> bytes:
        self._drawn += 1
        said = f"{self._said}/{self._drawn}".encode()
        return blake2b(said, digest_size=_BYTES).digest()
