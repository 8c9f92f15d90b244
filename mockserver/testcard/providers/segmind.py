"""Segmind: a limit on calls a minute.

Knows what Segmind does that its spec cannot say. Must not repeat what the spec says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from testcard.common.trouble import Trouble
from testcard.providers.base import SpecDialect

if TYPE_CHECKING:
    from testcard.mock.world import AccountId, World


class Segmind(SpecDialect):
    """Segmind's dialect."""

    def admit(self, account: AccountId, world: World) -> None:
        """Keep the rate limit, where one is set."""
        limit = self.settings["rate_limit"]
        wait = world.wait_for_turn(account, limit) if limit else None
        if wait is not None:
            raise Trouble(
                "rate-limited",
                f"more than {limit} calls in a minute; try again in {wait} s",
                retry_after=wait,
            )
