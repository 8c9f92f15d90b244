"""Checkpoints: found, loaded, and put into the pipelines that each call needs.

The tiny weights beside this file are one inpainting folder of the usual layout, from which
the other families are cut (`surgery`). Any folder or hub id of the real layout takes a family
over. Knows files, devices and pipeline classes. Must not know jobs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from pathlib import Path
from threading import Lock
from typing import Any, Final, Literal

import numpy as np
import torch
from diffusers import (
    DiffusionPipeline,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
)
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file
from transformers import CLIPModel

from testcard.reference import surgery
from testcard.reference.clip import Tower

Family = Literal["sd", "inpaint", "xl"]
Kept = Literal["sd", "inpaint", "xl", "refiner"]
Way = Literal["words", "picture", "mask"]

WEIGHTS: Final = Path(__file__).parent / "weights"
TINY: Final = "tiny weights"
_CLASSES: Final[dict[tuple[bool, Way], Any]] = {
    (False, "words"): StableDiffusionPipeline,
    (False, "picture"): StableDiffusionImg2ImgPipeline,
    (False, "mask"): StableDiffusionInpaintPipeline,
    (True, "words"): StableDiffusionXLPipeline,
    (True, "picture"): StableDiffusionXLImg2ImgPipeline,
}
_TINY_HEED: Final = 0.35
"""At the usual 7.5 the tiny weights overshoot their colours; at 3.3 they obey more of them."""
_UNSAFE: Final = {"safety_checker": None, "feature_extractor": None}


@dataclass(frozen=True)
class Checkpoint:
    """The networks of one family.

    Attributes:
        name: folder or hub id; TINY for the weights that come along.
        components: by the names that pipelines give them.
        settings: what pipelines are told beside components.
        native: side of the pictures it was trained on; None where it paints any size.
        heed: share of the guidance above 1 that is applied.
        tower: a CLIP model to guide by; None where the checkpoint has none.
    """

    name: str
    components: Mapping[str, Any]
    settings: Mapping[str, Any]
    native: int | None
    heed: float = 1.0
    tower: Tower | None = None

    @cached_property
    def counter(self) -> Any:
        """A tokenizer of one's own: the pipeline's is in use, and no two threads may share one."""
        return deepcopy(self.components["tokenizer"] or self.components["tokenizer_2"])

    def guided(self, asked: float) -> float:
        """The guidance scale to apply where `asked` is wanted; 1 and less stay as they are."""
        return asked if asked <= 1 else 1 + self.heed * (asked - 1)

    def pipeline(self, way: Way) -> Any:
        """A pipeline that shares the components."""
        large = "text_encoder_2" in self.components
        maker = _CLASSES[large, way]
        taken = signature(maker.__init__).parameters
        told = {name: value for name, value in self.settings.items() if name in taken}
        made = maker(**self.components, **told)
        made.set_progress_bar_config(disable=True)
        return made


@dataclass(frozen=True)
class Checker:
    """Stable Diffusion's safety checker."""

    network: Any
    features: Any

    def held_back(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture, shape (height, width, 3); black where the checker objects to it."""
        seen = self.features(Image.fromarray(picture), return_tensors="pt").pixel_values
        seen = seen.to(self.network.device, self.network.dtype)
        with torch.inference_mode():
            _, objects = self.network(images=picture[None] / 255, clip_input=seen)
        return np.zeros_like(picture) if objects[0] else picture


class Models:
    """The checkpoints of every family, on one device."""

    def __init__(
        self, names: Iterable[str] = (), device: str | None = None, *, compiled: bool = False
    ) -> None:
        """Load the tiny weights, and `names` in place of those of their families.

        With the tiny weights alone, on a CPU, torch is told to use one thread, so that the bytes of
        a picture do not hang on how many cores there are.

        Args:
            names: folders or hub ids.
            device: of torch; None for CUDA where there is one.
            compiled: have torch compile the networks of `names` on their first call, which then
                takes a minute or more; so does the first of another size.

        Raises:
            OSError: a name is no checkpoint, or of no family that is painted with, or of one that
                another name took; the message says which and why.
        """
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.dtype = torch.bfloat16 if self.device.type == "cuda" else torch.float32
        self.kept: dict[Kept, Checkpoint] = {}
        self._made: dict[tuple[Kept, Way], Any] = {}
        self._counting = Lock()
        for name in names:
            loaded = self._load(name)
            family = family_of(loaded, name)
            if family in self.kept:
                both = f"{self.kept[family].name!r} and {name!r}"
                raise OSError(f"{both} are of one family ({family}); name one of them")
            self._hasten(loaded, compiled=compiled)
            self.kept[family] = self._checkpoint(name, loaded, None)
        if not self.kept and self.device.type == "cpu":
            torch.set_num_threads(1)  # a second one gains a quarter, and loses far more to others
        if len(self.kept) < 4:  # some family is left to the tiny weights
            self.kept = self._tiny() | self.kept

    @property
    def native(self) -> dict[Family, int | None]:
        """Family -> the side that it paints at; None for any."""
        names: tuple[Family, ...] = ("sd", "inpaint", "xl")
        return {name: self.kept[name].native for name in names}

    @property
    def refines(self) -> bool:
        """Whether refiner and base come from one place, and so share their latents."""
        return (self.kept["xl"].name == TINY) == (self.kept["refiner"].name == TINY)

    def tokens(self, family: Kept, text: str) -> int:
        """How many tokens a text is, those of its beginning and end included; in any thread."""
        with self._counting:
            return len(self.kept[family].counter(text).input_ids)

    def pipeline(self, family: Kept, way: Way) -> Any:
        """The pipeline for this family and way, made once."""
        if (family, way) not in self._made:
            self._made[family, way] = self.kept[family].pipeline(way)
        return self._made[family, way]

    @cached_property
    def checker(self) -> Checker | None:
        """The safety checker of a loaded checkpoint; None where none has one."""
        for each in self.kept.values():
            parts = each.components
            if parts.get("safety_checker") and parts.get("feature_extractor"):
                return Checker(parts["safety_checker"], parts["feature_extractor"])
        return None

    def _hasten(self, loaded: Any, *, compiled: bool) -> None:
        if self.device.type == "cuda":
            for network in (loaded.unet, loaded.vae):
                network.to(memory_format=torch.channels_last)
        if compiled:
            loaded.unet.compile()
            loaded.vae.decoder.compile()

    def _load(self, name: str) -> Any:
        try:
            return DiffusionPipeline.from_pretrained(name, dtype=self.dtype).to(self.device)
        except Exception as error:  # of whatever kind the file is wrong in
            wanted = "a folder with model_index.json, or a hub id, is expected"
            why = f"{wanted}: {str(error).splitlines()[0] if str(error) else error!r}"
            raise OSError(f"{name!r} is no checkpoint that can be loaded; {why}") from error

    def _checkpoint(self, name: str, loaded: Any, native: int | None) -> Checkpoint:
        own = {"requires_safety_checker", "requires_aesthetics_score"}
        own |= {"force_zeros_for_empty_prompt"}
        settings = {key: value for key, value in loaded.config.items() if key in own}
        tower = self._tower(Path(name), loaded)
        return Checkpoint(name, loaded.components, settings, native, tower=tower)

    def _tower(self, folder: Path, loaded: Any) -> Tower | None:
        """The CLIP model that stands beside a folder's other parts."""
        if not (folder / "clip_model").is_dir():
            return None
        model = CLIPModel.from_pretrained(folder / "clip_model", dtype=self.dtype)
        return Tower(model.to(self.device).eval().requires_grad_(False), loaded.tokenizer)

    def _tiny(self) -> dict[Kept, Checkpoint]:
        loaded = self._load(str(WEIGHTS))
        return _Tiny(loaded.components, self.device, self.dtype).checkpoints


@dataclass(frozen=True)
class _Tiny:
    """The tiny weights, cut to every family."""

    parts: Mapping[str, Any]
    device: torch.device
    dtype: torch.dtype

    @property
    def checkpoints(self) -> dict[Kept, Checkpoint]:
        """One of each family."""
        trunk, small = self.parts["unet"], {"requires_safety_checker": False}
        return {
            "inpaint": self._checkpoint({"unet": trunk, **_UNSAFE}, small),
            "sd": self._checkpoint({"unet": surgery.first_channels(trunk), **_UNSAFE}, small),
            "xl": self._checkpoint(
                self._large(surgery.BASE_IDS, self.parts["text_encoder"], self.parts["tokenizer"]),
                {"force_zeros_for_empty_prompt": False},
            ),
            "refiner": self._checkpoint(
                self._large(surgery.REFINER_IDS, None, None),
                {"force_zeros_for_empty_prompt": False, "requires_aesthetics_score": True},
            ),
        }

    @cached_property
    def _embedding(self) -> dict[str, torch.Tensor]:
        loaded: dict[str, torch.Tensor] = load_file(WEIGHTS / "xl_embedding.safetensors")
        return loaded

    def _large(self, ids: int, first: Any, tokenizer: Any) -> dict[str, Any]:
        unet = surgery.xl_unet(self.parts["unet"], self._embedding, ids)
        return {
            "unet": unet.to(self.device),
            "text_encoder": first,
            "tokenizer": tokenizer,
            "text_encoder_2": surgery.projected(self.parts["text_encoder"]).to(self.device),
            "tokenizer_2": self.parts["tokenizer"],
        }

    def _checkpoint(self, own: dict[str, Any], settings: dict[str, Any]) -> Checkpoint:
        own["unet"] = own["unet"].to(self.device, memory_format=torch.channels_last)
        vae = self.parts["vae"]
        side = self.parts["unet"].config.sample_size * 2 ** (len(vae.config.block_out_channels) - 1)
        shared = {name: self.parts[name] for name in ("vae", "scheduler")}
        words = {name: self.parts[name] for name in ("text_encoder", "tokenizer")}
        return Checkpoint(TINY, shared | words | own, settings, side, _TINY_HEED)


def family_of(loaded: Any, name: str) -> Kept:
    """Which family a loaded pipeline is of, told by its parts.

    Raises:
        OSError: it is of none that is painted with.
    """
    kind, parts = type(loaded), loaded.components
    channels = parts["unet"].config.in_channels if "unet" in parts else 0
    large = parts.get("text_encoder_2") is not None
    if kind not in _CLASSES.values() or channels not in ((4,) if large else (4, 9)):
        taken = ", ".join(sorted({each.__name__ for each in _CLASSES.values()}))
        seen = f"{kind.__name__} of {channels} channels"
        raise OSError(f"{name!r} is a {seen}, which is not painted with; taken are: {taken}")
    if large:
        return "refiner" if parts.get("text_encoder") is None else "xl"
    return "inpaint" if channels == 9 else "sd"
