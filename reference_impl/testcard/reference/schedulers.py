"""Schedulers by every name that vendors give them.

Knows which diffusers class, with which settings, a name stands for. Must not know who asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import diffusers


@dataclass(frozen=True, slots=True)
class Recipe:
    """A scheduler.

    Attributes:
        maker: name of the diffusers class.
        settings: what it is told beside what the checkpoint tells every scheduler.
        note: where it is not quite what was asked for; empty otherwise.
    """

    maker: str
    settings: tuple[tuple[str, Any], ...] = ()
    note: str = ""


_KARRAS: Final = (("use_karras_sigmas", True),)
_SINGLE: Final = (("algorithm_type", "dpmsolver++"), ("final_sigmas_type", "zero"))
_2S: Final = "diffusers has no ancestral DPM++ 2S; the plain single-step solver stands in for it"
_DDIM: Final = Recipe("DDIMScheduler", (("clip_sample", False), ("set_alpha_to_one", False)))
_DDPM: Final = Recipe("DDPMScheduler", (("clip_sample", False),))
_EULER: Final = Recipe("EulerDiscreteScheduler", (("timestep_spacing", "linspace"),))
_EULER_A: Final = Recipe("EulerAncestralDiscreteScheduler")
_HEUN: Final = Recipe("HeunDiscreteScheduler")
_LMS: Final = Recipe("LMSDiscreteScheduler")
_MULTI: Final = Recipe("DPMSolverMultistepScheduler")

RECIPES: Final[dict[str, Recipe]] = {
    "DDIM": _DDIM,
    "DDPM": _DDPM,
    "PNDM": Recipe("PNDMScheduler", (("skip_prk_steps", True),)),
    "UniPC": Recipe("UniPCMultistepScheduler"),
    "LMS": _LMS,
    "Heun": _HEUN,
    "Euler": _EULER,
    "Euler a": _EULER_A,
    "DPM Multi": _MULTI,
    "DPM Single": Recipe("DPMSolverSinglestepScheduler", _SINGLE),
    "DPM2 Karras": Recipe("KDPM2DiscreteScheduler", _KARRAS),
    "DPM2 a Karras": Recipe("KDPM2AncestralDiscreteScheduler", _KARRAS),
    "K_EULER": _EULER,
    "K_EULER_ANCESTRAL": _EULER_A,
    "K_HEUN": _HEUN,
    "K_LMS": _LMS,
    "K_DPM_2": Recipe("KDPM2DiscreteScheduler"),
    "K_DPM_2_ANCESTRAL": Recipe("KDPM2AncestralDiscreteScheduler"),
    "K_DPMPP_2M": _MULTI,
    "K_DPMPP_2S_ANCESTRAL": Recipe("DPMSolverSinglestepScheduler", _SINGLE, _2S),
}


def recipe(name: str) -> Recipe | None:
    """The scheduler of this name, its case and spacing ignored; None where nobody calls one so."""
    folded = _fold(name)
    return next((made for known, made in RECIPES.items() if _fold(known) == folded), None)


def make(name: str | None, config: Any) -> Any:
    """A fresh scheduler for a checkpoint.

    Args:
        name: a vendor's; None, or one that nobody knows, for the checkpoint's own scheduler.
        config: of the checkpoint's own scheduler: its betas, what the UNet predicts.
    """
    made = recipe(name) if name else None
    if made is None:
        return getattr(diffusers, config["_class_name"]).from_config(config)
    return getattr(diffusers, made.maker).from_config(config, **dict(made.settings))


def _fold(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
