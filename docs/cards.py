"""Paint docs/cards.jpg: what the card engine makes of one picture at several strengths.

python docs/cards.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from testcard.card.engine import CardEngine
from testcard.card.scene import landscape
from testcard.common.job import PictureJob
from testcard.common.picture import Pixels

SIDE = 400


def main() -> None:
    """Write the picture beside this script."""
    init = Pixels.of(landscape("https://pictures.example/hills.png", "hills.png"))
    middle = np.zeros((768, 768, 3), np.uint8)
    middle[200:600, 300:700] = 255
    prompt = "a lighthouse at dusk, oil painting"
    engine = CardEngine()
    asked: list[dict[str, Any]] = [
        *({"strength": strength, "init": init} for strength in (1.0, 0.6, 0.3)),
        {"mask": Pixels.of(middle), "init": init},
        {},
    ]
    cards = [
        next(engine.paint(PictureJob("segmind", prompt, width=SIDE, height=SIDE, seed=42, **how)))
        for how in asked
    ]
    cards.append(np.asarray(Image.fromarray(init.array).resize((SIDE, SIDE))))
    sheet = np.vstack([np.hstack(cards[:3]), np.hstack(cards[3:])])
    Image.fromarray(sheet).save(Path(__file__).with_name("cards.jpg"), quality=85, optimize=True)


if __name__ == "__main__":
    main()
