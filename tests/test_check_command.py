"""The commands `check`, `audit` and `drift`: usage, exit codes, files."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from tests.test_plan import session
from tests.traces import jpeg, reading, refused
from typer.testing import CliRunner

from testcard.clauses.judging import audit
from testcard.cli import check_runs as runs
from testcard.cli.check import app
from testcard.cli.words import UsageError, credits_from
from testcard.contract.verdict import ProviderRun, Report
from testcard.drivers.check import check
from testcard.drivers.plan import plan
from testcard.record.har import read, write

REAL = "https://api.imagepipeline.io"
SECRET = "sk-secret-8Jq2Lw91"


def _outcomes(run: ProviderRun) -> dict[str, str]:
    return {each.clause.id: each.outcome for each in run.verdicts}


# Exit codes


def _report(*trace_of: str) -> Report:
    made = {
        "kept": (refused(samples=5),),
        "finding": (refused(500, samples=5),),
        "broken": (jpeg(credits_="plenty"),),
        "idle": (),
    }
    run = audit(reading("segmind"), tuple(one for name in trace_of for one in made[name]))
    return Report("x", "live", (run,), 0.0, 0.0, "0")


@pytest.mark.parametrize(
    ("trace", "fail_on", "required", "code"),
    [
        ("kept", "documented", False, 0),
        ("kept", "documented", True, 1),
        ("finding", "documented", False, 0),
        ("finding", "sample", False, 0),
        ("finding", "observed", False, 1),
        ("finding", "assumed", False, 1),
        ("broken", "documented", False, 1),
        ("idle", "documented", False, 3),
    ],
)
def test_exit_codes(trace: str, fail_on: str, required: bool, code: int) -> None:
    found = runs.exit_code(_report(trace), fail_on=fail_on, require_exercised=required)

    assert found == code


# Commands


def _run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, words)
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("segmind", "--against", "http://127.0.0.1:9"), "needs a key"),
        (("segmind", "--against", "http://127.0.0.1:9", "--key", "k"), "--budget"),
        (("all", "--against", "http://127.0.0.1:9", "--key", "k", "--budget", "1"), "{provider}"),
        (("segmind", "--against", "mocks", "--key", "k", "--budget", "1"), "is no target"),
        (("nobody",), "is no provider"),
        (("segmind", "--report", "pdf=x"), "pdf"),
        (("segmind", "--report", "json"), "FORMAT=FILE"),
        (("segmind", "--budget", "much"), "a number of credits"),
        (("segmind", "--key-env", "TESTCARD_NO_SUCH"), "no such variable"),
        (("segmind", "--key", "a", "--key-file", "b"), "given more than once"),
        (
            ("imagepipeline", "--against", REAL, "--key", "k", "--budget", "1"),
            "--picture URL",
        ),
    ],
)
def test_wrong_usage_is_told_clearly(words: tuple[str, ...], said: str) -> None:
    code, output = _run("check", *words)

    assert code == 2
    assert said in " ".join(output.split())


def test_a_plan_is_listed_with_its_cost_and_nothing_is_sent() -> None:
    code, output = _run("check", "segmind", "--plan", "--against", "https://api.segmind.com")

    assert code == 0
    assert "9 of them paid: 9 credits" in " ".join(output.split())


def test_the_files_that_were_written_are_named(tmp_path: Path) -> None:
    files = {"json": tmp_path / "a.json", "junit": tmp_path / "a.xml"}
    words = [word for name, path in files.items() for word in ("--report", f"{name}={path}")]
    _, output = _run("check", "segmind", "--max-requests", "3", *words)

    assert all(f"the {name} report is in {path}" in output for name, path in files.items())


def test_a_check_leaves_nothing_in_the_working_folder(tmp_path: Path) -> None:
    """What hypothesis keeps for itself goes with the run."""
    program = """
from testcard.assembly import Options, build
from testcard.contract.session import Session
from testcard.contract.targets import InProcess
from testcard.drivers.fuzz import fuzz
from testcard.drivers.stateful import stateful

mock = build(Options(providers=("aithriving",)))
(dialect,) = mock.dialects.values()
session = Session(dialect.reading, InProcess(mock.answer), thorough=True)
fuzz(session, examples=1, seed=0)
stateful(session, examples=1, seed=0)
assert len(session.exchanges) > 20
"""
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)  # noqa: S603

    assert list(tmp_path.iterdir()) == []


def test_a_check_says_nothing_of_the_broken_forms_that_it_sends() -> None:
    command = [sys.executable, "-m", "testcard.cli.start", "check", "aithriving"]
    done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603
    assert done.stderr == b""


def test_a_dead_port_is_3() -> None:
    words = ("--against", "http://127.0.0.1:1/x", "--key", SECRET, "--budget", "3")
    code, output = _run("check", "segmind", *words)

    assert code == 3
    assert "cannot be reached" in " ".join(output.split())
    assert SECRET not in output


def test_reports_are_written_and_read_again(tmp_path: Path) -> None:
    har, report = tmp_path / "a.har", tmp_path / "a.json"
    readings = [reading("segmind")]
    run = check(session("segmind"), [plan])

    write(run.trace, har)
    again = runs.run_audit(read(har), "a.har", "mock", readings)
    code, _ = _run("audit", str(har), "--kind", "mock", "--report", f"json={report}")

    assert _outcomes(run).items() <= _outcomes(again.runs[0]).items()
    assert code == 0
    assert json.loads(report.read_text())["providers"]
    assert _run("drift", str(report), str(report))[0] == 0


def test_an_audit_of_strange_traffic_is_3(tmp_path: Path) -> None:
    har = tmp_path / "b.har"
    har.write_text('{"log": {"entries": []}}')

    code, output = _run("audit", str(har))

    assert code == 3
    assert "none of its calls" in output


def test_a_budget_is_a_number_of_credits() -> None:
    assert credits_from("--budget", "2.5") == Decimal("2.5")
    with pytest.raises(UsageError, match="--budget is 'much'"):
        credits_from("--budget", "much")


def test_a_key_comes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{SECRET}\n")

    assert runs.key_from(None, None, path) == SECRET


def test_a_plan_shows_its_target_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL is no markup."""
    monkeypatch.setenv("COLUMNS", "200")
    url = "https://a.example/[bold]x[/bold]"
    code, output = _run("check", "segmind", "--against", url, "--plan")
    assert code == 0
    assert url in output
