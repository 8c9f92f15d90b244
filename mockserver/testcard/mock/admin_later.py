"""What /_testcard/ answers about what comes later: deliveries of callbacks, their keys, and time.

Knows outboxes and worlds. Must not know how a call got here, HTTP, or who may ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from testcard.common.callbacks import Scheme
from testcard.common.message import Call
from testcard.mock.admin_spec import Refused
from testcard.mock.administered import Administered, Said, served
from testcard.mock.delivery import DeliveryEntry
from testcard.mock.summary import message_summary


def _deliveries(parts: Administered, _: Call, said: Said) -> dict[str, Any]:
    journal = parts.outbox.journal
    entries = journal.entries(served(parts, said.get("provider")))
    shown = entries[max(0, len(entries) - said.get("limit", 100)) :]
    return {"forgotten": journal.forgotten, "entries": [_shown(each) for each in shown]}


def _shown(entry: DeliveryEntry) -> dict[str, Any]:
    call, status = entry.exchange.call, entry.exchange.reply.status
    return {
        "number": entry.number,
        "started": entry.exchange.started,
        "milliseconds": round(entry.exchange.elapsed * 1000, 3),
        "provider": entry.provider,
        "operation": entry.operation,
        "callback": entry.callback,
        "job": entry.job,
        "phase": entry.phase,
        "attempt": entry.attempt,
        "fate": entry.fate,
        "detail": entry.detail,
        "call": {"method": call.method, "url": call.url, **message_summary(call)},
        "status": status or None,
    }


def _jwks(parts: Administered, _: Call, __: Said) -> dict[str, Any]:
    signer = parts.outbox.signer
    return {"keys": [signer.public_key(name) for name in _signing(parts, ("ed25519",))]}


def _secrets(parts: Administered, _: Call, __: Said) -> list[dict[str, Any]]:
    signer = parts.outbox.signer
    return [
        {"provider": name, "secret": None if signer.is_told(name) else signer.secret(name)}
        for name in _signing(parts, ("standard-webhooks", "hmac-sha256"))
    ]


def _signing(parts: Administered, schemes: tuple[Scheme, ...]) -> Iterator[str]:
    """The providers some of whose callbacks are signed so."""
    for name, dialect in parts.dialects.items():
        callbacks = (one for each in dialect.reading.operations for one in each.callbacks)
        if any(each.signing and each.signing.scheme in schemes for each in callbacks):
            yield name


def _clock(parts: Administered, _: Call, __: Said) -> dict[str, float]:
    return {"now": parts.world.now(), "ahead": parts.world.ahead()}


def _advance(parts: Administered, call: Call, said: Said) -> dict[str, float]:
    try:
        parts.world.advance(said["advance"])
    except ValueError as error:
        raise Refused(str(error)) from error
    parts.outbox.stir()
    return _clock(parts, call, said)


LATER: Final[Mapping[str, Callable[[Administered, Call, Said], Any]]] = {
    "deliveries": _deliveries,
    "webhookKeys": _jwks,
    "webhookSecrets": _secrets,
    "clock": _clock,
    "advanceClock": _advance,
}
"""operationId -> what answers it."""
