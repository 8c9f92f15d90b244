"""Uploaded pictures, as calls name them: by id, or by the URL that they were told.

Knows ids, URLs and roles. Must not know HTTP, how pictures are encoded, or any one provider.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.keys import NO_SUCH_FILE
from testcard.common.picture import media_type, sniff
from testcard.common.schema import EACH, Breach
from testcard.common.trouble import Kind, Trouble
from testcard.common.upload import encoding_of
from testcard.mock.account import AccountId
from testcard.mock.errand import Errand
from testcard.mock.files import StoredFile
from testcard.mock.job import Upload
from testcard.mock.uploads import Uploads

_HERE: Final = f"{ADMIN_PREFIX}files/"
_CONTENT: Final = ("file",)
_INDEX: Final = re.compile(r"\[[0-9]+\]")


def with_files(uploads: Uploads, errand: Errand) -> Uploads:
    """Return the pictures of a call with uploaded ones in place of their ids and URLs.

    Raises:
        Trouble: no picture of the account has an id, in the spec's word for that.
    """
    return {name: _meant(name, each, errand) for name, each in uploads.items()}


def _meant(name: str, upload: Upload, errand: Errand) -> Upload:
    value = upload.value
    if not isinstance(value, str):
        return upload
    kind = encoding_of(value, upload.encodings)
    if kind == "file-id":
        asked, trouble = value.strip(), _trouble(name, errand)
    elif kind == "url" and _HERE in value:
        asked, trouble = value.strip().rpartition(_HERE)[2], "invalid"
    else:
        return upload
    file = own_file(errand, asked)
    if file is None or not file.data:
        seen = NO_SUCH_FILE if file is None else "nothing was put there yet"
        breach = Breach((name,), "file-id", seen)
        raise Trouble(trouble, f"{name}: {seen}", [breach] if trouble == "invalid" else ())
    return replace(upload, value=file.data, encodings=_CONTENT)


def _trouble(name: str, errand: Errand) -> Kind:
    """The trouble that the spec has for an unknown id in a field."""
    known = _INDEX.sub(EACH, name).removesuffix(EACH)
    found = (each for each in errand.body.pictures if each.name == known)
    return next((each.unknown_id for each in found), "invalid")


def own_file(errand: Errand, file_id: str) -> StoredFile | None:
    """Return an uploaded picture of who calls; None where the account has none of this id."""
    file = errand.world.files.find(file_id)
    return file if file is not None and file.account == errand.visit.account else None


def kept_file(errand: Errand, data: bytes) -> StoredFile:
    """Keep a picture for who calls, under a fresh id; empty where it is still to be put."""
    visit, world = errand.visit, errand.world
    account = visit.account or AccountId.of(errand.dialect.reading.spec.id, "")
    file = StoredFile(visit.draws.id(), account, world.now(), data)
    world.files.keep(file)
    return file


def facts_of_file(file: StoredFile, errand: Errand) -> dict[str, Any]:
    """Return what an answer may say of an uploaded picture: role -> value."""
    url = f"{errand.visit.base}{_HERE}{file.id}"
    found: dict[str, Any] = {"file-id": file.id, "file-url": url, "created": file.created}
    if not file.data:
        return found | {"upload-url": url}
    format_ = sniff(file.data)
    told = {"media-type": media_type(format_)} if format_ else {}
    return found | {"byte-count": len(file.data)} | told
