"""What can go wrong with a call, before a vendor's dialect puts it into words.

Knows kinds of trouble. Must not know statuses or bodies: those are each provider's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from testcard.common.schema import Breach

Kind = Literal[
    "malformed",
    "invalid",
    "unauthorized",
    "no-credits",
    "not-found",
    "method-not-allowed",
    "too-large",
    "rate-limited",
    "overloaded",
    "failed",
    "moderated",
    "expired",
    "conflict",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

FALLBACKS: Mapping[Kind, Kind] = {
    "moderated": "invalid",
    "expired": "not-found",
    "conflict": "invalid",
}
"""Kinds that a spec need not tell apart -> the kind that they are answered as then."""


class Trouble(Exception):  # noqa: N818 (it is the answer to a call, not an error of testcard's)
    """A call that will not succeed.

    Attributes:
        kind: what went wrong, in the words of a spec's `problems`.
        message: what was seen, what was expected and what to do.
        breaches: the single places, where the body is invalid.
        retry_after: seconds after which to try again, where that helps.
        status: HTTP status where it is another than that of the kind; None where it is not.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        breaches: Sequence[Breach] = (),
        retry_after: int | None = None,
        status: int | None = None,
    ) -> None:
        """Keep what is said."""
        super().__init__(message)
        self.kind: Kind = kind
        self.message = message
        self.breaches = tuple(breaches)
        self.retry_after = retry_after
        self.status = status
