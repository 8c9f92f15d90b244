"""Every provider's clauses against the reference implementation, once there is one."""

from __future__ import annotations

import pytest

from testcard.spec import bundled


@pytest.mark.skip(reason="the reference implementation is not built yet")
@pytest.mark.parametrize("provider", [path.stem for path in bundled()])
def test_reference(provider: str) -> None:
    """It keeps what the provider promises."""
    raise NotImplementedError(provider)
