"""One Exchange as a clause reads it: what was asked, what came back, by role.

Knows Readings, roles and how pictures travel. All is worked out when it is first asked for.
Must not do I/O, judge anything, or know who answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import orjson

from testcard.common.asked import Asked, asked_in
from testcard.common.event_stream import EVENT_STREAM, ServerEvent, read_events
from testcard.common.fields import Body
from testcard.common.flaw import Flaw
from testcard.common.keyed import places_of_keys, read_key
from testcard.common.keys import KeyKind, kind_of
from testcard.common.masking import masking_of
from testcard.common.message import Call, Exchange, Reply, Trace
from testcard.common.operation import Operation
from testcard.common.picture import Pixels, format_of, sniff
from testcard.common.place import Field, items_of
from testcard.common.price import terms_of
from testcard.common.reading import Reading
from testcard.common.request import RequestFields, fields_of, read_body
from testcard.common.routes import Routes
from testcard.common.schema import Schema
from testcard.common.spec import Node
from testcard.common.states import ASKING, LOST, Phase, phase_implied
from testcard.contract.files import UploadedFiles
from testcard.contract.payload import (
    Picture,
    PictureDecoder,
    header_roles,
    pictures_in,
    pictures_streamed,
    reply_roles,
    urls_in,
)
from testcard.contract.streamed import broke_off

_BUSY: Final = ("rate-limited", "overloaded", "failed")
_GIVING: Final = ("pictures", "download", "job-status", "job-result")


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
        path: without any prefix of testcard's own.
        routes: what stands at the host that was called; all where that is none of the provider's.
        linked: the reply that listed this URL among its pictures; None for other calls.
        decoder: decodes pictures, each once in a trace.
        files: what the trace uploaded.
    """

    reading: Reading
    index: int
    exchange: Exchange
    operation: Operation | None
    params: Mapping[str, str]
    path_known: bool
    path: str
    routes: Routes
    linked: ReadExchange | None
    decoder: PictureDecoder
    files: UploadedFiles[ReadExchange]

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
        """What the call brings about; `download`, `upload` to a URL that was told, or empty."""
        if self.operation is not None:
            return self.operation.does
        linked = "upload" if self.call.method == "PUT" else "download"
        return linked if self.linked is not None else ""

    # What was asked

    @cached_property
    def request(self) -> RequestFields:
        """The body as the reading has it: its fields, and what is wrong with them."""
        if self.operation is None:
            return RequestFields()
        body, lenient = self._takes, self.reading.profile == "lenient"
        return read_body(self.call, body, lenient=lenient, params=self.params)

    @cached_property
    def _takes(self) -> Body:
        return (self.operation or self.reading.operations[0]).body_for(self.call.media_type)

    @cached_property
    def fields(self) -> Mapping[str, Any]:
        """The call's fields by their names, forgivingly read; file parts as FilePart."""
        return fields_of(self.call, self._takes, self.params) if self.operation else {}

    def field(self, role: str) -> Field | None:
        """Return the operation's request field with this role; None where it has none."""
        fields = self._takes.fields.values() if self.operation else ()
        return next((each for each in fields if each.role == role), None)

    @cached_property
    def asked(self) -> Asked:
        """What was asked for, by role."""
        return asked_in(self._takes if self.operation else None, self.fields)

    def sent(self, role: str) -> Any:
        """Return what was sent in the fields with this role, of several the first; or None."""
        fields = self._takes.fields.values() if self.operation else ()
        said = (self.fields.get(each.name) for each in fields if each.role == role)
        values = (one for value in said for _, one in items_of(value) if one is not None)
        return next(values, None)

    @cached_property
    def size(self) -> tuple[int, int] | None:
        """Width and height asked for, in pixels; None where they cannot be known."""
        native = self.picture("init-image")
        return self.asked.size((native.width, native.height) if native else None)

    @cached_property
    def price(self) -> Decimal | None:
        """What it costs if it succeeds; None where that hangs on what cannot be known."""
        if self.operation is None or self.does not in ("pictures", "job"):
            return Decimal(0)
        return self.reading.price_of(self.operation).known(terms_of(self.asked, self.size))

    def picture(self, role: str) -> Pixels | None:
        """Return the picture sent in this role; None for none, a URL, and what does not decode."""
        data = self.files.content(self.sent(role))
        found = self.decoder.pixels(data) if data else None
        field = self.field(role)
        if isinstance(found, Pixels) and field and role == "mask-image":
            return masking_of(field, self.asked.by_role.get("mask-invert")).turned(found)
        return found if isinstance(found, Pixels) else None

    @cached_property
    def _key(self) -> tuple[str, list[Flaw]]:
        return read_key(self.call, self.operation or self.reading.operations[0])

    @property
    def key_flaws(self) -> list[Flaw]:
        """What is wrong with the key, by the page, however forgiving the reading."""
        return self._key[1]

    @property
    def key(self) -> KeyKind:
        """What kind of key was sent, in whichever way; `good` where none is needed."""
        free = self.operation is not None and self.operation.key_optional
        return "good" if free and not self._key[0] else kind_of(self._key[0])

    @property
    def key_places(self) -> tuple[str, ...]:
        """Where a key may stand and does: names of headers, and the like."""
        return places_of_keys(self.call, self.operation or self.reading.operations[0])

    # What came back

    @cached_property
    def response(self) -> Node | None:
        """The documented response with this status; None where the status is not documented."""
        homes = (self.operation,) if self.operation else self.reading.operations
        found = (each.response(self.reply.status) for each in homes)
        return next(filter(None, found), None)

    @cached_property
    def media_type(self) -> str:
        """Of the reply, in small letters and without parameters; empty where absent."""
        return (self.reply.header("content-type") or "").partition(";")[0].strip().lower()

    @cached_property
    def events(self) -> tuple[ServerEvent, ...]:
        """The events of the reply, where it is a stream of them."""
        return read_events(self.reply.body) if self.media_type == EVENT_STREAM else ()

    @cached_property
    def documents(self) -> tuple[Any, ...]:
        """The JSON of the reply: one document, or that of each event that has any."""
        if not self.events:
            return (self.json,)
        return tuple(each.document for each in self.events if each.document is not None)

    @cached_property
    def json(self) -> Any:
        """The reply's JSON, of a stream of events that of the last; None where it is none."""
        if self.events:
            return self.documents[-1] if self.documents else None
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
        found = dict(header_roles(self.response or {}, self.reply.header))
        schema = self.schema if "json" in self.media_type or self.events else None
        return found | (dict(reply_roles(schema, self.json)) if schema else {})

    @property
    def answered(self) -> bool:
        """Whether anything came back."""
        return self.reply.status != 0

    @property
    def succeeded(self) -> bool:
        """Whether it went well: 2xx, an outcome of 0 where the body has one, no failed job."""
        well = 200 <= self.reply.status < 300 and self.said.get("outcome", 0) == 0
        well = well and not broke_off(self.events, self.response)
        return well and (self.does == "job-cancel" or self.phase not in LOST)

    @property
    def turned_away(self) -> bool:
        """Whether the provider had no time for it: too many calls, overloaded, broken down."""
        busy = {self.reading.problems_of(self.operation)[kind] for kind in _BUSY}
        return self.reply.status >= 400 and self.reply.status in busy

    @cached_property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures in the reply: of a body of bytes, or of base64 in JSON."""
        if not 200 <= self.reply.status < 300:
            return ()
        if self.events and self.schema:
            return pictures_streamed(self.schema, self.documents, self.decoder)
        if "json" in self.media_type and self.schema:
            return tuple(pictures_in(self.schema, self.json, self.decoder))
        bytes_due = self.does in _GIVING and "json" not in self.media_type
        if bytes_due and (format_of(self.media_type) or sniff(self.reply.body)):
            return (Picture(self.reply.body, (self.media_type,), "", self.decoder),)
        return ()

    # Jobs

    @property
    def job_id(self) -> str | None:
        """The job that this exchange begins or asks after; None for others."""
        if self.does in ASKING:
            said = self.sent("job-id") or next(reversed([*self.params.values()]), None)
            return said if isinstance(said, str) else None
        value = self.said.get("job-id") if self.does == "job" else None
        return value if isinstance(value, str) else None

    @property
    def job_state(self) -> str | None:
        """The vendor's word for it as the reply says it; None where it says none."""
        return value if isinstance(value := self.said.get("job-state"), str) else None

    @cached_property
    def phase(self) -> Phase | None:
        """What is told of a job; None for nothing, and for a word that the page does not have."""
        if self.job_state is not None:
            return self.reading.states_of(self.operation).phase(self.job_state)
        return phase_implied(self.does, self.reply.status, self.response or {}, [*self.pictures])

    @property
    def urls(self) -> tuple[str, ...]:
        """The pictures' URLs that the reply lists."""
        return tuple(dict.fromkeys(urls_in(self.schema or {}, self.json)))


def read_trace(reading: Reading, trace: Trace) -> tuple[ReadExchange, ...]:
    """Read every exchange of `trace`, in order, linking downloads to the replies that list them."""
    decoder, files = PictureDecoder(), UploadedFiles[ReadExchange]()
    listed, read = dict[str, ReadExchange](), list[ReadExchange]()
    for index, exchange in enumerate(trace):
        call = exchange.call
        routes, path, found = reading.placed(call)
        linked = (listed.get(call.url) if call.method == "GET" else None) or files.home(call)
        one = ReadExchange(reading, index, exchange, *found, path, routes, linked, decoder, files)
        listed |= {url: one for url in one.urls if url not in listed}
        files.note(one)
        read.append(one)
    return tuple(read)
