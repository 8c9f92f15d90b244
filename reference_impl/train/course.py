"""A course of training that can be stopped at any time and taken up again.

Knows steps, checkpoints, the log and the learning rate. Must not know what is trained.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final

import torch
from torch import nn

_SAVE_EVERY: Final = 60.0  # seconds
_LOG_EVERY: Final = 50  # steps
_COOLING: Final = 0.3  # the last share of the steps, in which the rate falls
_WARMING: Final = 100  # steps


@dataclass
class Course:
    """One network's training.

    Attributes:
        name: of the checkpoint and in the log.
        net: what is trained.
        steps: how many there are to be in all.
        rate: the highest learning rate.
        folder: of checkpoints and the log.
        average: keep a running average of the weights, which is what is shipped.
    """

    name: str
    net: nn.Module
    steps: int
    rate: float
    folder: Path
    average: bool = False
    step: int = 0
    seconds: float = 0.0
    ema: dict[str, torch.Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.optimizer = torch.optim.AdamW(self.net.parameters(), self.rate, betas=(0.9, 0.98))
        self._stopped = False
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self._load()
        elif self.average:
            self.ema = {name: value.clone() for name, value in self.net.state_dict().items()}

    @property
    def path(self) -> Path:
        """Of the checkpoint."""
        return self.folder / f"{self.name}.pt"

    @property
    def done(self) -> bool:
        """Whether every step was taken."""
        return self.step >= self.steps

    def weights(self) -> Mapping[str, torch.Tensor]:
        """What the training came to: the average, where one is kept."""
        return self.ema if self.average else self.net.state_dict()

    def train(self, loss_of: Callable[[int], torch.Tensor]) -> Iterator[int]:
        """Take the steps that are left; yield the number of each one taken.

        Args:
            loss_of: step -> the loss on a batch of its own.
        """
        self._watch_signals()
        saved, losses, then = time.monotonic(), [], time.process_time()
        while not self.done and not self._stopped:
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate * self._share()
            loss = loss_of(self.step)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
            self.optimizer.step()
            self.step += 1
            self._follow()
            losses.append(float(loss.detach()))
            self.seconds, then = self.seconds + time.process_time() - then, time.process_time()
            if self.step % _LOG_EVERY == 0:
                self.log(loss=sum(losses) / len(losses))
                losses = []
            if time.monotonic() - saved > _SAVE_EVERY:
                self.save()
                saved = time.monotonic()
            yield self.step
        self.save()
        self.log()

    def log(self, **figures: float) -> None:
        """Add a line to the curve."""
        line = {"course": self.name, "step": self.step, "cpu_seconds": round(self.seconds, 1)}
        line |= {name: round(value, 5) for name, value in figures.items()}
        with (self.folder / "curve.jsonl").open("a", encoding="utf-8") as curve:
            curve.write(json.dumps(line) + "\n")

    def save(self) -> None:
        """Write the checkpoint whole, then put it in the old one's place."""
        state: dict[str, Any] = {
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "ema": self.ema,
            "step": self.step,
            "seconds": self.seconds,
        }
        beside = self.path.with_suffix(".new")
        torch.save(state, beside)
        os.replace(beside, self.path)

    def _load(self) -> None:
        state = torch.load(self.path, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.ema, self.step, self.seconds = state["ema"], state["step"], state["seconds"]

    def _share(self) -> float:
        left = (self.steps - self.step) / (self.steps * _COOLING)
        return max(0.02, min(1.0, left, (self.step + 1) / _WARMING))

    def _follow(self) -> None:
        decay = min(0.997, (self.step + 1) / (self.step + 10))
        for name, value in self.net.state_dict().items() if self.average else ():
            self.ema[name].lerp_(value, 1 - decay)

    def _watch_signals(self) -> None:
        def stop(_: int, __: FrameType | None) -> None:
            self._stopped = True

        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, stop)

    @property
    def stopped(self) -> bool:
        """Whether a signal ended it early."""
        return self._stopped
