"""What one run was told, and whether it can be.

Knows providers' hosts and documented answers. Must not know the command
line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from testcard.common.spec import SpecError
from testcard.intercept.own_hosts import own_hosts, require_free
from testcard.intercept.recorder import RecordingLimits
from testcard.mock.core import Mock

_PREFER: Final = re.compile(r"code=(\d{3})|example=([\w.-]+)")


@dataclass(frozen=True)
class RunOptions:
    """What one run was told.

    Attributes:
        command: what to run.
        allow: hosts and ports that the child may reach.
        pictures_from: hosts whose URLs are answered with painted pictures.
        prefer: documented answer to every call that has it, as `code=406`; empty for none.
        record: file to keep real traffic in.
        replay: file to answer from.
        limits: of a recording.
        keys: provider -> key that takes the place of the client's, in a recording.
        against: provider -> URL that stands in place of its server, in a recording.
    """

    command: tuple[str, ...]
    allow: frozenset[tuple[str, int]] = frozenset()
    pictures_from: frozenset[str] = frozenset()
    prefer: str = ""
    record: Path | None = None
    replay: Path | None = None
    limits: RecordingLimits | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    against: Mapping[str, str] = field(default_factory=dict)


def require_possible(mock: Mock, options: RunOptions) -> None:
    """Raise SpecError where the options say what cannot be."""
    allowed = [host for host, _ in options.allow]
    hosts = own_hosts(mock)
    for host in filter(hosts.__contains__, (*allowed, *options.pictures_from)):
        raise SpecError(
            f"{host} is a provider's own host, for which the mock answers; "
            "--record FILE lets its calls through"
        )
    for host in (each for each in allowed if options.record and allowed.count(each) > 1):
        raise SpecError(f"--record takes one port of {host}, and --allow names several")
    for name in (options.keys.keys() | options.against.keys()) - mock.dialects.keys():
        raise SpecError(f"{name!r} is no provider; there are: {', '.join(mock.dialects)}")
    if options.record:
        require_free(hosts, options.against)
    if options.record and not os.access(options.record.absolute().parent, os.W_OK):
        raise SpecError(
            f"{options.record} cannot be written: its folder is not there, or not yours"
        )
    if options.prefer:
        _check_prefer(mock, options.prefer)


def _check_prefer(mock: Mock, prefer: str) -> None:
    found = _PREFER.fullmatch(prefer)
    if found is None:
        raise SpecError(f"--prefer is {prefer!r}; code=406 or example=NAME was expected")
    operations = [each for one in mock.dialects.values() for each in one.reading.operations]
    if found[1] and not any(each.response(int(found[1])) for each in operations):
        known = ", ".join(sorted({code for each in operations for code in each.answers}))
        raise SpecError(f"--prefer code={found[1]}: no page documents it; documented: {known}")
