"""Uploaded pictures in memory: those used least recently are forgotten first.

Must not know HTTP, a provider's words, or what pictures are used for.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import Final

from testcard.mock.files import StoredFile
from testcard.mock.memory_limit import MemoryLimit, Remembered

_CONTENTS: Final = 0.1  # of what a mock remembers
_NAMES: Final = 0.01
_NAME: Final = 900  # bytes of a file's own values, beside its content
_DIGEST_BYTES: Final = 32


class MemoryFiles:
    """The uploaded pictures of one process. Any number of threads may use it at once."""

    def __init__(self, memory: MemoryLimit) -> None:
        """Begin with none, within a limit that others share."""
        self._contents: Remembered[bytes, bytes] = Remembered(memory, _CONTENTS, len)
        self._named: Remembered[str, tuple[StoredFile, bytes]] = Remembered(
            memory, _NAMES, lambda _: _NAME
        )

    def keep(self, file: StoredFile) -> None:
        """Keep a file; in place of the one that has its id."""
        digest = blake2b(file.data, digest_size=_DIGEST_BYTES).digest() if file.data else b""
        if digest and self._contents.get(digest) is None:
            self._contents.keep(digest, file.data)
        self._named.keep(file.id, (replace(file, data=b""), digest))

    def find(self, file_id: str) -> StoredFile | None:
        """Return a file; None where no file has the id, or it is forgotten."""
        found = self._named.get(file_id)
        if found is None or not found[1]:
            return found and found[0]
        data = self._contents.get(found[1])
        return None if data is None else replace(found[0], data=data)

    def clear(self) -> None:
        """Forget them all."""
        self._contents.clear()
        self._named.clear()
