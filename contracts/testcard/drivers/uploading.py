"""Pictures uploaded by an API's own operation, and followed to where they are kept.

Each is uploaded once, when a call first names it. Knows roles and valid values. Must not know who
answers, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from testcard.common.keys import EMPTY_KEY, UNKNOWN_FILE, KeyKind
from testcard.common.message import Call
from testcard.common.operation import Operation
from testcard.common.picture import format_of
from testcard.common.reading import Reading
from testcard.contract.calls import Links, call_of
from testcard.contract.session import Session
from testcard.contract.trace import ReadExchange
from testcard.drivers.material import as_format, picture_value, scene
from testcard.drivers.values import PREFERRED, Fields, Values

_SIDE: Final = 64  # pixels, of a picture that is put where its URL is


@dataclass
class Uploading:
    """Uploads pictures, each once.

    Attributes:
        reading: whose operations are called.
        key: a good one.
        send: sends a call.
        ids: picture -> the id that it has.
    """

    reading: Reading
    key: str
    send: Callable[[Call], ReadExchange]
    ids: dict[bytes, str] = field(default_factory=dict)

    def __call__(self, data: bytes) -> str:
        """Return the id of a picture, uploaded where it is not yet; of none where that failed."""
        if data not in self.ids:
            self.ids[data] = self._upload(data)
        return self.ids[data]

    def _upload(self, data: bytes) -> str:
        for operation in self.reading.operations:
            if operation.does == "file":
                values = Values(operation, operation.takes, True, Links())
                fields = values.required() | _carrying(values, data)
                told = self.send(call_of(self.reading, operation, fields, key=self.key))
                if put := put_there(told, data):
                    self.send(put)
                if isinstance(name := told.said.get("file-id"), str | int):
                    return str(name)
        return UNKNOWN_FILE


def _carrying(values: Values, data: bytes) -> Fields:
    """Return the field that a picture is uploaded in; nothing where it is put elsewhere."""
    target = values.role("file")
    if target is None:
        return {}
    if values.body.raw:
        data = as_format(data, format_of(values.body.media_type) or "png")
    way = next(each for each in PREFERRED if each in target.encodings)
    value = picture_value(data, way, values.links.picture)
    return {target.name: target.wrapped(value)}


def put_there(told: ReadExchange, data: bytes) -> Call | None:
    """Return the call that puts a picture where an answer says; None where it says nothing."""
    url = told.said.get("upload-url")
    kind = (("Content-Type", "image/png"),)
    return Call("PUT", url, kind, data) if isinstance(url, str) else None


def with_uploads(session: Session) -> None:
    """Have a session upload the pictures that its calls name, where its API keeps any."""
    if session.reading.keeps_files:
        upload = Uploading(session.reading, session.key, lambda call: _sent(session, call))
        session.links = replace(session.links, uploaded=upload)


def links_for(session: Session, key: KeyKind) -> Links:
    """Return a session's pictures elsewhere as an account may name them: an empty one, its own."""
    if key != "empty" or not session.reading.keeps_files:
        return session.links
    upload = Uploading(session.reading, EMPTY_KEY, lambda call: _sent(session, call))
    return replace(session.links, uploaded=upload)


def follow_file(session: Session, told: ReadExchange) -> None:
    """Put a picture where an answer says, fetch it, and ask after it.

    Raises:
        Stop: the session can send nothing more.
    """
    if put := put_there(told, scene(_SIDE, _SIDE)):
        session.send(replace(put, headers=(*session.agent, *put.headers)))
    url, name = told.said.get("file-url"), told.said.get("file-id")
    if isinstance(url, str) and url.startswith(("http://", "https://")):
        session.send(Call("GET", url, session.agent))
    for operation in _asking(session.reading):
        for each in (name, UNKNOWN_FILE) if isinstance(name, str | int) else ():
            session.send(_question(session, operation, str(each)))


def _question(session: Session, operation: Operation, name: str) -> Call:
    values = Values(operation, operation.takes, True, session.links)
    return session.call(operation, values.required() | values.put("file-id", name))


def _asking(reading: Reading) -> Iterator[Operation]:
    for operation in reading.operations:
        roles = {each.role for each in operation.takes.telling}
        if operation.does == "info" and "file-id" in roles:
            yield operation


def _sent(session: Session, call: Call) -> ReadExchange:
    return session.read(session.send(call))
