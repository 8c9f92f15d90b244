"""Runs pytest within a test: its own tests, in a folder of their own, with testcard's plugin.

What the inner runs import is imported here already, so that they are quick.
"""

from __future__ import annotations

import pytest
import tests.fixture_clients  # noqa: F401

import testcard.doors.background
import testcard.doors.requests
import testcard.doors.respx  # noqa: F401

PLUGINS = ("-p", "testcard.fixtures.plugin", "-p", "anyio")
CALL = """
import httpx
import pytest

URL = "https://gateway.appypie.com/inpainting/v1/getImage"

def ask(**fields):
    headers = {"Ocp-Apim-Subscription-Key": "a-key"}
    said = {"prompt": "a fox", "size": "64x48", **fields}
    return httpx.post(URL, json=said, headers=headers).status_code
"""


@pytest.fixture
def outcome(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """Return what runs tests. That pytest finds the plugin by itself, the guide's test shows."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return Outcome(pytester)


class Outcome:
    """Runs tests in a folder of their own."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester

    def __call__(self, tests: str, *options: str) -> pytest.RunResult:
        """Run them with `options`."""
        self._pytester.makepyfile(CALL + tests)
        return self._pytester.runpytest_inprocess(*PLUGINS, "-W", "default", *options)


def glob(text: str) -> str:
    """Return a pattern in which brackets are brackets."""
    return text.replace("[", "[[]")
