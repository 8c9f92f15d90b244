"""Pictures that are uploaded, to be named by id or URL in later calls; and where they are put.

Knows uploads and who keeps them. Must not know how pictures are painted, HTTP, or a provider's
name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from testcard.common.keys import NO_SUCH_FILE
from testcard.common.message import Call, Reply
from testcard.common.picture import Pixels, encode, media_type, sniff
from testcard.common.trouble import Trouble
from testcard.mock.errand import Errand
from testcard.mock.files import Files, StoredFile
from testcard.mock.services import Step
from testcard.mock.uploaded import facts_of_file, kept_file
from testcard.mock.uploads import Sent, decoded_then, taken, uploads_of

_OCTETS: Final = "application/octet-stream"


def file(errand: Errand) -> Reply | Step:
    """Keep the picture that was sent, or say where one is to be put."""
    uploads = uploads_of(errand.visit, errand.body)
    if not uploads:
        return _told(errand, kept_file(errand, b""))
    sent = taken(uploads, errand.services.inputs)
    return decoded_then(uploads, sent, errand.services.inputs, partial(_kept, errand, sent))


def _kept(errand: Errand, sent: Sent, pictures: Mapping[str, Pixels]) -> Reply:
    role = next(iter(sent))
    content = sent[role].content
    data = content if isinstance(content, bytes) else encode(pictures[role].array, "png")
    return _told(errand, kept_file(errand, data))


def _told(errand: Errand, file: StoredFile) -> Reply:
    errand.visit.facts |= facts_of_file(file, errand)
    return errand.dialect.informed(errand.visit, errand.world)


def stored(call: Call, file_id: str, files: Files) -> Reply:
    """Answer at the URL of an uploaded picture: put it there, or give it.

    Raises:
        Trouble: not-found: nobody was told this URL, or nothing was put there.
    """
    found = files.find(file_id)
    if found is not None and call.method == "PUT":
        files.keep(StoredFile(found.id, found.account, found.created, call.body))
        return Reply(200, ())
    if found is None or not found.data:
        raise Trouble("not-found", NO_SUCH_FILE)
    format_ = sniff(found.data)
    kind = media_type(format_) if format_ else _OCTETS
    return Reply(200, (("content-type", kind),), found.data)
