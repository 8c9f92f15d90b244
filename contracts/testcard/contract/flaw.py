"""All that is wrong with a recorded call: by the page, and by testcard's own magic keys and ids.

Knows exchanges as they are read. Must not know replies, clauses, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from testcard.common.asked import DEFAULT_SIDE
from testcard.common.flaw import Flaw
from testcard.common.keyed import refused
from testcard.common.keys import NO_SUCH_FILE, NO_SUCH_JOB, unknown_id
from testcard.common.message import BLANKED
from testcard.common.operation import Operation
from testcard.common.picture import PictureError
from testcard.common.place import items_of
from testcard.common.request import picture_flaw
from testcard.common.routed import route_flaw
from testcard.common.schema import shown
from testcard.common.states import ASKING
from testcard.common.upload import encoding_of, file_of, picture_url
from testcard.contract.trace import ReadExchange

_PAID: Final = ("pictures", "job")


def flaws(seen: ReadExchange) -> tuple[Flaw, ...]:
    """Return everything that is wrong with a call; nothing for one that the page allows."""
    operation = seen.operation
    if operation is None:
        linked = seen.linked is not None
        return () if linked else (route_flaw(seen.routes, seen.call.method, seen.path),)
    told = [  # a message that shows what was blanked may be of that alone, but for its type
        each for each in seen.request.flaws if BLANKED not in each.message or each.keyword == "type"
    ]
    of_body = told or (*_of_pictures(seen, operation), *_of_size(seen))
    return (*_of_key(seen, operation), *_of_job(seen, operation), *of_body)


def _of_size(seen: ReadExchange) -> Iterator[Flaw]:
    """Yield a size that nobody can read as one, where the schema lets any text be."""
    for role in ("size", "aspect-ratio"):
        field, value = seen.field(role), seen.asked.by_role.get(role)
        if field is None or value is None or seen.asked.size((DEFAULT_SIDE, DEFAULT_SIDE)):
            continue
        message, path = f"{shown(value)} is no {role}", field.place.path_at()
        yield Flaw("invalid", "field", path, "size", message, field.evidence())


def hides_values(seen: ReadExchange) -> bool:
    """Whether what a field said is not in the trace, so that a call may have been wrong.

    It is blanked, or the id of a picture whose upload was not seen.
    """
    known = seen.operation.takes.fields.values() if seen.operation else ()
    cookies = any(each.place.location == "cookie" for each in known)
    hidden = cookies and BLANKED in (seen.call.header("cookie") or "")
    values = (value for whole in seen.fields.values() for _, value in items_of(whole))
    hidden = hidden or any(isinstance(each, str) and BLANKED in each for each in values)
    return hidden or any(name not in seen.files.contents for name in _ids_of_files(seen))


def _ids_of_files(seen: ReadExchange) -> Iterator[str]:
    for field in seen.operation.body_for(seen.call.media_type).pictures if seen.operation else ():
        for _, value in items_of(seen.fields.get(field.name)):
            if encoding_of(value, field.encodings) == "file-id":
                yield value.strip()


def _of_key(seen: ReadExchange, operation: Operation) -> Iterator[Flaw]:
    found = refused(seen.key_flaws, lenient=seen.reading.profile == "lenient")
    yield from found
    free = operation.does not in _PAID or seen.price == 0
    if seen.key == "empty" and not found and not free:
        where, said = seen.key_places[:1], operation.key_evidence
        yield Flaw("no-credits", "key", where, "empty-account", "the account is empty", said)


def _of_job(seen: ReadExchange, operation: Operation) -> Iterator[Flaw]:
    if operation.does in ASKING and unknown_id(seen.job_id or ""):
        yield Flaw("not-found", "route", ("id",), "unknown-job", NO_SUCH_JOB, operation.evidence)
    if operation.does == "info" and unknown_id(str(seen.sent("file-id") or "")):
        yield Flaw("not-found", "route", ("id",), "unknown-job", NO_SUCH_FILE, operation.evidence)


def _of_pictures(seen: ReadExchange, operation: Operation) -> Iterator[Flaw]:
    for field in operation.body_for(seen.call.media_type).pictures:
        for indices, value in items_of(seen.request.values.get(field.name)):
            kind = encoding_of(value, field.encodings)
            if kind == "file-id" and unknown_id(value.strip()):
                where, said = field.place.path_at(*indices), field.evidence("encodings")
                yield Flaw(field.unknown_id, "field", where, "file-id", NO_SUCH_FILE, said)
            try:
                if kind == "url":
                    picture_url(str(value).strip())
                elif value is not None and kind != "file-id":
                    found = seen.decoder.pixels(file_of(value, field.encodings))
                    if isinstance(found, PictureError):
                        raise found
            except PictureError as error:
                yield picture_flaw(field, error, "picture", indices)
