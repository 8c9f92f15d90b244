"""What one picture costs the mock, stage by stage, in milliseconds of processor time.

Knows the way of a call: a JPEG upload decoded, resized, painted over, encoded as PNG,
put into JSON as base64. Beside each of the last stages stands the obvious choice
(Pillow's PNG writer, the standard library), measured in the same run.
Must not know servers or providers: nothing here listens or connects.

Run: python benchmarks/card.py [RUNS]
"""

from __future__ import annotations

import base64
import json
import sys
import time
from io import BytesIO
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pybase64
from PIL import Image

from testcard.card import chart
from testcard.card.engine import CardEngine
from testcard.card.scaling import fit
from testcard.card.scene import landscape
from testcard.common.job import PictureJob
from testcard.common.picture import Pixels, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def cost(work: Callable[[], object], runs: int) -> float:
    """Median processor time of a call, in milliseconds."""
    taken = []
    work()
    for _ in range(runs):
        start = time.process_time()
        work()
        taken.append((time.process_time() - start) * 1000)
    return median(taken)


def upload() -> bytes:
    """A photo-like JPEG file of 512 x 512: a landscape with grain."""
    scene = np.asarray(Image.fromarray(landscape("benchmark")).resize((512, 512)))
    noise = np.random.default_rng(0).normal(0, 3, scene.shape)
    return encode((scene + noise).clip(0, 255).astype(np.uint8), "jpeg")


def pillow_png(array: NDArray[np.uint8]) -> bytes:
    """PNG as Pillow writes it when nothing is asked."""
    out = BytesIO()
    Image.fromarray(array).save(out, "PNG")
    return out.getvalue()


def whole_way(sent: bytes, side: int) -> bytes:
    """From an upload to the body of a reply."""
    (painted,) = CardEngine().paint(asked(decode(sent), side))
    return orjson.dumps({"image": pybase64.b64encode_as_string(encode(painted, "png"))})


def asked(init: Pixels, side: int) -> PictureJob:
    """An ordinary image-to-image job."""
    return PictureJob(
        "benchmark", "a red fox in the snow", init=init, width=side, height=side, strength=0.7
    )


def line(name: str, ours: float, usual: tuple[str, float] | None = None) -> None:
    """Print one stage, with the ratio to the obvious choice where there is one."""
    beside = "" if usual is None else f"   {usual[0]} {usual[1]:8.2f} ({usual[1] / ours:.1f}x)"
    print(f"  {name:34} {ours:8.2f}{beside}")


def report(sent: bytes, side: int, runs: int) -> None:
    """Print every stage for pictures of one size."""
    init = decode(sent)
    job = asked(init, side)
    (painted,) = CardEngine().paint(job)
    png = encode(painted, "png")
    text = pybase64.b64encode_as_string(png)
    print(f"{side} x {side}: PNG of {len(png):,} bytes; CPU ms, median of {runs}")
    line("decode a 512 x 512 JPEG", cost(lambda: decode(sent), runs))
    pillow_fit = cost(
        lambda: Image.fromarray(init.array).resize((side, side), Image.Resampling.BILINEAR), runs
    )
    line("resize", cost(lambda: fit(init.array, side, side), runs), ("Pillow bilinear", pillow_fit))
    line("draw the card", cost(lambda: chart.draw(side, side, bytes(16)), runs))
    line("paint: resize, draw, ghost, blend", cost(lambda: list(CardEngine().paint(job)), runs))
    usual_png = cost(lambda: pillow_png(painted), max(3, runs // 5))
    line("encode PNG", cost(lambda: encode(painted, "png"), runs), ("Pillow PNG", usual_png))
    photo = np.asarray(Image.fromarray(init.array).resize((side, side)))
    usual_photo = cost(lambda: pillow_png(photo), max(3, runs // 5))
    line(
        "encode PNG, of the photo",
        cost(lambda: encode(photo, "png"), runs),
        ("Pillow PNG", usual_photo),
    )
    usual_text = cost(lambda: base64.b64encode(png).decode(), runs)
    line("base64", cost(lambda: pybase64.b64encode_as_string(png), runs), ("stdlib", usual_text))
    usual_json = cost(lambda: json.dumps({"image": text}).encode(), runs)
    line("JSON", cost(lambda: orjson.dumps({"image": text}), runs), ("stdlib", usual_json))
    line("the whole way", cost(lambda: whole_way(sent, side), runs))


def main() -> None:
    """Report both sizes."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 31
    sent = upload()
    print(f"upload: JPEG, 512 x 512, {len(sent):,} bytes")
    for side in (512, 1024):
        report(sent, side, runs)


if __name__ == "__main__":
    main()
