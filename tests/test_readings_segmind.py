"""Segmind: what may be asked, by the page and by the readings of what it leaves open."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import (
    ABSENT,
    BOTH,
    SEGMIND,
    URL,
    Client,
    client_of,
    data_uri,
    fitted,
    json_of,
    photo,
    picture,
    size,
    text,
)

from testcard.common.message import Reply
from testcard.common.picture import distance
from testcard.common.reading import Profile

SCHEDULERS = ["DDIM", "DPM Multi", "DPM Single", "Euler a", "Euler", "Heun"]
SCHEDULERS += ["DPM2 a Karras", "DPM2 Karras", "LMS", "PNDM", "DDPM"]
VENDORS_CLIENT = {
    "samples": "1",
    "scheduler": "UniPC",
    "num_inference_steps": "25",
    "guidance_scale": "10.5",
    "strength": "0.75",
    "seed": "98877465625",
    "img_width": "512",
    "img_height": "512",
}


def segmind(profile: Profile = "lenient", **settings: Any) -> Client:
    return client_of(SEGMIND, profile, settings=settings)


def assert_jpeg(reply: Reply, width: int = 512, height: int = 512) -> None:
    """Check a success by bytes; one client wants exactly this content type."""
    assert reply.status == 200
    assert reply.header("content-type") == "image/jpeg"
    assert size(picture(reply.body, "jpeg")) == (width, height)


def assert_refused(reply: Reply, field: str) -> None:
    assert reply.status == 422
    assert field in json_of(reply)["error"]


@BOTH
def test_the_pages_own_sample_is_answered_with_a_jpeg(profile: Profile) -> None:
    client = segmind(profile)
    reply = client.ask(
        samples=1,
        negative_prompt="blurry",
        scheduler="DDIM",
        num_inference_steps=25,
        guidance_scale=10.5,
        strength=0.75,
        seed=98877465625,
        img_width=512,
        img_height=512,
        base64=False,
    )
    assert_jpeg(reply)
    assert float(reply.header("x-generation-time") or "") > 0
    assert client.forgiven == []


@BOTH
@pytest.mark.parametrize(("width", "height"), [(512, 768), (768, 512), (768, 768)])
def test_the_answer_has_the_size_asked_for(profile: Profile, width: int, height: int) -> None:
    assert_jpeg(segmind(profile).ask(img_width=width, img_height=height), width, height)


@pytest.mark.parametrize("side", [64, 511, 513, 626, 769, 1024, 2048])
def test_other_sizes_are_only_forgiven(side: int) -> None:
    assert_refused(segmind("documented").ask(img_width=side), "img_width")
    client = segmind()
    assert_jpeg(client.ask(img_width=side, img_height=64), side, 64)
    assert client.forgiven == ["img_height", "img_width"]


@BOTH
@pytest.mark.parametrize("side", [-512, 0, 63, 2049, 512.5, "wide"])
def test_sizes_that_nobody_paints_are_refused(profile: Profile, side: Any) -> None:
    assert_refused(segmind(profile).ask(img_height=side), "img_height")


@BOTH
@pytest.mark.parametrize("name", SCHEDULERS)
def test_the_eleven_schedulers_are_taken(profile: Profile, name: str) -> None:
    client = segmind(profile)
    assert_jpeg(client.ask(scheduler=name, seed=1))
    assert client.forgiven == []


@pytest.mark.parametrize("name", ["UniPC", "ddim", ""])
def test_another_scheduler_is_only_forgiven(name: str) -> None:
    """The vendor's own client sends UniPC."""
    assert_refused(segmind("documented").ask(scheduler=name), "scheduler")
    client = segmind()
    assert_jpeg(client.ask(scheduler=name, seed=1))
    assert client.forgiven == ["scheduler"]


@BOTH
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_inference_steps", 20),
        ("num_inference_steps", 100),
        ("guidance_scale", 0.1),
        ("guidance_scale", 25),
        ("strength", 0.1),
        ("strength", 1),
        ("samples", 1),
        ("samples", 4),
        ("seed", -(2**63)),
        ("seed", 2**63 - 1),
        ("seed", 999_999_999_999_999),
        ("negative_prompt", None),
        ("negative_prompt", "fog"),
        ("prompt", ""),
    ],
)
def test_the_ends_of_every_range_are_taken(profile: Profile, field: str, value: Any) -> None:
    client = segmind(profile)
    assert_jpeg(client.ask(**{field: value}))
    assert client.forgiven == []


@BOTH
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_inference_steps", 0),
        ("num_inference_steps", 101),
        ("num_inference_steps", 20.5),
        ("guidance_scale", 0.09),
        ("guidance_scale", 25.1),
        ("strength", -0.1),
        ("strength", 1.01),
        ("samples", 0),
        ("samples", 5),
        ("seed", -(2**63) - 1),
        ("seed", 2**63),
        ("seed", 0.5),
        ("prompt", 7),
        ("prompt", None),
        ("scheduler", 7),
        ("negative_prompt", []),
        ("base64", "yes"),
        ("base64", 2),
        ("image", 7),
        ("image", None),
        ("image", ABSENT),
    ],
)
def test_what_is_out_of_every_range_is_refused(profile: Profile, field: str, value: Any) -> None:
    client = segmind(profile)
    assert_refused(client.ask(**{field: value}), field)
    assert client.balance == 1000


@pytest.mark.parametrize(
    ("field", "value"),
    [("num_inference_steps", 1), ("num_inference_steps", 19), ("strength", 0), ("strength", 0.09)],
)
def test_less_than_the_page_allows_is_only_forgiven(field: str, value: float) -> None:
    assert_refused(segmind("documented").ask(**{field: value}), field)
    client = segmind()
    assert_jpeg(client.ask(**{field: value}))
    assert client.forgiven == [field]


def test_strength_0_gives_back_the_picture_sent() -> None:
    reply = segmind().ask(strength=0, img_width=64, img_height=64)
    assert distance(picture(reply.body, "jpeg").array, fitted(photo(), 64, 64)) < 0.02


def test_numbers_sent_as_text_are_only_forgiven() -> None:
    """The vendor's 0.2 client sends every number so; the picture is that of the numbers."""
    client = segmind()
    reply = client.ask(**VENDORS_CLIENT)
    assert_jpeg(reply)
    assert client.forgiven == sorted(VENDORS_CLIENT)
    numbers = {
        name: value if name == "scheduler" else float(value)
        for name, value in VENDORS_CLIENT.items()
    }
    assert client.ask(**numbers).body == reply.body


@pytest.mark.parametrize("field", sorted(VENDORS_CLIENT.keys() - {"scheduler"}))
def test_numbers_sent_as_text_are_refused_to_the_letter(field: str) -> None:
    assert_refused(segmind("documented").ask(**{field: VENDORS_CLIENT[field]}), field)


@pytest.mark.parametrize("value", ["true", "True", "1"])
def test_truth_sent_as_text_is_only_forgiven(value: str) -> None:
    client = segmind()
    assert json_of(client.ask(base64=value))["image"]
    assert client.forgiven == ["base64"]
    assert_refused(segmind("documented").ask(base64=value), "base64")


@BOTH
@pytest.mark.parametrize("format_", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("wrap", [text, data_uri])
def test_the_picture_is_sent_in_base64_or_as_a_data_uri(
    profile: Profile, format_: Any, wrap: Any
) -> None:
    client = segmind(profile)
    assert_jpeg(client.ask(image=wrap(photo(format_=format_))))
    assert client.forgiven == []


def test_a_picture_by_its_url_is_only_forgiven() -> None:
    assert_refused(segmind("documented").ask(image=URL), "image")
    client = segmind()
    assert_jpeg(client.ask(image=URL))
    assert client.forgiven == ["image"]


def test_another_name_for_the_picture_is_only_forgiven() -> None:
    other = {"image": ABSENT, "imageUrl": URL}
    assert_refused(segmind("documented").ask(**other), "image")
    client = segmind()
    assert_jpeg(client.ask(**other))
    assert "imageUrl" in client.forgiven


@BOTH
@pytest.mark.parametrize(
    "image",
    [
        "",
        "not base64!",
        text(b"no picture"),
        text(photo()[:40]),
        data_uri(photo())[:60],
        "file:///x",
    ],
)
def test_what_is_no_picture_is_refused(profile: Profile, image: str) -> None:
    assert_refused(segmind(profile).ask(image=image), "image")


@pytest.mark.parametrize("media_type", [ABSENT, "text/plain", "application/x-www-form-urlencoded"])
def test_another_content_type_is_only_forgiven(media_type: Any) -> None:
    assert_refused(segmind("documented").but(media_type=media_type).ask(), "Content-Type")
    client = segmind().but(media_type=media_type)
    assert_jpeg(client.ask())
    assert client.forgiven == ["Content-Type"]


@BOTH
def test_a_charset_beside_the_content_type_changes_nothing(profile: Profile) -> None:
    assert_jpeg(segmind(profile).but(media_type="Application/JSON; charset=utf-8").ask())


def test_null_is_read_as_not_sent_where_a_field_is_optional() -> None:
    assert_refused(segmind("documented").ask(img_width=None), "img_width")
    client = segmind()
    assert_jpeg(client.ask(img_width=None))
    assert client.forgiven == ["img_width"]
