"""What testcard says to type where a part of it is not installed."""

from __future__ import annotations

import os
from email.message import Message
from importlib.metadata import Distribution
from typing import Any

import orjson
import pytest

from testcard.common.extras import install


class Installed(Distribution):
    """A package that an installer took from somewhere."""

    def __init__(self, origin: object) -> None:
        """Remember where from; None for an index."""
        self.origin = origin

    def read_text(self, filename: str) -> str | None:
        """Return a file of its metadata."""
        named = filename == "direct_url.json" and self.origin is not None
        return orjson.dumps(self.origin).decode() if named else None

    def locate_file(self, path: str | os.PathLike[str]) -> Any:
        """Nothing of it is looked at."""
        raise AssertionError(path)

    @property
    def metadata(self) -> Message:  # type: ignore[override]
        """Nothing of it is looked at."""
        raise AssertionError


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (
            {"url": "file:///home/me/test%20card", "dir_info": {"editable": True}},
            "pip install -e '/home/me/test card[clients]'",
        ),
        (
            {"url": "file:///home/me/testcard", "dir_info": {}},
            "pip install '/home/me/testcard[clients]'",
        ),
        (
            {"url": "file:///tmp/testcard-0.1.0-py3-none-any.whl", "archive_info": {}},
            "pip install '/tmp/testcard-0.1.0-py3-none-any.whl[clients]'",
        ),
        (
            {"url": "https://a.example/testcard.git", "vcs_info": {"vcs": "git"}},
            "pip install 'testcard[clients] @ git+https://a.example/testcard.git'",
        ),
        (
            {"url": "https://a.example/testcard-0.1.0.tar.gz", "archive_info": {}},
            "pip install 'testcard[clients] @ https://a.example/testcard-0.1.0.tar.gz'",
        ),
    ],
)
def test_an_extra_comes_from_where_testcard_came_from(origin: object, command: str) -> None:
    """No index may have it."""
    assert install("clients", Installed(origin)) == command


def test_where_it_came_from_an_index_both_ways_are_said() -> None:
    said = install("clients", Installed(None))
    assert "pip install 'testcard[clients]'" in said
    assert "pip install -e '.[clients]'" in said


def test_this_installation_has_a_command_of_its_own() -> None:
    assert "[reference]" in install("reference")
