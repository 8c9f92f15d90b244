"""What a verb has to do: a call that was let in and read, and what it is worked on with.

Must not know HTTP, or any one provider.
"""

from __future__ import annotations

from typing import NamedTuple

from testcard.common.fields import Body
from testcard.common.operation import Operation
from testcard.mock.dialect import Dialect, Visit
from testcard.mock.services import Services
from testcard.mock.world import World


class Errand(NamedTuple):
    """One call, ready to be carried out.

    Attributes:
        services: what it is worked on with.
        dialect: who words the answer.
        visit: the call; its key is accepted and its fields are valid.
        operation: what is asked for.
        body: what a call of this media type may say.
    """

    services: Services
    dialect: Dialect
    visit: Visit
    operation: Operation
    body: Body

    @property
    def world(self) -> World:
        """The state of the mock."""
        return self.services.world
