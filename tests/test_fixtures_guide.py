"""The pytest guide works as typed, in an empty directory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from testcard.fixtures.assertions import CallAssertions
from testcard.fixtures.fixtures import Testcard, TestcardServer

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")
FILE = re.compile(r"`([\w.]+\.py)`:\n\n```python\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"```console\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)
FILES = dict(FILE.findall(GUIDE))
COMMANDS = [(command.strip(), said.splitlines()) for command, said in COMMAND.findall(GUIDE)]
INSTALL, *RUNS = COMMANDS


def test_the_guide_has_files_and_commands() -> None:
    assert list(FILES) == [
        "fox.py",
        "test_fox.py",
        "test_slips.py",
        "test_pictures.py",
        "test_server.py",
    ]
    assert [command for command, _ in RUNS] == [
        "pytest -q",
        "pytest -q test_slips.py",
        "pytest -q test_pictures.py",
        "pytest -q test_server.py",
    ]


def test_what_it_installs_is_there() -> None:
    """An extra of that name, with what the guide says that it brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert INSTALL == ("pip install '/path/to/testcard[clients]' httpx", [])
    assert "pip install 'testcard[clients]'" not in GUIDE, "no index has it"
    extra = " ".join(project["optional-dependencies"]["clients"])
    assert all(name in extra for name in ("pytest>", "respx", "pytest-httpx2"))
    assert project["entry-points"]["pytest11"] == {"testcard": "testcard.fixtures.plugin"}


def test_it_works_as_typed(tmp_path: Path) -> None:
    """Each file is written when it comes in the guide, and each command run after it."""
    written: set[str] = set()
    for command, said in RUNS:
        before = GUIDE.index(f"```console\n{command}\n")
        for name, text in FILES.items():
            if GUIDE.index(f"`{name}`:\n") < before and name not in written:
                (tmp_path / name).write_text(text, encoding="utf-8")
                written.add(name)
        shown = typed(command, tmp_path)
        for line in said:
            assert line in shown, f"{command} shows no {line!r}:\n{shown}"


def typed(command: str, folder: Path) -> str:
    """Run a command of the guide; return what it shows."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(  # noqa: S602 (our own guide)
        command,
        shell=True,
        cwd=folder,
        env={**kept, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("fixture", [Testcard, TestcardServer])
def test_its_tables_name_what_there_is(fixture: type[CallAssertions]) -> None:
    """Every method that the guide names is one, and every public one is named."""
    public = {each for each in dir(fixture) if not each.startswith("_")}
    named = set(re.findall(r"`(?:testcard\w*\.)?(\w+)(?:[(`]|\.| is)", GUIDE))
    assert public - named <= {"base", "close", "intercepting", "providers", "report"}
    for method in re.findall(r"`testcard\.(\w+)", GUIDE):
        assert method in dir(Testcard)
