"""What a mutant is: the faithful mock with one small deviation, and how it is put together.

Knows the mock's parts. Must not know any one deviation, or who looks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, cast

from testcard.assembly import find
from testcard.card.engine import CardEngine
from testcard.common.job import Engine
from testcard.common.message import Call, Reply
from testcard.common.operation import Operation
from testcard.common.reading import Profile
from testcard.common.schema import merged
from testcard.common.spec import Node, Spec, resolved
from testcard.contract.verdict import Group
from testcard.mock.core import Mock, Work
from testcard.mock.inputs import Inputs
from testcard.mock.journal import Entry, Journal
from testcard.mock.memory_world import MemoryWorld
from testcard.mock.studio import Studio
from testcard.mock.world import JobPolicy
from testcard.providers.base import SpecDialect

Answer = Callable[[Call], Reply]
"""What stands in for a mutant where a target is wanted: one Reply for each Call."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One call and the faithful answer to it, as a deviation sees them.

    Attributes:
        mock: the mock underneath.
        call: as sent.
        reply: the faithful answer.
        operation: what the call was for; None for unknown routes and for job pictures.
        verdict: the journal's word on it: ok, or a kind of trouble; empty for the mock's own.
        fields: of the body, in brief.
    """

    mock: Mutated
    call: Call
    reply: Reply
    operation: Operation | None
    verdict: str
    fields: Mapping[str, Any]

    @property
    def painted(self) -> bool:
        """Whether the answer carries pictures, or is one that a job led to."""
        does = self.operation.does if self.operation else ""
        return (self.verdict == "ok" and does == "pictures") or self.download

    @property
    def download(self) -> bool:
        """Whether the answer is a picture that a job led to."""
        return self.operation is None and self.verdict == "ok"

    def job_says(self, state: str) -> bool:
        """Whether the answer tells that a job is in `state`."""
        does = self.operation.does if self.operation else ""
        return does.startswith("job") and f'"{state}"'.encode() in self.reply.body


Around = Callable[["Mutated", Call], Reply]
"""A deviation around the faithful answer, which `mutated.faithful(call)` gives."""


class Mutated(Mock):
    """A mock with something around its answers; doors and targets take it for any other."""

    around: Around | None = None
    last: Entry | None = None

    def begin(self, call: Call) -> Reply | Work:
        """Answer with the deviation, as work to be done."""
        around = self.around
        return super().begin(call) if around is None else lambda: around(self, call)

    def faithful(self, call: Call) -> Scene:
        """Answer as the mock itself would."""
        self.last = None
        step = super().begin(call)
        reply = step if isinstance(step, Reply) else step()
        entry = self.last
        if entry is None:
            return Scene(self, call, reply, None, "", {})
        operation = self.route(call).operation
        return Scene(self, call, reply, operation, entry.verdict, entry.fields)

    def watch(self, entry: Entry) -> None:
        """Keep the journal's latest entry."""
        self.last = entry


@dataclass(frozen=True)
class Mutant:
    """One seeded deviation.

    Attributes:
        id: provider and what deviates.
        provider: id of the provider that it is of.
        group: of the clauses that are to catch it.
        sentence: what it does wrong.
        around: makes what stands around the faithful answers; None for nothing.
        spec: merge patch on the spec that the mock answers by.
        engine: what paints.
        world: what keeps accounts and jobs.
        policy: when jobs end.
        forgetful: whether the same job is painted anew each time.
        profile: of the mock underneath.
    """

    id: str
    provider: str
    group: Group
    sentence: str
    around: Callable[[], Around] | None = None
    spec: Node = field(default_factory=dict)
    engine: Callable[[Engine], Engine] | None = None
    world: type[MemoryWorld] = MemoryWorld
    policy: JobPolicy = JobPolicy()  # noqa: RUF009 (frozen)
    forgetful: bool = False
    profile: Profile = "documented"

    @property
    def is_faithful(self) -> bool:
        """Whether it deviates in nothing."""
        return self.id.endswith(f"-faithful-{self.profile}")

    def mock(self) -> Mutated:
        """Put the mutant together, in a world of its own."""
        spec, dialect = _found(self.provider)
        engine = CardEngine() if self.engine is None else self.engine(CardEngine())
        mutated = Mutated(
            [dialect(patched(spec, self.spec), self.profile, {})],
            self.world(policy=self.policy),
            engine,
            _shared_inputs(),
            journal=Journal(lambda entry: mutated.watch(entry)),
        )
        if self.engine is None:
            mutated.services = replace(mutated.services, studio=_shared_studio())
        elif self.forgetful:
            mutated.services = replace(mutated.services, studio=Studio(engine, 0))
        mutated.around = self.around() if self.around else None
        return mutated

    def build(self) -> Answer:
        """Put the mutant together as a function from Call to Reply."""
        return self.mock().answer


def faithful(provider: str, profile: Profile = "documented") -> Mutant:
    """Return a mutant that deviates in nothing."""
    sentence = "It deviates in nothing."
    return Mutant(f"{provider}-faithful-{profile}", provider, "wire", sentence, profile=profile)


def patched(spec: Spec, patch: Node) -> Spec:
    """Return `spec` with a merge patch on what its file says."""
    if not patch:
        return spec
    source = cast("Node", merged(spec.source, patch))
    return replace(spec, source=source, document=resolved(source, source))


@cache
def _found(provider: str) -> tuple[Spec, type[SpecDialect]]:
    return find(provider)


@cache
def _shared_inputs() -> Inputs:
    """What stands for a URL is drawn once."""
    return Inputs()


@cache
def _shared_studio() -> Studio:
    # Mutants that paint faithfully paint the same pictures: a cache, no state that is seen.
    return Studio(CardEngine(), 256 << 20)
