"""What the two fixtures have in common: a mock to set up, its journal to look at, a report.

Knows Mocks and worlds. Must not know pytest, or how a client's calls get here.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, get_args

from testcard.doors.marker import Setup, Shelf, credits_of
from testcard.doors.received import (
    Breach,
    Expectation,
    Received,
    Wanted,
    after_received,
    breaches_of,
    listed,
    often,
)
from testcard.mock.trouble import Kind
from testcard.mock.world import Fault, JobPolicy

if TYPE_CHECKING:
    from testcard.mock.core import Mock
    from testcard.mock.journal import Entry
    from testcard.reading import Operation


class Bench:
    """A mock of one test's own.

    Attributes:
        setup: what the marker, and `begin`, asked for.
        mock: what answers: `testcard.mock.core.Mock`.
    """

    __test__ = False  # pytest collects no tests from it
    mock: Mock

    def __init__(self, setup: Setup, folder: Path, shelf: Shelf) -> None:
        """Put the mock together.

        Args:
            setup: what it is told.
            folder: where a relative path of pictures begins.
            shelf: keeps specs that have been read.

        Raises:
            ValueError: the setup asks for what there is not.
        """
        self._folder = folder
        self._shelf = shelf
        self._lock = Lock()
        self._expectations: list[Expectation] = []
        self._breaches: list[Breach] = []
        self._excused: set[str] = set()
        self._put_together(setup)

    def _put_together(self, setup: Setup) -> None:
        options = replace(setup.options(self._folder), watch=self._see)
        self.mock = self._shelf.mock(options)
        self.setup = setup

    def _see(self, entry: Entry) -> None:
        received = Received(entry)
        with self._lock:
            self._breaches += breaches_of(received)
            for expectation in self._expectations:
                expectation.see(received)

    # Setting up

    @property
    def providers(self) -> tuple[str, ...]:
        """Ids of the providers that are served."""
        return tuple(self.mock.dialects)

    def begin(self, **words: Any) -> None:
        """Begin again, with accounts, jobs, faults, journal and randomness as at the start.

        What was expected, and what the client got wrong before, is still reported at the end.

        Args:
            words: what is different from now on, in the words of the marker.

        Raises:
            ValueError: a word is unknown or its value is not taken.
        """
        self._put_together(self.setup.changed(words))

    def job_policy(self, policy: str) -> None:
        """Say when jobs to come end: at-once, polls:N, seconds:T, never or fail.

        Raises:
            ValueError: it is none of these.
        """
        self.mock.world.policy = JobPolicy.parse(policy)

    def balance(self, provider: str, key: str) -> Decimal:
        """Return the credits that `key` has left; ValueError where no such provider is served."""
        return self.mock.world.account(self._served(provider), key).balance

    def set_balance(self, provider: str, key: str, credits_: float | str | Decimal) -> None:
        """Give `key` this many credits.

        Raises:
            ValueError: no such provider is served, or it is no number from 0 up.
        """
        account = self.mock.world.account(self._served(provider), key)
        account.balance = credits_of(credits_)

    def fail_next(
        self, provider: str, kind: Kind | None = None, *, delay: float = 0.0, times: int = 1
    ) -> None:
        """Lay a failure in wait for the next calls to `provider`.

        Args:
            provider: id.
            kind: of the trouble; None to answer as ever, but late.
            delay: seconds before the answer comes.
            times: how many calls meet it.

        Raises:
            ValueError: no such provider is served, or there is no such kind; both are listed.
        """
        if kind is not None and kind not in get_args(Kind):
            raise ValueError(f"{kind!r} is no kind of trouble; it is: {', '.join(get_args(Kind))}")
        for _ in range(times):
            self.mock.world.fail_next(self._served(provider), Fault(kind, delay))

    # Looking

    def calls(
        self, provider: str | None = None, operation: str | None = None
    ) -> tuple[Received, ...]:
        """Return the calls received, oldest first: of one provider, of one operation, or all.

        Raises:
            ValueError: no such provider or operation is served.
        """
        if provider is not None:
            self._wanted(provider, operation)
        return tuple(
            Received(entry)
            for entry in self.mock.journal.entries(provider)
            if operation in (None, entry.operation)
        )

    def assert_called(
        self,
        provider: str,
        operation: str | None = None,
        /,
        *,
        times: int | None = None,
        status: int | None = None,
        **fields: Any,
    ) -> Received:
        """Assert that calls came, and return the last of them.

        Args:
            provider: id.
            operation: operationId; any where none is named.
            times: exactly how often; once or more where not given.
            status: of the answer.
            fields: what the body said, under the page's names.

        Raises:
            AssertionError: they did not; the message lists what was received.
            ValueError: the provider, operation or a field is unknown; those known are listed.
        """
        __tracebackhide__ = True
        wanted = self._wanted(provider, operation, status, fields)
        received = self.calls()
        found = [each for each in received if wanted.takes(each)]
        if not found or times not in (None, len(found)):
            came = f"{len(found)} came" if found else "none came"
            tail = after_received(received, self.mock.journal.forgotten)
            raise AssertionError(f"expected {wanted} {often(times)}, {came}; received{tail}")
        return found[-1]

    def assert_not_called(
        self, provider: str, operation: str | None = None, /, **fields: Any
    ) -> None:
        """Assert that no such call came; raises as `assert_called` does."""
        __tracebackhide__ = True
        wanted = self._wanted(provider, operation, None, fields)
        found = [each for each in self.calls() if wanted.takes(each)]
        if found:
            raise AssertionError(f"expected no call to {wanted}; there came:\n{listed(found)}")

    def expect(
        self,
        provider: str,
        operation: str | None = None,
        /,
        *,
        times: int | None = 1,
        status: int | None = None,
        **fields: Any,
    ) -> Expectation:
        """Say that calls will come; where they do not, the end of the test reports it.

        Arguments and ValueError are those of `assert_called`; `times=None` is once or more.
        """
        expectation = Expectation(self._wanted(provider, operation, status, fields), times)
        with self._lock:
            self._expectations.append(expectation)
        return expectation

    def excuse(self, *where: str) -> None:
        """Report nothing about these fields, headers, or kinds of refusal (`invalid`…)."""
        self._excused.update(where)

    def forget(self) -> None:
        """Take back what was expected, and let pass what the client got wrong up to now."""
        with self._lock:
            self._expectations.clear()
            self._breaches.clear()

    @property
    def breaches(self) -> tuple[Breach, ...]:
        """Where the client's calls are not what the page says, unless excused."""
        with self._lock:
            return tuple(each for each in self._breaches if each.finding.where not in self._excused)

    def report(self) -> list[str]:
        """Return what the end of a test has to say; nothing where all is well."""
        sections = []
        unmet = [each for each in self._expectations if not each.met]
        if unmet:
            tail = after_received(self.calls(), self.mock.journal.forgotten)
            sections.append(f"not all that was expected came:\n{listed(unmet)}\nReceived{tail}")
        firsts: dict[object, Breach] = {}
        for each in self.breaches:
            firsts.setdefault((each.received.operation, each.finding), each)
        if firsts:
            lines = listed(firsts.values())
            sections.append(f"the client sent what the page does not say:\n{lines}")
        return sections

    def _served(self, provider: str) -> str:
        if provider not in self.mock.dialects:
            known = ", ".join(self.providers)
            raise ValueError(f"{provider!r} is not served; served: {known}")
        return provider

    def _wanted(
        self,
        provider: str,
        operation: str | None,
        status: int | None = None,
        fields: dict[str, Any] | None = None,
    ) -> Wanted:
        there = self.mock.dialects[self._served(provider)].reading.operations
        chosen = [each for each in there if operation in (None, each.id)]
        if not chosen:
            known = ", ".join(each.id for each in there)
            raise ValueError(f"{provider} has no operation {operation!r}; it has: {known}")
        names = _field_names(chosen)
        for name in fields or {}:
            if name not in names:
                known = ", ".join(names) or "none"
                raise ValueError(f"{operation or provider} has no field {name!r}; it has: {known}")
        return Wanted(provider, operation, status, fields or {})


def _field_names(operations: list[Operation]) -> list[str]:
    names = [name for each in operations if each.body for name in each.body.fields]
    return list(dict.fromkeys(names))
