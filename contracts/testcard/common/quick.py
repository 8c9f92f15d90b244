"""Frozen dataclasses that are made as fast as others: for values that every call makes.

A frozen dataclass sets its members past its own guard, by a slow call each; of sixteen members
that is three quarters of the time. Knows dataclasses. Must not know what is kept in them.
"""

from __future__ import annotations

from dataclasses import Field, field, fields, make_dataclass
from inspect import signature
from typing import Any, TypeVar

T = TypeVar("T")


def quick(cls: type[T]) -> type[T]:
    """Have a frozen dataclass with slots made as quickly as one that can be changed.

    Each value is filled while it belongs to an open twin with the same slots, and becomes one of
    `cls` before anybody sees it. Nothing else is different, but that none can be derived from it.

    Raises:
        TypeError: the class has a base, or does more when a value of it is made.
    """
    if hasattr(cls, "__post_init__") or cls.__bases__ != (object,):
        raise TypeError(f"{cls.__name__} is made in a way of its own")
    members = fields(cls)  # type: ignore[arg-type]
    told = tuple(each.name for each in members if each.init)
    twin: Any = make_dataclass(
        cls.__name__, [(each.name, Any, _again(each)) for each in members], slots=True
    )

    def made(cls: type[T], *values: Any, **named: Any) -> T:
        value: T = twin(*values, **named)
        value.__class__ = cls
        return value

    def reduced(value: T) -> tuple[type[T], tuple[Any, ...]]:
        return cls, tuple(getattr(value, name) for name in told)

    cls.__signature__ = signature(cls)  # type: ignore[attr-defined]
    del cls.__init__
    cls.__new__ = made  # type: ignore[assignment]
    cls.__reduce__ = reduced  # type: ignore[assignment, method-assign]
    return cls


def _again(member: Field[Any]) -> Any:
    default, factory = member.default, member.default_factory
    return field(default=default, default_factory=factory, init=member.init)
