"""Style presets: words for the prompt, and what is done to the picture afterwards.

Knows presets by name and plain pixel arithmetic. Must not know pipelines or vendors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Picture = NDArray[np.uint8]
Finish = Callable[[Picture, int], Picture]


@dataclass(frozen=True, slots=True)
class Style:
    """One preset.

    Attributes:
        words: added to the prompt.
        finish: picture and seed -> picture.
    """

    words: str
    finish: Finish


def grain(strength: float) -> Finish:
    """Film grain, coarser than a pixel, the same for the same seed."""

    def finish(picture: Picture, seed: int) -> Picture:
        rng = np.random.default_rng(seed & 0xFFFFFFFF)
        noise = rng.normal(0, 255 * strength, picture.shape[:2])
        soft = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1)) / 1.7
        return _clip(picture + soft[..., None])

    return finish


def tone(saturation: float = 1.0, contrast: float = 1.0, warmth: float = 0.0) -> Finish:
    """Stronger or weaker colours, steeper or flatter light, towards orange or blue."""

    def finish(picture: Picture, _: int) -> Picture:
        levels = picture.astype(np.float32)
        gray = levels.mean(axis=2, keepdims=True)
        levels = gray + saturation * (levels - gray)
        levels = 127.5 + contrast * (levels - 127.5)
        return _clip(levels + np.array([warmth, 0, -warmth], np.float32))

    return finish


def posterize(levels: int) -> Finish:
    """So many steps of light a channel."""
    return lambda picture, _: _clip(np.rint(picture / 255 * (levels - 1)) * 255 / (levels - 1))


def tiles(count: int) -> Finish:
    """Squares, about so many across."""

    def finish(picture: Picture, _: int) -> Picture:
        height, width = picture.shape[:2]
        small = (min(width, count), max(1, round(min(width, count) * height / width)))
        image = Image.fromarray(picture).resize(small, Image.Resampling.BOX)
        return np.asarray(image.resize((width, height), Image.Resampling.NEAREST))

    return finish


def outlines(on_white: bool) -> Finish:
    """Dark lines along edges, on the picture or on white."""

    def finish(picture: Picture, _: int) -> Picture:
        image = Image.fromarray(picture)
        reach = max(1, min(picture.shape[:2]) // 160)
        size = 2 * reach + 1
        thick = image.filter(ImageFilter.MaxFilter(size))
        thin = image.filter(ImageFilter.MinFilter(size))
        steep = np.asarray(thick).astype(np.int16) - np.asarray(thin)
        ink = np.clip(steep.max(axis=2, keepdims=True) * 2.0, 0, 255)
        paper = np.full_like(picture, 255) if on_white else picture
        return _clip(paper - ink)

    return finish


def relief(depth: float) -> Finish:
    """Light from the upper left on every edge."""

    def finish(picture: Picture, _: int) -> Picture:
        soft = Image.fromarray(picture).convert("L").filter(ImageFilter.GaussianBlur(2))
        level = np.asarray(soft).astype(np.float32)
        return _clip(picture + depth * (level - np.roll(level, (2, 2), (0, 1)))[..., None])

    return finish


def chain(*steps: Finish) -> Finish:
    """One after the other."""

    def finish(picture: Picture, seed: int) -> Picture:
        for step in steps:
            picture = step(picture, seed)
        return picture

    return finish


STYLES: Final[dict[str, Style]] = {
    "3d-model": Style("3d model, rendered", relief(1.2)),
    "analog-film": Style("analog film photo, grain", chain(tone(0.85, 0.94, 8), grain(0.05))),
    "anime": Style("anime", chain(tone(1.2), posterize(6), outlines(on_white=False))),
    "cinematic": Style("cinematic, film still", tone(0.9, 1.15, 6)),
    "comic-book": Style("comic book", chain(posterize(5), outlines(on_white=False))),
    "digital-art": Style("digital art", tone(1.15, 1.05)),
    "enhance": Style("detailed, sharp focus", tone(1.08, 1.08)),
    "fantasy-art": Style("fantasy art", tone(1.25, 1.0, -6)),
    "isometric": Style("isometric", relief(0.8)),
    "line-art": Style("line art, black lines on white", outlines(on_white=True)),
    "low-poly": Style("low poly", posterize(8)),
    "modeling-compound": Style("modelling clay", relief(1.8)),
    "neon-punk": Style("neon, glowing", tone(1.7, 1.2)),
    "origami": Style("origami, folded paper", relief(0.6)),
    "photographic": Style("photograph", grain(0.012)),
    "pixel-art": Style("pixel art", tiles(48)),
    "tile-texture": Style("tiles", chain(tiles(24), relief(0.5))),
}


def style(name: str | None) -> Style | None:
    """The preset of this name; None for none and for one that is not known."""
    return STYLES.get(name) if name else None


def _clip(levels: NDArray[np.floating]) -> Picture:
    clipped: Picture = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return clipped
