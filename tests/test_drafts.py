"""The one generator of calls: each valid draft is valid, each wrong one wrong as it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.mutants.catalogue import PROVIDERS
from tests.traces import reading

from testcard.common.message import Exchange, Reply
from testcard.common.reading import Profile, Reading
from testcard.contract.calls import Links
from testcard.contract.flaw import flaws
from testcard.contract.session import Session
from testcard.contract.targets import InProcess
from testcard.drivers.drafts import Draft, Written, call_for, drafts
from testcard.drivers.fuzz import everything
from testcard.drivers.plan import planned
from testcard.drivers.story import Step, Story
from testcard.drivers.values import Values

_EVERY = pytest.mark.parametrize("provider", PROVIDERS)


def session(provider: str, profile: Profile = "documented", *, thorough: bool = True) -> Session:
    target = InProcess(lambda _: Reply(401))
    return Session(reading(provider, profile), target, thorough=thorough)


def all_values(by: Reading) -> Iterator[Values]:
    for operation in by.operations:
        if operation.body is not None:
            yield Values(operation, operation.body, thorough=True, links=Links())


def all_drafts(by: Reading) -> list[Draft]:
    """Every draft, changed from what is cheapest and from what is compared."""
    return [
        draft
        for values in all_values(by)
        for base in (values.cheapest(), values.base())
        for draft in drafts(values, base)
        if not unwritable(draft)
    ]


def unwritable(draft: Draft) -> bool:
    """Whether it holds a number of more than 64 bits, which `fuzz` passes over."""
    value = {} if isinstance(draft.value, Written) else draft.value
    numbers = [each for each in value.values() if isinstance(each, int | float)]
    return any(not -(2**63) <= each < 2**64 for each in numbers)


def said(ready: Session, draft: Draft) -> set[tuple[str, str]]:
    """Return what is wrong with a draft, as the page's own reading has it."""
    call = call_for(ready.reading, draft, ready.key)
    seen = ready.read(Exchange(call, Reply(0)))
    return {(flaw.where, flaw.keyword) for flaw in flaws(seen)}


@_EVERY
def test_a_draft_is_wrong_as_it_says_and_in_nothing_else(provider: str) -> None:
    ready = session(provider)
    surprises = {
        f"{draft.operation.id}: {draft.why}": (draft.where, draft.breaks, found)
        for draft in all_drafts(ready.reading)
        if not agree(draft, found := said(ready, draft))
    }
    assert surprises == {}


def agree(draft: Draft, found: set[tuple[str, str]]) -> bool:
    """Whether the field is the one named, and its keyword among those broken."""
    if not draft.breaks:
        return not found
    return (draft.where, draft.breaks) in found and {where for where, _ in found} == {draft.where}


@_EVERY
def test_a_lenient_reading_forgives_some_and_finds_no_more(provider: str) -> None:
    ready = session(provider, "lenient")
    strict = session(provider)
    by_page = {repr(each.value): said(strict, each) for each in all_drafts(strict.reading)}
    for draft in all_drafts(ready.reading):
        wrong = {where for where, _ in said(ready, draft)}
        if repr(draft.value) in by_page:
            assert wrong <= {where for where, _ in by_page[repr(draft.value)]}


@_EVERY
def test_everything_that_a_page_asks_of_a_field_is_broken_once(provider: str) -> None:
    """By the drafts that are worth a call of a run that costs."""
    for values in all_values(reading(provider)):
        telling = [each for each in drafts(values, values.base()) if each.telling and each.breaks]
        broken = {(each.where, each.breaks) for each in telling}
        for name, field in values.body.fields.items():
            asked = {"minimum", "maximum", "multipleOf", "enum", "pattern"} & field.schema.keys()
            assert {(name, keyword) for keyword in asked} <= broken
            assert ((name, "required") in broken) == field.required
            no_picture = {(name, "picture"), (name, "encodings")} & broken
            assert bool(no_picture) == bool(field.encodings)
        assert {"body", "media-type"} <= {each.breaks for each in telling}


def test_the_same_operation_gives_the_same_drafts() -> None:
    assert all_drafts(reading("segmind")) == all_drafts(reading("segmind"))


def same(draft: Draft) -> tuple[str, str]:
    return draft.operation.id, draft.why


@_EVERY
def test_all_drivers_draw_from_it(provider: str) -> None:
    """The plan sends what is worth a call, `fuzz` sends all, a story's errors are among them."""
    ready = session(provider)
    known = {same(each) for each in all_drafts(ready.reading)}
    telling = {
        f"{each.operation.id}: {each.why}"
        for values in all_values(ready.reading)
        for each in drafts(values, values.base())
        if each.telling and not big(each)
    }
    purposes = {step.purpose for step in planned(ready)}
    assert telling <= purposes

    sent = {same(each) for each in everything(ready.reading, Links(), examples=1, seed=0)}
    assert known <= sent

    story = Story(ready)
    for which in range(6):
        story.do(Step("err", which))
    assert len(story.lines) == 6
    wrong = {f"{operation}: {why}" for operation, why in known}
    told = [line.partition("call ")[2].partition(" -> ")[0] for line in story.lines]
    assert set(told) <= wrong
    assert len(set(told)) > 1


def big(draft: Draft) -> bool:
    """Whether it holds a whole number that not every JSON reader keeps."""
    value = {} if isinstance(draft.value, Written) else draft.value
    return any(isinstance(each, int | float) and abs(each) >= 2**53 for each in value.values())


def test_a_live_plan_takes_one_wrong_call_for_each_thing_and_no_valid_edge() -> None:
    ready = session("segmind", thorough=False)
    found = [(f"{each.operation.id}: {each.why}", each) for each in all_drafts(ready.reading)]
    wrong = {purpose for purpose, each in found if each.breaks}
    right = {purpose for purpose, each in found if not each.breaks}
    purposes = [step.purpose for step in planned(ready)]
    assert len([each for each in purposes if each in wrong]) > 15
    assert not set(purposes) & right
