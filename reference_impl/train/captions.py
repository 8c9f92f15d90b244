"""Captions: a scene in words, whole or in part, in many turns of phrase.

Knows the words for kinds and colours and phrases around them. Must not know pixels or models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from train.scenes import COLOURS, KINDS, Scenes

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "circle": ("circle", "disc", "ball", "dot"),
    "square": ("square", "box"),
    "triangle": ("triangle",),
    "star": ("star",),
    "cross": ("cross", "plus sign"),
    "ring": ("ring", "hoop"),
    "cat": ("cat", "kitten"),
    "dog": ("dog", "puppy"),
    "lion": ("lion",),
    "house": ("house", "home", "cottage"),
    "tree": ("tree",),
}
WHOLE: Final = (
    "a {figure} {kind} on a {ground} background",
    "a {figure} {kind} on a {ground} background",
    "a {figure} {kind} on {ground}",
    "{figure} {kind}, {ground} background",
    "{figure} {kind} on {ground} background",
    "a {kind} in {figure} against a {ground} background",
    "a {figure} {kind} in front of a {ground} wall",
    "on a {ground} background, a {figure} {kind}",
    "{ground} background with a {figure} {kind}",
    "the {kind} is {figure} and the background is {ground}",
)
NO_GROUND: Final = ("a {figure} {kind}", "{figure} {kind}", "a {kind} that is {figure}")
NO_FIGURE: Final = ("a {kind} on a {ground} background", "a {kind} on {ground}")
KIND_ALONE: Final = ("a {kind}", "{kind}", "the {kind}")
COLOURS_ALONE: Final = ("{figure} on {ground}", "something {figure} on a {ground} background")
FIGURE_ALONE: Final = ("{figure}", "something {figure}", "the colour {figure}")
GROUND_ALONE: Final = ("{ground} background", "{ground}", "on a {ground} background")
OPENINGS: Final = (
    "a picture of ",
    "a photo of ",
    "a drawing of ",
    "an image of ",
    "change to ",
    "change it to ",
    "turn it into ",
    "draw ",
    "paint ",
    "make it ",
    "replace it with ",
    "show ",
)
ENDINGS: Final = (
    ", high quality",
    ", detailed",
    ", best quality, masterpiece",
    ", simple",
    ", beautiful",
    ", 4k, sharp focus",
    ", flat colours",
    ", highly detailed, professional",
    ", soft light",
    ", studio light",
    ", digital art",
)
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_PHRASES: Final = (
    WHOLE, NO_GROUND, NO_FIGURE, KIND_ALONE, COLOURS_ALONE, FIGURE_ALONE, GROUND_ALONE
)  # fmt: skip
_SHARES: Final = (0.60, 0.09, 0.05, 0.12, 0.04, 0.05, 0.05)


@dataclass(frozen=True, slots=True)
class Caption:
    """Words, and what they tell: an index, or the count of all where they tell nothing."""

    text: str
    kind: int
    figure: int
    ground: int


def words() -> list[str]:
    """Every word that captions are made of, sorted."""
    phrases = [phrase for group in _PHRASES for phrase in group]
    names = [name for each in NAMES.values() for name in each]
    text = " ".join([*phrases, *names, *COLOURS, *OPENINGS, *ENDINGS])
    for mark in ("{figure}", "{ground}", "{kind}", ","):
        text = text.replace(mark, " ")
    return sorted(set(text.split()))


def caption(kind: int, figure: int, ground: int, rng: np.random.Generator) -> Caption:
    """Put one scene into words: mostly all of it, sometimes a part."""
    group = _PHRASES[rng.choice(len(_PHRASES), p=_SHARES)]
    phrase = group[rng.integers(len(group))]
    names = NAMES[KINDS[kind]]
    text = phrase.format(
        kind=names[0] if rng.random() < 0.6 else names[rng.integers(len(names))],
        figure=COLOURS[figure],
        ground=COLOURS[ground],
    )
    told = (
        kind if "{kind}" in phrase else len(KINDS),
        figure if "{figure}" in phrase else len(COLOURS),
        ground if "{ground}" in phrase else len(COLOURS),
    )
    return Caption(_dressed(text, rng), *told)


def captions(scenes: Scenes, rng: np.random.Generator) -> list[Caption]:
    """Put each scene into words."""
    rows = zip(scenes.kind, scenes.figure, scenes.ground, strict=True)
    return [caption(int(k), int(f), int(g), rng) for k, f, g in rows]


def _dressed(text: str, rng: np.random.Generator) -> str:
    if rng.random() < 0.7:
        text = text.replace("a orange", "an orange")
    if rng.random() < 0.3:
        text = OPENINGS[rng.integers(len(OPENINGS))] + text
    if rng.random() < 0.2:
        text += ENDINGS[rng.integers(len(ENDINGS))]
    if rng.random() < 0.1:
        text += " " + _stranger(rng)
    return text


def _stranger(rng: np.random.Generator) -> str:
    """A word that no caption is made of, so that such words learn to mean nothing."""
    return "".join(LETTERS[i] for i in rng.integers(len(LETTERS), size=rng.integers(3, 9)))
