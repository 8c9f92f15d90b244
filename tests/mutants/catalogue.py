"""Every mutant, by provider.

Knows the catalogue's parts. Must not know how a mutant is made or caught.
"""

from __future__ import annotations

from tests.mutants import (
    aithriving,
    appypie_img2img,
    appypie_inpainting,
    imagepipeline,
    imagepipeline_jobs,
    segmind,
    segmind_pictures,
)
from tests.mutants.mutant import Mutant

PROVIDERS = ("aithriving", "appypie-img2img", "appypie-inpainting", "imagepipeline", "segmind")
_PARTS = (
    aithriving,
    appypie_img2img,
    appypie_inpainting,
    imagepipeline,
    imagepipeline_jobs,
    segmind,
    segmind_pictures,
)


def mutants() -> tuple[Mutant, ...]:
    """Return all mutants, those of one provider together."""
    return tuple(mutant for part in _PARTS for mutant in part.mutants())
