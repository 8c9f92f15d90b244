"""What a call brings: its key, its fields and its pictures, with what was forgiven on the way.

Knows what operations take, and what the lenient profile forgives. Must not know who answers,
money or time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from testcard.common.body import is_sparse
from testcard.common.fields import Body
from testcard.common.flaw import Flaw, in_words
from testcard.common.keyed import read_key, refused
from testcard.common.keys import bare_key, key_digest
from testcard.common.message import Call
from testcard.common.operation import Operation
from testcard.common.request import read_body, taken_apart
from testcard.common.routed import alias_flaw
from testcard.common.trouble import Trouble
from testcard.mock.dialect import Dialect, Page, Visit
from testcard.mock.fault import Fault

_PREFER = re.compile(r'\b(code|example)\s*=\s*"?([\w.-]+)"?')
LARGE_BODY = 256 << 10
"""Bytes of a body up to which reading it takes less than 3 ms, where it is sparse."""


def note_path(visit: Visit, operation: Operation) -> None:
    """Note where the call goes to a path that only the lenient profile takes."""
    if visit.match.is_alias:
        visit.findings.append(alias_flaw(operation, visit.match.path).finding)


def preferences(call: Call) -> dict[str, str]:
    """Return what the call prefers, of code and example; the first of each counts (RFC 7240)."""
    found: dict[str, str] = {}
    if call.header("prefer") is None:
        return found
    said = ",".join(value for name, value in call.headers if name.lower() == "prefer")
    for name, value in _PREFER.findall(said):
        found.setdefault(name, value)
    return found


def holds_up(call: Call) -> bool:
    """Whether reading the body may take so long that others are not to wait for it."""
    return len(call.body) > LARGE_BODY or not is_sparse(call.body)


def key_of(visit: Visit, operation: Operation, *, lenient: bool) -> str:
    """Return the key that the call carries; empty where it carries none and needs none.

    Raises:
        Trouble: unauthorized: there is no key, or it is not one that is accepted.
    """
    key, flaws = read_key(visit.call, operation)
    if flaws:
        _refuse(refused(flaws, lenient=lenient))
        visit.findings += [flaw.finding for flaw in flaws]
    return key


def meets(visit: Visit, dialect: Dialect, fault: Fault) -> bool:
    """Whether a call is one that `fault` waits for, by its operation and by the key it carries."""
    operation = visit.operation.id if visit.operation else None
    if fault.operation not in (None, operation):
        return False
    if fault.amid and not (visit.operation and visit.operation.errs_amid):
        return False
    return fault.key_sha256 is None or fault.key_sha256 in _digests_of_keys(visit, dialect)


def _digests_of_keys(visit: Visit, dialect: Dialect) -> set[str]:
    names = dialect.reading.key_names
    sent = (value for name, value in visit.call.headers if name.lower() in names)
    found = {key_digest(bare_key(value)) for value in sent}
    if visit.operation:
        found.add(key_digest(read_key(visit.call, visit.operation)[0]))
    return found


def read_fields(visit: Visit, dialect: Dialect, operation: Operation, *, sparse: bool) -> Body:
    """Put the fields of the call, and what was forgiven, into `visit`; return what it may say.

    The page has its say first: where it has nothing against a call, a reading that only loosens
    it has nothing to add. `sparse` is whether the call's body is known to be.

    Raises:
        Trouble: malformed or invalid.
    """
    lenient = dialect.reading.profile == "lenient"
    call, params = visit.call, visit.match.params
    body = visit.takes or operation.takes
    sent = taken_apart(call, body, sparse=sparse) if body.media_type else None
    page = dialect.page_of(visit, operation, body) if lenient else Page(body, True)
    found = read_body(call, page.body, lenient=False, sent=sent, params=params)
    noted = (*found.flaws, *found.notes)
    if lenient and (noted or not page.is_loosened):
        found = read_body(call, body, lenient=True, sent=sent, params=params)
    _refuse(found.flaws)
    visit.fields = found.values
    visit.findings += [flaw.finding for flaw in noted]
    return body


def _refuse(flaws: Sequence[Flaw]) -> None:
    if flaws:
        same = [flaw for flaw in flaws if flaw.kind == flaws[0].kind]
        breaches = [flaw.breach for flaw in same if flaw.kind == "invalid"]
        raise Trouble(flaws[0].kind, in_words(same), breaches)
