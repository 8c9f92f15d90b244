"""The key that a call carries, and what is wrong with it.

Knows Operations and magic keys. Must not know bodies, who answers, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from testcard.common.flaw import Flaw
from testcard.common.keys import bare_key, kind_of
from testcard.common.message import Call
from testcard.common.operation import Operation

_LENIENT_OF_KEYS: Final = ("key-header", "bearer")


def read_key(call: Call, operation: Operation) -> tuple[str, list[Flaw]]:
    """Return the key that a call carries, empty for none, and all that is wrong with it.

    `refused` tells which of it a profile refuses.
    """
    for name in (*operation.key_headers, *operation.key_aliases):
        value = (call.header(name) or "").strip()
        if value:
            key = bare_key(value)
            return key, list(_of_key(operation, name, value, key))
    names = " or ".join(operation.key_headers)
    message, needed = f"no key was sent in {names}", not operation.key_optional
    return "", [_key_flaw(operation, names, "missing-key", message, refused=needed)]


def _of_key(operation: Operation, name: str, value: str, key: str) -> Iterator[Flaw]:
    if name not in operation.key_headers:
        message = f"the page names {' or '.join(operation.key_headers)} for the key"
        needed = not operation.key_optional
        yield _key_flaw(operation, name, "key-header", message, refused=needed)
    if key != value:
        message = f"the key came after Bearer; {name} takes it bare"
        yield _key_flaw(operation, name, "bearer", message)
    if kind_of(key) == "wrong":
        yield _key_flaw(operation, name, "wrong-key", "the key is not valid")


def _key_flaw(
    operation: Operation, name: str, keyword: str, message: str, *, refused: bool = True
) -> Flaw:
    said = operation.key_evidence
    return Flaw("unauthorized", "key", (name,), keyword, message, said, refused)


def refused(flaws: Iterable[Flaw], *, lenient: bool) -> list[Flaw]:
    """Return those of a key's flaws for which a profile refuses a call."""
    passed_over = _LENIENT_OF_KEYS if lenient else ()
    return [each for each in flaws if each.refused and each.keyword not in passed_over]
