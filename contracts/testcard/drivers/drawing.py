"""How hypothesis is run by drivers: the same draws for the same seed, and nothing left behind.

Knows hypothesis. Must not know what is drawn, or who sends it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.configuration import set_hypothesis_home_dir, storage_directory


def generating(examples: int, *, steps: int = 50) -> settings:
    """Return settings that only generate: nothing is shrunk, kept, or bound by time.

    Args:
        examples: at most; one at least.
        steps: that a state machine takes at most in one of them.
    """
    return settings(
        max_examples=max(1, examples),
        stateful_step_count=steps,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def nothing_left() -> Iterator[None]:
    """Give hypothesis a folder of its own for as long as it runs, and not the working folder."""
    before = storage_directory(intent_to_write=False).home_directory
    with TemporaryDirectory(prefix="testcard-") as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(before)
