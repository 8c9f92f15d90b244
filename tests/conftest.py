"""The order of the tests: those that take long begin first, so that workers end together."""

from __future__ import annotations

import pytest


@pytest.hookimpl(trylast=True)  # after they were shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring what is marked `long` to the front; the rest stays as it was shuffled."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
