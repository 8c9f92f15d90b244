"""What the pages' own samples do works under `testcard run`, with the real URLs in it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.page_programs import PROGRAMS
from tests.runs import program, run, runtime

PHP_CURL = ("-r", "exit(extension_loaded('curl') ? 0 : 1);")


def command(kind: str) -> str:
    """Return what runs programs of this kind, or skip."""
    if kind == "py":
        return sys.executable
    if kind == "java":
        runtime("javac")
    asking = {"php": PHP_CURL}.get(kind, ())
    return runtime({"cjs": "node", "sh": "sh", "php": "php", "java": "java"}[kind], *asking)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_page_sample_is_answered(tmp_path: Path, name: str) -> None:
    chosen = PROGRAMS[name]
    runs = command(chosen.file.rpartition(".")[2])
    path = program(tmp_path, chosen.file, chosen.text)
    done = run(tmp_path, runs, path, options=chosen.options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == chosen.prints, done.stderr
