"""What a spec says of prices that nobody could tell: no expressions, words that no call has.

Knows prices and what calls say. Must not know files, accounts, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from testcard.common.document import Keys, Node, SpecRefusal, calls_in, words
from testcard.common.members import body_holder, parameter_field
from testcard.common.place import Field
from testcard.common.price import ALWAYS, FUNCTIONS, PriceError, PriceTerms, price_terms
from testcard.common.schema import types

_MAKING: Final = ("pictures", "job")
_ELSE: Final = "unknown"


def _expressions(document: Node) -> Iterator[SpecRefusal]:
    """Each expression is one, of functions and tables that are there."""
    for at, node in _prices(document):
        try:
            terms = price_terms(node["credits"])
        except PriceError as error:
            yield SpecRefusal((*at, "credits"), str(error), "a number, or one over roles")
            continue
        for name in sorted(terms.functions - FUNCTIONS):
            yield SpecRefusal(
                (*at, "credits"), f"{name!r} is no function", f"one of {_listed(FUNCTIONS)}"
            )
        for table, _ in terms.words:
            if table not in node.get("tables", {}):
                yield SpecRefusal((*at, "credits"), f"no table is called {table!r}", "it in tables")


def _untold(document: Node) -> Iterator[SpecRefusal]:
    """Each call tells what its price goes by, or a table has a number for what is unknown."""
    for path, method, operation in calls_in(document):
        own = words(operation).get("price")
        node = own or words(document)["price"]
        if words(operation)["does"] not in _MAKING or not isinstance(node["credits"], str):
            continue
        at: Keys = (
            ("paths", path, method, "x-testcard", "price") if own else ("x-testcard", "price")
        )
        try:
            terms = price_terms(node["credits"])
        except PriceError:
            continue  # said above
        for name in sorted(_needed(terms, node.get("tables", {})) - ALWAYS):
            role = name.replace("_", "-")
            if not all(
                _is_told(fields, role) for fields in _calls(document["paths"][path], operation)
            ):
                seen = (
                    f"it needs {name}, which calls of {operation['operationId']} may leave untold"
                )
                yield SpecRefusal(
                    (*at, "credits"),
                    seen,
                    f"a field of role {role} that is sure, or `{_ELSE}` in a table",
                )


def _prices(document: Node) -> Iterator[tuple[Keys, Node]]:
    homes: list[tuple[Keys, Node]] = [((), document)]
    homes += [(("paths", path, method), node) for path, method, node in calls_in(document)]
    for at, home in homes:
        price = words(home).get("price", {})
        if isinstance(price.get("credits"), str):
            yield (*at, "x-testcard", "price"), price


def _needed(terms: PriceTerms, tables: Node) -> set[str]:
    """The names without which there is no number."""
    looked_up = (
        name for table, names in terms.words for name in names if _ELSE not in tables.get(table, {})
    )
    return {*terms.numbers, *looked_up}


def _calls(item: Node, operation: Node) -> Iterator[list[Field]]:
    """Yield the fields of a call, for each media type of its body."""
    listed = [*item.get("parameters", ()), *operation.get("parameters", ())]
    beside = [parameter_field(each) for each in listed]
    contents: Iterable[Node] = operation.get("requestBody", {}).get("content", {}).values()
    for content in contents or ({"schema": {}},):
        yield [*beside, *body_holder(content["schema"]).leaves()]


def _is_told(fields: list[Field], role: str) -> bool:
    """Whether some field of this role always says something."""
    for each in fields:
        meanings: Any = words(each.schema).get("values", {})
        if role in {name for told in meanings.values() if isinstance(told, dict) for name in told}:
            return True
        sure = each.required and "null" not in types(each.whole)
        if each.role == role and (each.default is not None or sure):
            return None not in meanings.values()
    return False


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


CHECKS: Final[tuple[Callable[[Node], Iterator[SpecRefusal]], ...]] = (_expressions, _untold)
