"""ImagePipeline: everything it does, its spec can say.

The class stands for the vendor in the list of providers, like every other.
"""

from __future__ import annotations

from testcard.providers.base import SpecDialect


class ImagePipeline(SpecDialect):
    """ImagePipeline's dialect."""
