"""Where a failure is shown: at the test's own line, and nowhere in the library."""

from __future__ import annotations

import pytest
from tests.inner_pytest import Outcome, glob, outcome

__all__ = ["outcome"]

pytest_plugins = ["pytester"]


def test_a_failed_assertion_shows_the_test_s_line_only(outcome: Outcome) -> None:
    run = outcome("""
def test_client(testcard):
    ask()
    testcard.assert_called("segmind")
""")
    run.assert_outcomes(failed=1)
    run.stdout.fnmatch_lines(
        [
            '>*testcard.assert_called("segmind")',
            "E*AssertionError: expected segmind once or more, none came; received:",
            "E*<1 appypie-inpainting getImage(prompt='a fox', size='64x48') POST *-> 200 ok*",
        ]
    )
    run.stdout.no_fnmatch_line("*assertions.py*")


@pytest.mark.parametrize(
    "line",
    [
        'testcard.assert_called("segmind")',
        'testcard.assert_not_called("appypie-inpainting")',
        'testcard.assert_called("appypie-inpainting", prompt="a cat")',
        'testcard.assert_called("segmint")',
        'testcard.assert_called("segmind", promt="a cat")',
        'testcard.expect("segmind", "nothing")',
        'testcard.calls("segmint")',
        'testcard.fail_next("segmind", "broken")',
        'testcard.fail_next("segmind", delay=-1)',
        'testcard.set_balance("segmind", "k", -1)',
        'testcard.job_policy("soon")',
        'testcard.begin(profile="strict")',
        'testcard.begin(provider="segmint")',
        'testcard.calls()[0].picture("mask")',
        'testcard.calls()[0].picture("sketch")',
        'testcard.url("segmint")',
    ],
)
def test_a_failure_shows_no_frame_of_the_library(outcome: Outcome, line: str) -> None:
    """The test's own line stands there, and what is wrong with it."""
    run = outcome(f"""
def test_client(testcard):
    ask()
    {line}
""")
    run.assert_outcomes(failed=1)
    run.stdout.fnmatch_lines([f">*{glob(line)}", "E   *Error: *"])
    frames = [each for each in run.outlines if ".py:" in each and "test_a_failure" not in each]
    assert frames == [], "no other file is shown"
