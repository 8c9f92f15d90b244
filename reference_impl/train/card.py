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
_BEGIN, _END = "<!-- figures -->", "<!-- end of figures -->"


def main() -> int:
    """Put the figures between the card's marks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("checkpoints"))
    parser.add_argument("--measured", type=Path, default=WEIGHTS / "measured.json")
    parser.add_argument("--card", type=Path, default=Path("MODEL_CARD.md"))
    told = parser.parse_args()
    lines = [*_trained(told.folder / "curve.jsonl"), "", *_measured(told.measured)]
    before, _, rest = told.card.read_text(encoding="utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    text = "\n".join((_BEGIN, *lines, _END))
    told.card.write_text(before + text + after, encoding="utf-8")
    sys.stdout.write(f"{told.card}\n")
    return 0


def _trained(curve: Path) -> Iterator[str]:
    last: dict[str, Mapping[str, Any]] = {}
    for line in curve.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        last[entry["course"]] = entry
    yield "| trained | steps | samples | minutes of one core |"
    yield "| --- | --- | --- | --- |"
    for name, entry in last.items():
        samples, minutes = entry["step"] * _BATCH[name], entry["cpu_seconds"] / 60
        yield f"| {name} | {entry['step']:,} | {samples:,} | {minutes:.1f} |"
    size = sum(path.stat().st_size for path in WEIGHTS.rglob("*.safetensors"))
    yield f"\nAll weights together: {size / 1e6:.2f} MB."


def _measured(path: Path) -> Iterator[str]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    count, ladder = found.pop("pictures a row"), found.pop("strength 0.1 to 1.0")
    found.pop("cpu seconds", None)
    yield f"| measured on {count} pictures a row | |"
    yield "| --- | --- |"
    for name, value in found.items():
        rows = value.items() if isinstance(value, dict) else [("", value)]
        for part, figure in rows:
            label = f"{name}: {part}" if part else name
            shown = f"{figure:.1%}" if figure <= 1 else f"{figure:.1f}"
            yield f"| {label} | {shown} |"
    yield ""
    steps = zip(ladder["strengths"], ladder["distance"], ladder["colours"], strict=True)
    yield "| strength | mean distance from the input | both colours obeyed |"
    yield "| --- | --- | --- |"
    yield from (f"| {at} | {far:.4f} | {right:.1%} |" for at, far, right in steps)
    yield f"\nThe distance strictly grows: {'yes' if ladder['strictly grows'] else 'no'}."


if __name__ == "__main__":
    sys.exit(main())
