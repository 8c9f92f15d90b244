"""What every call is worked on with.

Knows the parts that calls share. Must not know what is done with them.
"""

from __future__ import annotations

from dataclasses import dataclass

from testcard.mock.inputs import Inputs
from testcard.mock.memory_limit import MemoryLimit
from testcard.mock.studio import Studio
from testcard.mock.world import World


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
    """

    world: World
    studio: Studio
    inputs: Inputs
    memory: MemoryLimit
    largest_body: int
    largest_picture: int = 4096 * 4096

    def reset(self) -> None:
        """Begin again: the world as at the start, and nothing remembered."""
        self.world.reset()
        self.studio.clear()
        self.inputs.clear()
        self.memory.trim()
