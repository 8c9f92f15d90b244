"""Appy Pie: everything it does, its specs can say.

The class stands for the vendor in the list of providers, like every other.
"""

from __future__ import annotations

from testcard.providers.base import SpecDialect


class AppyPie(SpecDialect):
    """Appy Pie's dialect, of both APIs."""
