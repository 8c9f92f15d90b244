"""What the reference engine makes of a job before any model is asked: plans, sizes, seams."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.heavy import Heavy

from testcard.common.job import PictureJob
from testcard.common.picture import Pixels
from testcard.common.spec import bundled, load

frame = Heavy("testcard.reference.frame")
planning = Heavy("testcard.reference.plan")
schedulers = Heavy("testcard.reference.schedulers")
styles = Heavy("testcard.reference.styles")

TINY = {"sd": 64, "inpaint": 64, "xl": 64}
FULL: dict[str, int | None] = {"sd": None, "inpaint": None, "xl": None}
GRAY = Pixels.of(np.full((40, 60, 3), 128, np.uint8))
JOB = PictureJob("segmind", "a red circle", init=GRAY, steps=20, strength=0.5)


@pytest.mark.parametrize(
    ("size", "native", "worked"),
    [
        ((512, 512), 64, (64, 64)),
        ((768, 512), 64, (80, 56)),
        ((64, 2048), 64, (32, 360)),
        ((1024, 768), None, (1024, 768)),
        ((333, 777), None, (336, 776)),
        ((8, 8), None, (32, 32)),
    ],
)
def test_sizes_are_multiples_of_eight_of_about_the_native_area(
    size: tuple[int, int], native: int | None, worked: tuple[int, int]
) -> None:
    assert frame.working_size(*size, native) == worked


def test_steps_are_counted_as_diffusers_counts_them() -> None:
    for strength, taken in ((0.0, 0), (0.04, 0), (0.5, 10), (0.99, 19), (1.0, 20), (7.0, 20)):
        assert planning.plan_of(replace(JOB, strength=strength), TINY).taken == taken
    assert planning.plan_of(replace(JOB, init=None, strength=0.1), TINY).taken == 20


def test_a_mask_leads_to_inpainting_and_a_large_vendor_to_xl() -> None:
    def family(**changes: object) -> tuple[str, str]:
        plan = planning.plan_of(replace(JOB, **changes), TINY)  # type: ignore[arg-type]
        return plan.family, plan.way

    assert family() == ("sd", "picture")
    assert family(init=None) == ("sd", "words")
    assert family(mask=GRAY) == ("inpaint", "mask")
    assert family(family="sdxl") == ("xl", "picture")
    assert family(init=None, mask=GRAY) == ("sd", "words")


def test_the_refiner_takes_over_only_where_steps_are_left() -> None:
    asked = replace(JOB, family="sdxl", options=(("refiner", True),))
    assert planning.plan_of(asked, TINY).refine
    weak = replace(asked, strength=0.2)
    assert not planning.plan_of(weak, TINY).refine
    assert "refiner" in dict(planning.ignored(weak))
    assert "refiner" in dict(planning.ignored(replace(asked, family="sd")))


def test_the_first_sample_has_the_seed_itself_and_all_differ() -> None:
    for seed in (0, -5, 2**63 - 1, 98877465625):
        drawn = planning.seeds(replace(JOB, seed=seed, samples=4))
        assert drawn[0] == seed
        assert len(set(drawn)) == 4
        assert all(-(2**63) <= each < 2**63 for each in drawn)


def test_seeds_of_more_than_32_bits_differ_from_those_of_32() -> None:
    seeds = (7, 7 + 2**32, 7 - 2**32, -7, 2**63 - 1)
    assert planning.folded(7) == 7
    assert len({planning.folded(seed) for seed in seeds}) == len(seeds)
    assert all(0 <= planning.folded(seed) < 2**32 for seed in seeds)


def test_what_means_nothing_is_said() -> None:
    asked = replace(
        JOB,
        style="no such style",
        guidance=1.0,
        strength=0.01,
        options=(("System prompt", "be brief"), ("model_id", "sdxl")),
    )
    found = dict(planning.ignored(asked))
    assert set(found) == {"style", "guidance", "strength", "System prompt", "model_id"}
    assert dict(planning.ignored(JOB)) == {}


def test_unmasked_pixels_are_kept_and_the_seam_lies_inside_the_mask() -> None:
    before, after = np.zeros((60, 60, 3), np.uint8), np.full((60, 60, 3), 200, np.uint8)
    mask = np.zeros((60, 60), np.uint8)
    mask[20:40, 0:40] = 255
    mixed = frame.kept(before, after, mask)
    assert (mixed[mask == 0] == 0).all()
    assert (mixed[29:31, 0:30] == 200).all()  # deep inside, and at the picture's own edge
    steps = mixed[20:30, 5, 0].astype(int)
    assert (np.diff(steps) >= 0).all()
    assert 0 < steps[0] < 200
    whole = np.full((60, 60), 255, np.uint8)
    assert np.array_equal(frame.kept(before, after, whole), after)


def test_a_thin_stroke_of_a_mask_is_not_lost_at_the_working_size() -> None:
    mask = np.zeros((512, 512, 3), np.uint8)
    mask[100:103] = 255
    area = frame.area_of(mask, 64, 64)
    assert set(np.unique(area)) == {0, 255}
    assert (area[12] == 255).all()
    assert (np.delete(area, 12, axis=0) == 0).all()


def test_every_style_changes_a_picture_in_its_own_way_and_keeps_its_shape() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (64, 96, 3)).astype(np.uint8)
    picture[16:48, 16:60] = (220, 30, 30)
    made = {name: style.finish(picture, 7) for name, style in styles.STYLES.items()}
    assert {each.shape for each in made.values()} == {picture.shape}
    assert {each.dtype for each in made.values()} == {np.dtype(np.uint8)}
    assert len({each.tobytes() for each in made.values()}) == len(made)
    film = styles.STYLES["analog-film"]
    assert np.array_equal(film.finish(picture, 7), film.finish(picture, 7))
    assert not np.array_equal(film.finish(picture, 7), film.finish(picture, 8))


def test_every_style_of_every_page_is_known() -> None:
    assert _documented("style") <= set(styles.STYLES)


def test_every_scheduler_of_every_page_is_known() -> None:
    named = _documented("scheduler")
    assert len(named) > 15
    assert [name for name in named if schedulers.recipe(name) is None] == []
    assert schedulers.recipe("euler A") is schedulers.recipe("K_EULER_ANCESTRAL")
    assert schedulers.recipe("no such") is None


def _documented(role: str) -> set[str]:
    from testcard.common.reading import read

    readings = [read(load(path), "documented", {}) for path in bundled()]
    bodies = [each.body for reading in readings for each in reading.operations if each.body]
    fields = [field for body in bodies for field in body.fields.values() if field.role == role]
    return {name for field in fields for name in field.schema.get("enum", ())}
