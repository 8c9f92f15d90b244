"""The plugin is loaded everywhere and noticed nowhere: it imports nothing before it is used."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

HEAVY = {"PIL", "anyio", "fastapi", "httpx", "httpx2", "numpy", "requests", "respx", "uvicorn"}
"""None of these, and nothing of testcard's but the plugin itself."""

SHOW = """
import sys

def pytest_unconfigure():
    names = {name.partition(".")[0] for name in sys.modules}
    ours = {name for name in sys.modules if name.startswith("testcard.")}
    print("LOADED", *sorted(names), *sorted(ours))
"""


def test_the_entry_point_is_the_plugin() -> None:
    (point,) = [each for each in entry_points(group="pytest11") if each.name == "testcard"]
    assert point.value == "testcard.fixtures.plugin"


def loaded(folder: Path, tests: str) -> set[str]:
    """Run tests with no plugin but ours; return what had been imported at the end."""
    (folder / "conftest.py").write_text(SHOW)
    (folder / "test_it.py").write_text(tests)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", "-p", "testcard.fixtures.plugin"],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [each for each in done.stdout.splitlines() if each.startswith("LOADED")]
    return set(line.split())


def test_a_suite_that_uses_nothing_imports_nothing(tmp_path: Path) -> None:
    names = loaded(tmp_path, "def test_nothing(): ...")
    assert names & HEAVY == set()
    assert {name for name in names if name.startswith("testcard.")} == {
        "testcard.fixtures",
        "testcard.fixtures.plugin",
    }


def test_a_suite_that_uses_it_does(tmp_path: Path) -> None:
    """So that the test before this one can fail; no server is brought up for nothing."""
    names = loaded(tmp_path, "def test_something(testcard): ...")
    assert {"PIL", "numpy", "respx"} <= names
    assert "uvicorn" not in names
