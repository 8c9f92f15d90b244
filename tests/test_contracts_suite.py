"""`pytest contracts/`, as the documents tell: the mock and the reference keep every promise."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from tests.heavy import ENGINE
from tests.servers import ROOT

pytestmark = pytest.mark.long


def suite(*paths: str) -> dict[str, int]:
    """Run pytest on `paths`; return how many tests came out in each way."""
    done = subprocess.run(  # noqa: S603 (our own tests)
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *paths],
        capture_output=True,
        check=False,
        cwd=ROOT,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    closing = done.stdout.strip().splitlines()[-1]
    return {how: int(count) for count, how in re.findall(r"(\d+) (passed|skipped)", closing)}


def test_the_mock_keeps_every_promise_and_nothing_live_is_asked() -> None:
    """Skipped: the five live ones, and a job's failure, which nobody can provoke from outside."""
    came = suite("contracts/test_mock.py", "contracts/test_live.py")
    assert came["passed"] > 300
    assert came["skipped"] == 5 + 2


@ENGINE
def test_the_reference_keeps_every_promise() -> None:
    came = suite("contracts/test_reference.py")
    assert came["passed"] > 200
    assert came["skipped"] == 1
