"""What of a mask says "repaint here": white, black, or what can be seen through; turned one way.

Everywhere else in testcard a mask is white where the picture is repainted. Knows pictures and
fields. Must not know who paints, or any one provider.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from testcard.common.picture import Pixels
from testcard.common.place import Field
from testcard.common.spec import words

Polarity = Literal["white", "black", "alpha"]


@dataclass(frozen=True, slots=True)
class Masking:
    """How a mask is to be read.

    Attributes:
        polarity: what of it is repainted; `alpha` is what can be seen through.
        inverted: whether the call says that it is the other way round.
    """

    polarity: Polarity = "white"
    inverted: bool = False

    def turned(self, mask: Pixels) -> Pixels:
        """Return the mask as testcard has it: white where the picture is repainted."""
        if self == OWN_MASKING:
            return mask
        shade = mask.array
        if self.polarity == "alpha":
            shown = mask.alpha
            seen_through = np.zeros(shade.shape[:2], np.uint8) if shown is None else 255 - shown
            shade = np.repeat(seen_through[..., None], 3, axis=2)
        flipped = (self.polarity == "black") != self.inverted
        array = np.ascontiguousarray(255 - shade if flipped else shade)
        array.flags.writeable = False
        told = f"{mask.digest} {self.polarity} {self.inverted}".encode()
        return Pixels(array, hashlib.blake2b(told, digest_size=16).hexdigest())


OWN_MASKING: Final = Masking()
"""testcard's own way."""


def masking_of(field: Field, inverted: Any) -> Masking:
    """Return how a mask in this field is read.

    Args:
        field: that carries it, or carries a picture whose alpha is one.
        inverted: what the call says in its field of role `mask-invert`.
    """
    polarity: Polarity = words(field.schema).get("mask", "white")
    if polarity == OWN_MASKING.polarity and not inverted:
        return OWN_MASKING
    return Masking(polarity, inverted in (True, 1))
