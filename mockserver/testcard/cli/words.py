"""Words that several commands share: profiles, grades, exit codes, amounts, and clear errors.

Knows how a person writes them and how a wrong one is refused. Must not know any one command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

import typer

from testcard.common.redaction import visible

_SIZE: Final = re.compile(r"(?i)(?P<number>[0-9]+(\.[0-9]+)?) ?(?P<unit>[kmgt]?)(?P<binary>i?)b?")

KEPT, BROKEN, USAGE, NOTHING = 0, 1, 2, 3
"""Exit codes: all was kept, something was broken, wrong usage, nothing could be judged."""

GRADES: Final = ("documented", "sample", "observed", "assumed")
"""How sure a fact is, the surest first."""


class UsageError(ValueError):
    """What was asked for cannot be done: what was seen, and what was expected."""


class ProfileName(StrEnum):
    """The two profiles."""

    LENIENT = "lenient"
    DOCUMENTED = "documented"


class Grade(StrEnum):
    """The grades of evidence."""

    DOCUMENTED = "documented"
    SAMPLE = "sample"
    OBSERVED = "observed"
    ASSUMED = "assumed"

    @property
    def counting(self) -> frozenset[str]:
        """The grades that are as sure as this one, or surer."""
        return frozenset(GRADES[: GRADES.index(self.value) + 1])


def credits_from(option: str, text: str) -> Decimal:
    """Return the credits that an option gives.

    Raises:
        UsageError: it is no number from 0 up.
    """
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and amount >= 0):
        raise UsageError(f"{option} is {text!r}; a number of credits from 0 up was expected")
    return amount


def bytes_from(option: str, text: str) -> int:
    """Return the bytes that an option gives: `256MiB`, `1GiB`, `500M`.

    Raises:
        UsageError: it is no size.
    """
    size = _SIZE.fullmatch(text.strip())
    if size is None:
        raise UsageError(f"{option} is {text!r}; a size like 256MiB or 500M was expected")
    step = 1024 if size["binary"] else 1000
    return int(Decimal(size["number"]) * step ** " kmgt".index(size["unit"].lower() or " "))


def pairs(option: str, words: Sequence[str], form: str = "NAME=VALUE") -> Iterator[tuple[str, str]]:
    """Yield name and value of words like `name=value`.

    A wrong word is not repeated in the error: it may be a secret.

    Raises:
        UsageError: a word is none.
    """
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals and value):
            raise UsageError(f"{option} takes {form}, and one that was given is not so")
        yield name, value


@contextmanager
def clear_errors() -> Iterator[None]:
    """End the command with `testcard: why` on standard error and exit code 2, without a traceback.

    For ValueError, which all of testcard's own errors are, and OSError; others are bugs.
    """
    try:
        yield
    except (ValueError, OSError) as error:
        typer.echo(f"testcard: {visible(str(error))}", err=True)
        raise typer.Exit(USAGE) from error
