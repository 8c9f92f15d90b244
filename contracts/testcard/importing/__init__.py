"""A plain OpenAPI file becomes a spec in testcard's language, as far as its meaning is clear.

Knows the steps of an import. Must not know the command line, the mock, or any one provider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from testcard.common.document import Node
from testcard.importing.assembling import assembled
from testcard.importing.choice import chosen
from testcard.importing.pruning import sayable
from testcard.importing.source import Note, Source, opened


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import gave.

    Attributes:
        document: the spec; None where nothing in the file makes pictures.
        notes: what was guessed, dropped, or could not be told.
    """

    document: Node | None
    notes: tuple[Note, ...]


def imported(path: Path, operations: Sequence[str] = ()) -> Imported:
    """Read a plain OpenAPI 3.0, 3.1 or 3.2 file, and return it in the language of specs.

    Args:
        path: of a YAML or JSON file.
        operations: operationIds that are wanted; those that make pictures where none is named.
            What they need, such as the question after a job, comes along.

    Raises:
        SpecError: the file cannot be read, is no OpenAPI 3, or has no such operation.
    """
    source: Source = opened(path)
    wanted = chosen(source, operations)
    if not any(each.does in ("pictures", "job") for each in wanted) and not operations:
        return Imported(None, tuple(source.notes))
    document = sayable(assembled(source, wanted), source)
    return Imported(document, tuple(source.notes))
