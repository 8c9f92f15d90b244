"""Segmind: a header that counts credits down, and a limit on calls a minute.

Knows what Segmind does that its spec cannot say. Must not repeat what the spec says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from testcard.common.message import Reply
from testcard.common.trouble import Trouble
from testcard.mock.dialect import Visit
from testcard.providers.base import SpecDialect, amount

if TYPE_CHECKING:
    from testcard.mock.world import AccountId, World

CREDITS = "x-remaining-credits"


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

    def failure(self, visit: Visit, trouble: Trouble, world: World) -> Reply:
        """In the lenient profile, count the credits on every answer to an accepted key."""
        reply = super().failure(visit, trouble, world)
        if visit.account is None or self.reading.profile != "lenient" or reply.header(CREDITS):
            return reply
        left = (CREDITS, str(amount(world.account(visit.account).balance)))
        return Reply(reply.status, (*reply.headers, left), reply.body)
