"""Questions that change nothing: how an account stands, what an API says of itself or of a file.

Knows what is asked. Must not know jobs, pictures, HTTP, or a provider's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from testcard.common.keys import NO_SUCH_FILE
from testcard.common.message import Reply
from testcard.common.trouble import Trouble
from testcard.mock.errand import Errand
from testcard.mock.signing import Signer
from testcard.mock.uploaded import facts_of_file, own_file

WEBHOOK_SECRET: Final = "webhook-secret"  # noqa: S105 (a role)
"""The role of the secret that callbacks are signed with."""

_OF_CALLBACKS: Final[Mapping[str, Callable[[Signer, str], Any]]] = {
    WEBHOOK_SECRET: lambda signer, provider: signer.secret(provider),
    "webhook-keys": lambda signer, provider: [signer.public_key(provider)],
}


def account(errand: Errand) -> Reply:
    """Say what is left to the account of the key."""
    return errand.dialect.informed(errand.visit, errand.world)


def info(errand: Errand) -> Reply:
    """Answer with what is known, of an uploaded file where one is asked after; it costs nothing.

    Raises:
        Trouble: not-found: the account has no file of this id.
    """
    asked = errand.visit.said("file-id")
    if asked is not None:
        found = own_file(errand, str(asked))
        if found is None:
            raise Trouble("not-found", NO_SUCH_FILE)
        errand.visit.facts |= facts_of_file(found, errand)
    for role in _OF_CALLBACKS.keys() & errand.operation.roles:
        tell = _OF_CALLBACKS[role]
        errand.visit.facts[role] = tell(errand.services.signer, errand.dialect.reading.spec.id)
    return errand.dialect.informed(errand.visit, errand.world)
