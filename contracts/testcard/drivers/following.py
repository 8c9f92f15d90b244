"""Jobs that a check began, followed by the roles of the page until they end, and to their pictures.

Knows for how long clauses want jobs to be followed. Must not know providers, or who answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from testcard.clauses.jobs import PATIENCE
from testcard.common.keys import KeyKind
from testcard.common.message import Call
from testcard.common.operation import Operation
from testcard.common.states import AT_WORK
from testcard.contract.session import Session
from testcard.contract.trace import ReadExchange

_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
_ASKED_AGAIN: Final = 3  # jobs that are asked after once more when they have ended
_WORDLESS: Final = 3  # answers without a state, after which none is waited for


class Following:
    """Follows jobs, the first of them in full."""

    def __init__(self, session: Session) -> None:
        """Begin with none."""
        self._session = session
        self._ended = 0
        self._patient = True

    def to_the_end(self, begun: ReadExchange) -> None:
        """Follow a job until it has ended, and fetch what came of it."""
        asking = self._companion(begun, "job-status") or self._companion(begun, "job-result")
        if asking is None:
            return
        last = self._until_end(asking, begun)
        if last.phase is None or last.phase in AT_WORK:
            self._patient = False
            return
        self._ended += 1
        if self._ended <= _ASKED_AGAIN or self._session.thorough:
            self._ask(asking, begun)
        if self._ended == 1:
            self._ask(asking, begun, "wrong")
            self._ask(asking, begun, "none")
        for url in self._urls(last, begun):
            self._session.send(Call("GET", url, self._session.agent))
        canceling = self._companion(begun, "job-cancel")
        if canceling is not None and self._ended == 1:
            self._ask(canceling, begun)

    def to_its_cancel(self, begun: ReadExchange) -> None:
        """Cancel a job that has just begun, and see that it stays so."""
        canceling = self._companion(begun, "job-cancel")
        giving, asking = (self._companion(begun, each) for each in ("job-result", "job-status"))
        for operation in (giving, canceling, asking, asking):
            if operation is not None:
                self._ask(operation, begun)

    def _companion(self, begun: ReadExchange, does: str) -> Operation | None:
        here = begun.operation
        return None if here is None else self._session.reading.companion(here, does)

    def _ask(self, asking: Operation, begun: ReadExchange, key: KeyKind = "good") -> ReadExchange:
        call = self._session.call(asking, key=key, job_id=begun.job_id, beside=begun.params)
        return self._session.read(self._session.send(call))

    def _urls(self, last: ReadExchange, begun: ReadExchange) -> Iterator[str]:
        giving = self._companion(begun, "job-result")
        if last.phase == "succeeded" and giving is not None and not (last.urls or last.pictures):
            last = self._ask(giving, begun)
        for url in dict.fromkeys(last.urls):
            if url.startswith(("http://", "https://")):
                yield url

    def _until_end(self, asking: Operation, begun: ReadExchange) -> ReadExchange:
        pause, waited, last, questions = _FIRST_PAUSE, 0.0, begun, 0
        while last.phase is None or last.phase in AT_WORK:
            late = waited > self._session.budget.job_deadline
            if questions >= PATIENCE and (late or self._session.kind != "live"):
                return last
            if questions and not self._patient:
                return last
            if questions and self._session.kind == "live":
                self._session.pause(pause)
                waited, pause = waited + pause, min(pause * 1.5, _LONGEST_PAUSE)
            last, questions = self._ask(asking, begun), questions + 1
            if last.phase is None and questions >= _WORDLESS:
                return last
        return last
