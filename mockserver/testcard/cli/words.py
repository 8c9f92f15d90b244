"""Words that several commands share: profiles, grades, exit codes, amounts, and clear errors.

Knows how a person writes them and how a wrong one is refused. Must not know any one command.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final, cast

import typer

from testcard.common.redaction import visible
from testcard.common.spec import GRADES
from testcard.common.trouble import Kind
from testcard.mock.fault import Fault
from testcard.mock.world import credits_of

_HTTPS: Final = 443
_LAST_PORT: Final = 65535
_SIZE: Final = re.compile(r"(?i)(?P<number>[0-9]+(\.[0-9]+)?) ?(?P<unit>[kmgt]?)(?P<binary>i?)b?")

KEPT, BROKEN, USAGE, NOTHING = 0, 1, 2, 3
"""Exit codes: all was kept, something was broken, wrong usage, nothing could be judged."""

EXAMPLES: Final = 30
"""Bodies drawn, good and bad each, for an operation, unless told otherwise."""


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
        return credits_of(text)
    except ValueError as error:
        expected = "a number of credits from 0 up was expected"
        raise UsageError(f"{option} is {text!r}; {expected}") from error


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


def report_files(words: Sequence[str]) -> list[tuple[str, Path]]:
    """Return format and file of each `--report`.

    Raises:
        UsageError: a word is no FORMAT=FILE.
        ReportError: there is no such format; those that there are, are listed.
    """
    named = pairs("--report", words, "FORMAT=FILE")
    if not named:
        return []
    from testcard.report import known

    return [(known(format_), Path(file)) for format_, file in named]


def secret(option: str, word: str) -> str:
    """Return a key as it was given, from a file as `@FILE`, or from a variable as `$NAME`.

    Raises:
        UsageError: there is no such variable.
        OSError: the file cannot be read.
    """
    if word.startswith("@"):
        return Path(word[1:]).read_text(encoding="utf-8").strip()
    if word.startswith("$"):
        if word[1:] not in os.environ:
            raise UsageError(f"{option} names the variable {word[1:]}, which is not set")
        return os.environ[word[1:]]
    return word


def secrets_from(option: str, words: Sequence[str]) -> dict[str, str]:
    """Return provider -> secret, of words like PROVIDER=SECRET; raises as `pairs` and `secret`."""
    return {name: secret(option, value) for name, value in pairs(option, words, "PROVIDER=SECRET")}


def host(option: str, word: str) -> str:
    """Return a host's name in small letters; UsageError where it is more than that, or nothing."""
    if not word.strip() or any(sign in word for sign in "/:@ "):
        raise UsageError(f"{option} is {word!r}; a host's bare name was expected, as a.example")
    return word.lower().rstrip(".")


def host_and_port(option: str, word: str) -> tuple[str, int]:
    """Return a host's name and a port, that of https where none is named; or UsageError."""
    name, colon, port = word.partition(":")
    if colon and not (port.isascii() and port.isdigit() and 0 < int(port) <= _LAST_PORT):
        raise UsageError(f"{option} is {word!r}; a host's bare name was expected, or HOST:PORT")
    return host(option, name), int(port or _HTTPS)


def fault_from(option: str, word: str) -> tuple[str, Fault]:
    """Return provider and fault of PROVIDER:KIND[:DELAY]; KIND may be empty.

    Raises:
        UsageError: it is none.
    """
    provider, _, rest = word.partition(":")
    kind, _, seconds = rest.partition(":")
    try:
        delay = float(seconds or 0)
    except ValueError:
        raise UsageError(f"{option} {word}: {seconds!r} is no delay in seconds") from None
    try:
        return provider, Fault(cast("Kind | None", kind or None), delay)
    except ValueError as error:
        raise UsageError(f"{option} {word}: {error}") from error


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
