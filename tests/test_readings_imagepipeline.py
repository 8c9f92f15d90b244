"""ImagePipeline: what may be asked, by the page and by the readings of what it leaves open."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import (
    ABSENT,
    BOTH,
    IMAGEPIPELINE,
    KEY,
    Client,
    client_of,
    data_uri,
    json_of,
    photo,
    text,
)

from testcard.common.message import Reply
from testcard.common.reading import Profile


def imagepipeline(profile: Profile = "lenient", policy: str = "polls:1", **settings: Any) -> Client:
    return client_of(IMAGEPIPELINE, profile, policy=policy, settings=settings)


def assert_taken(reply: Reply) -> None:
    """Check the answer to an order; one client refuses 200 here."""
    assert reply.status == 202
    said = json_of(reply)
    assert said == {"status": "PENDING", "id": said["id"]}
    assert said["id"]


def assert_refused(reply: Reply, *fields: str) -> None:
    assert reply.status == 422
    places = json_of(reply)["detail"]
    assert {place["loc"][1] for place in places} == set(fields)


@BOTH
def test_the_pages_own_sample_is_taken(profile: Profile) -> None:
    """It names no Content-Type, sends `refiner`, and more steps than the page advises."""
    client = imagepipeline(profile).but(media_type=ABSENT)
    reply = client.ask(
        negative_prompt="blurred, dim",
        num_inference_steps=45,
        refiner=True,
        samples=1,
        guidance_scale=10,
        width=768,
        height=768,
        seed=12345,
        safety_checker=True,
    )
    assert_taken(reply)
    assert client.forgiven == ["num_inference_steps"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": KEY},
        {"Authorization": KEY},
        {"Authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer {KEY}"},
    ],
)
def test_another_header_for_the_key_is_only_forgiven(headers: dict[str, str]) -> None:
    refused = imagepipeline("documented").but(key=None, headers=headers).ask()
    assert refused.status == 401
    assert isinstance(json_of(refused)["detail"], str)
    client = imagepipeline().but(key=None, headers=headers)
    assert_taken(client.ask())
    assert set(client.forgiven) == {"X-API-Key" if "X-API-Key" in headers else "Authorization"}
    client = client.but(headers=dict.fromkeys(headers, "invalid-key"))
    assert client.ask().status == 401


def test_model_id_is_required_to_the_letter_only() -> None:
    assert_refused(imagepipeline("documented").ask(model_id=ABSENT), "model_id")
    client = imagepipeline()
    assert_taken(client.ask(model_id=ABSENT))
    assert client.forgiven == ["model_id"]


@BOTH
@pytest.mark.parametrize("field", ["prompt", "init_image"])
def test_prompt_and_picture_are_required(profile: Profile, field: str) -> None:
    assert_refused(imagepipeline(profile).ask(**{field: ABSENT}), field)


@BOTH
def test_every_wrong_field_is_listed(profile: Profile) -> None:
    reply = imagepipeline(profile).ask(samples=9, prompt=ABSENT, strength=2)
    assert_refused(reply, "prompt", "samples", "strength")
    kinds = {place["loc"][1]: place["type"] for place in json_of(reply)["detail"]}
    assert kinds == {"prompt": "required", "samples": "maximum", "strength": "maximum"}


@pytest.mark.parametrize("image", [data_uri(photo()), text(photo())])
def test_a_picture_that_is_no_url_is_only_forgiven(image: str) -> None:
    assert_refused(imagepipeline("documented").ask(init_image=image), "init_image")
    client = imagepipeline()
    assert_taken(client.ask(init_image=image))
    assert client.forgiven == ["init_image"]


@BOTH
@pytest.mark.parametrize("image", ["", "ftp://a.example/b.png", "https://", "no picture", 7])
def test_what_leads_to_no_picture_is_refused(profile: Profile, image: Any) -> None:
    assert_refused(imagepipeline(profile).ask(init_image=image), "init_image")


@BOTH
def test_a_missing_content_type_is_accepted(profile: Profile) -> None:
    client = imagepipeline(profile).but(media_type=ABSENT)
    assert_taken(client.ask())
    assert client.forgiven == []


def test_a_wrong_content_type_is_only_forgiven() -> None:
    refused = imagepipeline("documented").but(media_type="text/plain").ask()
    assert refused.status == 422
    assert json_of(refused)["detail"][0]["loc"] == ["body"]
    client = imagepipeline().but(media_type="text/plain")
    assert_taken(client.ask())
    assert client.forgiven == ["Content-Type"]


NUMBERS_AS_TEXT = {
    "samples": "2",
    "num_inference_steps": "25",
    "strength": "0.5",
    "guidance_scale": "8",
    "width": "768",
    "height": "768",
    "seed": "12345",
}


def test_numbers_sent_as_text_are_only_forgiven() -> None:
    assert_refused(imagepipeline("documented").ask(**NUMBERS_AS_TEXT), *NUMBERS_AS_TEXT)
    client = imagepipeline()
    assert_taken(client.ask(**NUMBERS_AS_TEXT))
    assert client.forgiven == sorted(NUMBERS_AS_TEXT)


@BOTH
@pytest.mark.parametrize(
    ("field", "low", "high", "step"),
    [
        ("num_inference_steps", 1, 100, 1),
        ("strength", 0, 1, 0.01),
        ("samples", 1, 4, 1),
        ("guidance_scale", 1, 20, 0.1),
        ("width", 64, 2048, 1),
        ("height", 64, 2048, 1),
        ("seed", -(2**63), 2**63 - 1, 1),
    ],
)
def test_every_range_is_taken_to_its_ends_and_no_further(
    profile: Profile, field: str, low: float, high: float, step: float
) -> None:
    client = imagepipeline(profile)
    for inside in (low, high):
        assert_taken(client.ask(**{field: inside}))
    for outside in (low - step, high + step):
        assert_refused(client.ask(**{field: outside}), field)
    assert_refused(client.ask(**{field: "many"}), field)


@BOTH
@pytest.mark.parametrize(
    ("field", "advised", "unwise"),
    [
        ("num_inference_steps", [20, 30], [19, 31]),
        ("guidance_scale", [7.5, 12.5], [7.4, 12.6]),
        ("width", [768], [767]),
        ("height", [768], [767]),
        ("prompt", ["fox " * 75], ["fox " * 76]),
        ("negative_prompt", ["fog " * 75, "fog"], ["fog " * 76]),
    ],
)
def test_advice_is_only_a_finding(
    profile: Profile, field: str, advised: list[Any], unwise: list[Any]
) -> None:
    """A word is at least a token: so much of 75 tokens can be told without the tokenizer."""
    client = imagepipeline(profile)
    for values, findings in ((advised, []), (unwise, [field])):
        for value in values:
            assert_taken(client.ask(**{field: value}))
            assert client.forgiven == findings


@BOTH
@pytest.mark.parametrize("field", ["refiner", "safety_checker"])
def test_switches_are_booleans(profile: Profile, field: str) -> None:
    client = imagepipeline(profile)
    assert_taken(client.ask(**{field: True}))
    assert_refused(client.ask(**{field: "perhaps"}), field)
