"""One call's turn: from its first byte to its answer.

Fault laid in wait? -> key -> body -> schema in the chosen profile -> what the operation does.

Knows the order of these steps. Must not know HTTP doors, or a provider's name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from testcard.common.message import Reply
from testcard.common.operation import Operation
from testcard.common.trouble import Trouble
from testcard.mock.dialect import Dialect, Visit
from testcard.mock.discretion import discreet
from testcard.mock.downloads import picture_of
from testcard.mock.errand import Errand
from testcard.mock.intake import (
    holds_up,
    key_of,
    meets,
    note_path,
    preferences,
    read_fields,
)
from testcard.mock.render import json_bytes
from testcard.mock.routing import Download, FileAt
from testcard.mock.services import Services, Step
from testcard.mock.verb_files import stored
from testcard.mock.verbs import VERBS
from testcard.mock.world import AccountId

ASKED_FOR = "this failure was asked for beforehand"
"""What the journal says of a call that met a fault laid in wait."""

_log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """How a call ended.

    Attributes:
        reply: what is answered.
        trouble: why it did not succeed; None where it did.
    """

    reply: Reply
    trouble: Trouble | None = None


Rest = Callable[[], Outcome]
"""What is left of a turn, to be done where it holds nobody up."""


class Turn:
    """One call with one dialect: every way through it ends in an Outcome."""

    def __init__(self, services: Services, dialect: Dialect, visit: Visit) -> None:
        """Take a call on."""
        self._services = services
        self._dialect = dialect
        self._visit = visit
        self._delay = 0.0

    def begin(self) -> Outcome | Rest:
        """Answer at once, or return what is left to do."""
        return self._guarded(self._open)

    def _guarded(self, step: Step) -> Outcome | Rest:
        try:
            made = step()
        except Trouble as trouble:
            return self._failed(_bare(trouble))
        except Exception:
            self._log("testcard failed at")
            return self._failed(Trouble("failed", "testcard itself failed; its log says how"))
        if isinstance(made, Reply):
            return Outcome(self._delayed(made))
        return lambda: self._finished(made)

    def _finished(self, step: Step) -> Outcome:
        ended = self._guarded(step)
        return ended if isinstance(ended, Outcome) else ended()

    def _failed(self, trouble: Trouble) -> Outcome:
        reading = self._dialect.reading
        trouble = discreet(trouble, self._visit.call, reading.key_names)
        try:
            reply = self._dialect.failure(self._visit, trouble, self._services.world)
        except Exception:
            self._log(f"testcard has no words for {trouble.kind!r} at")
            seen = f"testcard itself failed to word {trouble.kind!r}; its log says how"
            trouble = Trouble("failed", f"{seen} ({trouble.message})")
            reply = Reply(500, (("content-type", "application/json"),), _error(seen))
        return Outcome(self._delayed(reply), trouble)

    def _delayed(self, reply: Reply) -> Reply:
        return replace(reply, delay=self._delay) if self._delay else reply

    def _log(self, what: str) -> None:
        call = self._visit.call
        _log.exception("%s %s %s", what, call.method, call.parts.path)

    def _open(self) -> Reply | Step:
        most = self._services.largest_body
        if self._visit.call.body_size > most:
            raise Trouble("too-large", f"the body is larger than the {most} bytes taken")
        if self._visit.match.download is not None:
            return self._fetch(self._visit.match.download)
        operation = self._asked_for()
        preferred = preferences(self._visit.call)
        if preferred:
            wanted = preferred.get("code"), preferred.get("example")
            return self._dialect.example(self._visit, *wanted)
        self._meet_fault()
        if operation.key_in_body and holds_up(self._visit.call):
            return lambda: self._unlocked(operation)
        self._unlock(operation)
        if holds_up(self._visit.call):
            return lambda: self._read(operation)
        return self._read(operation, sparse=True)

    def _unlocked(self, operation: Operation) -> Reply | Step:
        """Read a body that holds the key, too."""
        self._unlock(operation)
        return self._read(operation)

    def _asked_for(self) -> Operation:
        call, match = self._visit.call, self._visit.match
        if match.operation is not None:
            note_path(self._visit, match.operation)
            return match.operation
        if match.path_known:
            raise _not_allowed(self._visit)
        hint = f"; {match.hint}" if match.hint else ""
        raise Trouble("not-found", f"there is nothing at {call.parts.path}{hint}")

    def _meet_fault(self) -> None:
        fault = self._services.world.next_fault(
            self._dialect.reading.spec.id, partial(meets, self._visit, self._dialect)
        )
        if fault is None:
            return
        self._delay = fault.delay
        if fault.amid:
            self._visit.amid = fault.kind
        elif fault.kind is not None:
            if self._visit.operation is not None:
                with suppress(Trouble):  # who asks is known where the key is good
                    self._unlock(self._visit.operation)
            wait = 1 if fault.kind in ("rate-limited", "overloaded") else None
            raise Trouble(fault.kind, ASKED_FOR, retry_after=wait)

    def _unlock(self, operation: Operation) -> None:
        lenient = self._dialect.reading.profile == "lenient"
        key = key_of(self._visit, operation, lenient=lenient)
        account = AccountId.of(self._dialect.reading.spec.id, key)
        self._visit.account = account
        self._dialect.admit(self._visit, account, self._services.world)

    def _read(self, operation: Operation, *, sparse: bool = False) -> Reply | Step:
        body = read_fields(self._visit, self._dialect, operation, sparse=sparse)
        errand = Errand(self._services, self._dialect, self._visit, operation, body)
        return VERBS[operation.does](errand)

    # Pictures that jobs led to, or that were uploaded

    def _fetch(self, download: Download | FileAt) -> Reply | Step:
        """Answer with the picture; it needs no key and costs nothing, for its job is paid."""
        if self._visit.call.method not in self._visit.match.allowed:
            raise _not_allowed(self._visit)
        self._meet_fault()
        if isinstance(download, FileAt):
            return stored(self._visit.call, download.id, self._services.world.files)
        return picture_of(download, self._services)


def _not_allowed(visit: Visit) -> Trouble:
    allowed = " or ".join(visit.match.allowed)
    seen = f"{visit.call.method} is not allowed here"
    return Trouble("method-not-allowed", f"{seen}; {allowed} is")


def _error(message: str) -> bytes:
    return json_bytes({"error": message})


def _bare(trouble: Trouble) -> Trouble:
    """Take off what led to it: its frames hold the call, and each other, in a circle."""
    trouble.__cause__ = trouble.__context__ = None
    return trouble.with_traceback(None)
