"""The exploring driver: a hypothesis state machine over jobs and credits.

It thinks up stories: orders, questions, downloads, and calls that are to be refused, in any
order. The clauses on jobs, money and errors judge each. What breaks one is told to the session
in few steps; these are found by telling the story again, and only where calls cost nothing.

Knows hypothesis. Must not know what a step sends, or who answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from testcard.contract.session import Session
from testcard.drivers.drawing import generating, nothing_left
from testcard.drivers.story import Deed, Step, Story, shortest

LONGEST: Final = 8
"""Steps that one story has at most."""
_MOST_TOLD: Final = 3  # broken stories that are told; the clauses tell of the rest
_NUMBERS: Final = st.integers(0, 5)


def stateful(session: Session, *, examples: int, seed: int) -> None:
    """Explore jobs and credits in `examples` stories; the same ones for the same seed.

    Raises:
        Stop: the session can send nothing more.
    """
    keeper = StoryKeeper(session)

    def explorer() -> Explorer:
        return Explorer(keeper)

    try:
        with nothing_left():
            # A factory will do, says its documentation; its types want a class.
            run_state_machine_as_test(
                seeded(seed)(explorer),  # type: ignore[arg-type]
                settings=generating(examples, steps=LONGEST),
            )
    except Exception:
        if keeper.stopped is None:
            raise
        raise keeper.stopped from None
    keeper.tell()


@dataclass
class StoryKeeper:
    """Where stories end up.

    Attributes:
        session: what sends.
        broken: clause -> the first story that breaks it.
        stopped: why the session takes no more calls.
    """

    session: Session
    broken: dict[str, Story] = field(default_factory=dict)
    stopped: Exception | None = None

    def do(self, story: Story, step: Step) -> None:
        """Go on with a story, while calls may be sent.

        Raises:
            Stop: nothing more can be sent; again whenever hypothesis asks whether it is so.
        """
        if self.stopped is None:
            try:
                story.do(step)
            except Exception as error:
                self.stopped = error
        if self.stopped is not None:
            raise self.stopped

    def keep(self, story: Story) -> None:
        """Keep a story that breaks a clause which none did before."""
        for clause in story.broken():
            self.broken.setdefault(clause, story)

    def tell(self) -> None:
        """Tell the session of broken stories, in few steps where calls cost nothing."""
        for clause, story in list(self.broken.items())[:_MOST_TOLD]:
            short = shortest(story, clause) if self.session.thorough else story
            end = f"broken: {clause}: {short.broken()[clause]}"
            self.session.tell("\n".join((*short.lines, end)))


def _may(*deeds: Deed) -> Callable[[Any], Any]:
    return precondition(lambda self: any(self.story.may(deed) for deed in deeds))


class Explorer(RuleBasedStateMachine):
    """Thinks up one story."""

    def __init__(self, keeper: StoryKeeper) -> None:
        """Begin; the machine's rules go on."""
        super().__init__()
        self.keeper = keeper
        self.story = Story(keeper.session)

    def _do(self, deed: Deed, which: int = 0) -> None:
        self.keeper.do(self.story, Step(deed, which))

    @_may("order")
    @rule(which=_NUMBERS)
    def order(self, which: int) -> None:
        """Order pictures as a job."""
        self._do("order", which)

    @_may("ask")
    @rule(which=_NUMBERS)
    def ask(self, which: int) -> None:
        """Ask after a job once."""
        self._do("ask", which)

    @_may("wait")
    @rule(which=_NUMBERS)
    def wait(self, which: int) -> None:
        """Ask after a job until it has ended."""
        self._do("wait", which)

    @_may("fetch")
    @rule(which=_NUMBERS)
    def fetch(self, which: int) -> None:
        """Fetch a picture that a job led to."""
        self._do("fetch", which)

    @_may("ask-after-nothing")
    @rule()
    def ask_after_nothing(self) -> None:
        """Ask after a job that nobody ordered."""
        self._do("ask-after-nothing")

    @_may("call")
    @rule(which=_NUMBERS)
    def call(self, which: int) -> None:
        """Have a picture painted at once."""
        self._do("call", which)

    @_may("err", "wrong")
    @rule(deed=st.sampled_from(("err", "wrong", "none", "empty")), which=_NUMBERS)
    def be_refused(self, deed: Deed, which: int) -> None:
        """Send what gets nothing: something wrong, or a key that opens no purse."""
        self._do(deed, which)

    def teardown(self) -> None:
        """Let the clauses judge the story."""
        self.keeper.keep(self.story)
