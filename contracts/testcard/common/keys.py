"""Keys and job ids that mean something by how they begin, and keys as they stand in headers.

A mock takes any key but for these, as a payment sandbox has magic card numbers; contracts send
them to see what is refused, and redaction leaves their beginnings, so that a record can be judged.
Knows beginnings. Must not know accounts, statuses, or which headers carry a key.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final, Literal

KeyKind = Literal["none", "good", "wrong", "empty"]

WRONG: Final = "invalid"
"""A key that begins so is refused."""
EMPTY: Final = "nocredits"
"""A key that begins so is accepted, and its account is empty."""
UNKNOWN: Final = "unknown-"
"""An id that begins so is one that no job has, and no uploaded picture."""

WRONG_KEY: Final = f"{WRONG}-testcard-key"
"""A key that no account has."""
EMPTY_KEY: Final = f"{EMPTY}-testcard-key"
"""A key whose account is empty, on testcard's own servers alone."""
UNKNOWN_JOB: Final = f"{UNKNOWN}testcard-job"
"""A job id that no order was answered with."""

UNKNOWN_FILE: Final = f"{UNKNOWN}testcard-file"
"""An id of a picture that nobody uploaded."""

NO_SUCH_JOB: Final = "there is no job with this id"
"""What is said of an id that no job has."""
NO_SUCH_FILE: Final = "no picture that was uploaded has this id"
"""What is said of an id that no uploaded picture has."""

BEGINNINGS: Final = (WRONG, EMPTY)
"""How keys begin that are told apart."""

MAGIC_KEYS: Final = (
    (f"{WRONG}…", "refused as a wrong key is"),
    (f"{EMPTY}…", "accepted; its account is empty"),
    ("any other", "accepted; its account begins with the credits of --credits"),
)
"""How keys begin, and what a mock does with them, for people."""

_BEARER: Final = re.compile(r"(?i)^bearer\s+")


def kind_of(key: str) -> KeyKind:
    """Return what kind of key this is; `none` for an empty one."""
    if not key:
        return "none"
    if key.startswith(WRONG):
        return "wrong"
    return "empty" if key.startswith(EMPTY) else "good"


def unknown_id(id_: str) -> bool:
    """Whether an id says by itself that no job has it, and no uploaded picture."""
    return id_.startswith(UNKNOWN)


def bare_key(value: str) -> str:
    """Return a header's value without the `Bearer` that may stand before the key."""
    value = value.strip()
    return _BEARER.sub("", value) if value[:1] in "bB" else value


def key_digest(key: str) -> str:
    """Return the SHA-256 of a key in hex, which stands for it where it is not to be kept."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
