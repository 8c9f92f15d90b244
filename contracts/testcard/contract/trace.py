"""One Exchange as a clause reads it: what was asked, what came back, by role.

Knows Readings, roles and how pictures travel. Everything is worked out from the exchange when
it is first asked for. Must not do I/O, judge anything, or know who answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from testcard.common.body import Malformed, fields_of
from testcard.common.keys import KeyKind, bare_key, kind_of
from testcard.common.message import Call, Exchange, Reply, Trace
from testcard.common.picture import Pixels, format_of, sniff
from testcard.common.reading import Field, Operation, Reading
from testcard.common.schema import Schema, coerced
from testcard.common.spec import Node, words
from testcard.contract.payload import (
    Picture,
    PictureDecoder,
    picture_bytes,
    picture_from,
    reply_roles,
)


@dataclass(frozen=True, eq=False)
class ReadExchange:
    """One exchange, read.

    Attributes:
        reading: what it is read by.
        index: into the Trace.
        exchange: as recorded.
        operation: None where method and URL are none of the provider's.
        params: of the path.
        path_known: whether the path is one of the provider's, with any method.
        linked: the reply that listed this URL among its pictures; None for other calls.
        decoder: decodes pictures, each once in a trace.
    """

    reading: Reading
    index: int
    exchange: Exchange
    operation: Operation | None
    params: Mapping[str, str]
    path_known: bool
    linked: ReadExchange | None
    decoder: PictureDecoder

    @property
    def call(self) -> Call:
        """What was sent."""
        return self.exchange.call

    @property
    def reply(self) -> Reply:
        """What came back; its status is 0 where nothing did."""
        return self.exchange.reply

    @property
    def does(self) -> str:
        """What the call brings about: pictures, job, job-status; `download` or empty for others."""
        if self.operation is not None:
            return self.operation.does
        return "download" if self.linked is not None else ""

    # What was asked

    @cached_property
    def fields(self) -> Mapping[str, Any]:
        """The body's fields under the page's names, forgivingly read; file parts as FilePart."""
        body = self.operation.body if self.operation else None
        if body is None:
            return {}
        for lenient in (self.reading.profile == "lenient", True):
            try:
                return fields_of(self.call, body, lenient=lenient)[0]
            except Malformed:
                continue
        return {}

    def field(self, role: str) -> Field | None:
        """Return the operation's request field with this role; None where it has none."""
        fields = self._body_fields.values()
        return next((each for each in fields if each.role == role), None)

    @property
    def _body_fields(self) -> Mapping[str, Field]:
        body = self.operation.body if self.operation else None
        return body.fields if body else {}

    @cached_property
    def asked(self) -> Mapping[str, Any]:
        """Role -> value sent, or else the field's default; numbers in strings read as numbers.

        Fields of role `option`, of which there may be several, stand under their own names.
        """
        said: dict[str, Any] = {}
        for each in self._body_fields.values():
            value = self.fields.get(each.name, each.schema.get("default"))
            if each.role and value is not None:
                read = coerced(value, each.schema) if isinstance(value, str) else value
                said[each.name if each.role == "option" else each.role] = read
        return said

    def sent(self, role: str) -> Any:
        """Return what was sent in the field with this role; None where nothing was."""
        found = self.field(role)
        return self.fields.get(found.name) if found else None

    @cached_property
    def size(self) -> tuple[int, int] | None:
        """Width and height asked for, in pixels; None where they cannot be known."""
        width, height = self.asked.get("width"), self.asked.get("height")
        if "size" in self.asked and not (width and height):
            across, _, down = str(self.asked["size"]).lower().partition("x")
            width, height = width or across, height or down
        native = self.picture("init-image")
        if native is not None:
            width, height = width or native.width, height or native.height
        try:
            return int(width), int(height)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return None

    @property
    def samples(self) -> int:
        """How many pictures were asked for; 1 where nothing says."""
        return value if isinstance(value := self.asked.get("samples"), int) else 1

    @property
    def seed(self) -> int | None:
        """The seed asked for; None where it is a random one or the operation takes none."""
        found, value = self.field("seed"), self.asked.get("seed")
        if found is None or not isinstance(value, int):
            return None
        most = words(found.schema).get("random-at-most")
        return None if most is not None and value <= most else value

    @property
    def strength(self) -> float | None:
        """Denoising strength asked for, 0 to 1; None where the operation has no such field."""
        value = self.asked.get("strength")
        kept = self.asked.get("image-strength")
        if isinstance(value, int | float):
            return float(value)
        return 1 - kept if isinstance(kept, int | float) else None

    def picture(self, role: str) -> Pixels | None:
        """Return the picture sent in this role; None for none, a URL, and what does not decode."""
        data = picture_bytes(self.sent(role))
        found = self.decoder.pixels(data) if data else None
        return found if isinstance(found, Pixels) else None

    # The key

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """Header -> key sent in it, without any Bearer, among those that may carry one."""
        known = self.operation or self.reading.operations[0]
        found = {name: self.call.header(name) for name in (*known.key_headers, *known.key_aliases)}
        return {name: bare_key(value) for name, value in found.items() if value}

    @property
    def key(self) -> KeyKind:
        """What kind of key was sent, in whichever header."""
        return kind_of(next(iter(self.keys.values()), ""))

    # What came back

    @cached_property
    def response(self) -> Node | None:
        """The documented response with this status; None where the status is not documented."""
        homes = (self.operation,) if self.operation else self.reading.operations
        found = (each.responses.get(self.reply.status) for each in homes)
        return next(filter(None, found), None)

    @cached_property
    def media_type(self) -> str:
        """Of the reply, in small letters and without parameters; empty where absent."""
        return (self.reply.header("content-type") or "").partition(";")[0].strip().lower()

    @cached_property
    def json(self) -> Any:
        """The reply's JSON; None where it is none."""
        try:
            return orjson.loads(self.reply.body)
        except orjson.JSONDecodeError:
            return None

    @cached_property
    def schema(self) -> Schema | None:
        """The schema of the documented response with this status and media type."""
        content = (self.response or {}).get("content", {}).get(self.media_type)
        return content["schema"] if content else None

    @cached_property
    def said(self) -> Mapping[str, Any]:
        """Role -> value in the reply's JSON or headers, as the fitting schema names them."""
        headers = (self.response or {}).get("headers", {})
        found = {
            words(node["schema"])["role"]: self.reply.header(name)
            for name, node in headers.items()
            if "role" in words(node["schema"]) and self.reply.header(name) is not None
        }
        schema = self.schema if "json" in self.media_type else None
        return found | (dict(reply_roles(schema, self.json)) if schema else {})

    @property
    def answered(self) -> bool:
        """Whether anything came back."""
        return self.reply.status != 0

    @property
    def succeeded(self) -> bool:
        """Whether it went well: 2xx, an outcome of 0 where the body has one, no failed job."""
        return (
            200 <= self.reply.status < 300
            and self.said.get("outcome", 0) == 0
            and self.said.get("job-state") != "FAILURE"
        )

    @property
    def turned_away(self) -> bool:
        """Whether the provider had no time for it: too many calls, overloaded, broken down."""
        kinds = ("rate-limited", "overloaded", "failed")
        busy = {self.reading.problems[kind] for kind in kinds}
        return self.reply.status >= 400 and self.reply.status in busy

    @cached_property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures in the reply: of a body of bytes, or of base64 in JSON."""
        if not 200 <= self.reply.status < 300:
            return ()
        if "picture" in self.said:
            value, told = self.said["picture"], self.said.get("media-type")
            declared = (told,) if isinstance(told, str) else ()
            listed = value if isinstance(value, list) else [value]
            return tuple(picture_from(each, declared, self.decoder) for each in listed)
        bytes_due = self.does in ("pictures", "download") and "json" not in self.media_type
        if bytes_due and (format_of(self.media_type) or sniff(self.reply.body)):
            return (Picture(self.reply.body, (self.media_type,), "", self.decoder),)
        return ()

    # Jobs

    @property
    def job_id(self) -> str | None:
        """The job that this exchange begins or asks after; None for others."""
        if self.does == "job-status":
            return next(iter(self.params.values()), None)
        value = self.said.get("job-id") if self.does == "job" else None
        return value if isinstance(value, str) else None

    @property
    def job_state(self) -> str | None:
        """PENDING, SUCCESS or FAILURE as the reply says it; None where it says none."""
        return value if isinstance(value := self.said.get("job-state"), str) else None

    @property
    def urls(self) -> tuple[str, ...]:
        """The pictures' URLs that the reply lists."""
        value = self.said.get("picture-urls")
        listed = value if isinstance(value, list) else ()
        return tuple(each for each in listed if isinstance(each, str))


def read_trace(reading: Reading, trace: Trace) -> tuple[ReadExchange, ...]:
    """Read every exchange of `trace`, in order, linking downloads to the replies that list them."""
    decoder, listed, seen = PictureDecoder(), dict[str, ReadExchange](), list[ReadExchange]()
    for index, exchange in enumerate(trace):
        parts = exchange.call.parts
        path = parts.path
        found = reading.match(exchange.call.method, path)
        prefix = f"/{reading.spec.id}/"
        if not found[2] and path.startswith(prefix):
            found = reading.match(exchange.call.method, "/" + path.removeprefix(prefix))
        linked = listed.get(exchange.call.url) if exchange.call.method == "GET" else None
        one = ReadExchange(reading, index, exchange, *found, linked, decoder)
        listed |= {url: one for url in one.urls if url not in listed}
        seen.append(one)
    return tuple(seen)
