"""A dialect of the user's own, by its name.

Knows how modules are imported. Must not know specs, options, or any one provider.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from testcard.common.spec import SpecError
from testcard.providers.base import SpecDialect


def dialect_named(name: str) -> type[SpecDialect]:
    """Import a dialect by MODULE.CLASS, from the current folder too.

    Raises:
        SpecError: there is none.
    """
    module, dot, word = name.rpartition(".")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(import_module(module), word) if dot else None
    except Exception as error:  # whatever the user's module raises when it is imported
        why = f"{type(error).__name__}: {error}"
        raise SpecError(f"dialect {name!r} cannot be loaded: {why}") from error
    if not (isinstance(found, type) and issubclass(found, SpecDialect)):
        why = "it is no subclass of testcard.providers.base.SpecDialect, written MODULE.CLASS"
        raise SpecError(f"dialect {name!r}: {why}")
    return found
