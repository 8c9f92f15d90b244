"""Pictures in the format that a field of the call asks for: tests/specs/formats.yaml."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
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
from tests.traces import call, json, raw, reading, rulings

from testcard.card.engine import CardEngine
from testcard.common.job import PictureJob
from testcard.common.picture import Format, decode, distance, encode, format_named, sniff
from testcard.common.spec import load
from testcard.contract.calls import call_of
from testcard.drivers.material import half_mask, scene
from testcard.mock.core import Mock
from testcard.mock.studio import PaintRequest, Studio
from testcard.mock.world import JobPolicy

ASK: dict[str, Any] = {"prompt": "a fox", "seed": 7}


@pytest.fixture
def mock() -> Mock:
    return mock_of_spec("formats", policy=JobPolicy("at-once", 0))


@pytest.fixture(params=["http", "in process"])
def client(mock: Mock, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    with client_at(mock, request.param) as client:
        yield client


@pytest.mark.parametrize(
    ("word", "accept", "wanted"),
    [
        ("png", "*/*", "png"),
        ("webp", "image/png", "webp"),  # what is sent in the call comes first
        ("jpg", "*/*", "jpeg"),
        (None, "*/*", "jpeg"),  # the default, ahead of what the spec prefers
        (None, "image/png", "png"),  # but behind what the client accepts
    ],
)
def test_bytes_are_of_the_format_asked_for(
    mock: Mock, word: str | None, accept: str, wanted: str
) -> None:
    with client_at(mock, "in process") as client:
        body = ASK if word is None else {**ASK, "output_format": word}
        answer = client.post("/paint", json=body, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (200, f"image/{wanted}")
        assert sniff(answer.content) == wanted


def test_so_are_base64_and_what_urls_lead_to(client: httpx.Client) -> None:
    told_ = client.post(
        "/paint", json={**ASK, "output_format": "webp"}, headers={"Accept": "application/json"}
    ).json()
    assert told_["type"] == "image/webp"
    assert sniff(base64.b64decode(told_["image"])) == "webp"
    pictures = {"image": data_uri(photo(64, 64)), "mask": data_uri(photo(64, 64))}
    for path, more in (("/links", pictures), ("/jobs", {})):
        url = client.post(path, json={**ASK, **more, "output_format": "webp"}).json()["url"]
        assert url.endswith("/0.webp")
        fetched = client.get(url)
        assert (fetched.headers["content-type"], sniff(fetched.content)) == ("image/webp", "webp")
    assert client.post("/jobs", json=ASK).json()["url"].endswith("/0.jpeg"), "by default"


def test_the_quality_is_that_of_the_file(mock: Mock) -> None:
    with client_at(mock, "in process") as client:
        sizes = [
            len(client.post("/paint", json={**ASK, "quality": each}).content)
            for each in (10, 90, 100)
        ]
        usual = client.post("/paint", json=ASK).content
        assert sizes == sorted(sizes)
        assert len(usual) == sizes[1]
        png = {**ASK, "output_format": "png"}
        plain, needless = (client.post("/paint", json=each).content
                           for each in (png, {**png, "quality": 10}))  # fmt: skip
        assert plain == needless
    assert mock.journal.entries()[-1].notes == (("quality", "a PNG has no quality"),)
    assert mock.journal.entries()[-2].notes == ()


def test_a_picture_of_another_quality_is_painted_anew() -> None:
    studio, job = Studio(CardEngine()), PictureJob("formats", "a fox", width=64, height=64)
    formats: tuple[Format, ...] = ("jpeg", "webp")
    for each in formats:
        low, high = (studio.pictures(PaintRequest(job, each, 1, quality=q)) for q in (5, 95))
        assert len(low[0]) < len(high[0])


@pytest.mark.parametrize(
    ("word", "format_"),
    [("png", "png"), ("JPG", "jpeg"), ("image/webp", "webp"), ("gif", None), (None, None),
     (7, None), ("", None)],
)  # fmt: skip
def test_a_word_for_a_format(word: object, format_: str | None) -> None:
    assert format_named(word) == format_


# Checks


def test_a_check_asks_for_each_and_breaks_nothing(mock: Mock) -> None:
    run = planned_run(mock)
    assert broken(run) == []
    found = told(run)
    assert found["pictures.output-format"] == "kept"
    assert found["pictures.mask-kept"] == "kept"


@pytest.mark.parametrize(
    ("fields", "format_", "kept"),
    [
        ({"output_format": "png"}, "png", True),
        ({"output_format": "png"}, "jpeg", False),
        ({}, "jpeg", True),
        ({}, "webp", False),
    ],
)
def test_another_format_than_the_one_asked_for_is_broken(
    fields: dict[str, str], format_: Format, kept: bool
) -> None:
    sent = call("formats", {**ASK, **fields})
    seen = raw(sent, 200, photo(512, 512, format_), ("content-type", f"image/{format_}"))
    (ruling,) = rulings("pictures.output-format", "formats", (seen,))
    assert ruling.kept is kept
    assert ruling.evidence.source == "Body, line 4"


def test_a_lossy_format_may_change_what_is_kept_as_much_as_it_changes_the_input() -> None:
    """The input is kept where the mask is black, but for what the encoding alone makes of it."""
    noisy = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    smooth = np.asarray(
        Image.fromarray(noisy).resize((24, 24)).resize((96, 96), Image.Resampling.BICUBIC)
    )
    init, mask = encode(np.ascontiguousarray(smooth), "png"), half_mask(96, 96, left=True)
    fields = {**ASK, "image": data_uri(init), "mask": data_uri(mask)}
    painted = decode(scene(96, 96)).array.copy()
    painted[:, 48:] = smooth[:, 48:]
    shifted = painted.copy()
    shifted[:, 48:] = np.clip(shifted[:, 48:].astype(int) + 16, 0, 255)
    for format_, quality in (("webp", 40), ("jpeg", 40), ("png", None)):
        more = {"output_format": format_.replace("jpeg", "jpg"), "quality": quality or 90}
        for array, kept in ((painted, True), (shifted, False)):
            data = encode(array, format_, quality or 90)  # type: ignore[arg-type]
            sent = call_with({**fields, **more}, data)
            (ruling,) = rulings("pictures.mask-kept", "formats", sent)
            assert ruling.kept is kept, (format_, ruling.seen, ruling.expected)
    assert distance(smooth, decode(encode(smooth, "webp", 40)).array) > 0.004


def call_with(fields: dict[str, Any], data: bytes) -> tuple[Any, ...]:
    """Return a call for a link, and the picture behind it."""
    by, url = reading("formats"), "https://cdn.formats.example/1"
    ordered = json(call_of(by, by.operations[1], fields, key="k"), 200, {"url": url})
    kind = f"image/{sniff(data)}"
    fetched = raw(type(ordered.call)("GET", url), 200, data, ("content-type", kind))
    return ordered, fetched


# Load


def fields_of(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]["request"]["properties"]
    return found


BAD: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a word of no format": (
        lambda d: fields_of(d)["output_format"]["enum"].append("gif"),
        "no picture is painted as 'gif'; write values: {gif: webp}"),
    "any text": (
        lambda d: fields_of(d)["output_format"].pop("enum"),
        "any text may stand here, and png, jpeg, webp are painted; write enum"),
    "a format that no answer is": (
        lambda d: d["paths"]["/paint"]["post"]["responses"]["200"]["content"].pop("image/webp"),
        "WEBP may be asked for, and no answer is one; write image/webp"),
    "a quality in words": (
        lambda d: fields_of(d).update(quality={"type": "string", "x-testcard": {
            "role": "output-quality", "grade": "assumed", "source": "a guess"}}),
        "a quality is a number, 1 to 100; write type: integer"),
    "a format of no picture": (
        lambda d: d["paths"]["/paint"]["post"]["x-testcard"].update(does="info"),
        "info encodes no picture"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_a_spec_says_of_formats_in_vain_is_refused(tmp_path: Path, name: str) -> None:
    change, wanted = BAD[name]
    assert wanted in refusal("formats", tmp_path, change)


def test_nothing_told_may_be_a_word(tmp_path: Path) -> None:
    def changed(document: dict[str, Any]) -> None:
        field = fields_of(document)["output_format"]
        field["enum"].append("auto")
        field["x-testcard"]["values"]["auto"] = None

    assert load(changed_spec("formats", tmp_path, changed)).id == "formats"
