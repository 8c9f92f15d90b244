"""What each vendor's fields ask of the engine, in the terms of Stable Diffusion."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import (
    ABSENT,
    AITHRIVING,
    BOTH,
    EVERY_API,
    IMAGEPIPELINE,
    IMG2IMG,
    INPAINTING,
    SEGMIND,
    STREAM,
    URL,
    Api,
    Recorder,
    client_of,
    data_uri,
    json_of,
    photo,
)

from testcard.common.job import PictureJob
from testcard.common.message import Call
from testcard.common.picture import decode
from testcard.common.reading import Profile


def asked(api: Api, profile: Profile, **fields: Any) -> PictureJob:
    """Return what the engine is asked for by a call with `fields`."""
    engine = Recorder()
    client = client_of(api, profile, engine=engine, policy="at-once")
    reply = client.ask(**fields)
    assert client.entry.verdict == "ok"
    if api is IMAGEPIPELINE:
        client.mock.answer(Call("GET", json_of(reply)["download_urls"][0]))
    (job,) = engine.jobs
    return job


def assert_job(job: PictureJob, **expected: Any) -> None:
    assert {name: getattr(job, name) for name in expected} == expected


@BOTH
@pytest.mark.parametrize(
    ("api", "fields", "expected"),
    [
        (
            SEGMIND,
            {},
            {"samples": 1, "scheduler": "DDIM", "steps": 20, "guidance": 7.5, "strength": 1.0}
            | {"width": 512, "height": 512, "negative_prompt": ""},
        ),
        (
            IMAGEPIPELINE,
            {},
            {"samples": 1, "strength": 0.8, "guidance": 7.5, "width": 1024, "height": 1024}
            | {"negative_prompt": "", "options": (("model_id", "sdxl"),)},
        ),
        (IMG2IMG, {"size": ABSENT}, {"samples": 1, "width": 1024, "height": 1024, "mask": None}),
        (INPAINTING, {"size": ABSENT}, {"samples": 1, "width": 1024, "init": None, "mask": None}),
        (STREAM, {"size": ABSENT}, {"samples": 1, "width": 1024, "init": None, "options": ()}),
        (
            AITHRIVING,
            {},
            {"samples": 1, "strength": 0.65, "guidance": 7.0, "steps": 30, "scheduler": None}
            | {"style": None, "options": ()},
        ),
    ],
    ids=lambda value: value.path.rpartition("/")[2] if isinstance(value, Api) else "",
)
def test_what_is_not_sent_is_the_documented_default(
    profile: Profile, api: Api, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert_job(asked(api, profile, **fields), prompt="a red fox", **expected)


@BOTH
@pytest.mark.parametrize(
    ("api", "fields", "expected"),
    [
        (
            SEGMIND,
            {"samples": 2, "negative_prompt": "fog", "scheduler": "Euler a", "seed": 7}
            | {"num_inference_steps": 33, "guidance_scale": 9, "strength": 0.25, "base64": True}
            | {"img_width": 768, "img_height": 512},
            {"samples": 2, "negative_prompt": "fog", "scheduler": "Euler a", "seed": 7}
            | {"steps": 33, "guidance": 9.0, "strength": 0.25, "width": 768, "height": 512},
        ),
        (
            IMAGEPIPELINE,
            {"samples": 3, "negative_prompt": "fog", "num_inference_steps": 5, "strength": 0.25}
            | {"guidance_scale": 9, "width": 96, "height": 64, "seed": 7, "refiner": True},
            {"samples": 3, "negative_prompt": "fog", "steps": 5, "strength": 0.25}
            | {"guidance": 9.0, "width": 96, "height": 64, "seed": 7}
            | {"options": (("model_id", "sdxl"), ("refiner", True))},
        ),
        (
            IMG2IMG,
            {"negative_prompt": "fog", "size": "96x64"},
            {"negative_prompt": "fog", "width": 96, "height": 64},
        ),
        (
            INPAINTING,
            {"negative_prompt": "fog", "init_image": URL, "mask_image": data_uri(photo())},
            {"negative_prompt": "fog", "mask": decode(photo())},
        ),
        (
            STREAM,
            {"negative_prompt": "fog", "System prompt": "Calm"},
            {"negative_prompt": "fog", "options": (("System prompt", "Calm"),)},
        ),
        (
            AITHRIVING,
            {"width": 384, "image_strength": 0.75, "cfg_scale": 9, "seed": 7, "steps": 50}
            | {"clip_guidance_preset": "SLOW", "sampler": "K_LMS", "style_preset": "anime"},
            {"width": 384, "height": 320, "strength": 0.25, "guidance": 9.0, "seed": 7}
            | {"steps": 50, "scheduler": "K_LMS", "style": "anime", "init": decode(photo())}
            | {"options": (("clip_guidance_preset", "SLOW"),)},
        ),
    ],
    ids=lambda value: value.path.rpartition("/")[2] if isinstance(value, Api) else "",
)
def test_every_documented_field_reaches_the_engine(
    profile: Profile, api: Api, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert_job(asked(api, profile, **fields), **expected)


@pytest.mark.parametrize(("api", "guidance"), [(IMG2IMG, 7.5), (INPAINTING, 9.0), (STREAM, 9.0)])
def test_what_only_the_prose_names_reaches_the_engine_when_lenient(
    api: Api, guidance: float
) -> None:
    """On inpainting, prose says that a body may hold guidance_scale: that is the page's word."""
    said: dict[str, Any] = {"guidance_scale": 9, "prompt_strength": 0.25, "samples": 2}
    assert_job(asked(api, "lenient", **said), guidance=9.0, strength=0.25)
    assert_job(asked(api, "documented", **said), guidance=guidance, strength=1.0, samples=1)


@pytest.mark.parametrize("api", [INPAINTING, STREAM])
def test_the_vendors_later_fields_reach_the_engine_when_lenient(api: Api) -> None:
    said: dict[str, Any] = {"guidance": 9, "num_steps": 5, "seed": 7, "width": 96, "height": 64}
    expected = {"guidance": 9.0, "steps": 5, "seed": 7, "width": 96, "height": 64}
    assert_job(asked(api, "lenient", **said), **expected)
    assert_job(asked(api, "documented", **said), guidance=7.5, width=64, height=48)


@BOTH
@EVERY_API
def test_the_caption_can_name_the_api(profile: Profile, api: Api) -> None:
    assert asked(api, profile).provider == api.provider


def test_a_picture_that_is_sent_gives_its_size_where_none_is_asked_for() -> None:
    job = asked(AITHRIVING, "lenient", width=ABSENT, height=ABSENT)
    assert_job(job, width=24, height=16)
    assert_job(asked(AITHRIVING, "lenient", width=ABSENT), width=24, height=320)
