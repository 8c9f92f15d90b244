"""The pytest plugin: two fixtures and a marker.

Knows pytest. Must import nothing heavy before a fixture is used: it is loaded in every suite
of an environment that has testcard, and those that use none of it shall not notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from testcard.doors.background import Background
    from testcard.doors.bench import Bench
    from testcard.doors.kit import Testcard, TestcardServer
    from testcard.doors.marker import Setup, Shelf

_MARKER = (
    "testcard(provider=…, profile=…, settings=…, credits=…, jobs=…, seed=…, pictures=…, "
    "engine=…, strict=…): what the fixtures testcard and testcard_server of this test are told."
)
_FIXTURES = frozenset({"testcard", "testcard_server"})


class TestcardWarning(UserWarning):
    """What a test with testcard has to say at its end: unmet expectations, the client's breaches.

    With `strict=True` the test fails instead.
    """

    __test__ = False  # pytest collects no tests from it


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a marked test that names no fixture of testcard's the one in process."""
    names: list[str] | None = getattr(item, "fixturenames", None)
    if names is not None and item.get_closest_marker("testcard") and _FIXTURES.isdisjoint(names):
        names.insert(0, "testcard")


@pytest.fixture
def testcard(request: pytest.FixtureRequest, _testcard_shelf: Shelf) -> Iterator[Testcard]:
    """All providers in this process: httpx, httpx2 and requests reach them at their real URLs."""
    from testcard.doors.kit import Testcard

    with _clear_errors():
        card = Testcard(_setup(request), request.path.parent, _testcard_shelf)
    with card.intercepting():
        yield card
    _tell(request, card)


@pytest.fixture
def testcard_server(
    request: pytest.FixtureRequest, _testcard_shelf: Shelf, _testcard_background: Background
) -> Iterator[TestcardServer]:
    """All providers on a free port of 127.0.0.1, for any client: `.url("segmind")`."""
    from testcard.doors.kit import TestcardServer

    with _clear_errors():
        setup = _setup(request)
        card = TestcardServer(setup, request.path.parent, _testcard_shelf, _testcard_background)
    if "testcard" in request.fixturenames:
        request.getfixturevalue("testcard").allow(card.base.removeprefix("http://"))
    yield card
    card.close()
    _tell(request, card)


@pytest.fixture(scope="session")
def _testcard_shelf() -> Shelf:
    from testcard.doors.marker import Shelf

    return Shelf()


@pytest.fixture(scope="session")
def _testcard_background() -> Iterator[Background]:
    from testcard.doors.background import Background

    server = Background()
    yield server
    server.close()


def _setup(request: pytest.FixtureRequest) -> Setup:
    from testcard.doors.marker import Setup

    setup = Setup()
    for marker in reversed(list(request.node.iter_markers("testcard"))):  # the nearest comes last
        if marker.args:
            raise ValueError(f"it takes its arguments by name, not {marker.args!r}")
        setup = setup.changed(marker.kwargs)
    return setup


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        pytest.fail(f"@pytest.mark.testcard: {error}", pytrace=False)


def _tell(request: pytest.FixtureRequest, card: Bench) -> None:
    sections = card.report()
    if not sections:
        return
    said = "testcard: " + "\n".join(sections)
    if card.setup.strict:
        pytest.fail(said, pytrace=False)
    request.node.warn(TestcardWarning(said))
