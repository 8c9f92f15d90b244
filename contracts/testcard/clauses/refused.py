"""Clauses on refusals: what is wrong is refused, in the documented words.

Knows the flaws of calls. Must not know who answered, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from testcard.clauses.base import always, asks, name_of, replies, role_evidence
from testcard.common.flaw import Flaw
from testcard.common.pointer import flaw_pointer, reply_pointer, response_evidence
from testcard.common.reading import Reading
from testcard.common.spec import Evidence
from testcard.contract.flaw import flaws, hides_values
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling

_HTTP: Final = Evidence("assumed", "HTTP: every call is answered")
_BOUNDS: Final = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
)


def _refused(*keywords: str) -> Callable[[Reading, tuple[ReadExchange, ...]], Iterator[Ruling]]:
    """Return a judge of calls with one of these flaws: whether they were refused."""

    def judge(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
        for each in seen:
            for flaw in flaws(each):
                if flaw.keyword in keywords and each.answered:
                    yield _refusal(each, flaw)

    return judge


def _refusal(seen: ReadExchange, flaw: Flaw) -> Ruling:
    where = f":{flaw.where}" if flaw.where else ""
    return Ruling(
        kept=not seen.succeeded,
        subject=(seen.index,),
        seen=f"status {seen.reply.status}: "
        + (f"served, though {flaw.told}" if seen.succeeded else "refused"),
        expected=f"a refusal: {flaw.told}",
        evidence=flaw.evidence,
        place=flaw_pointer(seen.reading, seen.operation, flaw),
        detail=f"{name_of(seen)}{where}:{flaw.keyword}",
    )


def status(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each refused call that is flawed: whether its status is that of its trouble."""
    for each in seen:
        problems = reading.problems_of(each.operation)
        found = [flaw for flaw in flaws(each) if flaw.kind in problems]
        if not found or each.succeeded or not each.answered or each.reply.status >= 500:
            continue
        if each.reply.status == problems["rate-limited"]:
            continue
        wanted = sorted({problems[flaw.kind] for flaw in found})
        if hides_values(each):  # which may have been wrong as well
            wanted += [problems["invalid"]]
        home = each.operation or reading.operations[0]
        yield Ruling(
            kept=each.reply.status in wanted,
            subject=(each.index,),
            seen=f"status {each.reply.status} for a call that is {found[0].kind}",
            expected=f"status {' or '.join(map(str, wanted))}",
            evidence=response_evidence(home, wanted[0]),
            place=reply_pointer(reading, home, wanted[0]),
            detail=f"{name_of(each)}:{found[0].kind}",
        )


def no_breakdown(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each flawed call: whether it is the client's fault that is told, not a 5xx."""
    for each in seen:
        found = flaws(each)
        if not found or not each.answered:
            continue
        wanted = reading.problems_of(each.operation).get(found[0].kind, 400)
        home = each.operation or reading.operations[0]
        yield Ruling(
            kept=each.reply.status < 500,
            subject=(each.index,),
            seen=f"status {each.reply.status} for a call that is {found[0].kind}",
            expected=f"status {wanted}: {found[0].told}",
            evidence=response_evidence(home, wanted),
            place=reply_pointer(reading, home, wanted),
            detail=f"{name_of(each)}:{found[0].kind}:{found[0].keyword}",
        )


def answered(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each call: whether anything came back."""
    for each in seen:
        found = flaws(each)
        kind = found[0].kind if found else "valid"
        yield Ruling(
            kept=each.answered,
            subject=(each.index,),
            seen="an answer" if each.answered else f"no answer in {each.exchange.elapsed:.1f} s",
            expected="an answer in time",
            evidence=each.operation.evidence if each.operation else _HTTP,
            detail=f"{name_of(each)}:{kind}",
        )


def trace_id(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each trace id after the first: whether it is a fresh one."""
    first: dict[str, ReadExchange] = {}
    for each in seen:
        value = each.said.get("trace-id")
        if value is None:
            continue
        before = first.setdefault(str(value), each)
        if len(first) > 1 or before is not each:
            yield Ruling(
                kept=before is each,
                subject=(before.index, each.index),
                seen=f"trace id {value!r}{'' if before is each else ' again'}",
                expected="another id for each call",
                evidence=role_evidence(each, "trace-id"),
                place=reply_pointer(reading, each.operation, each.reply.status),
                detail=name_of(each),
            )


def _clause(name: str, sentence: str, keywords: tuple[str, ...], wants: str, *roles: str) -> Clause:
    def applies(reading: Reading) -> bool:
        return asks(reading, *roles) if roles else always(reading)

    return Clause(f"errors.{name}", "errors", sentence, applies, _refused(*keywords), wants)


def _limits(*keywords: str) -> Callable[[Reading], bool]:
    def applies(reading: Reading) -> bool:
        return any(
            keyword in field.schema
            for operation in reading.operations
            for field in operation.takes.fields.values()
            for keyword in keywords
        )

    return applies


def _keyed(reading: Reading) -> bool:
    return any(not operation.key_optional for operation in reading.operations)


CLAUSES: Final = (
    Clause(
        "errors.missing-key",
        "errors",
        "A call without a key is refused.",
        _keyed,
        _refused("missing-key"),
        "a call without a key",
    ),
    _clause("wrong-key", "A wrong key is refused.", ("wrong-key",), "a call with a wrong key"),
    _clause("unknown-route", "What is not there is not found.", ("path",), "a call elsewhere"),
    _clause(
        "wrong-method",
        "A wrong method is refused.",
        ("method",),
        "a call with another method than the page's",
    ),
    _clause(
        "malformed",
        "A body that cannot be read is refused.",
        ("body", "media-type"),
        "a call whose body is not of the documented kind",
    ),
    _clause(
        "required",
        "A call without a required field is refused.",
        ("required",),
        "a call that lacks a required field",
    ),
    Clause(
        "errors.bounds-refused",
        "errors",
        "Values just outside a bound are refused.",
        _limits(*_BOUNDS),
        _refused(*_BOUNDS),
        "a call with a value just outside a bound",
    ),
    Clause(
        "errors.enum-refused",
        "errors",
        "Values that a list does not have are refused.",
        _limits("enum"),
        _refused("enum", "const"),
        "a call with a value that a list does not have",
    ),
    _clause(
        "type-refused",
        "Values of another type are refused.",
        ("type", "format"),
        "a call with a value of another type",
    ),
    _clause(
        "picture-refused",
        "What is no picture, or comes in another way than those listed, is refused.",
        ("picture", "encodings", "file-id"),
        "a call with something in a picture's place",
        "init-image",
        "mask-image",
        "file",
    ),
    Clause(
        "errors.status",
        "errors",
        "Each trouble is answered with its own status.",
        always,
        status,
        "a call that is refused",
    ),
    Clause(
        "errors.no-breakdown",
        "errors",
        "A wrong call is told so, and never breaks the server down.",
        always,
        no_breakdown,
        "a wrong call",
    ),
    Clause(
        "errors.answered",
        "errors",
        "Every call is answered in time.",
        always,
        answered,
        "any call",
    ),
    Clause(
        "errors.trace-id",
        "errors",
        "Every error has a trace id of its own.",
        lambda reading: replies(reading, "trace-id"),
        trace_id,
        "two failed calls",
    ),
)
