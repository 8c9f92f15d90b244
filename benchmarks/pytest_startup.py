"""What the pytest plugin costs a suite that does not use it: start-up with and without, a ratio.

Run it by itself: python benchmarks/pytest_startup.py [ROUNDS]. Both are measured by turns, so
that what else the machine does falls on both alike.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

_ROUNDS = 15
_ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
_OURS = ("-p", "testcard.fixtures.plugin")
_THEIRS = ("-p", "respx.plugin", "-p", "pytest_httpx2")


def seconds(folder: str, options: Sequence[str], environment: Mapping[str, str]) -> float:
    """Return how long one run of pytest over one empty test takes."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


def main(rounds: int) -> None:
    """Measure and print."""
    kinds: dict[str, Sequence[str]] = {
        "pytest alone": (),
        "pytest alone, again": (),
        "with testcard's plugin": _OURS,
        "with respx's and pytest-httpx2's": _THEIRS,
    }
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_nothing.py").write_text("def test_nothing(): ...\n", encoding="utf-8")
        for _ in range(rounds + 1):  # the first of each fills the caches
            for kind, options in kinds.items():
                taken[kind].append(seconds(folder, options, _ALONE))
    base = median(taken["pytest alone"][1:])
    print(f"median of {rounds} runs of a suite with one empty test")
    for kind, all_taken in taken.items():
        middle = median(all_taken[1:])
        print(f"{kind:34} {middle * 1000:7.1f} ms  {middle / base:5.2f}×")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _ROUNDS)
