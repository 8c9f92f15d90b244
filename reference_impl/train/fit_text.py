"""Train the text encoder: from a caption, tell the drawing and both colours.

Every position from the end of the text on is asked, since all of them reach the UNet.
Knows captions and the text encoder. Must not know pictures.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTokenizer

from train.captions import Caption, captions, words
from train.course import Course
from train.nets import TEXT_WIDTH, TOKENS, text_encoder, tokenizer
from train.scenes import COLOURS, KINDS, Bank, Scenes

BATCH = 64
_ANSWERS = (len(KINDS) + 1, len(COLOURS) + 1, len(COLOURS) + 1)


class Reader(nn.Module):
    """The text encoder, and a linear question for each thing that a caption can tell."""

    def __init__(self, tokens: CLIPTokenizer) -> None:
        """Make both, untrained."""
        super().__init__()
        self.encoder: CLIPTextModel = text_encoder(tokens)
        self.questions = nn.ModuleList(nn.Linear(TEXT_WIDTH, count) for count in _ANSWERS)

    def forward(self, ids: torch.Tensor) -> list[torch.Tensor]:
        """Answers from the text's end and from the last position: shape (2, n, count) each."""
        states = self.encoder(ids).last_hidden_state  # (n, TOKENS, TEXT_WIDTH)
        ends = ids.eq(ids[0, -1]).int().argmax(-1)
        asked = torch.stack((states[torch.arange(len(ids)), ends], states[:, -1]))
        return [question(asked) for question in self.questions]


def ids_of(texts: list[str], tokens: CLIPTokenizer) -> torch.Tensor:
    """Token ids as the pipelines make them, shape (n, TOKENS)."""
    made = tokens(
        texts, padding="max_length", truncation=True, max_length=TOKENS, return_tensors="pt"
    )
    return made.input_ids


def course(folder: Path, steps: int) -> tuple[Course, CLIPTokenizer]:
    """Set the training up, as far as it was taken before."""
    torch.manual_seed(1)
    tokens = tokenizer(words())
    return Course("text", Reader(tokens), steps, 2e-3, folder), tokens


def train(folder: Path, steps: int, bank: Bank) -> bool:
    """Train to the end; whether it came there."""
    run, tokens = course(folder, steps)
    right = 0.0

    def loss_of(step: int) -> torch.Tensor:
        nonlocal right
        rng = np.random.default_rng((1, step))
        told = captions(Scenes.drawn(BATCH, bank, rng), rng)
        answers = run.net(ids_of([each.text for each in told], tokens))
        truths = _truths(told)
        right = _share_right(answers, truths)
        pairs = zip(answers, truths, strict=True)
        losses = [functional.cross_entropy(a.flatten(0, 1), t.repeat(2)) for a, t in pairs]
        return torch.stack(losses).sum()

    for step in run.train(loss_of):
        if step % 100 == 0:
            run.log(right=right)
    return run.done


def _truths(told: list[Caption]) -> list[torch.Tensor]:
    return [
        torch.tensor([getattr(each, name) for each in told])
        for name in ("kind", "figure", "ground")
    ]


def _share_right(answers: list[torch.Tensor], truths: list[torch.Tensor]) -> float:
    pairs = zip(answers, truths, strict=True)
    right = torch.stack([(a.argmax(-1) == t).all(0) for a, t in pairs]).all(0)
    return float(right.float().mean())
