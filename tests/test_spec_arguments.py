"""Specs as arguments: YAML or JSON, with a dialect of one's own, for run and audit too."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml
from tests.inner_pytest import Outcome, outcome
from tests.runs import program, run
from typer.testing import CliRunner

from testcard.assembly import Options, build, find
from testcard.cli.main import app
from testcard.common.message import Call, Exchange
from testcard.common.spec import SpecError
from testcard.record import har

__all__ = ["outcome"]

pytest_plugins = ["pytester"]

SPEC = Path(__file__).parent / "specs" / "places.yaml"
SIMPLE = "https://api.places.example/simple"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
CLIENT = """
import urllib.error, urllib.request

for said in (b"prompt=a+fox", b"steps=2"):
    asked = urllib.request.Request("{url}", data=said, headers={{"X-Key": "k"}})
    try:
        print(urllib.request.urlopen(asked).status)
    except urllib.error.HTTPError as refused:
        print(refused.status)
"""
DIALECT = """
from testcard.providers.base import SpecDialect


class Loud(SpecDialect):
    pass


class Other:
    pass
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "acme_dialect.py").write_text(DIALECT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.fixture
def as_json(tmp_path: Path) -> Path:
    file = tmp_path / "acme.json"
    file.write_text(json.dumps(yaml.safe_load(SPEC.read_text()), indent=1))
    return file


@pytest.mark.usefixtures("folder")
def test_a_spec_is_paired_with_its_dialect() -> None:
    mock = build(Options(providers=(f"{SPEC}:acme_dialect.Loud",)))
    assert type(mock.dialects["places"]).__name__ == "Loud"


@pytest.mark.parametrize(
    ("dialect", "told"),
    [
        ("acme_dialect.Other", "no subclass"),
        ("acme_dialect.Missing", "cannot be loaded"),
        ("no_such_module.Loud", "cannot be loaded"),
        ("Loud", "MODULE.CLASS"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_is_no_dialect_is_refused(dialect: str, told: str) -> None:
    with pytest.raises(SpecError, match=told):
        find(f"{SPEC}:{dialect}")


@pytest.mark.parametrize("command", [("show",), ("check", "--plan")])
def test_a_spec_may_be_json(command: tuple[str, ...], as_json: Path) -> None:
    done = CliRunner().invoke(app, [*command, str(as_json)])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_an_audit_judges_by_a_spec(form: str, as_json: Path, tmp_path: Path) -> None:
    spec = as_json if form == "json" else SPEC
    mock = build(Options(providers=(str(spec),), profile="documented"))
    call = Call("POST", f"{SIMPLE}?", (("X-Key", "a-key"), FORM), b"prompt=a+fox&steps=99")
    traffic = tmp_path / "run.har"
    har.write([Exchange(call, mock.answer(call))], traffic)
    without = CliRunner().invoke(app, ["audit", str(traffic), "--kind", "mock"])
    assert "none of its calls" in without.output
    report = tmp_path / "report.json"
    asked = ["audit", str(traffic), "--spec", str(spec), "--report", f"json={report}"]
    CliRunner().invoke(app, asked)
    told = json.loads(report.read_text(encoding="utf-8"))
    (judged,) = told["providers"]
    assert judged["id"] == spec.stem
    kept = {each["clause"] for each in judged["verdicts"] if each["outcome"] == "kept"}
    assert {"errors.bounds-refused", "errors.status"} <= kept


def test_a_run_answers_by_a_spec_in_json(as_json: Path, tmp_path: Path) -> None:
    """The client keeps its URL, its proxy and its trust in certificates."""
    client = program(tmp_path, "client.py", CLIENT.format(url=SIMPLE))
    done = run(tmp_path, sys.executable, client, options=("--spec", str(as_json)))
    assert done.stdout.split() == ["200", "422"], done.stderr
    assert done.returncode == 0


def test_a_fixture_answers_by_a_spec_in_json(as_json: Path, outcome: Outcome) -> None:
    outcome(
        f"""
@pytest.mark.testcard(provider={str(as_json)!r}, profile="documented")
def test_client(testcard):
    found = [httpx.post({SIMPLE!r}, data=said, headers={{"X-Key": "k"}}).status_code
             for said in ({{"prompt": "a fox"}}, {{"steps": "2"}})]
    assert found == [200, 422]
    assert testcard.providers == ({as_json.stem!r},)
"""
    ).assert_outcomes(passed=1)
