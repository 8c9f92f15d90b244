"""The fast picture engine: a test card that shows what was asked and what was sent.

Knows what diffusion does to a picture in outline (strength, mask, seed, batch) and keeps
those laws exactly. Every word of the request that would change a real picture changes
the card; the caller's picture shows through it, so that a wrong upload is seen.
Must not know any provider's field names, HTTP, or how pictures are encoded.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from testcard.card import chart, scaling
from testcard.common.bounds import PixelBudget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from testcard.common.job import PictureJob

    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_LARGE = 1 << 22  # pixels


class CardEngine:
    """Paints test cards; keeps nothing between jobs. Any number of threads may use one at once."""

    name = "card"

    def __init__(self) -> None:
        """Paint few large pictures at once, and many small ones."""
        self._budget = PixelBudget()

    def paint(self, job: PictureJob) -> Iterator[NDArray[np.uint8]]:
        """Yield `job.samples` pictures, each of shape (height, width, 3), RGB, read-only.

        Without an input picture each is a whole card, and the mask means nothing. With
        one, the card is laid over the input by `effective_strength`, where the mask is
        not black; black pixels of the mask keep the input's own, exactly.
        """
        size, ground = job.width * job.height, None
        for sample in range(job.samples):
            with self._budget.taken(size):
                ground = ground or _ground(job)
                picture = scaling.pixels(_painted(job, sample, *ground))
            if size > _LARGE:  # whoever waits for the budget holds nothing large
                ground = None
            yield picture


def _ground(job: PictureJob) -> tuple[Image.Image | None, Image.Image | None]:
    """The input picture and the mask in the size that was asked for, where they are wanted."""
    if job.init is None:
        return None, None
    base = scaling.fit(job.init.array, job.width, job.height)
    if job.mask is None:
        return base, None
    return base, scaling.fit_mask(job.mask.array, job.width, job.height)


def _painted(
    job: PictureJob, sample: int, base: Image.Image | None, mask: Image.Image | None
) -> Image.Image:
    strength = effective_strength(job)
    if base is None:
        return _card(job, sample, None)
    return base if strength == 0 else _over(base, _card(job, sample, base), strength, mask)


def effective_strength(job: PictureJob) -> float:
    """The share of the asked steps that image-to-image takes, 0..1, as diffusers counts it."""
    strength = min(max(job.strength, 0.0), 1.0)
    return int(job.steps * strength) / job.steps


def _over(
    base: Image.Image, card: Image.Image, strength: float, mask: Image.Image | None
) -> Image.Image:
    painted = card if strength == 1 else Image.blend(base, card, strength)
    return painted if mask is None else Image.composite(painted, base, mask)


def _card(job: PictureJob, sample: int, base: Image.Image | None) -> Image.Image:
    """One whole card, mode RGBX, with the base's brightness showing through."""
    look = _look(job, sample)
    inks = chart.draw(job.width, job.height, look)
    inks |= _dusk(job.height) if base is None else np.asarray(base.convert("L")) >> 4
    card = Image.fromarray(inks)
    card.putpalette(chart.palette(look))
    painted = card.convert("RGBX")
    _caption(painted, job)
    return painted


def _look(job: PictureJob, sample: int) -> bytes:
    """The bytes that decide how a card looks: all that would change a real picture.

    Written as ASCII JSON first, so that any text has one spelling and no two jobs share it.
    """
    asked = (job.prompt, job.negative_prompt, job.style, job.scheduler, float(job.guidance))
    told = json.dumps((*asked, job.seed, sample, *job.weights)).encode()
    return hashlib.blake2b(told, digest_size=chart.LOOK_BYTES).digest()


def _dusk(height: int) -> NDArray[np.uint8]:
    """What shows through where nothing was sent: bright above, dark below. Shape (height, 1)."""
    return np.linspace(12, 4, height).astype(np.uint8)[:, None]


def _caption(card: Image.Image, job: PictureJob) -> None:
    """Two small lines within the circle; none where they would be under 5 pixels high."""
    top, bottom = chart.caption_rows(card.width, card.height)
    size = (bottom - top) * 0.27
    if size < 5:
        return
    facts = f"{job.provider} {job.width}x{job.height} seed {job.seed}"
    if job.init is not None:
        facts += f" strength {effective_strength(job):.2f}"
    prompt = ", ".join(f"{text} ({each:g})" for text, each in job.weights) or job.prompt
    pen, font = ImageDraw.Draw(card), ImageFont.load_default(size)
    room = chart.main_disc(card.width, card.height).radius * 1.62
    facts_font = ImageFont.load_default(max(5, min(size, size * room / font.getlength(facts))))
    for text, letters, share in ((facts, facts_font, 0.30), (prompt, font, 0.70)):
        place = (card.width / 2, top + (bottom - top) * share)
        pen.text(place, _shorten(text, letters, room), (235, 235, 235), letters, anchor="mm")


def _shorten(text: str, font: Font, room: float) -> str:
    """What fits of a text, in letters that the font has; others become a question mark."""
    spread = unicodedata.normalize("NFKD", text[:200])
    bare = "".join(letter for letter in spread if not unicodedata.combining(letter))
    known = "".join(letter if letter.isprintable() else " " for letter in bare)
    plain = " ".join(known.encode("ascii", "replace").decode().split())
    if font.getlength(plain) <= room:
        return plain
    average = font.getlength(plain) / len(plain)
    plain = plain[: int(room / average)]
    while plain and font.getlength(plain + "...") > room:
        plain = plain[:-1]
    return plain + "..."
