"""Opens the engine: what an entry point of the group `testcard.engines` names.

Knows what an engine can be told. Must not know the command line, or doors.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from testcard.reference.engine import ReferenceEngine
from testcard.reference.models import Models


def open_engine(
    models: Sequence[str] = (),
    *,
    device: str | None = None,
    compiled: bool = False,
    together: int | None = None,
    left: Callable[[], bool] = lambda: False,
    quiet: bool = False,
) -> ReferenceEngine:
    """Load the checkpoints and return the engine.

    Args:
        models: folders or hub ids; each takes over the family that it is of.
        device: of torch; None for CUDA where there is one.
        compiled: have torch compile the networks of `models`, see `Models`.
        together: pictures painted as one batch, see `ReferenceEngine`.
        left: whether the caller in this thread is gone.
        quiet: tell the terminal nothing of each painting's progress.

    Raises:
        OSError: a name is no checkpoint.
    """
    silent = quiet or not sys.stderr.isatty()
    progress = _silence if silent else _tell
    kept = Models(models, device, compiled=compiled)
    return ReferenceEngine(kept, together=together, left=left, progress=progress)


def _silence(_prompt: str, _step: int, _steps: int) -> None:
    pass


def _tell(prompt: str, step: int, steps: int) -> None:
    """One line that is written over; it ends with the last step."""
    end = "\n" if step >= steps else ""
    sys.stderr.write(f"\rpainting {prompt[:48]!r}: step {step} of {steps} {end}")
    sys.stderr.flush()
