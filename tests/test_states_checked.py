"""Checks of jobs in a vendor's own words: followed by roles, judged by what the words mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.traces import call, json, rulings
from typer.testing import CliRunner

from testcard.cli.main import app

SPECS = Path(__file__).parent / "specs"
PREDICTIONS = "jobs-predictions"
ALL = (PREDICTIONS, "jobs-queue", "jobs-polling")


def predicted(word: str, status: int = 200) -> dict[str, Any]:
    """What a page's answer about job j1 says."""
    urls = {"get": "https://a.example/j1", "cancel": "https://a.example/j1/cancel"}
    told: dict[str, Any] = {
        "id": "j1",
        "status": word,
        "input": {},
        "output": None,
        "error": None,
        "logs": "",
    }
    return {**told, "urls": urls} if status < 400 else {"detail": "it has ended"}


@pytest.mark.parametrize(
    ("canceled", "after", "kept"),
    [(200, "canceled", True), (200, "succeeded", False), (409, "succeeded", None)],
)
def test_what_was_canceled_is_to_stay_so(canceled: int, after: str, kept: bool | None) -> None:
    began = json(call(PREDICTIONS, {"input.prompt": "a fox"}), 201, predicted("starting"))
    cancel = json(call(PREDICTIONS, at=3, job="j1"), canceled, predicted("canceled", canceled))
    asked = json(call(PREDICTIONS, at=2, job="j1"), 200, predicted(after))
    found = rulings("jobs.canceled", PREDICTIONS, (began, cancel, asked))
    assert [each.kept for each in found] == ([] if kept is None else [kept])


@pytest.mark.parametrize(("word", "kept"), [("processing", True), ("thinking", False)])
def test_a_word_that_the_page_does_not_have_is_a_finding(word: str, kept: bool) -> None:
    asked = json(call(PREDICTIONS, at=2, job="j1"), 200, predicted(word))
    (ruling,) = rulings("jobs.state-word", PREDICTIONS, (asked,))
    assert ruling.kept is kept
    assert "aborted" in ruling.expected


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("profile", ["lenient", "documented"])
def test_check_follows_jobs_by_their_roles_and_breaks_nothing(name: str, profile: str) -> None:
    arguments = ["check", str(SPECS / f"{name}.yaml"), "--profile", profile]
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 0, run.output
    assert "No promise broken" in run.output
