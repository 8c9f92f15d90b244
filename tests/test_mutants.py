"""That the contracts catch what providers break: every mutant of the catalogue, and no other.

That the faithful mock breaks nothing with all drivers, `contracts/test_mock.py` shows.

A check without early ends, of every mutant, is what `python -m benchmarks.mutation_score` runs.
"""

from __future__ import annotations

from collections import Counter

import pytest
from tests.mutants.catalogue import PROVIDERS, mutants
from tests.mutants.score import Result, all_faithful, results

from testcard.contract.verdict import Group

_GROUPS: tuple[Group, ...] = ("wire", "pictures", "jobs", "money", "errors")
_LEAST_BY_PLAN = 0.85
_MOST_PAID = 14  # calls of a plan that cost something: about ten


pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def by_plan() -> dict[str, Result]:
    """Every mutant, and the faithful mock in the documented profile, after the live plan."""
    documented = [each.id for each in all_faithful() if each.profile == "documented"]
    return results([*documented, *(mutant.id for mutant in mutants())], "plan")


@pytest.fixture(scope="module")
def by_all(by_plan: dict[str, Result]) -> dict[str, Result]:
    """Every mutant that the plan missed, after a check with all drivers."""
    missed = [each.id for each in mutants() if each.group not in by_plan[each.id].groups]
    return results(missed, "full")


def test_the_catalogue_is_broad() -> None:
    """At least 70 deviations, of all APIs and all groups of clauses, each with a sentence."""
    found = mutants()
    assert len(found) >= 70
    assert len({mutant.id for mutant in found}) == len(found)
    assert {mutant.provider for mutant in found} == set(PROVIDERS)
    counted = Counter(mutant.group for mutant in found)
    assert min(counted[group] for group in _GROUPS) >= 10, counted
    assert all(mutant.sentence.endswith(".") for mutant in found)


def test_every_mutant_is_caught_by_the_clauses_that_are_meant_to(
    by_plan: dict[str, Result], by_all: dict[str, Result]
) -> None:
    missed = {
        mutant.id: (mutant.sentence, by_all[mutant.id].clauses)
        for mutant in mutants()
        if mutant.group not in (by_plan[mutant.id].groups | _groups(by_all, mutant.id))
    }
    assert missed == {}


def _groups(found: dict[str, Result], mutant_id: str) -> frozenset[str]:
    return found[mutant_id].groups if mutant_id in found else frozenset()


def test_the_plan_alone_catches_most_of_them(by_plan: dict[str, Result]) -> None:
    """What a live run sends, in the documented profile, over nothing but the public interface."""
    documented = [mutant for mutant in mutants() if mutant.profile == "documented"]
    caught = [mutant for mutant in documented if mutant.group in by_plan[mutant.id].groups]
    assert len(caught) / len(documented) >= _LEAST_BY_PLAN


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_plan_breaks_nothing_of_the_faithful_mock_and_is_cheap(
    provider: str, by_plan: dict[str, Result]
) -> None:
    result = by_plan[f"{provider}-faithful-documented"]
    assert result.clauses == ()
    assert 0 < result.paid <= _MOST_PAID
