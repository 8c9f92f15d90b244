"""Prompts with weights, and several pictures in one call: tests/specs/prompts.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from tests.spec_clients import (
    broken,
    changed_spec,
    client_at,
    mock_of_spec,
    planned_run,
    refusal,
    told,
)
from tests.support import data_uri, photo
from tests.traces import call, raw, reading, rulings

from testcard.card.engine import CardEngine
from testcard.common.asked import asked_in
from testcard.common.job import PictureJob, asked
from testcard.mock.core import Mock

PNG = ("content-type", "image/png")


@pytest.fixture
def mock() -> Mock:
    return mock_of_spec("prompts")


@pytest.fixture(params=["http", "in process"])
def client(mock: Mock, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    with client_at(mock, request.param) as client:
        yield client


def job(prompts: list[tuple[str, float | None]], **more: Any) -> PictureJob:
    """Return what a call for these prompts asks for."""
    body = reading("prompts").operations[0].takes
    fields = {
        "text_prompts[].text": [text for text, _ in prompts],
        "text_prompts[].weight": [weight for _, weight in prompts],
        **more,
    }
    return asked("prompts", fields, body, {}, lambda: 1)


def test_prompts_below_nothing_are_kept_out() -> None:
    made = job([("a fox", 1), ("snow", 0.5), ("fog", -0.5), ("a hen", 0)], negative="rain")
    assert made.prompt == "a fox, snow"
    assert made.negative_prompt == "rain, fog"
    assert made.weights == (("a fox", 1), ("snow", 0.5), ("fog", -0.5), ("a hen", 0))
    assert made.without_pictures() == made


@pytest.mark.parametrize("prompts", [[("a fox", None)], [("a fox", 1)]])
def test_a_single_prompt_of_weight_one_is_a_prompt(prompts: list[tuple[str, float | None]]) -> None:
    made = job(prompts)
    assert (made.prompt, made.negative_prompt, made.weights) == ("a fox", "", ())


def test_a_weight_that_is_left_out_is_the_default() -> None:
    body = reading("prompts").operations[0].takes
    fields = {"text_prompts[].text": ["a", "b"], "text_prompts[].weight": [None, 0.25]}
    assert asked_in(body, fields).weights == (("a", 1.0), ("b", 0.25))


def test_a_weight_changes_the_card_and_is_shown_on_it() -> None:
    def card(**changes: Any) -> np.ndarray[Any, Any]:
        given = {"prompt": "a fox", "width": 256, "height": 256, **changes}
        return next(CardEngine().paint(PictureJob("prompts", **given)))

    plain = card()
    assert np.array_equal(plain, card(weights=()))
    half = card(weights=(("a fox", 0.5),))
    assert not np.array_equal(plain, half)
    assert not np.array_equal(half, card(weights=(("a fox", 0.6),)))


def test_pictures_beside_the_first_are_noted(client: httpx.Client, mock: Mock) -> None:
    body: dict[str, Any] = {"text_prompts": [{"text": "a fox"}], "seed": 7}
    one, two = data_uri(photo(64, 64)), data_uri(photo(64, 32))
    first = client.post("/blend", json={**body, "images": [one]})
    both = client.post("/blend", json={**body, "images": [one, two]})
    assert first.status_code == both.status_code == 200
    assert both.content == first.content
    assert client.post("/blend", json={**body, "images": [two]}).content != first.content
    notes = [entry.notes for entry in mock.journal.entries()]
    assert notes == [(), (("images[1]", "images[0] is used, and no other picture"),), ()]


def test_weighed_prompts_are_asked_for_over_http(client: httpx.Client) -> None:
    def painted(*prompts: dict[str, Any]) -> bytes:
        answer = client.post("/blend", json={"text_prompts": [*prompts], "seed": 7})
        assert answer.status_code == 200, answer.text
        return answer.content

    plain = painted({"text": "a fox"})
    assert painted({"text": "a fox", "weight": 1}) == plain
    assert painted({"text": "a fox", "weight": 0.5}) != plain
    assert painted({"text": "a fox"}, {"text": "fog", "weight": -1}) != plain
    wrong = client.post("/blend", json={"text_prompts": [{"text": "a", "weight": 7}]})
    assert (wrong.status_code, "text_prompts[0].weight" in wrong.json()["error"]) == (422, True)


def test_what_any_prompt_provokes_happens(tmp_path: Path) -> None:
    def refusing(document: dict[str, Any]) -> None:
        said = {"input": "refused", "grade": "assumed", "source": "a test"}
        document["x-testcard"]["moderation"] = said

    path = changed_spec("prompts", tmp_path, refusing)
    with client_at(mock_of_spec(str(path.with_suffix(""))), "in process") as client:
        prompts = [{"text": "a fox"}, {"text": "testcard:moderated-input"}]
        assert client.post("/blend", json={"text_prompts": prompts}).status_code == 422
        assert client.post("/blend", json={"text_prompts": prompts[:1]}).status_code == 200


# Checks


def test_a_check_weighs_prompts_and_breaks_nothing(mock: Mock) -> None:
    run = planned_run(mock)
    assert broken(run) == []
    assert told(run)["pictures.weight-matters"] == "kept"


def test_a_weight_without_effect_is_broken() -> None:
    def sent(weight: float, shade: int) -> Any:
        fields = {"text_prompts[].text": ["a"], "text_prompts[].weight": [weight], "seed": 7}
        return raw(call("prompts", fields), 200, photo(8 + shade, 8), PNG)

    for shade, kept in ((0, False), (8, True)):
        found = rulings("pictures.weight-matters", "prompts", (sent(1, 0), sent(0.5, shade)))
        assert [each.kept for each in found] == [kept]
    other = raw(call("prompts", {"text_prompts[].text": ["b"], "seed": 7}), 200, photo(8, 8), PNG)
    assert rulings("pictures.weight-matters", "prompts", (sent(1, 0), other)) == []


# Load


def members(document: dict[str, Any]) -> dict[str, Any]:
    (content,) = document["paths"]["/blend"]["post"]["requestBody"]["content"].values()
    found: dict[str, Any] = content["schema"]["properties"]
    return found


BAD: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a weight of nothing": (
        lambda m: m["text_prompts"]["items"]["properties"]["text"]["x-testcard"].pop("role"),
        "a weight stands beside no prompt in the objects of a list"),
    "a weight outside the list": (
        lambda m: m["seed"]["x-testcard"].update(role="prompt-weight"),
        "a weight stands beside no prompt in the objects of a list"),
    "a weight in words": (
        lambda m: m["text_prompts"]["items"]["properties"]["weight"].update(type="string"),
        "a weight is a number; write type: number"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_a_spec_says_of_weights_in_vain_is_refused(tmp_path: Path, name: str) -> None:
    change, wanted = BAD[name]
    assert wanted in refusal("prompts", tmp_path, lambda document: change(members(document)))
