"""Segmind: its spec says all of it.

Must not repeat what the spec says.
"""

from __future__ import annotations

from testcard.providers.base import SpecDialect


class Segmind(SpecDialect):
    """Segmind's dialect."""
