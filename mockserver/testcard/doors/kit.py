"""What the fixtures yield: `Testcard`, in process, and `TestcardServer`, on a port.

Knows the doors that a test's client comes through. Must not know pytest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testcard.doors.bench import Bench
from testcard.doors.inside import Inside
from testcard.doors.marker import Setup, Shelf

if TYPE_CHECKING:
    from requests import Session

    from testcard.doors.background import Background
    from testcard.doors.respx import Router

_NEEDED = (("httpx", "respx"), ("httpx2", "pytest_httpx2"), ("httpx2", "respx"))
"""A client library, and what has to be installed to stand in for its network."""


class Testcard(Bench):
    """All providers inside the test's process: httpx, httpx2 and requests reach no network."""

    _router: Router | None = None

    def __init__(self, setup: Setup, folder: Path, shelf: Shelf) -> None:
        """Put the mock together; raises as `Bench` does."""
        self._inside = Inside(lambda: self.mock)
        super().__init__(setup, folder, shelf)

    @property
    def respx(self) -> Router:
        """The respx router, which stands in for httpx and httpx2: `testcard.respx["getImage"]`.

        Raises:
            ModuleNotFoundError: respx is not installed.
        """
        if self._router is None:
            from testcard.doors.respx import Router

            self._router = Router(self._inside)
        return self._router

    def begin(self, **words: Any) -> None:
        """Begin again; the router's routes too are as at the start."""
        super().begin(**words)
        if self._router is not None:
            self._router.restock()

    def url(self, provider: str) -> str:
        """Return the base URL of a provider: its own; ValueError where it is not served."""
        return self.mock.dialects[self._served(provider)].reading.spec.server

    def allow(self, host: str) -> None:
        """Let calls to `host`, a name or name:port, through to the network."""
        self._inside.allow(host)

    def mount(self, session: Session) -> None:
        """Put the mock's transport adapter into one requests session, for every URL.

        Only for a session with adapters that are not requests' own: others need no mounting.
        """
        from testcard.doors.requests import mount

        mount(self._inside, session)

    @contextmanager
    def intercepting(self) -> Iterator[None]:
        """Take the calls of every httpx, httpx2 and requests client of this process.

        Raises:
            ModuleNotFoundError: a client library is installed without what stands in for it.
        """
        for library, needed in _NEEDED:
            if find_spec(library) and not find_spec(needed):
                raise ModuleNotFoundError(
                    f"{library} is installed and {needed} is not, so that its calls would reach "
                    "the network; do: pip install 'testcard[clients]'"
                )
        with ExitStack() as stack:
            if find_spec("respx"):
                from testcard.doors import respx

                stack.enter_context(respx.intercepting(self.respx))
            if find_spec("requests"):
                from testcard.doors import requests

                stack.enter_context(requests.intercepting(self._inside))
            yield


class TestcardServer(Bench):
    """All providers on a real port, for every other client."""

    def __init__(self, setup: Setup, folder: Path, shelf: Shelf, server: Background) -> None:
        """Answer on `server`, until `close`; raises as `Bench` does."""
        self._server = server
        super().__init__(setup, folder, shelf)

    @property
    def base(self) -> str:
        """Scheme, host and port."""
        return self._server.base

    def url(self, provider: str) -> str:
        """Return the base URL of a provider here; ValueError where it is not served."""
        return f"{self.base}/{self._served(provider)}"

    def close(self) -> None:
        """Answer no more; the server itself goes on for the next test."""
        self._server.answer_with(None)

    def _put_together(self, setup: Setup) -> None:
        super()._put_together(setup)
        self._server.answer_with(self.mock)
