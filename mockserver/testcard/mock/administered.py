"""What there is to look after in a mock, for those who answer under /_testcard/.

Knows what a mock is made of. Must not know HTTP, or who may ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from testcard.mock.admin_spec import Refused
from testcard.mock.dialect import Dialect
from testcard.mock.journal import Journal
from testcard.mock.outbox import Outbox
from testcard.mock.studio import Studio
from testcard.mock.world import World

Said = Mapping[str, Any]
"""Query parameters and body of a call, as the spec has them."""


@dataclass(frozen=True, slots=True)
class Administered:
    """What there is to look after: the parts of a mock.

    Attributes:
        dialects: provider id -> how it speaks.
        world: the state that calls change.
        studio: paints.
        journal: where calls are written down.
        reset: has all of it begin again.
        outbox: what is to be sent of jobs.
    """

    dialects: Mapping[str, Dialect]
    world: World
    studio: Studio
    journal: Journal
    reset: Callable[[], None]
    outbox: Outbox


def served(parts: Administered, provider: str | None) -> str | None:
    """Return a provider's id as it is; Refused where no such provider is served."""
    if provider is not None and provider not in parts.dialects:
        raise Refused(f"{provider!r} is not served; served: {', '.join(parts.dialects)}")
    return provider
