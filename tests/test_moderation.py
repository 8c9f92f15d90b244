"""Prompts and pictures that a vendor will not have, provoked by magic words in a prompt."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pybase64
import pytest
from PIL import Image
from tests.support import KEY, SEGMIND
from typer.testing import CliRunner

from testcard.assembly import Options, build
from testcard.cli.main import app
from testcard.common.message import Call, Reply
from testcard.common.moderation import MAGIC_PROMPTS, moderation_of
from testcard.mock.core import Mock
from testcard.mock.veil import veiled
from testcard.mock.world import AccountId

SPEC = Path(__file__).parent / "specs" / "moderation.yaml"
INPUT, OUTPUT = MAGIC_PROMPTS


def asked(mock: Mock, prompt: str, path: str = "/paint") -> Reply:
    headers = (("X-Key", KEY), ("Content-Type", "application/json"))
    body = orjson.dumps({"prompt": prompt})
    return mock.answer(Call("POST", f"https://api.moderation.example{path}", headers, body))


def pixels(reply: Reply) -> Any:
    data = pybase64.b64decode(orjson.loads(reply.body)["image"])
    with Image.open(BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def edges(picture: Any) -> float:
    """How much neighbouring pixels differ, on average."""
    return float(np.abs(np.diff(picture, axis=1)).mean())


@pytest.fixture
def mock() -> Mock:
    return build(Options(providers=(str(SPEC),), profile="documented"))


def test_a_prompt_is_refused_by_the_documented_status_and_costs_nothing(mock: Mock) -> None:
    reply = asked(mock, f"a fox, {INPUT}")
    assert (reply.status, "moderated" in orjson.loads(reply.body)["error"]) == (403, True)
    assert mock.world.account(AccountId.of("moderation", KEY)).balance == Decimal(1000)
    (entry,) = mock.journal.entries()
    assert entry.verdict == "moderated"


def test_a_picture_is_blurred_with_200_paid_for_and_said_to_be(mock: Mock) -> None:
    plain, veiled_ = asked(mock, "a fox"), asked(mock, f"a fox {OUTPUT}")
    assert (plain.status, veiled_.status) == (200, 200)
    assert plain.header("finish-reason") is None
    assert veiled_.header("finish-reason") == "CONTENT_FILTERED"
    assert orjson.loads(veiled_.body)["nsfw"] is True
    assert "nsfw" not in orjson.loads(plain.body)
    assert pixels(plain).shape == pixels(veiled_).shape
    assert edges(pixels(veiled_)) < edges(pixels(plain)) / 5
    assert mock.world.account(AccountId.of("moderation", KEY)).balance == Decimal(998)
    assert mock.journal.entries()[-1].notes == (
        ("prompt", "the output was moderated, as its prompt asked for: its pictures are blurred"),
    )


def test_an_operation_may_do_otherwise(mock: Mock) -> None:
    assert not pixels(asked(mock, INPUT, "/dark")).any()
    assert pixels(asked(mock, OUTPUT, "/dark")).any()  # nothing is said of its output


def test_where_a_page_says_nothing_of_it_the_words_are_words() -> None:
    mock = build(Options(providers=("segmind",)))
    body = orjson.dumps({**SEGMIND.smallest, "prompt": f"{INPUT} {OUTPUT}"})
    headers = (("x-api-key", KEY), ("Content-Type", "application/json"))
    reply = mock.answer(Call("POST", f"https://api.segmind.com{SEGMIND.path}", headers, body))
    assert reply.status == 200


@pytest.mark.parametrize("profile", ["lenient", "documented"])
@pytest.mark.long
def test_check_breaks_nothing(profile: str) -> None:
    run = CliRunner().invoke(app, ["check", str(SPEC), "--profile", profile])
    assert (run.exit_code, "No promise broken" in run.output) == (0, True), run.output


@pytest.mark.parametrize("format_", ["png", "jpeg", "webp"])
def test_a_veil_keeps_size_and_format(format_: Any) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (30, 50, 3), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(noise).save(out, "PNG")
    for veil in ("blurred", "black"):
        with Image.open(BytesIO(veiled(out.getvalue(), format_, veil))) as picture:
            assert (picture.size, (picture.format or "").lower()) == ((50, 30), format_)


def test_nothing_is_moderated_without_the_words() -> None:
    node = {"input": "refused", "grade": "documented", "source": "A, line 1"}
    assert moderation_of(node, "a fox") is None
    assert moderation_of(node, OUTPUT) is None
    assert moderation_of(None, INPUT) is None
    assert moderation_of(node, f"x {INPUT} y") is not None
