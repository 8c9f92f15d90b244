"""What was sent is compared by its content: pictures in any encoding, texts to the last letter."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.fixture_clients import by_httpx, call_of
from tests.support import (
    AITHRIVING,
    EVERY_API,
    IMG2IMG,
    INPAINTING,
    SEGMIND,
    URL,
    Api,
    data_uri,
    photo,
    text,
)

from testcard.common.body import FilePart
from testcard.common.picture import decode
from testcard.fixtures.fixtures import Testcard

PHOTO = photo()
LONG = "a red fox on a quay at dawn, " * 40


@pytest.fixture(autouse=True)
def _no_report(testcard: Testcard) -> Iterator[None]:
    """What the client of these tests gets wrong is not what they are about."""
    yield
    testcard.forget()


def another_photo() -> bytes:
    """A PNG of the same size, whose first kilobyte and length tell it from no other."""
    pixels = decode(PHOTO).array.copy()
    pixels[-1, -1] ^= 1
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def as_file(data: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    path.write_bytes(data)
    return path


WAYS: dict[str, Callable[[bytes, Path], Any]] = {
    "bytes": lambda data, _: data,
    "base64": lambda data, _: text(data),
    "data URI": lambda data, _: data_uri(data),
    "path": as_file,
    "open file": lambda data, _: io.BytesIO(data),
    "PIL image": lambda data, _: Image.open(io.BytesIO(data)),
    "array": lambda data, _: np.asarray(Image.open(io.BytesIO(data))),
}
EVERY_WAY = pytest.mark.parametrize("way", WAYS)
SENT = [
    (SEGMIND, "image", text),
    (IMG2IMG, "inputImage", data_uri),
    (AITHRIVING, "init_image", lambda data: FilePart(data, "a.png")),
]
EACH_ENCODING = pytest.mark.parametrize(
    ("api", "field", "encode"), SENT, ids=["base64", "data-uri", "file"]
)


@EVERY_WAY
@EACH_ENCODING
def test_a_picture_is_told_from_another_in_every_encoding(
    testcard: Testcard, api: Api, field: str, encode: Any, way: str, tmp_path: Path
) -> None:
    """The other one has the same size and begins alike."""
    by_httpx(call_of(api, **{field: encode(PHOTO)}))
    same, other = (WAYS[way](data, tmp_path) for data in (PHOTO, PHOTO))
    testcard.assert_called(api.provider, **{field: same})
    other = WAYS[way](another_photo(), tmp_path)
    testcard.assert_not_called(api.provider, **{field: other})
    with pytest.raises(AssertionError):
        testcard.assert_called(api.provider, **{field: other})


def test_the_same_base64_length_and_beginning_is_another_picture(testcard: Testcard) -> None:
    one = PHOTO + b"\0" * 10
    two = PHOTO + b"\1" * 10
    by_httpx(call_of(SEGMIND, image=text(one)))
    testcard.assert_called("segmind", image=text(one))
    with pytest.raises(AssertionError, match="none came"):
        testcard.assert_called("segmind", image=text(b"x" + two[1:]))


def test_an_expectation_compares_by_content(testcard: Testcard) -> None:
    met = testcard.expect("segmind", image=PHOTO)
    missed = testcard.expect("segmind", image=another_photo())
    by_httpx(call_of(SEGMIND, image=text(PHOTO)))
    assert (met.met, missed.met) == (True, False)


def test_a_picture_encoded_anew_is_the_same_picture(testcard: Testcard) -> None:
    """Clients open files and save them: what counts is what can be seen."""
    file = io.BytesIO()
    Image.open(io.BytesIO(PHOTO)).save(file, "PNG", compress_level=0)
    by_httpx(call_of(SEGMIND, image=text(file.getvalue())))
    testcard.assert_called("segmind", image=PHOTO)


def test_what_lies_under_transparency_is_part_of_a_picture(testcard: Testcard) -> None:
    """A mask that says with its alpha what is repainted is not the picture without it."""
    plain = Image.open(io.BytesIO(PHOTO)).convert("RGBA")
    holed = plain.copy()
    holed.putpixel((3, 3), (*plain.getpixel((3, 3))[:3], 0))  # type: ignore[index]
    file = io.BytesIO()
    holed.save(file, "PNG")
    by_httpx(call_of(SEGMIND, image=text(file.getvalue())))
    testcard.assert_called("segmind", image=holed)
    testcard.assert_not_called("segmind", image=plain)


def test_a_url_is_compared_as_text(testcard: Testcard) -> None:
    by_httpx(call_of(SEGMIND, image=URL))
    testcard.assert_called("segmind", image=URL)
    testcard.assert_not_called("segmind", image=URL + "x")
    testcard.assert_not_called("segmind", image=PHOTO)


def test_a_text_that_happens_to_be_base64_is_a_text(testcard: Testcard) -> None:
    by_httpx(call_of(SEGMIND, prompt="foxx"))
    testcard.assert_called("segmind", prompt="foxx")
    testcard.assert_not_called("segmind", prompt="foxx\n")


def test_truth_is_no_number(testcard: Testcard) -> None:
    by_httpx(call_of(SEGMIND, samples=1))
    testcard.assert_called("segmind", samples=1)
    testcard.assert_not_called("segmind", samples=True)


def test_what_a_refused_or_failed_call_said_can_be_asserted(testcard: Testcard) -> None:
    testcard.fail_next("segmind", "failed")
    by_httpx(call_of(SEGMIND, prompt="first"))
    by_httpx(call_of(SEGMIND, prompt="second", samples=99))
    testcard.assert_called("segmind", prompt="first", status=500)
    testcard.assert_called("segmind", prompt="second", samples=99, status=422)


# Pictures that were sent


@EACH_ENCODING
def test_a_call_gives_the_picture_it_carried(
    testcard: Testcard, api: Api, field: str, encode: Any
) -> None:
    by_httpx(call_of(api, **{field: encode(PHOTO)}))
    (call,) = testcard.calls()
    for name in (field, "init-image", "image"):
        picture = call.picture(name)
        assert picture.bytes == PHOTO
        assert (picture.format, picture.size) == ("png", (24, 16))
        assert np.array_equal(picture.array, decode(PHOTO).array)
        assert picture.image().size == (24, 16)


def test_mask_and_picture_are_told_apart(testcard: Testcard) -> None:
    mask = another_photo()
    by_httpx(call_of(INPAINTING, init_image=text(PHOTO), mask_image=text(mask)))
    (call,) = testcard.calls("appypie-inpainting")
    assert (call.picture("image").bytes, call.picture("mask").bytes) == (PHOTO, mask)


def test_a_picture_that_came_as_a_url_is_the_one_that_stands_for_it(testcard: Testcard) -> None:
    by_httpx(call_of(SEGMIND, image=URL))
    picture = testcard.calls()[0].picture("image")
    assert (picture.encoding, picture.url) == ("url", URL)
    assert picture.array.shape == (picture.size[1], picture.size[0], 3)
    with pytest.raises(ValueError, match=r"image was sent as the URL https://.*; no bytes"):
        picture.bytes  # noqa: B018


def test_pictures_that_are_not_there_are_told(testcard: Testcard) -> None:
    by_httpx(call_of(IMG2IMG))
    (call,) = testcard.calls()
    with pytest.raises(ValueError, match=r"takes no picture 'mask'; it takes: inputImage"):
        call.picture("mask")
    by_httpx(call_of(SEGMIND, image=None))
    refused = testcard.calls("segmind")[0]
    with pytest.raises(AssertionError, match=r"call 2 sent no image; it sent: "):
        refused.picture("image")


# Messages


def test_a_picture_in_a_message_is_told_by_what_it_is(testcard: Testcard) -> None:
    by_httpx(call_of(SEGMIND, image=text(PHOTO)))
    with pytest.raises(AssertionError) as failed:
        testcard.assert_called("segmind", image=another_photo())
    said = str(failed.value)
    size = len(PHOTO)
    assert f"image=<PNG 24x16, {len(another_photo())} bytes>" in said
    assert f"image=<PNG 24x16, {size} bytes, base64>" in said
    assert "image: 1 of 384 pixels differ, the first at x=23, y=15" in said
    assert "\\x" not in said, "no bytes are dumped"
    assert len(said) < 1_000


def test_a_long_text_is_told_by_its_difference(testcard: Testcard) -> None:
    sent = LONG.replace("quay", "key", 30).replace("key", "quay", 29)
    by_httpx(call_of(SEGMIND, prompt=sent))
    with pytest.raises(AssertionError) as failed:
        testcard.assert_called("segmind", prompt=LONG)
    said = str(failed.value)
    place = next(at for at, pair in enumerate(zip(LONG, sent, strict=False)) if len({*pair}) == 2)
    assert f"prompt: they part at character {place + 1} (of {len(LONG)} and {len(sent)}):" in said
    lines = [line.strip() for line in said.splitlines()]
    (expected,) = [line for line in lines if line.startswith("- ")]
    (came,) = [line for line in lines if line.startswith("+ ")]
    assert "fox on a quay at dawn" in expected
    assert "fox on a key at dawn" in came
    assert "characters:" not in said, "no text is told by its size alone"
    assert len(said) < 1_500


def test_a_short_text_is_told_whole(testcard: Testcard) -> None:
    by_httpx(call_of(SEGMIND, prompt="a dog"))
    with pytest.raises(AssertionError, match=r"prompt: expected 'a cat', sent 'a dog'"):
        testcard.assert_called("segmind", prompt="a cat")


def test_the_nearest_call_is_compared(testcard: Testcard) -> None:
    by_httpx(call_of(SEGMIND, prompt="a cat", samples=2))
    by_httpx(call_of(SEGMIND, prompt="a dog", samples=3))
    with pytest.raises(AssertionError) as failed:
        testcard.assert_called("segmind", prompt="a cat", samples=1)
    tail = str(failed.value).partition("Nearest is call 1:")[2]
    assert tail.split() == ["samples:", "expected", "1,", "sent", "2"]


def test_an_endless_difference_is_cut(testcard: Testcard) -> None:
    by_httpx(call_of(SEGMIND, prompt="x" * 2_000))
    with pytest.raises(AssertionError) as failed:
        testcard.assert_called("segmind", prompt="y" * 2_000_000)
    assert len(str(failed.value)) < 2_000


# What is kept


@EVERY_API
def test_what_a_client_got_wrong_keeps_no_exchange(testcard: Testcard, api: Api) -> None:
    """A long test holds what it reports, not each body that it saw."""
    by_httpx(call_of(api, colour="red"))
    (breach,) = testcard.breaches
    held = [getattr(breach, name) for name in type(breach).__slots__]
    assert all(isinstance(each, (str, int, type(breach.finding), type(None))) for each in held)


def test_the_number_of_breaches_kept_is_bounded_and_none_goes_unsaid(
    testcard: Testcard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("testcard.fixtures.assertions.MOST_BREACHES", 3)
    for number in range(5):
        by_httpx(call_of(SEGMIND, **{f"colour{number}": "red"}))
    assert len(testcard.breaches) == 3
    (said,) = testcard.report()
    assert "and 2 more that were not kept" in said
    testcard.forget()
    assert testcard.report() == []


def test_lines_are_indented_alike(testcard: Testcard) -> None:
    by_httpx(call_of(SEGMIND, prompt="a dog"))
    with pytest.raises(AssertionError) as failed:
        testcard.assert_called("segmind", prompt="a cat")
    assert textwrap.dedent(str(failed.value)) == str(failed.value)
