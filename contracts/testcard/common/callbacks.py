"""What is sent later about a call: OpenAPI's callbacks of an operation, as values.

Where a callback goes stands in OpenAPI's own words; in which states it comes, who chooses, how it
is signed and when it is repeated stands under `x-testcard`. Knows OpenAPI and `x-testcard`. Must
not know who sends, HTTP, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from testcard.common.document import Node, words
from testcard.common.schema import Schema
from testcard.common.states import AT_WORK, PHASES, Phase

Scheme = Literal["standard-webhooks", "hmac-sha256", "ed25519"]

METHODS: Final = ("post", "put", "patch")
"""Those that a callback may be sent with."""

STANDARD_HEADERS: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")
"""What standard-webhooks sends with each (standardwebhooks.com)."""

ENDINGS: Final[frozenset[Phase]] = frozenset(PHASES) - AT_WORK
"""The states in which a callback comes where nothing is said."""

_TIMEOUT: Final = 10.0  # seconds, where no page says


@dataclass(frozen=True, slots=True)
class Signing:
    """How what is sent is signed.

    Attributes:
        scheme: standard-webhooks, hmac-sha256 or ed25519.
        header: that carries the signature.
        message: what is signed: `{body}`, `{sha256}` of it in hex, and headers by their names.
        written: hex or base64.
        prefix: ahead of the signature.
        secret: expression that says where a call has a secret of its own; empty for none.
    """

    scheme: Scheme
    header: str = "webhook-signature"
    message: str = "{webhook-id}.{webhook-timestamp}.{body}"
    written: Literal["hex", "base64"] = "base64"
    prefix: str = "v1,"
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """How a client chooses what it is sent.

    Attributes:
        by: expression that says where the call has the words.
        events: word -> the states in which it asks to be told.
    """

    by: str
    events: Mapping[str, frozenset[Phase]]


@dataclass(frozen=True, slots=True)
class Callback:
    """What is sent later about one call.

    Attributes:
        name: under which the spec has it.
        address: the URL, with expressions in braces.
        method: in capitals.
        node: OpenAPI's operation of it.
        schema: of what is sent, as JSON.
        headers: name -> schema, of what is sent with it.
        when: the states in which it comes.
        filter: how a client chooses others; None where it cannot.
        signing: None where it is not signed.
        repeat: seconds from one attempt without a 2xx to the next.
        timeout: seconds that the receiver has to answer.
    """

    name: str
    address: str
    method: str
    node: Node
    schema: Schema
    headers: Mapping[str, Schema]
    when: frozenset[Phase]
    filter: Filter | None
    signing: Signing | None
    repeat: tuple[float, ...]
    timeout: float


def callback_nodes(operation: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Node]]:
    """Yield name, address, method (in small letters) and node of each callback of an operation."""
    for name, addresses in operation.get("callbacks", {}).items():
        for address, item in addresses.items():
            yield from ((name, address, way, item[way]) for way in METHODS if way in item)


def callbacks_of(operation: Node) -> tuple[Callback, ...]:
    """Return the callbacks of an operation, in its order."""
    does = words(operation)["does"]
    return tuple(_callback(does, *each) for each in callback_nodes(operation))


def _callback(does: str, name: str, address: str, method: str, node: Node) -> Callback:
    own = words(node)
    usual = ENDINGS if does == "job" else frozenset({"succeeded"})
    return Callback(
        name=name,
        address=address,
        method=method.upper(),
        node=node,
        schema=next(iter(node["requestBody"]["content"].values()))["schema"],
        headers={each["name"]: each["schema"] for each in node.get("parameters", ())},
        when=frozenset(own.get("when", usual)),
        filter=_filter(own["filter"]) if "filter" in own else None,
        signing=_signing(own["signed"]) if "signed" in own else None,
        repeat=tuple(own.get("repeat", ())),
        timeout=own.get("timeout", _TIMEOUT),
    )


def _filter(said: Node) -> Filter:
    return Filter(said["by"], {word: frozenset(each) for word, each in said["events"].items()})


def _signing(said: Mapping[str, Any]) -> Signing:
    scheme, secret = cast("Scheme", said["scheme"]), said.get("secret", "")
    if scheme == "standard-webhooks":
        return Signing(scheme, secret=secret)
    return Signing(
        scheme,
        header=said["header"],
        message=said.get("message", "{body}"),
        written=said.get("as", "hex"),
        prefix=said.get("prefix", ""),
        secret=secret,
    )
