"""How large a picture may be, and how many pixels are worked on at once.

Knows threads. Must not know how pictures are decoded, HTTP or what they are for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Lock
from typing import Final

_PILLOW_WARNS_ABOVE: Final = 89_478_485


class PictureError(ValueError):
    """These bytes are not a picture that can be read: what was seen, what was expected."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a picture may be, judged by its header before it is decoded.

    Attributes:
        pixels: width × height at most; not above 89 million, where Pillow itself objects.
        side: width and height at most, in pixels.
    """

    pixels: int = 24_000_000
    side: int = 16_384

    def __post_init__(self) -> None:
        if not 1 <= self.pixels <= _PILLOW_WARNS_ABOVE or self.side < 1:
            raise ValueError(
                f"Limits(pixels={self.pixels}, side={self.side}): expected pixels from 1 to "
                f"{_PILLOW_WARNS_ABOVE} and side of at least 1"
            )

    def check(self, width: int, height: int) -> None:
        """Raise PictureError if a picture of this size, in pixels, is empty or too large."""
        if min(width, height) < 1:
            raise PictureError(f"the picture is {width}x{height}: expected at least 1x1")
        if max(width, height) > self.side or width * height > self.pixels:
            raise PictureError(
                f"the picture is {width}x{height}: expected at most {self.side} pixels a side "
                f"and {self.pixels / 1e6:g} megapixels"
            )


DEFAULT_LIMITS: Final = Limits()


class PixelBudget:
    """Has threads wait while those at work have many pixels already; first come, first served.

    One that is larger than the whole budget is worked on alone.
    """

    def __init__(self, most: int = DEFAULT_LIMITS.pixels) -> None:
        """Allow `most` pixels at once, which take about 12 bytes each while they are decoded."""
        self._most = most
        self._taken = 0
        self._first = Lock()  # held by whoever is next, so that small ones do not starve a large
        self._freed = Condition()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Wait until `pixels` are free, and take them for as long as this lasts."""
        with self._first, self._freed:
            self._freed.wait_for(lambda: not self._taken or self._taken + pixels <= self._most)
            self._taken += pixels
        try:
            yield
        finally:
            with self._freed:
                self._taken -= pixels
                self._freed.notify_all()
