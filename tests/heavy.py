"""Modules of the reference engine for tests that need them, imported when first used.

A worker that has none of these tests never imports torch. Must not import any of them itself.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

NO_ENGINE = "the reference engine is not installed: pip install -e '.[reference]'"

ENGINE = pytest.mark.skipif(
    not all(find_spec(name) for name in ("torch", "diffusers", "transformers")), reason=NO_ENGINE
)
"""For what has the engine painted by a process of its own."""


class Heavy:
    """A module, of which the test that asks is skipped where it cannot be imported."""

    def __init__(self, name: str) -> None:
        """Take the module's name."""
        self._name = name

    def __getattr__(self, name: str) -> Any:
        """Return what the module has under this name."""
        module = pytest.importorskip(self._name, reason=NO_ENGINE, exc_type=ImportError)
        return getattr(module, name)
