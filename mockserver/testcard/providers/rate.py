"""How many calls a key may make: who is let in, and what answers tell of it.

Knows a spec's `rate` and its setting. Must not know HTTP, or any one vendor.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from testcard.common.reading import Reading
from testcard.common.spec import words
from testcard.common.trouble import Trouble
from testcard.mock.dialect import Visit
from testcard.mock.world import AccountId, World

_TOLD: Final = frozenset({"rate-limit", "rate-limit-remaining", "rate-limit-reset"})


class Rate:
    """A limit of calls, by the spec's `rate` and its setting.

    Attributes:
        told: whether answers have a place for it.
    """

    def __init__(self, reading: Reading, roles: Collection[str]) -> None:
        """Take up what a spec says, and which roles its answers have places for."""
        rate = words(reading.document).get("rate")
        self._most: int = reading.settings[rate["setting"]] if rate else 0
        self._per: float = rate["per"] if rate else 0
        self.told = bool(self._most) and not _TOLD.isdisjoint(roles)

    def admit(self, account: AccountId, world: World) -> None:
        """Count a call.

        Raises:
            Trouble: rate-limited: it is one too many.
        """
        wait = world.wait_for_turn(account, self._most, self._per) if self._most else None
        if wait is not None:
            period = "a minute" if self._per == 60 else f"{self._per} seconds"
            seen = f"more than {self._most} calls in {period}; try again in {wait} s"
            raise Trouble("rate-limited", seen, retry_after=wait)

    def left(self, visit: Visit, world: World) -> dict[str, Any]:
        """Return role -> what is known of the limit; nothing where the key was not accepted."""
        if visit.account is None:
            return {}
        found = world.rate_left(visit.account, self._most, self._per)
        resets = {"seconds": found.resets, "at": world.now() + found.resets}
        return {
            "rate-limit": self._most,
            "rate-limit-remaining": found.calls,
            "rate-limit-reset": resets,
        }
