"""Appy Pie: an inpainting answer in chunks.

Knows what Appy Pie does that its specs cannot say. Must not repeat what the specs say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from testcard.common.message import Reply
from testcard.mock.dialect import Visit
from testcard.providers.base import JSON, SpecDialect

if TYPE_CHECKING:
    from testcard.common.job import PictureJob
    from testcard.mock.world import World


class AppyPie(SpecDialect):
    """Appy Pie's dialect, of both APIs."""

    def reply_type(self, visit: Visit) -> str:
        """Where both are offered, bytes are what the lenient profile reads into the page."""
        if self.reading.profile == "documented":
            return JSON
        return super().reply_type(visit)

    def success(
        self, visit: Visit, job: PictureJob, pictures: Sequence[bytes], world: World
    ) -> Reply:
        """Bytes go out in chunks."""
        reply = super().success(visit, job, pictures, world)
        return replace(reply, streamed=self.reply_type(visit) != JSON)
