"""The pictures that a trace uploads: which ids and URLs stand for them, and where they are put.

Knows the roles of replies. Must not do I/O, judge anything, or know who answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from testcard.common.message import Call, Reply
from testcard.contract.payload import picture_bytes

_METHODS = ("GET", "PUT")


class Telling(Protocol):
    """An exchange, as far as it may tell of a file: see ReadExchange."""

    @property
    def call(self) -> Call:
        """What was sent."""

    @property
    def reply(self) -> Reply:
        """What came back."""

    @property
    def does(self) -> str:
        """What the call brings about."""

    @property
    def succeeded(self) -> bool:
        """Whether it went well."""

    @property
    def said(self) -> Mapping[str, Any]:
        """Role -> value in the reply."""

    def sent(self, role: str) -> Any:
        """Return what was sent in the field with this role."""


Told = TypeVar("Told", bound=Telling)


@dataclass(slots=True)
class UploadedFiles(Generic[Told]):
    """What was uploaded, as far as a trace has come.

    Attributes:
        contents: id, or URL -> the picture's file.
        homes: URL where a picture is put or fetched -> the reply that told it.
    """

    contents: dict[str, bytes] = field(default_factory=dict)
    homes: dict[str, Told] = field(default_factory=dict)

    def home(self, call: Call) -> Told | None:
        """Return the reply that told where a call puts or fetches a picture; None for none."""
        return self.homes.get(call.url) if call.method in _METHODS else None

    def note(self, seen: Told) -> None:
        """Take up what an exchange uploads, or tells of."""
        home = self.home(seen.call)
        if home is not None and seen.call.method == "PUT":
            self._keep(home, seen.call.body if 200 <= seen.reply.status < 300 else b"")
        if seen.does != "file" or not seen.succeeded:
            return
        self._keep(seen, picture_bytes(seen.sent("file")))
        for role in ("file-url", "upload-url"):
            if isinstance(url := seen.said.get(role), str):
                self.homes[url] = seen

    def _keep(self, told: Told, data: bytes) -> None:
        for role in ("file-id", "file-url"):
            name = told.said.get(role)
            if data and isinstance(name, str | int):
                self.contents[str(name)] = data

    def content(self, value: Any) -> bytes:
        """Return the file that a picture field's value carries or names; empty where none can."""
        named = self.contents.get(value.strip(), b"") if isinstance(value, str) else b""
        return named or picture_bytes(value)
