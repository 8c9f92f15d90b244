"""Whether anything is sent later: what sends it is made for those mocks alone that have callbacks.

Knows Mocks. Must not know how anything is sent, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testcard.mock.core import Mock


@contextmanager
def callbacks_sent(mock: Mock | None) -> Iterator[None]:
    """Send the callbacks of `mock`, where it has any, for as long as the block lasts."""
    if mock is None or not mock.tells:
        yield
        return
    from testcard.doors.sender import sending  # with httpx2, which takes a while to import

    with sending(mock.outbox):
        yield
