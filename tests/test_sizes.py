"""Sizes as vendors write them: words, ratios, two numbers in one; and words for other things."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.support import KEY
from typer.testing import CliRunner

from testcard.assembly import Options, build
from testcard.cli.main import app
from testcard.common.asked import asked_in
from testcard.common.message import Call, Reply
from testcard.common.reading import read
from testcard.common.spec import load

SPEC = Path(__file__).parent / "specs" / "sizes.yaml"
MOCK = build(Options(providers=(str(SPEC),)))


def asked(path: str, **fields: object) -> Reply:
    headers = (("X-Key", KEY), ("Content-Type", "application/json"))
    body = orjson.dumps({"prompt": "a fox", **fields})
    return MOCK.answer(Call("POST", f"https://api.sizes.example{path}", headers, body))


def size(reply: Reply) -> tuple[int, int]:
    assert reply.status == 200, reply.body
    with Image.open(BytesIO(reply.body)) as picture:
        return picture.size


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, (512, 512)),
        ({"size": "auto"}, (512, 512)),
        ({"size": "128x64"}, (128, 64)),
        ({"size": "square"}, (96, 96)),
        ({"size": "tall"}, (64, 128)),
    ],
)
def test_a_word_stands_for_a_size_or_for_nothing_told(
    fields: dict[str, object], wanted: tuple[int, int]
) -> None:
    assert size(asked("/words", **fields)) == wanted


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, (512, 512)),
        ({"aspect_ratio": "2:1"}, (728, 360)),
        ({"aspect_ratio": "9:16"}, (384, 680)),
        ({"aspect_ratio": "1:1", "megapixels": "1"}, (1024, 1024)),
        ({"aspect_ratio": "match"}, (512, 512)),
    ],
)
def test_a_ratio_has_as_many_pixels_as_are_asked_for(
    fields: dict[str, object], wanted: tuple[int, int]
) -> None:
    assert size(asked("/ratios", **fields)) == wanted


@pytest.mark.parametrize("ratio", ["wide", "0:1", "1:0", "16:9:4", "-1:2", "1:99999", ""])
def test_a_ratio_that_is_none_is_told(ratio: str) -> None:
    reply = asked("/ratios", aspect_ratio=ratio)
    assert (reply.status, "aspect-ratio" in orjson.loads(reply.body)["error"]) == (422, True)


def test_words_stand_for_numbers_as_well() -> None:
    body = read(load(SPEC)).operation("words").takes
    assert asked_in(body, {"effort": "high"}).numbers["steps"] == 40
    assert asked_in(body, {"effort": "low"}).numbers["steps"] == 10
    assert "steps" not in asked_in(body, {}).numbers


@given(st.text(max_size=20) | st.from_regex(r"[0-9]{0,4}:[0-9]{0,4}", fullmatch=True))
def test_no_ratio_is_a_server_error(ratio: str) -> None:
    known = asked_in(read(load(SPEC)).operation("ratios").takes, {"aspect_ratio": ratio}).size(None)
    if known is None or known[0] * known[1] > 1 << 20:
        assert asked("/ratios", aspect_ratio=ratio).status in (200, 422)


@pytest.mark.parametrize("profile", ["lenient", "documented"])
@pytest.mark.long
def test_check_breaks_nothing(profile: str) -> None:
    run = CliRunner().invoke(app, ["check", str(SPEC), "--profile", profile])
    assert (run.exit_code, "No promise broken" in run.output) == (0, True), run.output
