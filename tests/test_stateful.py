"""The exploring driver: stories of jobs and credits, told in few steps where they go wrong."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from tests.mutants.catalogue import PROVIDERS
from tests.mutants.mutant import Mutant, faithful
from tests.mutants.score import known

from testcard.assembly import find
from testcard.common.reading import Profile, read
from testcard.contract.flaw import flaws
from testcard.contract.session import Budget, Session, Stop
from testcard.contract.targets import InProcess
from testcard.contract.trace import read_trace
from testcard.contract.verdict import TargetKind
from testcard.drivers.stateful import stateful

_BOTH: tuple[Profile, ...] = ("documented", "lenient")
_EXAMPLES = 40  # what is drawn hangs on the modules that hypothesis finds loaded


def _explored(
    mutant: Mutant,
    *,
    thorough: bool = True,
    budget: Decimal | None = None,
    examples: int = _EXAMPLES,
) -> Session:
    kind: TargetKind = "mock" if thorough else "live"
    session = Session(
        read(find(mutant.provider)[0], mutant.profile),
        InProcess(mutant.build(), kind=kind),
        budget=Budget(credits=budget),
        thorough=thorough,
        sleep=lambda _: None,
    )
    stateful(session, examples=examples, seed=1)
    return session


@pytest.mark.parametrize("profile", _BOTH)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_faithful_mock_has_no_story_to_tell(provider: str, profile: Profile) -> None:
    session = _explored(faithful(provider, profile), examples=15)
    assert session.notes == []
    assert len(session.exchanges) > 15


@pytest.mark.parametrize(
    ("mutant", "told", "most"),
    [
        ("imagepipeline-relapse", "PENDING after SUCCESS", 4),
        ("imagepipeline-url-short", " of them different; expected: ", 3),
        ("imagepipeline-unknown-pending", "for an id that no order was answered with", 1),
        ("segmind-failures-charged", "over 1 successes and 1 failures", 3),
        ("segmind-charged-twice", "the balance fell by 2 over 1 successes", 2),
        ("segmind-empty-served", "status 200, served; expected: a refusal with status 406", 1),
    ],
)
def test_a_broken_promise_is_told_in_few_steps(mutant: str, told: str, most: int) -> None:
    stories = _explored(known(mutant)).notes
    story = min((each for each in stories if told in each), key=len)
    steps = re.findall(r"(?m)^\d+\. ", story)
    assert 1 <= len(steps) <= most, story


def test_where_calls_cost_nothing_is_told_again() -> None:
    """A live run sends as many calls with a broken promise as without."""
    kept = _explored(faithful("imagepipeline"), thorough=False)
    broken = _explored(known("imagepipeline-unknown-200"), thorough=False)
    assert len(broken.exchanges) == len(kept.exchanges)
    assert broken.notes


def test_nothing_wrong_but_keys_is_sent_where_calls_cost() -> None:
    session = _explored(faithful("segmind"), thorough=False)
    seen = read_trace(session.reading, tuple(session.exchanges))
    assert {flaw.kind for each in seen for flaw in flaws(each)} == {"unauthorized"}


def test_a_limit_ends_the_exploring() -> None:
    with pytest.raises(Stop, match="budget of 3 credits"):
        _explored(faithful("segmind"), thorough=False, budget=Decimal(3))
