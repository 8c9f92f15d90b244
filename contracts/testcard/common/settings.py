"""Settings of providers as people write them: PROVIDER.NAME=VALUE.

Must not know which providers or settings there are.
"""

from __future__ import annotations

from collections.abc import Iterable

from testcard.common.document import SpecError


def parse_settings(words: Iterable[str]) -> dict[str, dict[str, str]]:
    """Take settings apart that are written PROVIDER.NAME=VALUE.

    Raises:
        SpecError: one of them is not written so.
    """
    settings: dict[str, dict[str, str]] = {}
    for word in words:
        place, equals, value = word.partition("=")
        provider, dot, name = place.rpartition(".")
        if not (equals and dot and provider and name):
            raise SpecError(f"{word!r} is no setting; write PROVIDER.NAME=VALUE")
        settings.setdefault(provider, {})[name] = value
    return settings
