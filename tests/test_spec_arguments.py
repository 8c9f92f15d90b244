"""Specs as arguments: YAML or JSON, with a dialect of one's own, for run and audit too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from testcard.assembly import Options, build, find
from testcard.cli.main import app
from testcard.common.spec import SpecError

SPEC = Path(__file__).parent / "specs" / "places.yaml"
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


@pytest.mark.parametrize("command", ["show", "check"])
def test_a_spec_may_be_json(command: str, as_json: Path) -> None:
    done = CliRunner().invoke(app, [command, str(as_json)])
    assert done.exit_code == 0, done.output


def test_an_audit_judges_by_a_spec(tmp_path: Path) -> None:
    har = tmp_path / "run.har"
    CliRunner().invoke(app, ["check", str(SPEC), "--report", f"har={har}"])
    without = CliRunner().invoke(app, ["audit", str(har), "--kind", "mock"])
    assert "none of its calls" in without.output
    found = CliRunner().invoke(app, ["audit", str(har), "--spec", str(SPEC)])
    assert "none of its calls" not in found.output
    assert "places" in found.output
