"""The guide for any language works as typed, line by line, in an empty directory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.runs import ROOT, around, runtime

_BLOCK = re.compile(r"^```shell-session\n(.*?)^```", re.DOTALL | re.MULTILINE)


def typed() -> str:
    """Return what the guide says to type, as one script that stops at the first failure."""
    text = (ROOT / "docs" / "any-language.md").read_text(encoding="utf-8")
    lines = [line for block in _BLOCK.findall(text) for line in block.splitlines()]
    return "\n".join(["set -e", *(line.removeprefix("$ ") for line in lines)])


def promised() -> list[str]:
    """Return the lines that the guide shows as testcard's."""
    text = (ROOT / "docs" / "any-language.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```text\n(testcard: .*?)^```", text, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


def test_the_guide_works_as_typed(tmp_path: Path) -> None:
    runtime("curl")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(  # noqa: S603 (our own document)
        ["/bin/sh", "-c", typed()],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=tmp_path,
        env=around(tmp_path, {"PATH": path}),
    )
    assert done.returncode == 0, done.stderr
    said = done.stderr
    for line in promised():
        assert line.rstrip() in said
    assert "not as documented" in done.stdout
    assert '"code":401' in done.stdout
    assert (tmp_path / "client.xml").exists()
