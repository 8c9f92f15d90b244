"""The test card's drawing: castellated border, grid, circle, colour bars, gray steps.

Knows geometry and colour. A card is drawn as one byte a pixel: an ink in the high four
bits and, in the low four, the brightness of what shows through it (the ghost). One
palette then turns both into RGB at once, which costs a tenth of blending two pictures.
Must not know jobs, strengths, masks or captions: sixteen bytes decide the whole look.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LOOK_BYTES: Final = 16

_FIELD, _LINE, _GRAYS, _BARS, _ACCENT, _PAPER = 0, 1, 2, 8, 14, 15
_BLACK, _WHITE = _GRAYS, _GRAYS + 5
_GHOST: Final = (0.55, 0.25, *(0.16,) * 6, *(0.30,) * 6, 0.40, 0.45)  # by ink, 0..1
# The circle's bands from its top, each to a share of its diameter.
_BANDS: Final = (0.10, 0.20, 0.42, 0.51, 0.64, 0.77, 0.88, 1.0)


@dataclass(frozen=True, slots=True)
class Disc:
    """A circle on the card: centre and radius, in pixels."""

    x: float
    y: float
    radius: float

    def chords(self, width: int, height: int) -> Iterator[tuple[int, int, int]]:
        """Each row inside, as (row, first column, column after the last), within a card."""
        top, bottom = self.row(0, height), self.row(1, height)
        away = np.arange(top, bottom) + 0.5 - self.y
        half = np.sqrt(np.maximum(0, self.radius**2 - away**2))
        first = np.rint(self.x - half).clip(0, width).astype(int).tolist()
        after = np.rint(self.x + half).clip(0, width).astype(int).tolist()
        return zip(range(top, bottom), first, after, strict=True)

    def row(self, share: float, height: int) -> int:
        """The row at a share of the diameter from the top, 0..1, within the card."""
        return min(height, max(0, round(self.y + self.radius * (2 * share - 1))))


def main_disc(width: int, height: int) -> Disc:
    """The large circle of a card of this size."""
    return Disc(width / 2, height / 2, 0.42 * min(width, height))


def caption_rows(width: int, height: int) -> tuple[int, int]:
    """The first row of the black band that is meant for a caption, and the one after it."""
    disc = main_disc(width, height)
    return disc.row(_BANDS[4], height), disc.row(_BANDS[5], height)


def palette(look: bytes) -> bytes:
    """256 RGB colours, ink × 16 + ghost, from 16 bytes."""
    hue = look[0] / 256
    step = (1 if look[1] & 1 else -1) * (0.07 + look[1] / 256 * 0.11)
    inks = [_rgb(hue, 0.34 + look[2] / 1280, 0.30 + look[3] / 768), _rgb(hue, 0.86, 0.35)]
    inks += [(gray / 5,) * 3 for gray in range(6)]
    inks += [_rgb(hue + 0.12 + step * bar, 0.74 - 0.08 * bar, 0.62) for bar in range(6)]
    inks += [_rgb(hue + 0.5 + look[4] / 2048, 0.45, 0.60), _rgb(hue + 0.04, 0.80, 0.45)]
    shades = np.linspace(_rgb(hue, 0.05, 0.4), _rgb(hue + 0.03, 0.97, 0.6), 16)
    share = np.array(_GHOST)[:, None, None]
    colours = np.array(inks)[:, None, :] * (1 - share) + shades[None, :, :] * share
    return bytes(np.rint(colours * 255).astype(np.uint8))


def draw(width: int, height: int, look: bytes) -> NDArray[np.uint8]:
    """Draw a card: shape (height, width), each pixel an ink × 16, the low four bits free."""
    card = np.zeros((height, width), np.uint8)
    cells = 10 + 2 * (look[5] % 3)
    across = max(2, 2 * round(cells * width / min(width, height) / 2))
    down = max(2, 2 * round(cells * height / min(width, height) / 2))
    _grid(card, across, down)
    _border(card, across, down, min(width, height) // (2 * cells))
    disc = main_disc(width, height)
    _corners(card, disc.radius, look)
    _plain(card, disc, _WHITE)
    line = max(1.0, disc.radius / 70)
    _banded(card, Disc(disc.x, disc.y, disc.radius - line), look)
    return card


def _grid(card: NDArray[np.uint8], across: int, down: int) -> None:
    height, width = card.shape
    thick = max(1, min(width, height) // 400)
    for offset in range(thick):
        card[:, np.clip(np.arange(1, across) * width // across + offset, 0, width - 1)] = _LINE << 4
        card[np.clip(np.arange(1, down) * height // down + offset, 0, height - 1)] = _LINE << 4


def _border(card: NDArray[np.uint8], across: int, down: int, thick: int) -> None:
    """Blocks of black and white along the four edges: what is cut off or shifted shows."""
    height, width = card.shape
    inks = np.array((_BLACK << 4, _WHITE << 4), np.uint8)
    top = inks[np.arange(width) * across // width % 2]
    side = inks[np.arange(height) * down // height % 2][:, None]
    card[:thick], card[height - thick :] = top, top[::-1]
    card[:, :thick], card[:, width - thick :] = side, side[::-1]


def _corners(card: NDArray[np.uint8], radius: float, look: bytes) -> None:
    """A disc in each corner; the four differ, so that a turned card shows."""
    height, width = card.shape
    away = radius * 0.36
    spots = [(x, y) for y in (away, height - away) for x in (away, width - away)]
    for number, (x, y) in enumerate(spots):
        _plain(card, Disc(x, y, radius * 0.19), _PAPER)
        _plain(card, Disc(x, y, radius * 0.14), _BARS + (look[6] + number) % 6)


def _plain(card: NDArray[np.uint8], disc: Disc, ink: int) -> None:
    height, width = card.shape
    for y, first, after in disc.chords(width, height):
        card[y, first:after] = ink << 4


def _banded(card: NDArray[np.uint8], disc: Disc, look: bytes) -> None:
    """Fill a disc with the bands, each of which is one line repeated."""
    height, width = card.shape
    lines, band = _lines(disc, width, look), 0
    ends = [disc.row(share, height) for share in _BANDS]
    for y, first, after in disc.chords(width, height):
        while y >= ends[band]:
            band += 1
        card[y, first:after] = lines[band][first:after]


def _lines(disc: Disc, width: int, look: bytes) -> list[NDArray[np.uint8]]:
    """One line of inks for each of the bands, from the top; each of shape (width,)."""
    place = ((np.arange(width) + 0.5 - disc.x) / disc.radius / 2 + 0.5).clip(0, 1 - 1e-9)
    sixth = (place * 6).astype(np.uint8)
    sweep = (place * (6 + place * 24)).astype(np.uint8)
    inks = (
        _motif(place, look[8]),
        _motif(place, look[9]),
        _BARS + sixth,
        np.where(sweep % 2, _BLACK, _WHITE),
        _GRAYS + sixth,
        np.full(width, _BLACK),
        _motif(place, look[10]),
        _motif(place, look[11]),
    )
    return [(line * 16).astype(np.uint8) for line in inks]


def _motif(place: NDArray[np.float64], bits: int) -> NDArray[np.uint8]:
    """Sixteen blocks, mirrored, each on or off by one bit: two prompts rarely share it."""
    block = (np.abs(place - 0.5) * 16).astype(np.uint8)
    return np.where(bits >> block & 1, _ACCENT, _PAPER).astype(np.uint8)


def _rgb(hue: float, lightness: float, saturation: float) -> tuple[float, float, float]:
    return colorsys.hls_to_rgb(hue % 1.0, lightness, saturation)
