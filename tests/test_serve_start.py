"""`testcard serve` as it begins: interrupted while it imports, and ready to be called."""

from __future__ import annotations

import signal
import subprocess
import sys
import tomllib

import pytest
from tests.servers import ROOT, SECONDS


def _heeding_ctrl_c() -> None:
    """As in a terminal, though the tests may run in the background, where nobody heeds it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    "module",
    ["typer", "testcard.common.schema", "testcard.assembly", "uvicorn.config",
     "testcard.doors.server"],
)  # fmt: skip
def test_ctrl_c_while_it_imports_prints_no_traceback(module: str) -> None:
    """Python says which module it has just imported: that is the moment."""
    command = [sys.executable, "-X", "importtime", "-m", "testcard.cli.start", "serve"]
    with subprocess.Popen(  # noqa: S603 (our own command)
        [*command, "--port", "0"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=ROOT, preexec_fn=_heeding_ctrl_c,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if line.rpartition("|")[2].strip() == module:
                process.send_signal(signal.SIGINT)
                break
        try:
            said, complaints = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    assert "Traceback" not in complaints
    assert "KeyboardInterrupt" not in complaints
    assert process.returncode in (-signal.SIGINT, 130)
    assert "Ctrl-C stops" not in said


def test_the_command_is_the_one_that_is_tested_here() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"testcard": "testcard.cli.start:main"}
