"""The self-check's second half: what a spec says is served, or the operation is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.test_refusals import NESTED, SIMPLE, answer, asked, fields, parameters, written
from typer.testing import CliRunner

from testcard.cli.main import app
from testcard.cli.rehearsal import rehearsed
from testcard.common.spec import bundled

Document = dict[str, Any]
SPECS = sorted((Path(__file__).parent / "specs").glob("*.yaml"))


@pytest.mark.parametrize("path", [*bundled(), *SPECS], ids=lambda path: path.stem)
def test_what_is_sound_is_served(path: Path) -> None:
    assert list(rehearsed(path)) == []


WRONG: dict[str, tuple[Callable[[Document], Any], str]] = {
    "an error whose words the mock cannot know": (
        lambda d: answer(d, SIMPLE, "422")["content"]["application/json"]["schema"]["properties"]
        ["error"].update(maxLength=3),
        "urlencoded (documented): as invalid: error: "),
    "an error that needs what nobody knows": (
        lambda d: answer(d, SIMPLE, "500")["content"]["application/json"]["schema"].update(
            required=["error", "ticket"]),
        "urlencoded (documented): as failed: ticket: 'ticket' is required"),
    "an answer header that never comes": (
        lambda d: answer(d, SIMPLE).update(headers={"X-Left": {
            "required": True, "schema": {"type": "integer"},
            "x-testcard": {"grade": "documented", "source": "Answers, line 3"}}}),
        "urlencoded (documented): the smallest valid call of application/x-www-form-urlencoded: "
        "header X-Left: missing"),
    "a field that takes no value anybody would send": (
        lambda d: fields(d)["prompt"].update(pattern="^[0-9]{9}$"),
        "nested (documented): the smallest valid call of application/json cannot be made: "
        "input.prompt: "),
    "a parameter of which there is no valid value": (
        lambda d: parameters(d)[2].update(
            schema={"type": "string", "pattern": "^x$", "minLength": 9}),
        "nested (documented): the fullest valid call of application/json cannot be made: "
        "cookie.session: "),
}  # fmt: skip


@pytest.mark.parametrize(("change", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_served_is_told(
    tmp_path: Path, change: Callable[[Document], Any], said: str
) -> None:
    path = written(tmp_path, change)
    told = [each.removeprefix(f"{path}: ") for each in rehearsed(path)]
    assert any(each.startswith(said) for each in told), told


def test_selfcheck_runs_both_halves(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        answer(document, SIMPLE, "500")["content"]["application/json"]["schema"].update(
            required=["error", "ticket"]
        )
        asked(document, NESTED).pop("examples")

    done = CliRunner().invoke(app, ["selfcheck", str(written(tmp_path, change))])
    assert done.exit_code == 1
    assert "the application/json request has no example" in done.output
    assert "as failed: ticket: 'ticket' is required" in done.output
