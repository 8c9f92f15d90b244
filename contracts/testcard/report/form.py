"""Multipart bodies taken apart for showing, whatever they hold.

Knows MIME. Must not know a provider's fields, or how a report looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes
from email.policy import HTTP

from testcard.common.message import Call


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form.

    Attributes:
        name: of the field.
        filename: None where the part names none.
        media_type: None where the part has no Content-Type.
        data: its content, byte for byte.
    """

    name: str
    filename: str | None
    media_type: str | None
    data: bytes


def parts_of(call: Call) -> tuple[Part, ...] | None:
    """Return the parts of a call's form; None where its body is no readable form."""
    if call.media_type != "multipart/form-data":
        return None
    head = f"Content-Type: {call.header('content-type')}\r\n\r\n".encode("utf-8", "replace")
    message = message_from_bytes(head + call.body, policy=HTTP)
    if not message.is_multipart() or message.defects:
        return None
    parts = []
    for each in message.iter_parts():
        name = each.get_param("name", header="content-disposition")
        data = each.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(data, bytes):
            return None
        kind = each.get_content_type() if "content-type" in each else None
        parts.append(Part(name, each.get_filename(), kind, data))
    return tuple(parts)
