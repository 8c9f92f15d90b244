"""What a spec says that testcard would not honour: all of it, before anything is served.

A file that loads works: whatever would be ignored silently is refused here, each kind by a small
function of its own.

Knows which functions there are. Must not know files, lines, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from testcard.common.document import Node, SpecRefusal
from testcard.common.refusals import (
    callbacks,
    calls,
    files,
    formats,
    jobs,
    keys,
    limits,
    loose,
    prices,
    prompts,
    schemas,
    servers,
    streams,
    vocabulary,
)

_OF_DOCUMENTS: Final[tuple[Callable[[Node], Iterator[SpecRefusal]], ...]] = (
    *servers.CHECKS,
    *calls.CHECKS,
    *schemas.CHECKS,
    *keys.CHECKS,
    *jobs.CHECKS,
    *files.CHECKS,
    *callbacks.CHECKS,
    *streams.CHECKS,
    *prices.CHECKS,
    *formats.CHECKS,
    *prompts.CHECKS,
    *limits.CHECKS,
)


def of_source(source: Any) -> Iterator[SpecRefusal]:
    """Yield what is wrong with a file as written: words, then names that lead nowhere.

    Where its words are wrong, nothing else is looked at.
    """
    found = list(vocabulary.unknown(source))
    yield from found or loose.ends(source)


def of_document(document: Node) -> Iterator[SpecRefusal]:
    """Yield what testcard would pass over in a document, references resolved, of known words."""
    for check in _OF_DOCUMENTS:
        yield from check(document)
