"""Appy Pie's page on inpainting: picture, mask and stream, in both profiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.support import (
    ABSENT,
    BOTH,
    INPAINTING,
    STREAM,
    URL,
    Api,
    Client,
    Recorder,
    client_of,
    data_uri,
    fitted,
    json_of,
    photo,
    picture,
    text,
)

from testcard.common.message import Reply
from testcard.common.picture import Pixels, encode
from testcard.common.reading import Profile

BOTH_CALLS = pytest.mark.parametrize(
    "api", [INPAINTING, STREAM], ids=lambda api: api.path.rpartition("/")[2]
)
PICTURE = data_uri(photo(64, 48))


def mask() -> str:
    """White on the right half: there it is to be repainted."""
    array = np.zeros((48, 64, 3), np.uint8)
    array[:, 32:] = 255
    return data_uri(encode(array, "png"))


def shown(reply: Reply) -> Pixels:
    """Return the picture of a success."""
    assert reply.status == 200
    return picture(reply.body if reply.streamed else json_of(reply)["image_data"], "png")


def assert_refused(reply: Reply, field: str) -> None:
    assert reply.status == 400
    assert field in json_of(reply)["message"]


def same_seed(client: Client) -> Client:
    """Return a client of the same kind in a world that draws the same seeds."""
    client.mock.reset()
    return client


@BOTH
@BOTH_CALLS
def test_a_prompt_alone_is_enough(profile: Profile, api: Api) -> None:
    client = client_of(api, profile)
    shown(client.ask())
    assert client.forgiven == []
    assert_refused(client.ask(prompt=ABSENT), "prompt")


@BOTH
@BOTH_CALLS
@pytest.mark.parametrize("field", ["init_image", "mask_image"])
@pytest.mark.parametrize("image", [PICTURE, URL])
def test_picture_and_mask_come_by_url_or_data_uri(
    profile: Profile, api: Api, field: str, image: str
) -> None:
    client = client_of(api, profile)
    shown(client.ask(**{field: image}))
    assert client.forgiven == []


@BOTH
@BOTH_CALLS
@pytest.mark.parametrize("field", ["init_image", "mask_image"])
@pytest.mark.parametrize("image", [7, [], "", "a picture", text(photo()), "data:,x"])
def test_what_is_neither_is_refused(profile: Profile, api: Api, field: str, image: Any) -> None:
    assert_refused(client_of(api, profile).ask(**{field: image}), field)


@BOTH
@BOTH_CALLS
def test_outside_the_mask_the_picture_stays_as_it_was(profile: Profile, api: Api) -> None:
    reply = client_of(api, profile).ask(init_image=PICTURE, mask_image=mask())
    sent, array = fitted(photo(64, 48), 64, 48), shown(reply).array
    assert np.array_equal(array[:, :31], sent[:, :31])
    assert not np.array_equal(array[:, 32:], sent[:, 32:])


@BOTH_CALLS
def test_other_names_for_picture_and_mask_are_only_forgiven(api: Api) -> None:
    """A later page of the vendor has them; to the letter they are unknown and change nothing."""
    other = {"imageUrl": PICTURE, "maskUrl": mask()}
    client = client_of(api)
    named = shown(client.ask(**other))
    assert client.forgiven == ["imageUrl", "maskUrl"]
    assert shown(same_seed(client).ask(init_image=PICTURE, mask_image=mask())) == named
    strict = client_of(api, "documented")
    ignored = shown(strict.ask(**other))
    assert strict.forgiven == ["imageUrl", "maskUrl"]
    assert shown(same_seed(strict).ask()) == ignored


@BOTH_CALLS
def test_of_two_names_for_the_picture_the_pages_own_counts(api: Api) -> None:
    client = client_of(api)
    still: dict[str, Any] = {"prompt_strength": 0, "init_image": PICTURE, "imageUrl": URL}
    assert np.array_equal(shown(client.ask(**still)).array, fitted(photo(64, 48), 64, 48))
    assert "imageUrl" in client.forgiven


@BOTH_CALLS
@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("num_steps", 25, 0),
        ("guidance", 7.5, -1),
        ("seed", 42, "lucky"),
        ("width", 128, 4096),
        ("height", "128", 8),
    ],
)
def test_fields_of_the_vendors_later_page_are_taken_when_lenient(
    api: Api, field: str, value: Any, wrong: Any
) -> None:
    client = client_of(api)
    shown(client.ask(**{field: value}))
    assert field in client.forgiven
    assert client.ask(**{field: wrong}).status == 400
    strict = client_of(api, "documented")
    shown(strict.ask(**{field: wrong}))
    assert strict.forgiven == [field]


@BOTH_CALLS
@pytest.mark.parametrize("seed", [-1, ABSENT])
def test_a_seed_of_minus_one_or_none_is_random(api: Api, seed: Any) -> None:
    client = client_of(api)
    assert shown(client.ask(seed=seed)) != shown(client.ask(seed=seed))
    assert shown(client.ask(seed=0)) == shown(client.ask(seed=0))


@BOTH
def test_the_stream_takes_its_oddly_named_field(profile: Profile) -> None:
    client = client_of(STREAM, profile)
    shown(client.ask(**{"System prompt": "Keep the colours calm"}))
    assert client.forgiven == []
    assert client.entry.fields["System prompt"] == "Keep the colours calm"
    assert_refused(client.ask(**{"System prompt": 7}), "System prompt")


@pytest.mark.parametrize("name", ["system_prompt", "systemPrompt"])
def test_likelier_names_of_that_field_are_only_forgiven(name: str) -> None:
    client = client_of(STREAM)
    shown(client.ask(**{name: "Keep calm"}))
    assert client.entry.fields["System prompt"] == "Keep calm"
    assert name in client.forgiven
    strict = client_of(STREAM, "documented")
    shown(strict.ask(**{name: "Keep calm"}))
    assert "System prompt" not in strict.entry.fields
    assert strict.forgiven == [name]


def test_the_stream_answers_the_envelope_to_the_letter_and_bytes_in_chunks_otherwise() -> None:
    strict = client_of(STREAM, "documented").ask()
    assert json_of(strict)["content-type"] == "image/png"
    assert not strict.streamed
    lenient = client_of(STREAM).ask()
    assert lenient.header("content-type") == "image/png"
    assert lenient.streamed
    picture(lenient.body, "png")


@BOTH
def test_a_failing_stream_is_not_streamed(profile: Profile) -> None:
    reply = client_of(STREAM, profile).ask(prompt=ABSENT)
    assert_refused(reply, "prompt")
    assert not reply.streamed


@BOTH
@BOTH_CALLS
def test_how_closely_to_follow_the_prompt_is_a_field_of_the_page(
    profile: Profile, api: Api
) -> None:
    """Its table leaves it out; its prose names it twice, once among what a body may hold."""
    engine = Recorder()
    client = client_of(api, profile, engine=engine)
    shown(client.ask(guidance_scale=9))
    assert client.forgiven == []
    assert engine.jobs[-1].guidance == 9
    for wrong in (51, -1, "much"):
        assert client.ask(guidance_scale=wrong).status == 400, wrong
