"""`testcard run` as a process, for tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.forked import testcard

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
COMMAND = (sys.executable, "-m", "testcard.cli.main", "run")
SECONDS = 60
KEYS = {
    "SEGMIND_API_KEY": "a-key-that-works",
    "IMAGEPIPELINE_API_KEY": "a-key-that-works",
    "APPYPIE_SUBSCRIPTION_KEY": "a-key-that-works",
    "AITHRIVING_API_KEY": "a-key-that-works",
}


def around(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which testcard keeps its files in `folder`."""
    own = {"TESTCARD_HOME": str(folder / "home"), "IMAGEPIPELINE_WAIT": "0", "COLUMNS": "200"}
    return {**os.environ, **KEYS, **own, **(more or {})}


def run(
    folder: Path,
    *command: str,
    options: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder` under `testcard run`."""
    words = ("run", *options, "--", *command)
    return testcard(words, folder, around(folder, environment), SECONDS)


def program(folder: Path, name: str, text: str) -> str:
    """Write a program into `folder`; return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def runtime(name: str, *asking: str) -> str:
    """Return the path of a runtime, or skip the test with the reason."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    if asking:
        done = subprocess.run([found, *asking], capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            pytest.skip(f"{name} lacks what the test needs: {' '.join(last)}")
    return found
