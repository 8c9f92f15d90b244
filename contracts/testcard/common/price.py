"""What a successful call costs: a number, or an expression over what is asked for.

`samples * table('by_quality', quality, size)`: names are roles with `_` for `-`, and what follows
from them (`megapixels`, `prompt_characters`); functions are `min max ceil floor round table`. To a
table, a word that is not told is `unknown`.

Knows what calls ask for. Must not know accounts, who charges, or any one provider.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from functools import cache
from typing import Any, Final

from testcard.common.asked import Asked
from testcard.common.document import Evidence, Node, evidence

Terms = Mapping[str, Any]
"""What an expression may name: numbers and words."""

ALWAYS: Final = frozenset({"samples", "prompt_characters", "width", "height", "megapixels", "size"})
"""Terms that every call has, whatever it says."""
FUNCTIONS: Final = frozenset({"min", "max", "ceil", "floor", "round", "table"})

_DEFAULTS: Final = {"samples": Decimal(1), "prompt_characters": Decimal(0)}
_MILLION: Final = 1_000_000
_ELSE: Final = "unknown"


class PriceError(ValueError):
    """A price cannot be told: a word of it has no value, or it is no expression at all."""


@dataclass(frozen=True)
class Price:
    """The price of an operation's successes.

    Attributes:
        told: a number, or the expression as the spec has it.
        unit: credits, usd or tokens.
        least: where the page gives a range, its lower end; None where it gives none.
        most: the upper end.
        tables: name -> word, or words with `/` between, -> number; `unknown` for any other word.
        evidence: where it stands.
    """

    told: Decimal | str
    unit: str
    least: Decimal | None
    most: Decimal | None
    tables: Mapping[str, Mapping[str, Decimal]]
    evidence: Evidence

    @property
    def is_flat(self) -> bool:
        """Whether it is the same for every call."""
        return isinstance(self.told, Decimal)

    def of(self, terms: Terms) -> Decimal:
        """Return what a call of these terms costs.

        Raises:
            PriceError: a term that it needs is not told, or no table has it.
        """
        if isinstance(self.told, Decimal):
            return self.told
        found = _evaluated(self.told, terms, self._looked_up)
        if not isinstance(found, Decimal) or not found.is_finite() or found < 0:
            raise PriceError(f"{self.told!r} is {found}, which is no price")
        return found

    def known(self, terms: Terms) -> Decimal | None:
        """Return what a call of these terms costs; None where they do not tell."""
        try:
            return self.of(terms)
        except PriceError:
            return None

    def _looked_up(self, table: str, *words: Any) -> Decimal:
        there, key = self.tables[table], "/".join(map(_word, words))
        if key not in there and _ELSE not in there:
            raise PriceError(f"the table {table!r} has no {key!r}, and no {_ELSE!r}")
        return there.get(key, there.get(_ELSE, Decimal(0)))


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """What an expression goes by.

    Attributes:
        numbers: names that it reckons with.
        words: name of a table -> the names that it looks up there; each use by itself.
        functions: that it calls.
    """

    numbers: frozenset[str]
    words: tuple[tuple[str, tuple[str, ...]], ...]
    functions: frozenset[str]


def price_terms(expression: str) -> PriceTerms:
    """Return what an expression goes by.

    Raises:
        PriceError: it is none.
    """
    parsed = _parsed(expression)
    calls = [each for each in ast.walk(parsed) if isinstance(each, ast.Call)]
    called = [(getattr(each.func, "id", ""), each) for each in calls]
    looked_up = [each.args for name, each in called if name == "table" and each.args]
    inside = {id(part) for parts in looked_up for part in parts[1:] if isinstance(part, ast.Name)}
    functions = {id(each.func) for each in calls}
    names = [each for each in ast.walk(parsed) if isinstance(each, ast.Name)]
    return PriceTerms(
        frozenset(each.id for each in names if id(each) not in inside | functions),
        tuple(
            (
                str(getattr(parts[0], "value", "")),
                tuple(each.id for each in parts[1:] if isinstance(each, ast.Name)),
            )
            for parts in looked_up
        ),
        frozenset(name for name, _ in called),
    )


def price_in(node: Node) -> Price:
    """Return a price as the spec has it.

    Raises:
        PriceError: it is no expression.
    """
    said = node["credits"]
    least, most = [*map(_number, node.get("range", ())), None, None][:2]
    tables = {
        name: {word: _number(value) for word, value in table.items()}
        for name, table in node.get("tables", {}).items()
    }
    told = said if isinstance(said, str) else _number(said)
    found = Price(
        told, node.get("unit", "credits"), least, most, tables, evidence({"x-testcard": node})
    )
    if isinstance(said, str):
        _parsed(said)
    return found


def terms_of(asked: Asked, size: tuple[int, int] | None) -> dict[str, Any]:
    """Return what a call tells a price.

    Args:
        asked: by its fields.
        size: of its pictures, in pixels; None where that cannot be known.
    """
    terms: dict[str, Any] = dict(_DEFAULTS)
    for role, value in asked.by_role.items():
        name = role.replace("-", "_")
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            continue
        terms[name] = value if isinstance(value, str) else _number(value)
    terms |= {role.replace("-", "_"): _number(value) for role, value in asked.numbers.items()}
    terms["prompt_characters"] = Decimal(len(str(asked.by_role.get("prompt") or "")))
    if size is not None:
        terms["width"], terms["height"] = map(Decimal, size)
        terms["megapixels"] = terms["width"] * terms["height"] / _MILLION
        terms.setdefault("size", f"{size[0]}x{size[1]}")
    return terms


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise PriceError(f"{value!r} is no number") from error


def _word(value: Any) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _evaluated(expression: str, terms: Terms, table: Callable[..., Decimal]) -> Any:
    from simpleeval import InvalidExpression, NameNotDefined

    try:
        untold = (name for _, names in price_terms(expression).words for name in names)
        known = {**dict.fromkeys(untold, _ELSE), **terms}
        return _evaluator(known, table).eval(expression, previously_parsed=_parsed(expression))
    except NameNotDefined as error:
        raise PriceError(f"{expression!r} needs {error.name}, which is not told") from error
    except (InvalidExpression, ArithmeticError, TypeError, KeyError) as error:
        raise PriceError(f"{expression!r} cannot be worked out: {error}") from error


@cache
def _parsed(expression: str) -> Any:
    from simpleeval import InvalidExpression, SimpleEval

    try:
        return SimpleEval.parse(expression)
    except (InvalidExpression, SyntaxError) as error:
        raise PriceError(f"{expression!r} is no expression: {error}") from error


def _evaluator(terms: Terms, table: Callable[..., Decimal]) -> Any:
    from simpleeval import SimpleEval

    functions: dict[str, Callable[..., Any]] = {
        "min": min,
        "max": max,
        "ceil": lambda value: value.to_integral_value(ROUND_CEILING),
        "floor": lambda value: value.to_integral_value(ROUND_FLOOR),
        "round": lambda value, digits=Decimal(0): round(value, int(digits)),
        "table": table,
    }
    made = SimpleEval(functions=functions, names=dict(terms))

    def constant(node: ast.Constant) -> Any:
        return _number(node.value) if isinstance(node.value, int | float) else node.value

    made.nodes[ast.Constant] = constant
    return made
