"""The plugin as pytest runs it: marker, teardown, and errors that say what to do."""

from __future__ import annotations

import pytest
from tests.inner_pytest import Outcome, glob, outcome

__all__ = ["outcome"]

pytest_plugins = ["pytester"]


def test_the_marker_is_known_and_explained(outcome: Outcome) -> None:
    told = outcome("", "--markers")
    told.stdout.fnmatch_lines(["@pytest.mark.testcard(provider=*strict=*"])
    outcome("@pytest.mark.testcard\ndef test(testcard): ...", "--strict-markers").assert_outcomes(
        passed=1
    )


def test_the_fixtures_are_listed(outcome: Outcome) -> None:
    told = outcome("", "--fixtures")
    told.stdout.fnmatch_lines(["testcard -- *", "testcard_server -- *"])


def test_a_marked_test_needs_no_fixture(outcome: Outcome) -> None:
    """It is answered, and nothing is reported where the client does well."""
    run = outcome("""
@pytest.mark.testcard(provider="appypie-inpainting", strict=True)
def test_client():
    assert ask() == 200
""")
    run.assert_outcomes(passed=1, warnings=0)


def test_markers_add_up_and_the_nearest_wins(outcome: Outcome) -> None:
    run = outcome("""
pytestmark = pytest.mark.testcard(seed=1, jobs="never", strict=True)

@pytest.mark.testcard(seed=2, credits=5, settings={"segmind.rate_limit": 3})
class TestAll:
    @pytest.mark.testcard(seed=3, profile="documented")
    def test_all(self, testcard):
        setup = testcard.setup
        assert (setup.seed, setup.credits, setup.jobs) == (3, 5, "never")
        assert (setup.profile, setup.strict) == ("documented", True)
        assert testcard.balance("segmind", "k") == 5
""")
    run.assert_outcomes(passed=1)


def test_a_folder_of_pictures_is_beside_the_test(outcome: Outcome) -> None:
    run = outcome("""
from pathlib import Path
(Path(__file__).parent / "pictures").mkdir(exist_ok=True)

@pytest.mark.testcard(pictures="pictures")
def test_there(testcard): ...

@pytest.mark.testcard(pictures="elsewhere")
def test_not_there(testcard): ...
""")
    run.assert_outcomes(passed=1, errors=1)
    run.stdout.fnmatch_lines(["*pictures is 'elsewhere', and there is no folder */elsewhere"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("profil='lenient'", "unknown argument 'profil'; it takes: provider, profile, settings,*"),
        ("'segmind'", "it takes its arguments by name, not ('segmind',)"),
        ("provider='segmint'", "'segmint' is no provider; there are: aithriving,*"),
        ("profile='strict'", "profile is 'strict'; lenient or documented was expected"),
        ("jobs='soon'", "'soon' is no job policy; it is one of: at-once, polls:N,*"),
        ("credits=-1", "credits are -1; a number from 0 up was expected"),
        ("seed='x'", "seed is 'x'; an int was expected"),
        ("strict=1", "strict is 1; a bool was expected"),
        ("settings={'rate_limit': 5}", "the setting 'rate_limit' names no provider; write*"),
        ("settings={'segmind.limit': 5}", "segmind has no setting 'limit'; it has:*rate_limit*"),
        (
            "provider='segmind', settings={'aithriving.failure_status': '4xx'}",
            "settings for 'aithriving', which is not served; served: segmind",
        ),
    ],
)
@pytest.mark.parametrize("fixture", ["testcard", "testcard_server"])
def test_a_wrong_marker_is_told_in_one_line(
    outcome: Outcome, arguments: str, message: str, fixture: str
) -> None:
    run = outcome(f"@pytest.mark.testcard({arguments})\ndef test_it({fixture}): ...")
    run.assert_outcomes(errors=1)
    run.stdout.fnmatch_lines([f"@pytest.mark.testcard: {glob(message)}"])
    run.stdout.no_fnmatch_line("*Traceback*")


UNMET = """
@pytest.mark.testcard(strict={strict})
def test_client({fixture}):
    {fixture}.expect("segmind", times=2)
"""


@pytest.mark.parametrize("fixture", ["testcard", "testcard_server"])
def test_an_unmet_expectation_is_a_warning(outcome: Outcome, fixture: str) -> None:
    run = outcome(UNMET.format(strict=False, fixture=fixture))
    run.assert_outcomes(passed=1, warnings=1)
    run.stdout.fnmatch_lines(
        [
            "*test_an_unmet*.py:*: TestcardWarning: testcard: not all that was expected came:",
            "*<expected: segmind, twice; came: 0>",
            "*Received: nothing",
        ]
    )


@pytest.mark.parametrize("fixture", ["testcard", "testcard_server"])
def test_an_unmet_expectation_fails_a_strict_test(outcome: Outcome, fixture: str) -> None:
    run = outcome(UNMET.format(strict=True, fixture=fixture))
    run.assert_outcomes(passed=1, errors=1)
    run.stdout.fnmatch_lines(["testcard: not all that was expected came:"])
    assert run.ret == pytest.ExitCode.TESTS_FAILED


BREACH = """
@pytest.mark.testcard(strict={strict})
def test_client(testcard):
    assert ask(steps="20") == 200
"""


def test_a_client_s_breach_is_a_warning_with_its_source(outcome: Outcome) -> None:
    run = outcome(BREACH.format(strict=False))
    run.assert_outcomes(passed=1, warnings=1)
    run.stdout.fnmatch_lines(
        [
            "*TestcardWarning: testcard: the client sent what the page does not say:",
            "*appypie-inpainting getImage, call 1: steps: the page knows no such field [[]*",
        ]
    )


def test_a_client_s_breach_fails_a_strict_test(outcome: Outcome) -> None:
    run = outcome(BREACH.format(strict=True))
    run.assert_outcomes(passed=1, errors=1)
    run.stdout.fnmatch_lines(["*steps: the page knows no such field*"])


def test_the_warning_can_be_filtered(outcome: Outcome) -> None:
    name = "testcard.fixtures.plugin.TestcardWarning"
    outcome(BREACH.format(strict=False), "-W", f"ignore::{name}").assert_outcomes(passed=1)
    outcome(BREACH.format(strict=False), "-W", f"error::{name}").assert_outcomes(passed=1, errors=1)


def test_an_excused_breach_is_not_reported(outcome: Outcome) -> None:
    run = outcome("""
@pytest.mark.testcard(strict=True)
def test_client(testcard):
    testcard.excuse("steps")
    assert ask(steps="20") == 200
""")
    run.assert_outcomes(passed=1, warnings=0)


def test_each_test_has_a_world_of_its_own(outcome: Outcome) -> None:
    run = outcome("""
@pytest.mark.parametrize("time", range(3))
def test_client(testcard, time):
    assert testcard.calls() == ()
    assert testcard.balance("appypie-inpainting", "a-key") == 1000
    assert ask() == 200
    testcard.fail_next("appypie-inpainting", "failed")
    testcard.respx["sd15Img2Img"].respond(418)
""")
    run.assert_outcomes(passed=3, warnings=0)


def test_another_host_is_refused_in_a_few_clear_lines(outcome: Outcome) -> None:
    run = outcome("""
def test_client(testcard):
    httpx.get("https://api.openai.com/v1/models")
""")
    run.assert_outcomes(failed=1)
    run.stdout.fnmatch_lines(
        [
            "*GET https://api.openai.com/v1/models: api.openai.com is not served,*",
            "*https://api.segmind.com (segmind)",
        ]
    )
    run.stdout.no_fnmatch_line("*not mocked!*")


def test_an_asynchronous_test_is_answered(outcome: Outcome) -> None:
    run = outcome("""
@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_client(testcard):
    async with httpx.AsyncClient() as client:
        got = await client.get("https://api.segmind.com/")
    assert got.status_code == 404
    testcard.forget()
""")
    run.assert_outcomes(passed=1, warnings=0)


def test_a_unittest_can_be_marked(outcome: Outcome) -> None:
    run = outcome("""
import unittest

@pytest.mark.testcard(strict=True)
class Client(unittest.TestCase):
    def test_client(self):
        self.assertEqual(ask(), 200)
""")
    run.assert_outcomes(passed=1)


def test_the_names_can_be_imported_for_annotations(outcome: Outcome) -> None:
    """Though they begin with Test, pytest collects none of them."""
    run = outcome("""
from testcard.fixtures.fixtures import Testcard, TestcardServer
from testcard.fixtures.plugin import TestcardWarning

def test_client(testcard: Testcard, testcard_server: TestcardServer) -> None: ...
""")
    run.assert_outcomes(passed=1, warnings=0)
