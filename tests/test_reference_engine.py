"""The reference engine on the weights that come along: laws of diffusion, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.heavy import Heavy

from testcard.common.job import PictureJob
from testcard.common.picture import Pixels, distance

engines = Heavy("testcard.reference.engine")
loading = Heavy("testcard.reference.models")
schedulers = Heavy("testcard.reference.schedulers")
queue = Heavy("testcard.reference.turnstile")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

_LEVELS = np.mgrid[0:96, 0:128].sum(0).astype(np.uint8)
SENT = Pixels.of(np.stack((_LEVELS, 255 - _LEVELS, np.full_like(_LEVELS, 90)), 2))
_BOX = np.zeros((96, 128, 3), np.uint8)
_BOX[20:80, 30:100] = 255
MASK = Pixels.of(_BOX)
JOB = PictureJob(
    "segmind", "a red circle on a blue background", init=SENT, width=128, height=96, steps=8, seed=3
)


@pytest.fixture(scope="module")
def models() -> Any:
    return loading.Models(device="cpu")


@pytest.fixture(scope="module")
def engine(models: Any) -> Any:
    return engines.ReferenceEngine(models)


def first(engine: Any, **changes: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return next(iter(engine.paint(replace(JOB, **changes))))


WAYS: dict[str, dict[str, Any]] = {
    "img2img": {},
    "words": {"init": None},
    "inpainting": {"mask": MASK},
    "xl": {"family": "sdxl"},
    "xl words": {"family": "sdxl", "init": None},
    "refined": {"family": "sdxl", "options": (("refiner", True),)},
    "refined words": {
        "family": "sdxl", "options": (("refiner", True),), "init": None
    },
}  # fmt: skip


@pytest.mark.parametrize("changes", WAYS.values(), ids=WAYS)
def test_the_same_seed_gives_the_same_bytes_and_sample_0_is_the_single_one(
    engine: Any, changes: dict[str, Any]
) -> None:
    one, again = first(engine, **changes), first(engine, **changes)
    assert one.shape == (96, 128, 3)
    assert one.dtype == np.uint8
    assert np.array_equal(one, again)
    three = list(engine.paint(replace(JOB, samples=3, **changes)))
    assert np.array_equal(three[0], one)
    assert len({each.tobytes() for each in three}) == 3
    assert not np.array_equal(first(engine, seed=4, **changes), one)


@pytest.mark.parametrize("changes", WAYS.values(), ids=WAYS)
def test_what_is_asked_matters(engine: Any, changes: dict[str, Any]) -> None:
    asked: list[dict[str, Any]] = [
        {},
        {"prompt": "a white star on a black background"},
        {"negative_prompt": "red"},
        {"guidance": 3.0},
        {"scheduler": "Euler a"},
        {"style": "pixel-art"},
    ]
    made = [first(engine, **changes, **each).tobytes() for each in asked]
    assert len(set(made)) == len(asked)


def test_every_scheduler_paints_at_any_number_of_steps(engine: Any) -> None:
    """One name of each recipe, of which two vendors call some by two names."""
    for name in {recipe: name for name, recipe in schedulers.RECIPES.items()}.values():
        for way in ("img2img", "refined"):  # a mask, or no picture, changes nothing of the steps
            for steps, strength in ((1, 1.0), (5, 0.5)):
                changes: dict[str, Any] = {**WAYS[way], "steps": steps, "strength": strength}
                painted = first(engine, scheduler=name, **changes)
                assert painted.shape == (96, 128, 3), (name, changes)


def test_a_scheduler_is_found_by_every_name_however_it_is_spelt() -> None:
    for name, made in schedulers.RECIPES.items():
        assert schedulers.recipe(name.lower().replace(" ", "_")) == made


def test_schedulers_that_differ_paint_different_pictures(engine: Any) -> None:
    """DDPM is left out: Euler's ancestral step is the same one in other terms."""
    recipes: dict[Any, str] = {}
    for name, recipe in schedulers.RECIPES.items():
        if recipe.maker != "DDPMScheduler":
            recipes.setdefault((recipe.maker, recipe.settings), name)
    made = {first(engine, scheduler=name).tobytes() for name in recipes.values()}
    assert len(made) == len(recipes)


def test_equal_steps_taken_give_one_picture_and_none_gives_the_input(engine: Any) -> None:
    assert np.array_equal(first(engine, strength=0.5), first(engine, strength=0.55))
    assert np.array_equal(first(engine, strength=0.1), SENT.array)
    assert np.array_equal(first(engine, strength=0.1, mask=MASK), SENT.array)


def test_more_strength_leads_further_from_the_input(engine: Any) -> None:
    plain = Pixels.of(np.full((64, 64, 3), (40, 70, 220), np.uint8))

    def far(strength: float) -> float:
        painted = [
            first(engine, init=plain, width=64, height=64, strength=strength, seed=seed)
            for seed in range(4)
        ]
        return sum(distance(each, plain.array) for each in painted)

    assert far(0.2) < far(0.5) < far(1.0)


def test_unmasked_pixels_are_the_caller_s_own(engine: Any) -> None:
    painted = first(engine, **WAYS["inpainting"])
    assert np.array_equal(painted[_BOX == 0], SENT.array[_BOX == 0])
    assert distance(painted[30:70, 40:90], SENT.array[30:70, 40:90]) > 0.02
    gray = Pixels.of(np.where(_BOX > 0, 128, 0).astype(np.uint8))
    half = first(engine, mask=gray)
    assert np.array_equal(half[_BOX == 0], SENT.array[_BOX == 0])


@pytest.mark.parametrize("size", [(64, 64), (333, 777), (1024, 320), (8, 8)])
def test_any_size_is_painted(engine: Any, size: tuple[int, int]) -> None:
    for way in ("img2img", "inpainting"):
        width, height = size
        painted = first(engine, **WAYS[way], width=width, height=height, steps=2)
        assert painted.shape == (height, width, 3)


@pytest.mark.parametrize("changes", WAYS.values(), ids=WAYS)
def test_samples_painted_together_are_those_painted_alone_within_one_level(
    models: Any, changes: dict[str, Any]
) -> None:
    """In batches of two at most: three samples take twice the steps of one."""
    steps: list[int] = []
    apart = engines.ReferenceEngine(models)
    together = engines.ReferenceEngine(
        models, together=2, progress=lambda _prompt, step, _steps: steps.append(step)
    )
    job = replace(JOB, samples=3, **changes)
    alone, batched = list(apart.paint(job)), list(together.paint(job))
    assert len(alone) == len(batched) == 3
    for one, other in zip(alone, batched, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1
    assert len(steps) == 2 * max(steps)


def test_a_caller_that_left_ends_the_painting(models: Any) -> None:
    steps: list[int] = []
    engine = engines.ReferenceEngine(
        models,
        left=lambda: len(steps) >= 2,
        progress=lambda _prompt, step, _steps: steps.append(step),
    )
    with pytest.raises(queue.Left):
        first(engine)
    assert steps == [1, 2]


def test_what_has_no_effect_is_said(engine: Any) -> None:
    told = replace(
        JOB,
        scheduler="K_DPMPP_2S_ANCESTRAL",
        options=(("clip_guidance_preset", "FAST_BLUE"), ("safety_checker", True)),
        prompt="photorealistic " * 20,
    )
    fields = {name for name, _ in engine.notes(told)}
    assert fields == {"scheduler", "clip_guidance_preset", "safety_checker", "prompt"}
    assert "scheduler" in dict(engine.notes(replace(JOB, scheduler="no such")))
    assert engine.notes(replace(JOB, options=(("clip_guidance_preset", "NONE"),))) == []


def test_the_engine_says_what_it_paints_with(engine: Any) -> None:
    said = engine.describe()
    assert said["device"] == "cpu"
    assert {each["native"] for each in said["checkpoints"].values()} == {64}


def test_the_weights_are_small() -> None:
    files: Iterator[Any] = loading.WEIGHTS.rglob("*.safetensors")
    assert 0 < sum(path.stat().st_size for path in files) <= 15_000_000
