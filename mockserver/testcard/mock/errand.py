"""What a verb has to do: a call that was let in and read, and what it is worked on with.

Must not know HTTP, or any one provider.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from testcard.common.fields import Body
from testcard.common.operation import Operation
from testcard.mock.dialect import Dialect, Visit
from testcard.mock.services import Services
from testcard.mock.world import World


@dataclass(frozen=True, slots=True)
class Errand:
    """One call, ready to be carried out.

    Attributes:
        services: what it is worked on with.
        dialect: who words the answer.
        visit: the call; its key is accepted and its fields are valid.
        operation: what is asked for.
    """

    services: Services
    dialect: Dialect
    visit: Visit
    operation: Operation

    @property
    def world(self) -> World:
        """The state of the mock."""
        return self.services.world

    @property
    def body(self) -> Body:
        """What a call of this media type may say."""
        return self.operation.body_for(self.visit.call.media_type)

    def said(self, role: str) -> Any:
        """Return what the call says in the field with this role, or the field's default."""
        for each in self.body.telling:
            if each.role == role:
                return self.visit.fields.get(each.name, each.default)
        return None
