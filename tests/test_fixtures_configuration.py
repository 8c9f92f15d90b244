"""A whole suite is told once: in pytest's ini file, or on its command line."""

from __future__ import annotations

import pytest
from tests.inner_pytest import Outcome, glob, outcome

__all__ = ["outcome"]

pytest_plugins = ["pytester"]

SLIP = """
def test_client(testcard):
    assert ask(steps="20") == 200
"""
SHOW = """
def test_client(testcard):
    setup = testcard.setup
    print("SETUP", setup.profile, setup.jobs, setup.seed, setup.credits, testcard.providers)
"""
STRICT_CONFTEST = "import pytest\npytestmark = pytest.mark.testcard(strict=True)\n"


def ini(pytester: pytest.Pytester, *lines: str) -> None:
    pytester.makeini("\n".join(("[pytest]", *lines)))


def test_a_suite_is_strict_by_one_line(outcome: Outcome, pytester: pytest.Pytester) -> None:
    outcome(SLIP).assert_outcomes(passed=1, warnings=1)
    ini(pytester, "testcard_strict = true")
    outcome(SLIP, "--strict-config").assert_outcomes(passed=1, errors=1)
    ini(pytester, "testcard_strict = false")
    outcome(SLIP).assert_outcomes(passed=1, warnings=1)


@pytest.mark.parametrize("fixture", ["testcard", "testcard_server"])
def test_the_command_line_says_it_too_and_has_the_last_word(
    outcome: Outcome, pytester: pytest.Pytester, fixture: str
) -> None:
    unmet = f"def test_client({fixture}):\n    {fixture}.expect('segmind')"
    outcome(unmet, "--testcard-strict").assert_outcomes(passed=1, errors=1)
    ini(pytester, "testcard_strict = true")
    outcome(unmet, "--no-testcard-strict").assert_outcomes(passed=1, warnings=1)


def test_the_nearest_marker_wins(outcome: Outcome, pytester: pytest.Pytester) -> None:
    ini(pytester, "testcard_strict = true", "testcard_jobs = never")
    run = outcome("""
@pytest.mark.testcard(strict=False, jobs="fail")
def test_lax(testcard):
    assert testcard.setup.jobs == "fail"
    assert ask(steps="20") == 200

@pytest.mark.testcard(jobs="fail")
def test_strict(testcard):
    assert ask(steps="20") == 200
""")
    run.assert_outcomes(passed=2, errors=1, warnings=1)


def test_every_word_of_the_marker_can_be_said(outcome: Outcome, pytester: pytest.Pytester) -> None:
    pictures = pytester.mkdir("pictures")
    ini(
        pytester,
        "testcard_provider = segmind imagepipeline",
        "testcard_profile = documented",
        "testcard_settings =",
        "    segmind.rate_limit=1",
        "    segmind.price=2",
        "testcard_credits = 7.5",
        "testcard_jobs = never",
        "testcard_seed = 11",
        "testcard_pictures = pictures",
        "testcard_engine = card",
    )
    run = outcome(
        SHOW
        + f"    assert str(setup.pictures) == {str(pictures)!r}\n"
        + "    reading = testcard.mock.dialects['segmind'].reading\n"
        + "    assert (reading.settings['rate_limit'], reading.price) == (1, 2)\n",
        "-s",
    )
    run.assert_outcomes(passed=1)
    run.stdout.fnmatch_lines(["*SETUP documented never 11 7.5 ('segmind', 'imagepipeline')*"])


def test_every_word_can_be_said_on_the_command_line(outcome: Outcome) -> None:
    run = outcome(
        SHOW,
        "-s",
        "--testcard-provider=segmind",
        "--testcard-profile=documented",
        "--testcard-jobs=at-once",
        "--testcard-seed=3",
        "--testcard-credits=2",
        "--testcard-settings=segmind.rate_limit=1",
    )
    run.assert_outcomes(passed=1)
    run.stdout.fnmatch_lines(["*SETUP documented at-once 3 2 ('segmind',)*"])


def test_the_words_are_explained(outcome: Outcome) -> None:
    told = outcome("", "--help")
    told.stdout.fnmatch_lines(["testcard:", "*--testcard-strict*", "*--testcard-profile=*"])
    told.stdout.fnmatch_lines(["*testcard_strict (bool):*"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("testcard_profile = strict", "profile is 'strict'; lenient or documented was expected"),
        ("testcard_seed = x", "seed is 'x'; a whole number was expected"),
        ("testcard_provider = segmint", "'segmint' is no provider; there are: aithriving,*"),
        ("testcard_settings = price=2", "the setting 'price=2' names no provider; write*"),
        ("testcard_settings = segmind.price", "the setting 'segmind.price' has no value; write*"),
        ("testcard_pictures = nowhere", "pictures is '*nowhere', and there is no folder*"),
        ("testcard_jobs = soon", "'soon' is no job policy; it is one of: at-once, polls:N,*"),
    ],
)
def test_a_wrong_word_is_told_in_one_line(
    outcome: Outcome, pytester: pytest.Pytester, line: str, message: str
) -> None:
    """It says that pytest's configuration is meant, and not a marker that nobody wrote."""
    ini(pytester, line)
    run = outcome("def test_client(testcard): ...")
    run.assert_outcomes(errors=1)
    run.stdout.fnmatch_lines([f"testcard_* or --testcard-*: {glob(message)}"])
    run.stdout.no_fnmatch_line("*Traceback*")


def test_pytestmark_in_a_conftest_does_nothing(outcome: Outcome, pytester: pytest.Pytester) -> None:
    """As pytest has it: the guide names what works instead."""
    pytester.makeconftest(STRICT_CONFTEST)
    outcome(SLIP).assert_outcomes(passed=1, warnings=1)
