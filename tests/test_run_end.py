"""However `testcard run` ends, it leaves no child and no port behind, and says how it went."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.runs import COMMAND, around, run
from tests.servers import SECONDS, answers, until

from testcard.intercept import child

CHILD = """
import os, signal, subprocess, sys, time
if {stubborn}:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
print(os.getpid(), grandchild.pid, os.environ["TESTCARD_URL"], flush=True)
for _ in range(1500):
    time.sleep(0.2)  # a signal that comes just before a sleep is heard after it
"""


@contextmanager
def running(
    folder: Path, *, stubborn: bool = False
) -> Iterator[tuple[subprocess.Popen[str], list[int], str]]:
    """Run a child with a child of its own; yield the command, both pids, and the base URL."""
    code = CHILD.format(stubborn=stubborn)
    process = subprocess.Popen(  # noqa: S603 (our own command)
        [*COMMAND, "--", sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=around(folder),
    )
    pids: list[int] = []
    try:
        assert process.stdout is not None
        first, second, base = process.stdout.readline().split()
        pids = [int(first), int(second)]
        yield process, pids, base
    finally:
        for pid in (process.pid, *pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not yet asked after does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc to look in")
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129), (signal.SIGKILL, -9)],
)
def test_a_killed_run_leaves_no_child_and_no_port(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with running(tmp_path) as (process, pids, base):
        assert answers(base)
        process.send_signal(number)
        ended = process.wait(SECONDS)
        assert until(lambda: not any(map(alive, pids)))
        assert not answers(base)
    assert ended == code or (
        number == signal.SIGINT and ended == 1
    )  # Python's own KeyboardInterrupt


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc to look in")
def test_a_child_that_will_not_end_is_killed(tmp_path: Path) -> None:
    with running(tmp_path, stubborn=True) as (process, pids, base):
        process.terminate()
        assert process.wait(SECONDS) == 137
        assert until(lambda: not any(map(alive, pids)))
        assert not answers(base)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc to look in")
def test_what_a_child_leaves_behind_goes_when_it_ends(tmp_path: Path) -> None:
    code = """
import subprocess, sys
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"]).pid, flush=True)
"""
    done = run(tmp_path, sys.executable, "-c", code)
    assert until(lambda: not alive(int(done.stdout)))


def test_the_exit_code_is_the_childs(tmp_path: Path) -> None:
    done = run(tmp_path, sys.executable, "-c", "raise SystemExit(7)")
    assert done.returncode == 7
    assert "no call came" in done.stderr


def test_a_child_ended_by_a_signal_gives_the_code_of_a_shell(tmp_path: Path) -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    assert run(tmp_path, sys.executable, "-c", code).returncode == 143


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, "no-such-command-here")
    assert done.returncode == 127
    assert "there is no command no-such-command-here" in done.stderr


def test_a_file_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program", encoding="utf-8")
    assert run(tmp_path, str(tmp_path / "text")).returncode == 126


def test_output_and_input_are_the_childs_own(tmp_path: Path) -> None:
    """Standard output can be piped on: the verdict goes to standard error."""
    done = subprocess.run(  # noqa: S603 (our own command)
        [*COMMAND, "--", sys.executable, "-c", "print(input()[::-1])"],
        input="abc\n",
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=around(tmp_path),
    )
    assert done.stdout == "cba\n"


def test_variables_are_set_for_the_child_alone(tmp_path: Path) -> None:
    own = {"ALL_PROXY": "http://elsewhere:1", "NODE_OPTIONS": "--no-warnings", "A_NAME": "kept"}
    code = """
import os
for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "ALL_PROXY", "NODE_OPTIONS", "A_NAME"):
    print(name, os.environ.get(name))
"""
    done = run(tmp_path, sys.executable, "-c", code, environment=own)
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert said["HTTPS_PROXY"] == said["https_proxy"]
    assert re.fullmatch(r"http://testcard:[\w-]{32}@127\.0\.0\.1:\d+", said["HTTPS_PROXY"])
    assert said["NO_PROXY"] == "localhost,127.0.0.1,::1"
    assert said["ALL_PROXY"] == "None"
    assert said["NODE_OPTIONS"].startswith("--no-warnings --require ")
    assert said["A_NAME"] == "kept"


def test_a_system_without_all_signals_can_load_it() -> None:
    """As Windows: the rest of the command line loads this as well."""
    code = """
import signal
del signal.SIGHUP, signal.SIGQUIT
import testcard.intercept.child
"""
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 (our own command)


def test_a_system_without_process_groups_is_told_what_to_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "killpg")
    with pytest.raises(OSError, match="no process groups; use Linux, macOS or WSL"):
        child.run(["true"], {})
