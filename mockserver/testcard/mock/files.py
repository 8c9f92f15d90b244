"""Pictures that were uploaded, as values and as the interface of who keeps them.

Must not know HTTP, a provider's words, or how they are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from testcard.mock.account import AccountId


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One uploaded picture.

    Attributes:
        id: as the client is told; no other file of its World has it.
        account: whose it is.
        created: the world's time.
        data: the picture's file; empty where it is still to be put where its URL is.
    """

    id: str
    account: AccountId
    created: float
    data: bytes = field(default=b"", repr=False)


class Files(Protocol):
    """The uploaded pictures of one World. Equal ones are kept once, however often uploaded."""

    def keep(self, file: StoredFile) -> None:
        """Keep a file; in place of the one that has its id."""
        ...

    def find(self, file_id: str) -> StoredFile | None:
        """Return a file; None where no file has the id, or it is forgotten."""
        ...

    def clear(self) -> None:
        """Forget them all."""
        ...
