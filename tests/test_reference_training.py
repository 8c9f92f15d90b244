"""The scenes, the oracle that judges them, and training that can be stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.heavy import Heavy

scenes = Heavy("train.scenes")
oracle = Heavy("train.oracle")
captions = Heavy("train.captions")
course = Heavy("train.course")
torch = Heavy("torch")


@pytest.fixture(scope="module")
def bank() -> object:
    return scenes.Bank.make(40, 11)


def test_the_oracle_is_exact_on_ground_truth(bank: object) -> None:
    drawn = scenes.Scenes.drawn(1500, bank, np.random.default_rng(2))
    pictures = np.rint(drawn.paint(bank)).astype(np.uint8)
    for index, picture in enumerate(pictures):
        sight = oracle.look(picture)
        told = (
            scenes.KINDS[drawn.kind[index]],
            scenes.COLOURS[drawn.figure[index]],
            scenes.COLOURS[drawn.ground[index]],
        )
        assert (sight.kind, sight.figure, sight.ground) == told
        assert sight.likeness > 0.95


def test_the_oracle_sees_through_a_little_noise_and_other_sizes(bank: object) -> None:
    rng = np.random.default_rng(3)
    drawn = scenes.Scenes.drawn(200, bank, rng)
    noisy = drawn.paint(bank) + rng.normal(0, 12, (200, 64, 64, 3))
    large = np.clip(np.rint(noisy), 0, 255).astype(np.uint8).repeat(3, 1).repeat(3, 2)
    right = [
        oracle.look(picture).kind == scenes.KINDS[kind]
        for picture, kind in zip(large, drawn.kind, strict=True)
    ]
    assert np.mean(right) > 0.98


def test_a_plain_ground_shows_no_drawing() -> None:
    sight = oracle.look(np.full((64, 64, 3), (40, 70, 220), np.uint8))
    assert (sight.figure, sight.ground, sight.kind) == ("", "blue", "")


def test_scenes_and_captions_are_the_same_for_the_same_seed(bank: object) -> None:
    def made() -> tuple[bytes, list[str]]:
        rng = np.random.default_rng(5)
        drawn = scenes.Scenes.drawn(50, bank, rng)
        told = captions.captions(drawn, rng)
        return drawn.paint(bank).tobytes(), [each.text for each in told]

    assert made() == made()
    assert np.array_equal(scenes.Bank.make(2, 9).covers, scenes.Bank.make(2, 9).covers)


def test_a_caption_names_no_colour_or_drawing_but_its_own(bank: object) -> None:
    rng = np.random.default_rng(6)
    drawn = scenes.Scenes.drawn(400, bank, rng)
    for index, told in enumerate(captions.captions(drawn, rng)):
        own = {drawn.figure[index], drawn.ground[index]}
        named = set(told.text.replace(",", " ").split())
        assert {scenes.COLOURS.index(each) for each in named & set(scenes.COLOURS)} <= own
        kinds = {kind for kind, names in captions.NAMES.items() if named & set(names)}
        assert kinds <= {scenes.KINDS[drawn.kind[index]]}


def test_figure_and_ground_always_differ(bank: object) -> None:
    drawn = scenes.Scenes.drawn(3000, bank, np.random.default_rng(7))
    assert (drawn.figure != drawn.ground).all()
    assert set(drawn.kind) == set(range(len(scenes.KINDS)))


def test_training_stopped_and_taken_up_again_is_training_in_one_piece(tmp_path: Path) -> None:

    def run(folder: Path, until: int) -> object:
        torch.manual_seed(0)
        made = course.Course("line", torch.nn.Linear(3, 1), 12, 1e-2, folder, average=True)

        def loss_of(step: int) -> object:
            batch = torch.from_numpy(np.random.default_rng(step).normal(size=(8, 3))).float()
            return (made.net(batch) - batch.sum(1, keepdim=True)).square().mean()

        for step in made.train(loss_of):
            if step == until:
                made._stopped = True
        return made

    whole = run(tmp_path / "whole", 99)
    run(tmp_path / "parts", 5)
    parts = run(tmp_path / "parts", 99)
    assert (whole.step, parts.step) == (12, 12)  # type: ignore[attr-defined]
    for name, value in whole.weights().items():  # type: ignore[attr-defined]
        assert torch.equal(value, parts.weights()[name])  # type: ignore[attr-defined]
