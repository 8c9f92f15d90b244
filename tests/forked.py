"""`testcard` as a process of its own that need not import it: forked from one that has.

That it starts from nothing, the tests of the guides, of its end and of `serve` show.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

_PRELOADED = ["testcard.cli.main", "testcard.intercept.run", "testcard.intercept.clientside"]


def testcard(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run testcard with `arguments` in `folder`; return its code and what it wrote.

    Raises:
        TimeoutExpired: it had not ended after `seconds`.
    """
    forking = get_context("forkserver")
    forking.set_forkserver_preload(_PRELOADED)
    words = list(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        output, errors = Path(scratch) / "output", Path(scratch) / "errors"
        asked = (words, str(folder), dict(environment), str(output), str(errors))
        process = forking.Process(target=_begin, args=asked)
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(words, seconds, output.read_bytes())
        said = (each.read_text(encoding="utf-8") for each in (output, errors))
        return subprocess.CompletedProcess(words, process.exitcode, *said)


def _begin(
    arguments: list[str], folder: str, environment: dict[str, str], output: str, errors: str
) -> None:
    from testcard.cli.start import main

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in ((1, output), (2, errors)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["testcard", *arguments]
    main()
