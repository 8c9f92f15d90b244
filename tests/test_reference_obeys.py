"""What the reference engine paints for each API, over HTTP, is what the prompt says.

Judged by the oracle of the training: colours by the nearest of the palette, the drawing by its
outline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import httpx
import numpy as np
import pybase64
import pytest
from tests.heavy import Heavy
from tests.servers import door
from tests.support import (
    AITHRIVING,
    IMAGEPIPELINE,
    IMG2IMG,
    INPAINTING,
    KEY,
    SEGMIND,
    STREAM,
    URL,
    Api,
    data_uri,
    form,
    text,
)

from testcard.assembly import Options, build, open_engine
from testcard.common.body import FilePart
from testcard.common.picture import decode, distance, encode
from testcard.mock.world import JobPolicy

oracle = Heavy("train.oracle")
scenes = Heavy("train.scenes")

Picture = np.ndarray[Any, np.dtype[np.uint8]]
WISHES = (
    ("circle", "red", "white"),
    ("square", "blue", "yellow"),
    ("triangle", "green", "pink"),
    ("star", "white", "black"),
    ("cross", "purple", "orange"),
    ("ring", "yellow", "blue"),
    ("cat", "black", "white"),
    ("dog", "orange", "green"),
    ("lion", "yellow", "purple"),
    ("house", "red", "yellow"),
    ("tree", "green", "white"),
)


def drawn(kind: str, figure: str, ground: str, side: int = 256) -> bytes:
    """A drawing as PNG."""
    cover = scenes.shares(scenes.draw(kind, scenes.Pose(0.5, 0.5, 0.38, 0.0), side)[None])
    inks = (scenes.INKS[[scenes.COLOURS.index(name)]] for name in (figure, ground))
    return encode(np.rint(scenes.blend(cover, *inks)[0]).astype(np.uint8), "png")


@cache
def sent() -> bytes:
    """The drawing that is sent, as PNG."""
    return drawn("circle", "red", "blue")


WHITE = encode(np.full((256, 256, 3), 255, np.uint8), "png")


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    painting = Options(engine=open_engine("reference"), policy=JobPolicy.parse("at-once"))
    with (
        door(build(painting)) as base,
        httpx.Client(base_url=base, trust_env=False, timeout=60) as made,
    ):
        yield made


def post(client: httpx.Client, api: Api, fields: dict[str, Any]) -> httpx.Response:
    headers = {api.key_header: KEY, "Content-Type": api.media_type}
    at = f"/{api.provider}{api.path}"
    if api.form:
        answer = client.post(at, content=form(fields), headers=headers)
    else:
        answer = client.post(at, json=fields, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def segmind(client: httpx.Client, prompt: str, seed: int, **more: Any) -> bytes:
    fields = {"image": text(sent()), "strength": 0.9, "img_width": 256, "img_height": 256}
    asked = {"prompt": prompt, "seed": seed, **fields, **more}
    return post(client, SEGMIND, asked).content


def imagepipeline(client: httpx.Client, prompt: str, seed: int) -> bytes:
    fields = {"init_image": URL, "strength": 0.9, "width": 256, "height": 256, "refiner": True}
    asked = {"model_id": "sdxl", "prompt": prompt, "seed": seed, **fields}
    (url,) = post(client, IMAGEPIPELINE, asked).json()["download_urls"]
    return client.get(url).content


def img2img(client: httpx.Client, prompt: str, seed: int) -> bytes:
    asked = {"prompt": prompt, "inputImage": URL, "size": "256x256", "seed": seed}
    return pybase64.b64decode(post(client, IMG2IMG, asked).json()["image_data"])


def inpainting(client: httpx.Client, prompt: str, seed: int) -> bytes:
    pictures = {"init_image": data_uri(sent()), "mask_image": data_uri(WHITE)}
    asked = {"prompt": prompt, "size": "256x256", "seed": seed, **pictures}
    return pybase64.b64decode(post(client, INPAINTING, asked).json()["image_data"])


def words_alone(client: httpx.Client, prompt: str, seed: int) -> bytes:
    return post(client, STREAM, {"prompt": prompt, "size": "256x256", "seed": seed}).content


def aithriving(client: httpx.Client, prompt: str, seed: int) -> bytes:
    fields = {"width": 320, "height": 320, "image_strength": 0.1, "seed": seed}
    asked = {"init_image": FilePart(sent(), "sent.png"), "prompt": prompt, **fields}
    return pybase64.b64decode(post(client, AITHRIVING, asked).json()["data"]["image"])


Ask = Callable[[httpx.Client, str, int], bytes]
EVERY: tuple[Ask, ...] = (segmind, imagepipeline, img2img, inpainting, words_alone, aithriving)


def test_every_api_paints_what_the_prompt_says(client: httpx.Client) -> None:
    """Every other wish of each, about the floors of the model card on all of them together."""
    colours, shapes, told = [], [], []
    for number, ask in enumerate(EVERY):
        for index in range(number % 2, len(WISHES), 2):
            kind, figure, ground = WISHES[index]
            prompt = f"a {figure} {kind} on a {ground} background"
            sight = oracle.look(decode(ask(client, prompt, 100 * number + index)).array)
            colours.append((sight.figure, sight.ground) == (figure, ground))
            shapes.append(sight.kind == kind)
            if not (colours[-1] and shapes[-1]):
                told.append((ask.__name__, prompt, sight))
    assert np.mean(colours) >= 0.95, told
    assert np.mean(shapes) >= 0.85, told


def test_what_a_prompt_does_not_name_stays_as_it_was(client: httpx.Client) -> None:
    """The pages' own prompt: the red circle becomes a cat, on its blue ground."""
    seen = [
        oracle.look(decode(segmind(client, "Change to a cat", seed, strength=0.5)).array)
        for seed in range(8)
    ]
    assert sum(sight.kind == "cat" for sight in seen) >= 6, seen
    assert sum(sight.ground == "blue" for sight in seen) >= 6, seen


def test_a_weak_strength_leaves_the_picture_and_a_strong_one_does_not(
    client: httpx.Client,
) -> None:
    before = decode(sent()).array

    def far(strength: float) -> float:
        asked = "a yellow star on a black background"
        painted = decode(segmind(client, asked, 7, strength=strength)).array
        return distance(painted, before)

    assert far(0.1) < far(0.4) < far(0.8)
