"""Write the model card's figures: what was trained for how long, and what was measured.

Reads the training's curve and the evaluation's file; nothing in the card is typed by hand.
Must not know how either was made.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from testcard.reference.models import WEIGHTS
from train import fit_text, fit_unet, fit_vae

_BATCH: Final = {
    "text": fit_text.BATCH,
    "vae": fit_vae.BATCH,
    "unet": fit_unet.BATCH,
    "decoder": fit_vae.BATCH,
}
_NAMES: Final = {"kind": "shape obeyed", "colours": "both colours obeyed"}
_BEGIN, _END = "<!-- figures -->", "<!-- end of figures -->"


def main() -> int:
    """Put the figures between the card's marks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--curve", type=Path, default=Path("curve.jsonl"))
    parser.add_argument("--measured", type=Path, default=WEIGHTS / "measured.json")
    parser.add_argument("--card", type=Path, default=Path("MODEL_CARD.md"))
    told = parser.parse_args()
    lines = [*_trained(told.curve), "", *_measured(told.measured)]
    before, _, rest = told.card.read_text(encoding="utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    text = "\n".join((_BEGIN, *lines, _END))
    told.card.write_text(before + text + after, encoding="utf-8")
    sys.stdout.write(f"{told.card}\n")
    return 0


def _trained(curve: Path) -> Iterator[str]:
    entries = [json.loads(line) for line in curve.read_text(encoding="utf-8").splitlines()]
    last: dict[str, Mapping[str, Any]] = {entry["course"]: entry for entry in entries}
    yield "| trained | steps | samples | minutes of one core |"
    yield "| --- | --- | --- | --- |"
    for name, entry in last.items():
        samples, minutes = entry["step"] * _BATCH[name], entry["cpu_seconds"] / 60
        yield f"| {name} | {entry['step']:,} | {samples:,} | {minutes:.1f} |"
    size = sum(path.stat().st_size for path in WEIGHTS.rglob("*.safetensors"))
    yield f"\nAll weights together: {size / 1e6:.2f} MB. What the oracle saw on the way:\n"
    looks = [entry for entry in entries if "kind" in entry]
    looks = looks[:3] + looks[4::5]
    for name, format_ in (("step", ",d"), ("kind", ".0%"), ("colours", ".0%")):
        cells = (format(entry[name], format_) for entry in looks)
        yield f"| {_NAMES.get(name, name)} | {' | '.join(cells)} |"
        if name == "step":
            yield f"|{' --- |' * (len(looks) + 1)}"


def _measured(path: Path) -> Iterator[str]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    ladder, inpainting = found["strength 0.1 to 1.0"], found["inpainting"]
    full, strong = (found[f"img2img, strength {at}"] for at in ("1.0", "0.8"))
    yield f"| measured on {found['pictures a row']} pictures a row | | floor | aim |"
    yield "| --- | --- | --- | --- |"
    for name, floor, aim in (("both colours", "95 %", "99 %"), ("shape", "85 %", "97 %")):
        shown = f"{full[name]:.1%}, {strong[name]:.1%}"
        yield f"| {name} obeyed, img2img at strength 1.0 and 0.8 | {shown} | {floor} | {aim} |"
    for name in ("text alone", "SDXL, strength 0.8"):
        shown = f"{found[name]['both colours']:.1%}, {found[name]['shape']:.1%}"
        yield f"| colours and shape obeyed, {name} | {shown} | | |"
    yield f"| VAE on held-out scenes | {found['VAE, dB']:.1f} dB | 30 dB | 34 dB |"
    shown = ", ".join(f"{inpainting[name]:.1%}" for name in ("colour", "shape", "both"))
    yield f"| inpainting: colour, shape, both as asked in the mask | {shown} | 90 % | 97 % |"
    yield f"| inpainting: the rest kept exactly | {inpainting['unmasked kept exactly']:.1%} | | |"
    gone = found["negative prompt removes the colour"]
    yield f"| negative prompt removes the named colour | {gone:.1%} | 90 % | 98 % |"
    shown = "holds" if ladder["strictly grows"] else "does not hold"
    yield f"| strength 0.1 to 1.0: the distance from the input grows | {shown} | holds | holds |"
    yield ""
    steps = zip(ladder["strengths"], ladder["distance"], ladder["colours"], strict=True)
    yield "| strength | mean distance from the input | both colours obeyed |"
    yield "| --- | --- | --- |"
    yield from (f"| {at} | {far:.4f} | {right:.1%} |" for at, far, right in steps)


if __name__ == "__main__":
    sys.exit(main())
