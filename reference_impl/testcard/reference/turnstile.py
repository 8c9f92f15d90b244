"""One painter, many callers: a queue that needs no thread of its own.

Whoever comes while nobody paints paints at once, and takes along those who wait and agree in
shape. Others wait; when a painter is done the one who has waited longest paints next. So the
work is done in the callers' own threads, and nothing is left running when they are gone.

Knows waiting, turns and giving up. Must not know models or jobs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Generic, TypeVar

Asked = TypeVar("Asked")
Made = TypeVar("Made")
_GLANCE: Final = 0.1  # seconds between looks at whether the caller is still there


class Overloaded(TimeoutError):  # noqa: N818 (it is what happened, not a fault)
    """Too many wait, or the wait was too long.

    Attributes:
        retry_after: seconds after which to try again.
    """

    retry_after = 5


class Left(CancelledError):  # noqa: N818 (it is what happened, not a fault)
    """The caller is gone, so that nobody wants the picture."""


@dataclass(eq=False)
class Ticket(Generic[Asked, Made]):
    """One caller's place in the queue.

    Attributes:
        asked: what it wants.
        shape: callers of equal shape may be served together.
        left: whether the caller is gone; asked in the caller's own thread only.
        size: how much it is, against `together`.
        gone: what it said last, for other threads.
        made: what it wanted; None where it is its turn to make it.
    """

    asked: Asked
    shape: Hashable
    left: Callable[[], bool]
    size: int = 1
    gone: bool = False
    made: Future[Made | None] = field(default_factory=Future)


class Turnstile(Generic[Asked, Made]):
    """Lets one caller through at a time, with those who can go along."""

    def __init__(
        self,
        make: Callable[[Sequence[Ticket[Asked, Made]]], Sequence[Made]],
        *,
        together: int = 1,
        waiting: int = 32,
        patience: float = 120.0,
    ) -> None:
        """Make things with `make`, which is never called twice at once.

        Args:
            make: tickets of one shape -> what each asked for.
            together: what the tickets that join another one come to at most, that one included.
            waiting: callers that wait at most, those included that another has taken along; more
                are refused.
            patience: seconds that a caller waits at most before its turn.
        """
        self._make = make
        self._together = together
        self._most_waiting = waiting
        self._patience = patience
        self._lock = Lock()
        self._waiting: list[Ticket[Asked, Made]] = []
        self._riding = 0
        self._busy = False

    def ask(self, asked: Asked, shape: Hashable, left: Callable[[], bool], size: int = 1) -> Made:
        """Wait for a turn and return what was asked for.

        Raises:
            Overloaded: too many wait, or it took too long to be this one's turn.
            Left: `left` said so.
        """
        ticket: Ticket[Asked, Made] = Ticket(asked, shape, left, size)
        made = None if self._enters(ticket) else self._wait(ticket)
        return self._lead(ticket) if made is None else made

    def _enters(self, ticket: Ticket[Asked, Made]) -> bool:
        with self._lock:
            if not self._busy:
                self._busy = True
                return True
            if len(self._waiting) + self._riding >= self._most_waiting:
                most = self._most_waiting
                raise Overloaded(f"{most} calls wait already, as many as may; try again later")
            self._waiting.append(ticket)
            return False

    def _wait(self, ticket: Ticket[Asked, Made]) -> Made | None:
        """What another has made for this one; None where it is this one's turn to make."""
        until = time.monotonic() + self._patience
        while True:
            try:
                return ticket.made.result(_GLANCE)
            except NotYet:
                if ticket.made.done():  # made at this moment, or it failed with such an error
                    return ticket.made.result()
                ticket.gone = ticket.left()
                if (ticket.gone or time.monotonic() > until) and self._withdraws(ticket):
                    if ticket.gone:
                        raise Left from None
                    told = f"{self._patience:g} s passed before it was this call's turn"
                    raise Overloaded(f"{told}; try again later") from None

    def _withdraws(self, ticket: Ticket[Asked, Made]) -> bool:
        """Leave the queue; False where this one's turn has come or its picture is being made."""
        with self._lock:
            if ticket not in self._waiting:
                return ticket.gone and not ticket.made.done()
            self._waiting.remove(ticket)
            return True

    def _lead(self, ticket: Ticket[Asked, Made]) -> Made:
        group = [ticket, *self._joining(ticket)]
        try:
            made = self._make(group)
            for each, one in zip(group[1:], made[1:], strict=True):
                each.made.set_result(one)
            return made[0]
        except BaseException as error:
            for each in group[1:]:
                each.made.set_exception(error)
            raise
        finally:
            self._hand_over()

    def _joining(self, leader: Ticket[Asked, Made]) -> list[Ticket[Asked, Made]]:
        with self._lock:
            joining, room = [], self._together - leader.size
            for each in list(self._waiting):
                if each.shape == leader.shape and each.size <= room:
                    joining.append(each)
                    room -= each.size
                    self._waiting.remove(each)
            self._riding = len(joining)
            return joining

    def _hand_over(self) -> None:
        with self._lock:
            self._riding = 0
            if self._waiting:
                self._waiting.pop(0).made.set_result(None)
            else:
                self._busy = False
