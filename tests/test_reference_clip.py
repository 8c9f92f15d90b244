"""CLIP guidance, on a small checkpoint that has a CLIP model beside its other parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.heavy import Heavy

from testcard.common.job import PictureJob
from testcard.common.picture import Pixels, distance

engines = Heavy("testcard.reference.engine")
loading = Heavy("testcard.reference.models")
clip = Heavy("testcard.reference.clip")
checkpoints = Heavy("tests.checkpoints")
torch = Heavy("torch")
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"
)

SENT = Pixels.of(np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8))
JOB = PictureJob("aithriving", "a red circle", init=SENT, width=64, height=48, steps=8, seed=1)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("clip")
    torch.manual_seed(0)
    checkpoints.small(4, "StableDiffusionPipeline").save_pretrained(folder)
    checkpoints.clip_model().save_pretrained(folder / "clip_model")
    return engines.ReferenceEngine(loading.Models([str(folder)], device="cpu"))


def painted(engine: Any, preset: str, **changes: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    asked = replace(JOB, options=(("clip_guidance_preset", preset),), **changes)
    return next(iter(engine.paint(asked)))


def far_from_the_words(engine: Any, picture: np.ndarray[Any, np.dtype[np.uint8]]) -> float:
    seen = torch.from_numpy(picture).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        return float(engine.models.kept["sd"].tower.distance(seen, [JOB.prompt]))


def test_a_picture_is_moved_to_where_clip_sees_more_of_the_words(engine: Any) -> None:
    """The slower the preset, the more CLIP has a say."""
    presets = ("NONE", "FAST_BLUE", "SIMPLE", "SLOW", "SLOWER", "SLOWEST")
    pictures = [painted(engine, preset) for preset in presets]
    assert np.array_equal(pictures[0], next(iter(engine.paint(JOB))))
    moved = [distance(pictures[0], picture) for picture in pictures[1:]]
    assert moved == sorted(moved)
    assert moved[0] > 0
    far = [far_from_the_words(engine, picture) for picture in pictures]
    assert far[presets.index("SLOWEST")] < far[presets.index("SLOW")] < far[0]
    assert np.array_equal(painted(engine, "SLOW"), pictures[presets.index("SLOW")])


@pytest.mark.parametrize(("strength", "taken"), [(1.0, 8), (0.5, 4)])
def test_what_is_foretold_is_of_the_next_step_to_come(
    engine: Any, monkeypatch: pytest.MonkeyPatch, strength: float, taken: int
) -> None:
    """At a strength below 1 the first steps are left out; after the last none is to come."""
    times: list[int] = []
    foretold = clip._foretold

    def kept(pipeline: Any, latents: Any, time: Any, states: Any) -> Any:
        times.append(int(time))
        return foretold(pipeline, latents, time, states)

    monkeypatch.setattr("testcard.reference.clip._foretold", kept)
    painted(engine, "SLOW", strength=strength, scheduler="DDIM")
    every = [int(time) for time in engine.models.pipeline("sd", "picture").scheduler.timesteps]
    assert times == every[-taken + 1 :]


@pytest.mark.parametrize("scheduler", ["DDIM", "K_EULER", "K_DPMPP_2M", "K_LMS", "UniPC", "PNDM"])
def test_it_works_with_schedulers_of_either_kind(engine: Any, scheduler: str) -> None:
    plain = painted(engine, "NONE", scheduler=scheduler)
    guided = painted(engine, "SLOWEST", scheduler=scheduler)
    assert far_from_the_words(engine, guided) < far_from_the_words(engine, plain)


def test_only_a_checkpoint_with_a_clip_model_is_guided_and_others_say_so(engine: Any) -> None:
    asked = replace(JOB, options=(("clip_guidance_preset", "SLOW"),))
    assert engine.notes(asked) == []
    ((field, why),) = engine.notes(replace(asked, family="sdxl"))
    assert field == "clip_guidance_preset"
    assert "has no clip_model" in why
    ((field, _),) = engine.notes(replace(asked, options=(("clip_guidance_preset", "ODD"),)))
    assert field == "clip_guidance_preset"


def test_every_preset_of_the_page_is_known() -> None:
    from testcard.common.reading import read
    from testcard.common.spec import bundled, load

    spec = load(next(path for path in bundled() if path.stem == "aithriving"))
    bodies = [each.body for each in read(spec, "documented", {}).operations if each.body]
    (field,) = (body.fields["clip_guidance_preset"] for body in bodies)
    assert set(field.schema["enum"]) == {"NONE", *clip.PRESETS}
