"""Scenes: one drawing in one colour on a ground of another, in many sizes and places.

Knows the palette, how each kind of drawing is drawn, and how a batch of scenes is painted
from drawings made beforehand (painting is a blend of two colours, so that training never
waits for it). Must not know captions, models or how pictures are judged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIDE: Final = 64
"""Width and height of a scene, in pixels."""

PALETTE: Final[dict[str, tuple[int, int, int]]] = {
    "red": (220, 30, 30),
    "green": (30, 150, 50),
    "blue": (40, 70, 220),
    "yellow": (245, 215, 40),
    "orange": (245, 130, 20),
    "purple": (125, 40, 160),
    "pink": (250, 150, 190),
    "white": (250, 250, 250),
    "black": (15, 15, 15),
}
COLOURS: Final = tuple(PALETTE)
INKS: Final = np.array(list(PALETTE.values()), np.float32)

Point = tuple[float, float]
Drawing = Callable[["Pen"], None]
_FINE: Final = 4  # drawn so many times larger, then brought down: soft edges


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a drawing stands: its centre and half its height in shares of the side, its turn."""

    x: float
    y: float
    reach: float
    turn: float


class Pen:
    """Draws in a drawing's own terms: the centre is (0, 0), 1 is the reach, y points down."""

    def __init__(self, pose: Pose, side: int) -> None:
        """Begin an empty drawing of `side` × `side` pixels."""
        self._big = side * _FINE
        self._side = side
        self._pose = pose
        self._image = Image.new("L", (self._big, self._big), 0)
        self._draw = ImageDraw.Draw(self._image)

    def polygon(self, points: Iterable[Point], ink: int = 255) -> None:
        """Fill a polygon; ink 0 cuts a hole."""
        self._draw.polygon([self._place(point) for point in points], fill=ink)

    def disc(
        self, x: float, y: float, across: float, down: float | None = None, ink: int = 255
    ) -> None:
        """Fill an ellipse with these half axes."""
        tall = across if down is None else down
        angles = np.linspace(0, 2 * math.pi, 48, endpoint=False)
        self.polygon([(x + across * math.cos(a), y + tall * math.sin(a)) for a in angles], ink)

    def box(self, left: float, top: float, right: float, bottom: float, ink: int = 255) -> None:
        """Fill a rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], ink)

    def cover(self) -> NDArray[np.uint8]:
        """How much of each pixel is covered, 0..255, shape (side, side)."""
        return np.asarray(self._image.resize((self._side, self._side), Image.Resampling.BOX))

    def _place(self, point: Point) -> Point:
        cos, sin = math.cos(self._pose.turn), math.sin(self._pose.turn)
        x, y = point[0] * cos - point[1] * sin, point[0] * sin + point[1] * cos
        reach = self._pose.reach
        return ((self._pose.x + x * reach) * self._big, (self._pose.y + y * reach) * self._big)


def _star_points(spikes: int, inner: float) -> list[Point]:
    angles = [-math.pi / 2 + i * math.pi / spikes for i in range(2 * spikes)]
    reaches = [1.0 if i % 2 == 0 else inner for i in range(2 * spikes)]
    return [(r * math.cos(a), r * math.sin(a)) for a, r in zip(angles, reaches, strict=True)]


def _circle(pen: Pen) -> None:
    pen.disc(0, 0, 0.95)


def _square(pen: Pen) -> None:
    pen.box(-0.82, -0.82, 0.82, 0.82)


def _triangle(pen: Pen) -> None:
    pen.polygon([(0, -0.98), (0.98, 0.75), (-0.98, 0.75)])


def _star(pen: Pen) -> None:
    pen.polygon(_star_points(5, 0.42))


def _cross(pen: Pen) -> None:
    pen.box(-0.95, -0.3, 0.95, 0.3)
    pen.box(-0.3, -0.95, 0.3, 0.95)


def _ring(pen: Pen) -> None:
    pen.disc(0, 0, 0.98)
    pen.disc(0, 0, 0.55, ink=0)


def _cat(pen: Pen) -> None:
    """A face with pointed ears, two eyes and a small nose."""
    for side in (-1, 1):
        pen.polygon([(side * 0.85, -0.98), (side * 0.86, 0.1), (side * 0.1, -0.45)])
    pen.disc(0, 0.2, 0.92, 0.75)
    for side in (-1, 1):
        pen.disc(side * 0.38, 0.02, 0.15, 0.2, ink=0)
    pen.polygon([(-0.16, 0.42), (0.16, 0.42), (0, 0.62)], ink=0)


def _dog(pen: Pen) -> None:
    """A long face with hanging ears, set off from it, two eyes and a broad nose."""
    pen.disc(0, 0, 0.6, 0.95)
    for side in (-1, 1):
        pen.disc(side * 0.72, -0.1, 0.4, 0.75, ink=0)
        pen.disc(side * 0.78, -0.1, 0.28, 0.72)
    pen.box(-0.6, -0.86, 0.6, -0.5)
    for side in (-1, 1):
        pen.disc(side * 0.22, -0.2, 0.11, 0.15, ink=0)
    pen.disc(0, 0.5, 0.24, 0.17, ink=0)


def _lion(pen: Pen) -> None:
    """A round face inside a ragged mane, set off from it, with eyes and a nose."""
    pen.polygon(_star_points(12, 0.78))
    pen.disc(0, 0.02, 0.64, ink=0)
    pen.disc(0, 0.02, 0.52)
    for side in (-1, 1):
        pen.disc(side * 0.2, -0.12, 0.09, 0.12, ink=0)
    pen.polygon([(-0.15, 0.15), (0.15, 0.15), (0, 0.34)], ink=0)


def _house(pen: Pen) -> None:
    """A wall under a wide roof, with a door and a window."""
    pen.polygon([(0, -0.98), (0.98, -0.1), (-0.98, -0.1)])
    pen.box(-0.72, -0.2, 0.72, 0.92)
    pen.box(-0.5, 0.3, -0.08, 0.92, ink=0)
    pen.box(0.18, 0.2, 0.52, 0.55, ink=0)


def _tree(pen: Pen) -> None:
    """A crown of three round parts on a trunk."""
    pen.box(-0.15, 0.2, 0.15, 0.98)
    pen.disc(0, -0.5, 0.48)
    pen.disc(-0.4, -0.02, 0.42)
    pen.disc(0.4, -0.02, 0.42)


DRAWINGS: Final[dict[str, Drawing]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "cross": _cross,
    "ring": _ring,
    "cat": _cat,
    "dog": _dog,
    "lion": _lion,
    "house": _house,
    "tree": _tree,
}
KINDS: Final = tuple(DRAWINGS)
NATURAL: Final = {
    "cat": "orange",
    "dog": "black",
    "lion": "orange",
    "house": "red",
    "tree": "green",
}
"""Kind -> the colour that it mostly has where nobody names one."""


def draw(kind: str, pose: Pose, side: int = SIDE) -> NDArray[np.uint8]:
    """How much of each pixel a drawing covers, 0..255, shape (side, side)."""
    pen = Pen(pose, side)
    DRAWINGS[kind](pen)
    return pen.cover()


def poses(count: int, rng: np.random.Generator) -> list[Pose]:
    """Draw poses at which the whole drawing is in the picture, with a little ground around."""
    reach = rng.uniform(0.3, 0.44, count)
    room = 0.48 - reach
    x, y = (0.5 + rng.uniform(-1, 1, count) * room for _ in range(2))
    turn = np.radians(rng.uniform(-12, 12, count))
    return [Pose(*map(float, each)) for each in zip(x, y, reach, turn, strict=True)]


@dataclass(frozen=True)
class Bank:
    """Drawings made beforehand; the same number means the same pose for every kind.

    Attributes:
        covers: shape (kinds, poses, SIDE, SIDE), 0..255.
        poses: one for each number.
    """

    covers: NDArray[np.uint8]
    poses: Sequence[Pose]

    @classmethod
    def make(cls, count: int, seed: int) -> Bank:
        """Draw every kind at `count` poses."""
        places = poses(count, np.random.default_rng(seed))
        covers = np.stack([np.stack([draw(kind, pose) for pose in places]) for kind in KINDS])
        return cls(covers, places)


@dataclass(frozen=True)
class Scenes:
    """A batch of scenes as numbers. Each is an array of shape (n,).

    Attributes:
        kind: index into KINDS.
        figure: index into COLOURS, of the drawing.
        ground: index into COLOURS, never that of the drawing.
        pose: index into a bank's poses.
    """

    kind: NDArray[np.int64]
    figure: NDArray[np.int64]
    ground: NDArray[np.int64]
    pose: NDArray[np.int64]

    @classmethod
    def drawn(cls, count: int, bank: Bank, rng: np.random.Generator) -> Scenes:
        """Draw scenes at random."""
        figure = rng.integers(len(COLOURS), size=count)
        ground = (figure + rng.integers(1, len(COLOURS), size=count)) % len(COLOURS)
        kind = rng.integers(len(KINDS), size=count)
        return cls(kind, figure, ground, rng.integers(len(bank.poses), size=count))

    def cover(self, bank: Bank) -> NDArray[np.float32]:
        """How much of each pixel the drawing covers, 0..1, shape (n, SIDE, SIDE)."""
        return shares(bank.covers[self.kind, self.pose])

    def paint(self, bank: Bank) -> NDArray[np.float32]:
        """The pictures, RGB 0..255, shape (n, SIDE, SIDE, 3)."""
        return blend(self.cover(bank), INKS[self.figure], INKS[self.ground])


def shares(cover: NDArray[np.uint8]) -> NDArray[np.float32]:
    """0..255 as 0..1."""
    scaled: NDArray[np.float32] = np.divide(cover, 255, dtype=np.float32)
    return scaled


def blend(
    cover: NDArray[np.float32], figure: NDArray[np.float32], ground: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Figure over ground, colours of shape (n, 3): pictures of shape (n, side, side, 3)."""
    difference = (figure - ground)[:, None, None, :]
    return ground[:, None, None, :] + cover[..., None] * difference
