"""ImagePipeline: failures as FastAPI words them.

Knows what ImagePipeline does that its spec cannot say. Must not repeat what the spec says.
"""

from __future__ import annotations

from typing import Any

from testcard.common.trouble import Trouble
from testcard.providers.base import SpecDialect


class ImagePipeline(SpecDialect):
    """ImagePipeline's dialect."""

    def message(self, trouble: Trouble) -> Any:
        """A body that breaks the schema gets a list, an entry for each place."""
        problems = self.reading.problems
        if problems[trouble.kind] != problems["invalid"]:
            return trouble.message
        places = [(breach.path, breach.keyword, breach.message) for breach in trouble.breaches]
        return [
            {"loc": ["body", *path], "msg": message, "type": keyword}
            for path, keyword, message in places or [((), "json", trouble.message)]
        ]
