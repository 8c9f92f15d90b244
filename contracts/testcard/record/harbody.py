"""Bodies in HAR: bytes -> the members that hold them, and back.

Knows how testcard, browsers and proxies write a body down. Must not know the rest of HAR.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pybase64

_Object = Mapping[str, Any]

_SHARED_FROM: Final = 4096  # bytes; shorter bodies stand in every entry, as other readers expect


class DamagedError(ValueError):
    """An entry cannot be restored: what was seen, what was expected."""


class Writer:
    """Bodies of one file on their way out; a large one that occurs again is only referred to."""

    def __init__(self) -> None:
        self._entries: dict[str, int] = {}

    def members(self, body: bytes, entry: int, encoding: str) -> dict[str, Any]:
        """Return the members that hold `body`.

        Args:
            body: any bytes.
            entry: index of the entry that it belongs to.
            encoding: the member that says "base64": HAR has one for replies, none for calls.
        """
        if len(body) < _SHARED_FROM:
            return _in_full(body, encoding)
        digest = hashlib.sha256(body).hexdigest()
        if digest in self._entries:
            first = self._entries[digest]
            return {"_sha256": digest, "comment": f"the same bytes as in entry {first}"}
        self._entries[digest] = entry
        return {**_in_full(body, encoding), "_sha256": digest}


def _in_full(body: bytes, encoding: str) -> dict[str, Any]:
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": pybase64.b64encode(body).decode("ascii"), encoding: "base64"}


class Reader:
    """Bodies of one file on their way in."""

    def __init__(self, folder: Path) -> None:
        """Read bodies of a file in `folder`: some recorders put large ones beside it."""
        self._folder = folder
        self._bodies: dict[str, bytes] = {}

    def body(self, node: _Object, size: int | None) -> bytes:
        """Return the body that `node` holds: a HAR `postData` or `content`.

        Args:
            node: with `text` and perhaps `encoding` or `_encoding`, or with `params`, or with
                `_sha256` (a body before this one) or `_file` (Playwright).
            size: bytes that it should have; None where the file does not tell.

        Raises:
            DamagedError: the encoding is unknown or damaged, or a reference leads nowhere.
        """
        digest = node.get("_sha256")
        if digest is not None and "text" not in node:
            if digest not in self._bodies:
                raise DamagedError(f"no entry before this one holds a body of _sha256 {digest!r}")
            return self._bodies[digest]
        body = self._own(node, size)
        if digest is not None:
            self._bodies[digest] = body
        return body

    def _own(self, node: _Object, size: int | None) -> bytes:
        if "_file" in node:
            return self._beside(str(node["_file"]))
        if "text" in node:
            return _decoded(node["text"], node.get("encoding", node.get("_encoding")), size)
        return _from_params(node.get("params", ()), str(node.get("mimeType", "")))

    def _beside(self, name: str) -> bytes:
        if Path(name).name != name:
            raise DamagedError(f"_file is {name!r}; the bare name of a file was expected")
        try:
            return (self._folder / name).read_bytes()
        except OSError as error:
            raise DamagedError(f"the file {name!r} beside it cannot be read: {error}") from error


def _decoded(text: str, encoding: object, size: int | None) -> bytes:
    if encoding in (None, ""):
        return _bytes_of(text, size)
    if encoding != "base64":
        raise DamagedError(f"the encoding is {encoding!r}; base64 or none was expected")
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError as error:
        raise DamagedError(f"the text is not base64 as its encoding says: {error}") from error


def _bytes_of(text: str, size: int | None) -> bytes:
    """UTF-8; or one byte a character, as some recorders write files, where that fits the size."""
    body = text.encode("utf-8")
    if size in (None, len(body)) or size != len(text) or max(text) > "\xff":
        return body
    return text.encode("latin-1")


def _from_params(params: Iterator[_Object], media_type: str) -> bytes:
    """A form rebuilt from its fields, for recorders that keep nothing else."""
    fields = [(str(each["name"]), each) for each in params]
    _, _, boundary = media_type.partition("boundary=")
    if not boundary:
        return urlencode([(name, str(each.get("value", ""))) for name, each in fields]).encode()
    mark = boundary.partition(";")[0].strip('" ')
    parts = (f"--{mark}\r\n{_part(name, each)}\r\n" for name, each in fields)
    return f"{''.join(parts)}--{mark}--\r\n".encode()


def _part(name: str, node: _Object) -> str:
    file = f'; filename="{node["fileName"]}"' if "fileName" in node else ""
    kind = f"\r\nContent-Type: {node['contentType']}" if "contentType" in node else ""
    value = node.get("value", "")
    return f'Content-Disposition: form-data; name="{name}"{file}{kind}\r\n\r\n{value}'
