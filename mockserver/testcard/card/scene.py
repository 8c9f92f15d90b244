"""A landscape for every URL that stands for a picture which cannot be fetched.

Knows how to paint sky, sun, hills and grain from a name: the same name, the same scene.
Must not know what the name means, where pictures are kept, or what is done with them.
"""

from __future__ import annotations

import colorsys
import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE: Final = 768

_HILLS: Final = 4
_GRAIN: Final = 7  # levels, of 255


def landscape(name: str, label: str = "") -> NDArray[np.uint8]:
    """Paint the scene of a name, shape (768, 768, 3), RGB, with a small label at its foot."""
    dice = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=32).digest()
    hue = 0.52 + dice[0] / 1024  # sky blue to violet; the hills and the sun vary more
    down, across = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    scene = _sky(down, hue, dice[1])
    _sun(scene, down, across, dice[2:6])
    for hill in range(_HILLS):
        _hill(scene, down, across, hue, hill, dice[6 + 5 * hill : 11 + 5 * hill])
    grain = np.frombuffer(hashlib.shake_128(dice).digest(SIDE * SIDE), np.uint8)
    scene += (grain.reshape(SIDE, SIDE, 1) % _GRAIN).astype(np.float32) / 255 - _GRAIN / 510
    picture = Image.fromarray((scene.clip(0, 1) * 255).round().astype(np.uint8))
    _sign(picture, label)
    return np.array(picture)


def _sky(down: NDArray[np.float32], hue: float, turn: int) -> NDArray[np.float32]:
    """Shape (side, side, 3), 0..1: from one colour above to a paler one at the horizon."""
    high = _rgb(hue, 0.25 + turn % 16 / 48, 0.55)
    low = _rgb(0.95 + turn / 1600, 0.80, 0.85)
    share = np.clip(down / 0.62, 0, 1)[:, :, None] ** 1.3
    sky: NDArray[np.float32] = high * (1 - share) + low * share
    return sky


def _sun(
    scene: NDArray[np.float32],
    down: NDArray[np.float32],
    across: NDArray[np.float32],
    dice: bytes,
) -> None:
    away = np.hypot(across - (0.15 + dice[0] / 365), down - (0.14 + dice[1] / 900))
    radius = 0.05 + dice[2] / 3600
    glow = np.exp(-away / 0.18) * 0.45
    disc = np.clip((radius - away) * SIDE, 0, 1)
    share = np.maximum(glow, disc)[:, :, None]
    scene += (_rgb(0.10 + dice[3] / 2560, 0.90, 0.95) - scene) * share


def _hill(
    scene: NDArray[np.float32],
    down: NDArray[np.float32],
    across: NDArray[np.float32],
    hue: float,
    nearness: int,
    dice: bytes,
) -> None:
    """One range, 0 the farthest: lower, darker and greener the nearer it is."""
    x = across[0]
    ridge = 0.52 + 0.12 * nearness
    ridge = ridge + 0.06 * np.sin(x * (1.5 + dice[0] / 100) * np.pi + dice[1] / 40)
    ridge += 0.02 * np.sin(x * (5 + dice[2] / 40) * np.pi + dice[3] / 40)
    cover = np.clip((down - ridge) * SIDE, 0, 1)[:, :, None]
    light = 0.62 - 0.14 * nearness + np.clip(down - ridge, 0, 0.3) * 0.25
    far = 1 - nearness / (_HILLS - 1)  # distant hills take the colour of the sky
    colour = _rgb(hue * far + (0.22 + dice[4] / 1600) * (1 - far), 0.5, 0.30) * 2
    scene += (colour * light[:, :, None] - scene) * cover


def _sign(picture: Image.Image, label: str) -> None:
    letters = label[:60].encode("ascii", "replace").decode()
    pen, font = ImageDraw.Draw(picture, "RGBA"), ImageFont.load_default(18)
    pen.text((16, SIDE - 16), letters, (255, 255, 255, 170), font, anchor="ls")


def _rgb(hue: float, lightness: float, saturation: float) -> NDArray[np.float32]:
    return np.array(colorsys.hls_to_rgb(hue % 1.0, lightness, saturation), np.float32)
