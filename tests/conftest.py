"""The order of the tests, so that workers end together, and what threads and time each may take."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# Each worker has a core: torch's threads, here and in servers that are started, would only wait.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Checks that tests make draw less than a user's; contracts/ and the mutants draw by themselves.
os.environ.setdefault("TESTCARD_CHECK_MAX_EXAMPLES", "5")

# A busy machine is no failure: no property has a deadline.
_SLOW = [HealthCheck.too_slow]
settings.register_profile("busy", deadline=None, suppress_health_check=_SLOW, max_examples=40)
settings.register_profile("deep", deadline=None, suppress_health_check=_SLOW, max_examples=1000)
settings.load_profile(os.environ.get("TESTCARD_HYPOTHESIS", "busy"))


def pytest_xdist_auto_num_workers() -> int:
    """Return a worker more than there are cores, for many tests wait for another process."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)  # after they were shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring what is marked `long`, then the reference engine's, to the front; one worker has them.

    The rest stays as it was shuffled. Torch and its weights are then loaded by that worker alone.
    """
    items.sort(key=lambda item: (item.get_closest_marker("long") is None, not _paints(item)))


def _paints(item: pytest.Item) -> bool:
    return "reference" in item.nodeid
