"""Values that are made quickly are frozen dataclasses all the same."""

from __future__ import annotations

import pickle
from copy import deepcopy
from dataclasses import FrozenInstanceError, asdict, dataclass, field, replace
from inspect import signature

import pytest

from testcard.common.job import PictureJob
from testcard.common.message import Call
from testcard.common.quick import quick


@dataclass(frozen=True, slots=True)
class Plain:
    """A value as dataclasses make it."""

    name: str
    sizes: list[int] = field(default_factory=list)
    left: int = field(default=0, compare=False)
    seen: str | None = field(default=None, init=False)


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    """The same, made quickly."""

    name: str
    sizes: list[int] = field(default_factory=list)
    left: int = field(default=0, compare=False)
    seen: str | None = field(default=None, init=False)


def test_it_is_what_the_dataclass_was() -> None:
    value, plain = Quick("a", left=2), Plain("a", left=2)
    assert type(value) is Quick
    assert asdict(value) == asdict(plain)
    assert repr(value) == repr(plain).replace("Plain", "Quick")
    assert signature(Quick) == signature(Plain)
    assert value == Quick("a", [], 3) != Quick("b")
    assert value.sizes is not Quick("a").sizes


def test_it_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Quick("a").name = "b"  # type: ignore[misc]


def test_wrong_members_are_refused() -> None:
    for wrong in ({}, {"name": "a", "other": 1}, {"name": "a", "seen": "b"}):
        with pytest.raises(TypeError):
            Quick(**wrong)


def test_it_is_copied_replaced_and_sent_to_another_process() -> None:
    job = PictureJob("p", "a fox", seed=7, options=(("hires", True),))
    assert pickle.loads(pickle.dumps(job)) == deepcopy(job) == job  # noqa: S301 (our own bytes)
    assert replace(job, seed=8) == PictureJob("p", "a fox", seed=8, options=(("hires", True),))
    assert hash(job) == hash(replace(job))
    call = Call("GET", "http://h.example/", (("A", "b"),))
    assert call.header("a") == "b"
    assert pickle.loads(pickle.dumps(call)).header("a") == "b"  # noqa: S301 (our own bytes)


def test_what_is_made_in_a_way_of_its_own_is_left_alone() -> None:
    class Looking:
        def __post_init__(self) -> None:
            raise ValueError

    class Derived(Plain):
        pass

    for odd in (Looking, Derived):
        with pytest.raises(TypeError, match="a way of its own"):
            quick(odd)
