"""Folders of the real layouts, made small, are loaded and painted with as the real ones are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.heavy import Heavy

from testcard.common.job import PictureJob
from testcard.common.picture import Pixels

engines = Heavy("testcard.reference.engine")
loading = Heavy("testcard.reference.models")
torch = Heavy("torch")
checkpoints = Heavy("tests.checkpoints")
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"
)

SENT = Pixels.of(np.full((48, 64, 3), 90, np.uint8))
MASK = Pixels.of(np.full((48, 64, 3), 255, np.uint8))
JOB = PictureJob("segmind", "a red circle", init=SENT, width=64, height=48, steps=3, seed=1)


CASES: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "sd": (lambda: checkpoints.small(4, "StableDiffusionPipeline"), {}),
    "inpaint": (
        lambda: checkpoints.small(9, "StableDiffusionInpaintPipeline"),
        {"mask": MASK},
    ),
    "xl": (lambda: checkpoints.large(base=True), {"family": "sdxl"}),
    "refiner": (
        lambda: checkpoints.large(base=False),
        {"family": "sdxl", "options": (("refiner", True),)},
    ),
}


@pytest.mark.parametrize("family", CASES)
def test_a_folder_of_the_real_layout_takes_its_family_over(tmp_path: Path, family: str) -> None:
    make, changes = CASES[family]
    torch.manual_seed(0)
    make().save_pretrained(tmp_path / family)
    models = loading.Models([str(tmp_path / family)], device="cpu")
    assert models.kept[family].name == str(tmp_path / family)
    assert models.kept[family].native is None
    others = {name: kept.name for name, kept in models.kept.items() if name != family}
    assert set(others.values()) == {loading.TINY}
    engine = engines.ReferenceEngine(models)
    one, again = (next(iter(engine.paint(replace(JOB, **changes)))) for _ in range(2))
    assert one.shape == (48, 64, 3)
    assert np.array_equal(one, again)


def test_base_and_refiner_of_the_real_layout_work_together(tmp_path: Path) -> None:
    torch.manual_seed(0)
    for name in ("xl", "refiner"):
        CASES[name][0]().save_pretrained(tmp_path / name)
    models = loading.Models([str(tmp_path / name) for name in ("xl", "refiner")], device="cpu")
    engine = engines.ReferenceEngine(models)
    refined = replace(JOB, steps=10, **CASES["refiner"][1])
    plain = replace(JOB, steps=10, family="sdxl")
    pictures = [next(iter(engine.paint(job))) for job in (refined, plain)]
    assert {each.shape for each in pictures} == {(48, 64, 3)}
    assert not np.array_equal(*pictures)


@pytest.mark.parametrize(("threshold", "black"), [(-2.0, True), (2.0, False)])
def test_a_safety_checker_that_is_asked_for_holds_pictures_back(
    tmp_path: Path, threshold: float, black: bool
) -> None:
    checkpoints.small(4, "StableDiffusionPipeline", threshold).save_pretrained(tmp_path)
    engine = engines.ReferenceEngine(loading.Models([str(tmp_path)], device="cpu"))
    asked = replace(JOB, family="sdxl", options=(("safety_checker", True),))
    assert engine.notes(asked) == []
    assert (not next(iter(engine.paint(asked))).any()) is black
    unasked = replace(asked, options=(("safety_checker", False),))
    assert next(iter(engine.paint(unasked))).any()
    assert (not next(iter(engine.paint(JOB))).any()) is black, "its own pipeline always asks it"


def test_only_models_that_are_named_are_compiled(tmp_path: Path) -> None:
    checkpoints.small(4, "StableDiffusionPipeline").save_pretrained(tmp_path)
    models = loading.Models([str(tmp_path)], device="cpu", compiled=True)
    compiled = {
        name: kept.components["unet"]._compiled_call_impl is not None
        for name, kept in models.kept.items()
    }
    assert compiled == {"sd": True, "inpaint": False, "xl": False, "refiner": False}


@pytest.mark.parametrize("named", ["xl", "refiner"])
def test_a_refiner_is_used_with_its_own_base_alone(tmp_path: Path, named: str) -> None:
    """Latents of one autoencoder mean nothing to another."""
    torch.manual_seed(0)
    CASES[named][0]().save_pretrained(tmp_path)
    engine = engines.ReferenceEngine(loading.Models([str(tmp_path)], device="cpu"))
    refined = replace(JOB, steps=10, **CASES["refiner"][1])
    plain = replace(refined, options=())
    assert [where for where, _ in engine.notes(refined)] == ["refiner"]
    assert engine.notes(plain) == []
    one, other = (next(iter(engine.paint(job))) for job in (refined, plain))
    assert np.array_equal(one, other)


def test_two_of_one_family_are_refused(tmp_path: Path) -> None:
    for name in ("one", "other"):
        checkpoints.small(4, "StableDiffusionPipeline").save_pretrained(tmp_path / name)
    with pytest.raises(OSError, match=r"one' and '.*other' are of one family \(sd\)"):
        loading.Models([str(tmp_path / "one"), str(tmp_path / "other")], device="cpu")


@pytest.mark.parametrize(
    ("channels", "kind"),
    [(8, "StableDiffusionPipeline"), (4, "StableDiffusionLatentUpscalePipeline")],
)
def test_what_is_not_painted_with_is_refused(tmp_path: Path, channels: int, kind: str) -> None:
    checkpoints.small(channels, "StableDiffusionPipeline").save_pretrained(tmp_path)
    index = tmp_path / "model_index.json"
    index.write_text(index.read_text().replace("StableDiffusionPipeline", kind))
    with pytest.raises(OSError, match=kind):
        loading.Models([str(tmp_path)], device="cpu")


def test_a_file_and_a_broken_folder_are_refused_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"nothing")
    with pytest.raises(
        OSError, match=r"a folder with model_index\.json, or a hub id, is expected: "
    ):
        loading.Models([str(file)], device="cpu")
    checkpoints.small(4, "StableDiffusionPipeline").save_pretrained(tmp_path / "sd")
    (tmp_path / "sd" / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"nothing")
    with pytest.raises(OSError, match="is no checkpoint that can be loaded"):
        loading.Models([str(tmp_path / "sd")], device="cpu")


def test_a_name_that_is_no_checkpoint_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"is no checkpoint that can be loaded; a folder with"):
        loading.Models([str(tmp_path)], device="cpu")


def test_the_img2img_unet_is_the_trunk_with_nothing_masked() -> None:
    models = loading.Models(device="cpu")
    trunk = models.kept["inpaint"].components["unet"]
    cut = models.kept["sd"].components["unet"]
    latents, states = torch.randn(2, 4, 16, 16), torch.randn(2, 77, 64)
    with torch.no_grad():
        whole = trunk(torch.cat((latents, torch.zeros(2, 5, 16, 16)), 1), 500, states).sample
        assert torch.allclose(cut(latents, 500, states).sample, whole, atol=1e-4)
