"""What of a mask is repainted: white, black, what can be seen through; and the other way round."""

from __future__ import annotations

import copy
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pybase64
import pytest
import yaml
from PIL import Image
from tests.support import KEY
from typer.testing import CliRunner

from testcard.assembly import Options, build
from testcard.clauses.strength_mask import mask_kept, mask_repainted
from testcard.cli.main import app
from testcard.common.masking import Masking
from testcard.common.message import Call, Exchange, Reply
from testcard.common.picture import decode
from testcard.common.reading import read
from testcard.common.spec import load
from testcard.contract.trace import read_trace
from testcard.drivers.material import half_mask, scene

PLAIN = Path(__file__).parent / "specs" / "sizes.yaml"
SAID = {"grade": "documented", "source": "Masks, line 1"}
WIDTH, HEIGHT = 128, 64


def spec(folder: Path, polarity: str, on: str = "mask-image") -> Path:
    """A spec whose first operation takes a picture, and a mask of this polarity."""
    document = copy.deepcopy(yaml.safe_load(PLAIN.read_text(encoding="utf-8")))
    del document["paths"]["/ratios"]
    media = document["paths"]["/words"]["post"]["requestBody"]["content"]["application/json"]
    picture = {"type": "string", "format": "picture"}
    for name, role in (("image", "init-image"), ("mask", "mask-image")):
        own = {"role": role, "encodings": ["base64"], **SAID}
        own |= {"mask": polarity} if role == on else {}
        media["schema"]["properties"][name] = {**picture, "x-testcard": own}
    media["schema"]["required"] += ["image"]
    media["schema"]["properties"]["invert"] = {
        "type": "boolean", "default": False, "x-testcard": {"role": "mask-invert", **SAID},
    }  # fmt: skip
    data = pybase64.b64encode(scene(8, 8)).decode()
    media["examples"]["one"]["value"] |= {"image": data, "mask": data, "invert": False}
    file = folder / f"masks{polarity}.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return file


def text(data: bytes) -> str:
    return pybase64.b64encode(data).decode()


def call(file: Path, **fields: Any) -> Call:
    said = {"prompt": "a fox", "size": f"{WIDTH}x{HEIGHT}", "image": text(scene(WIDTH, HEIGHT))}
    headers = (("X-Key", KEY), ("Content-Type", "application/json"))
    body = orjson.dumps({**said, **fields})
    return Call("POST", f"http://127.0.0.1/{file.stem}/words", headers, body)


def halves(reply: Reply) -> tuple[bool, bool]:
    """Whether the left and the right half differ from the input."""
    assert reply.status == 200, reply.body
    with Image.open(BytesIO(reply.body)) as picture:
        painted = np.asarray(picture.convert("RGB")).astype(int)
    with Image.open(BytesIO(scene(WIDTH, HEIGHT))) as picture:
        sent = np.asarray(picture.convert("RGB")).astype(int)
    differs = np.abs(painted - sent).max(axis=2) > 2
    middle, edge = WIDTH // 2, 8
    left, right = differs[:, : middle - edge], differs[:, middle + edge :]
    return bool(left.any()), bool(right.any())


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("polarity", ["white", "black", "alpha"])
def test_each_polarity_repaints_its_half_and_keeps_the_other(
    tmp_path: Path, polarity: Any, invert: bool
) -> None:
    file = spec(tmp_path, polarity)
    mock = build(Options(providers=(str(file),)))
    mask = text(half_mask(WIDTH, HEIGHT, left=True, polarity=polarity))
    reply = mock.answer(call(file, mask=mask, invert=invert))
    assert halves(reply) == ((False, True) if invert else (True, False))


def test_a_mask_read_the_wrong_way_is_found_by_check(tmp_path: Path) -> None:
    """The page says black; the server repaints white."""
    wrong, page = spec(tmp_path, "white"), spec(tmp_path, "black")
    mock = build(Options(providers=(str(wrong),)))
    mask = text(half_mask(WIDTH, HEIGHT, left=True, polarity="black"))
    sent = call(page, mask=mask)
    served = Call(
        sent.method, sent.url.replace("masksblack", "maskswhite"), sent.headers, sent.body
    )
    trace = (Exchange(sent, mock.answer(served)),)
    for by, kept in ((page, False), (wrong, True)):
        reading = read(load(by))
        asked = Call(sent.method, "https://api.sizes.example/words", sent.headers, sent.body)
        seen = read_trace(reading, (Exchange(asked, trace[0].reply),))
        for clause in (mask_kept, mask_repainted):
            assert [each.kept for each in clause(reading, seen)] == [kept]


def see_through(left: int) -> str:
    """The scene, of which the left half has this alpha."""
    with Image.open(BytesIO(scene(WIDTH, HEIGHT))) as picture:
        rgba = np.dstack(
            [np.asarray(picture.convert("RGB")), np.full((HEIGHT, WIDTH), 255, np.uint8)]
        )
    rgba[:, : WIDTH // 2, 3] = left
    out = BytesIO()
    Image.fromarray(rgba, "RGBA").save(out, "PNG")
    return text(out.getvalue())


def test_the_inputs_own_alpha_is_the_mask_where_the_page_says_so(tmp_path: Path) -> None:
    file = spec(tmp_path, "alpha", on="init-image")
    mock = build(Options(providers=(str(file),)))
    assert halves(mock.answer(call(file, image=see_through(0))))[1] is False
    opaque = halves(mock.answer(call(file, image=see_through(255))))
    assert opaque == (True, True)


def test_an_opaque_mask_of_alpha_repaints_nothing() -> None:
    mask = decode(scene(8, 8))
    assert not Masking("alpha").turned(mask).array.any()
    assert Masking("alpha", inverted=True).turned(mask).array.all()
    assert Masking().turned(mask) is mask


@pytest.mark.parametrize("polarity", ["black", "alpha"])
@pytest.mark.long
def test_check_breaks_nothing(tmp_path: Path, polarity: str) -> None:
    run = CliRunner().invoke(app, ["check", str(spec(tmp_path, polarity))])
    assert (run.exit_code, "No promise broken" in run.output) == (0, True), run.output
    assert "pictures.mask-kept" not in run.output  # it is neither broken nor left out
