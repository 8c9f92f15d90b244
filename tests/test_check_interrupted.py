"""Ctrl-C during `testcard check`: wherever it comes, what was sent is reported."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from testcard import report as reports
from testcard.cli import check as command
from testcard.cli import check_runs
from testcard.contract.targets import InProcess
from testcard.drivers import check as checking
from testcard.drivers.interrupts import Interrupts
from testcard.record import har
from testcard.report import terminal, write

FORMATS = ("junit", "sarif", "html", "json", "har", "baseline")
INTERRUPTED = 130


def interrupting(real: Callable[..., Any], time: int, *, times: int = 1) -> Callable[..., Any]:
    """Return `real` with Ctrl-C pressed as call number `time` of it is made."""
    left = [time]

    def pressed(*given: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        return real(*given, **named)

    return pressed


def checked(folder: Path, *providers: str) -> Result:
    files = [word for each in FORMATS for word in ("--report", f"{each}={folder / each}")]
    return CliRunner().invoke(command.app, ["check", *providers, "--max-requests", "30", *files])


STAGES = {
    "the first call": (InProcess, "send", 1),
    "a later call": (InProcess, "send", 20),
    "blanking secrets": (checking, "redacted", 1),
    "judging": (checking, "judge", 1),
    "judging the last": (checking, "judge", 2),
    "the gap between two providers": (check_runs, "check", 2),
    "writing the first file": (reports, "write", 1),
    "writing the last file": (reports, "write", len(FORMATS)),
    "printing": (terminal, "print_report", 1),
}


@pytest.mark.parametrize("stage", STAGES)
def test_an_interrupt_at_any_stage_leaves_every_report(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, name, time = STAGES[stage]
    real = getattr(room, name)
    monkeypatch.setattr(room, name, interrupting(real, time))

    done = checked(tmp_path, "aithriving", "segmind")

    assert done.exit_code == INTERRUPTED
    report = json.loads((tmp_path / "json").read_text())
    assert [each["id"] for each in report["providers"]] == ["aithriving", "segmind"]
    assert all(each["verdicts"] for each in report["providers"])
    calls = sum(len(each["exchanges"]) for each in report["providers"])
    assert len(har.read(tmp_path / "har")) == calls
    assert ET.parse(tmp_path / "junit").getroot().tag == "testsuites"  # noqa: S314
    assert json.loads((tmp_path / "sarif").read_text())["runs"]
    assert (tmp_path / "html").read_text().rstrip().endswith("</html>")
    assert json.loads((tmp_path / "baseline").read_text())["accepted"] == []
    assert f"{calls} calls" in done.output


def test_what_was_not_reached_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(InProcess, "send", interrupting(InProcess.send, 5))

    checked(tmp_path, "aithriving", "segmind")

    first, last = json.loads((tmp_path / "json").read_text())["providers"]
    assert len(first["exchanges"]) == 4
    assert (first["stopped"], last["stopped"]) == ("stopped by Ctrl-C", "stopped by Ctrl-C")
    assert {each["outcome"] for each in last["verdicts"]} == {"not-exercised"}
    assert all("stopped by Ctrl-C" in each["reason"] for each in last["verdicts"])


def test_a_second_interrupt_is_obeyed_while_reports_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "write", interrupting(write, 1, times=2))

    done = checked(tmp_path, "segmind")

    assert done.exit_code == INTERRUPTED
    assert not (tmp_path / "json").exists()


def test_ctrl_c_does_afterwards_what_it_did_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        assert interrupts.came
    assert signal.getsignal(signal.SIGINT) is before
