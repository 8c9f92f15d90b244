"""AI Thriving: fields and answers, by the page and by the readings of what it leaves open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.support import (
    ABSENT,
    AITHRIVING,
    BOTH,
    KEY,
    Broken,
    Client,
    client_of,
    fitted,
    json_of,
    photo,
    picture,
    size,
)

from testcard.common.body import FilePart
from testcard.common.message import Reply
from testcard.common.reading import Profile

PAGES_SAMPLE = {
    "init_image": FilePart(photo(384, 320), "init_image.png"),
    "image_strength": 0.35,
    "prompt": "black hair",
    "cfg_scale": 7,
    "steps": 20,
    "width": ABSENT,
    "height": ABSENT,
}
GUIDANCE = ["FAST_BLUE", "FAST_GREEN", "NONE", "SIMPLE", "SLOW", "SLOWER", "SLOWEST"]
SAMPLERS = ["DDIM", "DDPM", "K_DPMPP_2M", "K_DPMPP_2S_ANCESTRAL", "K_DPM_2"]
SAMPLERS += ["K_DPM_2_ANCESTRAL", "K_EULER", "K_EULER_ANCESTRAL", "K_HEUN", "K_LMS"]
STYLES = ["3d-model", "analog-film", "anime", "cinematic", "comic-book", "digital-art"]
STYLES += ["enhance", "fantasy-art", "isometric", "line-art", "low-poly", "modeling-compound"]
STYLES += ["neon-punk", "origami", "photographic", "pixel-art", "tile-texture"]


def aithriving(profile: Profile = "lenient", **settings: Any) -> Client:
    return client_of(AITHRIVING, profile, settings=settings)


def data_of(reply: Reply) -> dict[str, Any]:
    """Check a success, and return its data."""
    assert reply.status == 200
    said = json_of(reply)
    assert said == {"code": 0, "message": "success", "data": said["data"]}
    assert said["data"].keys() == {"image", "seed"}
    return dict(said["data"])


def assert_refused(reply: Reply, *fields: str, status: int = 200) -> None:
    assert reply.status == status
    said = json_of(reply)
    assert said["code"] == -1
    assert all(field in said["message"] for field in fields)


def assert_forgiven(field: str, value: Any) -> None:
    """Check that `value` is refused to the letter, and taken with a finding otherwise."""
    assert_refused(aithriving("documented").ask(**{field: value}), field)
    client = aithriving()
    data_of(client.ask(**{field: value}))
    assert client.forgiven == [field]


def test_the_pages_own_sample_fails_to_the_letter() -> None:
    """It leaves out width and height, which the page's table requires."""
    assert_refused(aithriving("documented").ask(**PAGES_SAMPLE), "width", "height")


def test_the_pages_own_sample_is_answered_in_the_size_of_its_picture() -> None:
    client = aithriving()
    data = data_of(client.ask(**PAGES_SAMPLE))
    assert size(picture(data["image"], "png")) == (384, 320)
    assert client.forgiven == ["height", "width"]


@BOTH
@pytest.mark.parametrize("header", ["Authentication", "Authorization"])
def test_the_key_is_taken_bare_in_either_header(profile: Profile, header: str) -> None:
    client = aithriving(profile).but(key=None)
    data_of(client.but(headers={header: KEY}).ask())
    assert client.forgiven == []
    assert_refused(client.but(headers={header: "invalid-1"}).ask())


@pytest.mark.parametrize("header", ["Authentication", "Authorization"])
@pytest.mark.parametrize("scheme", ["Bearer ", "bearer "])
def test_a_key_after_bearer_is_only_forgiven(header: str, scheme: str) -> None:
    headers = {header: scheme + KEY}
    refused = aithriving("documented").but(key=None, headers=headers)
    assert_refused(refused.ask(), header, "Bearer")
    client = aithriving().but(key=None, headers=headers)
    data_of(client.ask())
    assert client.forgiven == [header]


@BOTH
@pytest.mark.parametrize(("width", "height"), [(320, 384), (1536, 320), (320, 1536)])
def test_the_answer_is_a_png_of_the_size_asked_for(
    profile: Profile, width: int, height: int
) -> None:
    image = data_of(aithriving(profile).ask(width=width, height=height))["image"]
    assert size(picture(image, "png")) == (width, height)


@BOTH
@pytest.mark.parametrize("field", ["width", "height"])
@pytest.mark.parametrize("side", [0, 256, 319, 321, 352, 1537, 1600, "wide", 384.5])
def test_sides_out_of_range_or_off_the_grid_of_64_are_refused(
    profile: Profile, field: str, side: Any
) -> None:
    assert_refused(aithriving(profile).ask(**{field: side}), field)


@BOTH
@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("image_strength", [0, 0.35, 1]),
        ("cfg_scale", [0, 7, 35]),
        ("steps", [10, 30, 50]),
        ("seed", [0, 1, 4294967295]),
        ("clip_guidance_preset", GUIDANCE),
        ("sampler", SAMPLERS),
        ("style_preset", STYLES),
    ],
)
def test_every_documented_value_is_taken(profile: Profile, field: str, values: list[Any]) -> None:
    client = aithriving(profile)
    for value in values:
        data_of(client.ask(**{field: value}))
        assert client.forgiven == []


@BOTH
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image_strength", -0.01),
        ("image_strength", 1.01),
        ("image_strength", "strong"),
        ("cfg_scale", -1),
        ("cfg_scale", 36),
        ("steps", 9),
        ("steps", 51),
        ("steps", 20.5),
        ("seed", 0.5),
        ("seed", "lucky"),
        ("seed", 2**63),
        ("seed", "9" * 5_000),
        ("clip_guidance_preset", "fast_blue"),
        ("sampler", "K_EULER_2"),
        ("init_image", ABSENT),
        ("prompt", ABSENT),
    ],
)
def test_what_is_out_of_range_is_refused_without_charge(
    profile: Profile, field: str, value: Any
) -> None:
    client = aithriving(profile)
    assert_refused(client.ask(**{field: value}), field)
    assert client.balance == 1000


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cfg_scale", 7.5),
        ("seed", -1),
        ("seed", 4294967296),
        ("seed", 98877465625),
        ("style_preset", "watercolour"),
    ],
)
def test_what_the_upstream_api_takes_is_only_forgiven(field: str, value: Any) -> None:
    assert_forgiven(field, value)


@BOTH
def test_the_seed_comes_back(profile: Profile) -> None:
    client = aithriving(profile)
    first, again = data_of(client.ask(seed=1050625087)), data_of(client.ask(seed=1050625087))
    assert first == again
    assert first["seed"] == 1050625087
    assert data_of(client.ask(seed=4294967295))["image"] != first["image"]


@BOTH
@pytest.mark.parametrize("seed", [0, ABSENT])
def test_a_random_seed_comes_back_in_range_and_gives_its_picture_again(
    profile: Profile, seed: Any
) -> None:
    client = aithriving(profile)
    first, second = data_of(client.ask(seed=seed)), data_of(client.ask(seed=seed))
    assert first["seed"] != second["seed"]
    assert all(1 <= each["seed"] <= 4294967295 for each in (first, second))
    assert data_of(client.ask(seed=first["seed"])) == first


@pytest.mark.parametrize("seed", [-1, -(2**63)])
def test_a_seed_below_0_is_random_when_lenient(seed: int) -> None:
    assert 1 <= data_of(aithriving().ask(seed=seed))["seed"] <= 4294967295


def test_a_seed_beyond_32_bits_comes_back_when_lenient() -> None:
    assert data_of(aithriving().ask(seed=2**63 - 1))["seed"] == 2**63 - 1


@BOTH
def test_defaults_are_those_of_the_page(profile: Profile) -> None:
    client = aithriving(profile)
    silent = data_of(client.ask(seed=9))
    told = data_of(client.ask(seed=9, image_strength=0.35, cfg_scale=7, steps=30))
    assert told == silent
    assert data_of(client.ask(seed=9, image_strength=0.9)) != silent


@BOTH
def test_an_image_strength_of_1_keeps_the_picture_sent(profile: Profile) -> None:
    """The other way round than denoising strength."""
    data = data_of(aithriving(profile).ask(image_strength=1))
    assert np.array_equal(picture(data["image"], "png").array, fitted(photo(), 320, 320))


@BOTH
def test_failures_have_statuses_of_their_own_by_a_setting(profile: Profile) -> None:
    client = aithriving(profile, failure_status="4xx")
    data_of(client.ask())
    assert_refused(client.send(b"{}"), status=400)
    assert_refused(client.ask(steps=99), "steps", status=400)
    assert_refused(client.but(key=None).ask(), status=401)
    assert_refused(client.but(key="invalid").ask(), status=401)
    assert_refused(client.but(key="nocredits").ask(), status=402)
    broken = client_of(AITHRIVING, profile, engine=Broken(), settings={"failure_status": "4xx"})
    assert_refused(broken.ask(), status=500)


@BOTH
def test_a_failure_carries_no_data(profile: Profile) -> None:
    said = json_of(aithriving(profile).ask(steps=99))
    assert said.get("data", "nothing") == (None if profile == "lenient" else "nothing")
