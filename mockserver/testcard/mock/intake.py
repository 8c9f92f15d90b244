"""What a call brings: its key, its fields and its pictures, with what was forgiven on the way.

Knows Readings and what the lenient profile takes. Must not know who answers, money or time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from testcard.common.body import (
    FilePart,
    Finding,
    Malformed,
    checkable,
    fields_of,
)
from testcard.common.keys import bare_key, key_digest, kind_of
from testcard.common.message import Call
from testcard.common.reading import Body, Operation
from testcard.common.schema import Breach
from testcard.common.trouble import Trouble
from testcard.mock.dialect import Dialect, Visit
from testcard.mock.fault import Fault
from testcard.mock.inputs import encoding_of

_PREFER = re.compile(r'\b(code|example)\s*=\s*"?([\w.-]+)"?')
_LARGE_BODY = 256 << 10  # below, reading one takes less than 3 ms, whatever it holds


def note_path(visit: Visit, operation: Operation) -> None:
    """Note where the call goes to a path that only the lenient profile takes."""
    if visit.match.is_alias:
        said = operation.evidence
        message = f"{visit.match.path} is not the page's {operation.path}"
        visit.findings.append(Finding("path", message, said.grade, said.source))


def preferences(call: Call) -> dict[str, str]:
    """Return what the call prefers, of code and example; the first of each counts (RFC 7240)."""
    said = ",".join(value for name, value in call.headers if name.lower() == "prefer")
    found: dict[str, str] = {}
    for name, value in _PREFER.findall(said) if said else ():
        found.setdefault(name, value)
    return found


def holds_up(call: Call) -> bool:
    """Whether reading the body may take so long that others are not to wait for it."""
    return len(call.body) > _LARGE_BODY


def key_of(visit: Visit, operation: Operation, *, lenient: bool) -> str:
    """Return the key that the call carries; empty where it carries none and needs none.

    Raises:
        Trouble: unauthorized: there is no key, or it is not one that is accepted.
    """
    key = _key_sent(visit, operation, lenient=lenient)
    names = " or ".join(operation.key_headers)
    if not key and not operation.key_optional:
        raise Trouble("unauthorized", f"no key was sent in {names}")
    if not key:
        _find(visit, names, "no key was sent; the page lists this header", operation)
    if kind_of(key) == "wrong":
        raise Trouble("unauthorized", "the key is not valid")
    return key


def _key_sent(visit: Visit, operation: Operation, *, lenient: bool) -> str:
    for name in (*operation.key_headers, *(operation.key_aliases if lenient else ())):
        value = (visit.call.header(name) or "").strip()
        bare = bare_key(value)
        if bare != value and not lenient:
            raise Trouble("unauthorized", f"{name} takes the bare key, without Bearer")
        if bare != value:
            _find(visit, name, "the key came after Bearer; the page shows it bare", operation)
        if bare and name not in operation.key_headers:
            named = " or ".join(operation.key_headers)
            _find(visit, name, f"the page names {named} for the key", operation)
        if bare:
            return bare
    return ""


def meets(visit: Visit, dialect: Dialect, fault: Fault) -> bool:
    """Whether a call is one that `fault` waits for, by its operation and by the key it carries."""
    operation = visit.operation.id if visit.operation else None
    if fault.operation not in (None, operation):
        return False
    return fault.key_sha256 is None or fault.key_sha256 in _digests_of_keys(visit, dialect)


def _digests_of_keys(visit: Visit, dialect: Dialect) -> set[str]:
    names = dialect.reading.key_headers
    sent = (value for name, value in visit.call.headers if name.lower() in names)
    return {key_digest(bare_key(value)) for value in sent}


def _find(visit: Visit, where: str, message: str, operation: Operation) -> None:
    said = operation.key_evidence
    visit.findings.append(Finding(where, message, said.grade, said.source))


def read_fields(visit: Visit, dialect: Dialect, operation: Operation, body: Body) -> None:
    """Put the fields of the call, and what was forgiven, into `visit`.

    Raises:
        Trouble: malformed or invalid.
    """
    lenient = dialect.reading.profile == "lenient"
    try:
        fields, findings = fields_of(visit.call, body, lenient=lenient)
    except Malformed as error:
        raise Trouble("malformed", str(error)) from error
    value = checkable(fields)
    breaches = [*body.validator.breaches(value), *_nameless(fields, body)]
    if breaches:
        raise Trouble("invalid", sentence(breaches), breaches)
    visit.fields = fields
    visit.findings += findings
    page = dialect.documented.operation(operation.id).body
    if lenient and page is not None:
        visit.findings += _forgiven(fields, value, page)
    visit.findings += [
        _finding(breach, body, "advised otherwise: ") for breach in body.advice.breaches(value)
    ]


def _forgiven(fields: Mapping[str, Any], value: Mapping[str, Any], page: Body) -> Iterator[Finding]:
    for breach in (*page.validator.breaches(value), *_nameless(fields, page)):
        yield _finding(breach, page)
    for name in fields.keys() - page.fields.keys():
        yield Finding(name, "the page's table does not list this field", "documented", "the page")
    for field in page.pictures:
        seen = _encoding(fields.get(field.name))
        if seen and seen not in (*field.encodings, "part"):
            message = f"sent as {seen}; the page takes {' or '.join(field.encodings)}"
            said = field.evidence("format")
            yield Finding(field.name, message, said.grade, said.source)


def _finding(breach: Breach, body: Body, before: str = "") -> Finding:
    name = str(breach.path[0]) if breach.path else "body"
    field = body.fields.get(name)
    said = field.evidence(breach.keyword) if field else body.evidence
    return Finding(name, before + breach.message, said.grade, said.source)


def _nameless(fields: Mapping[str, Any], body: Body) -> Iterator[Breach]:
    for field in body.pictures:
        value = fields.get(field.name)
        nameless = isinstance(value, FilePart) and value.filename is None
        if nameless and "part" not in field.encodings:
            yield Breach((field.name,), "encodings", "the file part has no filename")


def _encoding(value: str | FilePart | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, FilePart) and value.filename is None:
        return "part"
    return encoding_of(value.data if isinstance(value, FilePart) else value)


def sentence(breaches: Collection[Breach]) -> str:
    """Return breaches as one line, each with the field it is about."""
    return "; ".join(
        breach.message
        if breach.keyword == "required"
        else f"{'.'.join(str(step) for step in breach.path) or 'body'}: {breach.message}"
        for breach in breaches
    )
