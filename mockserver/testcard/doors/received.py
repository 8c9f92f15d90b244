"""What a client sent, for people: journal entries that read well, and what was expected of them.

Knows journal entries. Must not know pytest, or a door.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from testcard.body import Finding
from testcard.message import Call, Reply
from testcard.mock.journal import Entry
from testcard.mock.summary import brief
from testcard.mock.turn import ASKED_FOR

_CLIENTS_OWN = ("malformed", "invalid", "method-not-allowed", "too-large")
_MOST_SHOWN = 20


@dataclass(frozen=True, repr=False, slots=True)
class Received:
    """One call that the mock received, and what it answered."""

    entry: Entry

    @property
    def number(self) -> int:
        """From 1, in the order answered."""
        return self.entry.number

    @property
    def provider(self) -> str | None:
        """The provider asked; None where the URL is none's."""
        return self.entry.provider

    @property
    def operation(self) -> str | None:
        """Its operationId; None where the URL and method are none's."""
        return self.entry.operation

    @property
    def verdict(self) -> str:
        """`ok`, or the kind of trouble it was answered with."""
        return self.entry.verdict

    @property
    def fields(self) -> Mapping[str, Any]:
        """What the body said, under the page's names; long texts and pictures in brief."""
        return self.entry.fields

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the page does not promise and was forgiven."""
        return self.entry.findings

    @property
    def call(self) -> Call:
        """The whole call, keys blanked."""
        return self.entry.exchange.call

    @property
    def reply(self) -> Reply:
        """The whole answer."""
        return self.entry.exchange.reply

    @property
    def status(self) -> int:
        """HTTP status of the answer."""
        return self.reply.status

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in self.fields.items())
        who = f"{self.provider or 'nobody'} {self.operation or '(no operation)'}"
        why = f": {self.entry.detail}" if self.entry.detail else ""
        number = len(self.findings)
        many = f", {number} finding{'s' if number > 1 else ''}" if number else ""
        where = f"{self.call.method} {self.call.parts.path}"
        return f"<{self.number} {who}({said}) {where} -> {self.status} {self.verdict}{why}{many}>"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls are meant.

    Attributes:
        provider: id.
        operation: operationId; None for any.
        status: HTTP status of the answer; None for any.
        fields: what the body says; fields not named here may say anything.
    """

    provider: str
    operation: str | None = None
    status: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    def takes(self, received: Received) -> bool:
        """Whether a call is one of them."""
        said = received.fields
        return (
            received.provider == self.provider
            and self.operation in (None, received.operation)
            and self.status in (None, received.status)
            and all(
                name in said and said[name] == brief(value) for name, value in self.fields.items()
            )
        )

    def __str__(self) -> str:
        who = f"{self.provider} {self.operation}" if self.operation else self.provider
        said = ", ".join(f"{name}={brief(value)!r}" for name, value in self.fields.items())
        answered = f" answered with {self.status}" if self.status else ""
        return who + (f" with {said}" if said else "") + answered


class Expectation:
    """Calls that a test says will come.

    Attributes:
        wanted: which.
        times: how often; None for once or more.
        came: how many have come.
    """

    def __init__(self, wanted: Wanted, times: int | None) -> None:
        """Begin with none come."""
        self.wanted = wanted
        self.times = times
        self.came = 0

    def see(self, received: Received) -> None:
        """Count the call, if it is one of those expected."""
        if self.wanted.takes(received):
            self.came += 1

    @property
    def met(self) -> bool:
        """Whether as many have come as were expected."""
        return self.came > 0 if self.times is None else self.came == self.times

    def __repr__(self) -> str:
        return f"<expected: {self.wanted}, {often(self.times)}; came: {self.came}>"


@dataclass(frozen=True, slots=True)
class Breach:
    """Where a client's call is not what the provider's page says.

    Attributes:
        received: the call.
        finding: the field or header, what was seen and what the page says, with its source.
    """

    received: Received
    finding: Finding

    def __str__(self) -> str:
        said = self.finding
        source = f" [{said.grade}: {said.source}]" if said.grade else ""
        who = f"{self.received.provider or 'nobody'} {self.received.operation or ''}".strip()
        return f"{who}, call {self.received.number}: {said.where}: {said.message}{source}"


def breaches_of(received: Received) -> list[Breach]:
    """Return what the client got wrong: what was forgiven, and why the call was refused."""
    findings = list(received.findings)
    entry = received.entry
    nowhere = entry.verdict == "not-found" and entry.operation is None
    if (nowhere or entry.verdict in _CLIENTS_OWN) and entry.detail != ASKED_FOR:
        message = f"the call was refused with {received.status}: {entry.detail}"
        findings.append(Finding(entry.verdict, message, "", ""))
    return [Breach(received, finding) for finding in findings]


def after_received(received: Sequence[Received], forgotten: int = 0) -> str:
    """Return what follows the word "received" in a message: the calls."""
    if not received:
        return ": nothing"
    left_out = max(0, len(received) - _MOST_SHOWN) + forgotten
    lines = [f"  {each!r}" for each in received[-_MOST_SHOWN:]]
    older = [f"  ({left_out} before these)"] if left_out else []
    return ":\n" + "\n".join((*older, *lines))


def listed(items: Iterable[object]) -> str:
    """Return one line for each item."""
    return "\n".join(f"  {item}" for item in items)


def often(times: int | None) -> str:
    """Return a number of times in words."""
    if times is None:
        return "once or more"
    return {1: "once", 2: "twice"}.get(times, f"{times} times")
