"""What every call is worked on with.

Knows the parts that calls share. Must not know what is done with them.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass, field

from testcard.common.message import Reply
from testcard.common.trouble import Trouble
from testcard.mock.inputs import Inputs
from testcard.mock.memory_limit import MemoryLimit
from testcard.mock.signing import Signer
from testcard.mock.studio import PaintRequest, Studio
from testcard.mock.world import World

Step = Callable[[], "Reply | Step"]
"""A part of a call's turn: its answer, or what is to be done where it holds nobody up."""


@dataclass(frozen=True, slots=True)
class Services:
    """What every turn works with.

    Attributes:
        world: the state that calls change.
        studio: paints.
        inputs: reads the pictures sent.
        memory: what of it may be remembered in all.
        largest_body: bytes of a request body that are taken.
        largest_picture: pixels of a picture that is painted.
        signer: signs what callbacks send.
    """

    world: World
    studio: Studio
    inputs: Inputs
    memory: MemoryLimit
    largest_body: int
    largest_picture: int = 4096 * 4096
    signer: Signer = field(default_factory=Signer)

    def reset(self) -> None:
        """Begin again: the world as at the start, and nothing remembered."""
        self.world.reset()
        self.studio.clear()
        self.inputs.clear()
        self.memory.trim()

    def paint(self, wanted: PaintRequest) -> list[bytes]:
        """Have pictures painted, or wait for who paints them already.

        Raises:
            Trouble: overloaded: too many wait for the engine; failed: the client left.
        """
        try:
            return self.studio.pictures(wanted)
        except TimeoutError as busy:
            wait = getattr(busy, "retry_after", 1)
            raise Trouble("overloaded", str(busy), retry_after=wait) from busy
        except CancelledError as left:
            raise Trouble("failed", "the client left before its picture was painted") from left
