"""How the core speaks with a provider's dialect.

Knows what the core decides and what it leaves to a dialect: the words.
Must not know any one provider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from testcard.common.fields import Body
from testcard.common.flaw import Finding
from testcard.common.job import PictureJob
from testcard.common.message import Call, Reply
from testcard.common.operation import Operation
from testcard.common.picture import Format
from testcard.common.trouble import Kind, Trouble
from testcard.mock.draws import Draws
from testcard.mock.routing import Match, Served, normal_path
from testcard.mock.world import AccountId, Job, World


@dataclass(slots=True, init=False)
class Visit:
    """One call on its way through the mock: what is known of it so far.

    Attributes:
        call: as the client sent it.
        match: whom it is for, and what for.
        draws: random choices that are this call's own.
        takes: what a call of its media type may say; None where it asks for nothing that is known.
        fields: of the body, valid, under the page's names.
        findings: what was forgiven.
        notes: what of the call had no effect on the picture, as (field, why).
        account: who pays; None until the key has been accepted.
        left: credits that are left to the account once this call is paid; None until it is sure.
        cost: credits that the call takes if it succeeds; None until it is sure.
        facts: role -> what else the answer is to say.
        amid: the trouble that is to come amid the stream that answers it; None for none.
        broken: the job, and what is painted of it, of a stream that an error breaks off.
    """

    call: Call
    match: Match
    draws: Draws
    takes: Body | None
    fields: dict[str, Any]
    findings: list[Finding]
    notes: list[tuple[str, str]]
    account: AccountId | None
    left: Decimal | None
    cost: Decimal | None
    facts: dict[str, Any]
    amid: Kind | None
    broken: tuple[PictureJob, Sequence[bytes]] | None

    def __init__(
        self,
        call: Call,
        match: Match,
        draws: Draws,
        fields: dict[str, Any] | None = None,
        account: AccountId | None = None,
    ) -> None:
        """Begin with what is known, and what the call may say: chosen once, for all who ask."""
        self.call, self.match, self.draws = call, match, draws
        self.takes = match.operation.body_for(call.media_type) if match.operation else None
        self.fields = {} if fields is None else fields
        self.findings, self.notes, self.facts = [], [], {}
        self.account, self.left, self.cost = account, None, None
        self.amid = self.broken = None

    @property
    def operation(self) -> Operation | None:
        """What is asked for; None where the URL and method are none of the provider's."""
        return self.match.operation

    def said(self, role: str) -> Any:
        """Return what the call says in the field with this role, or the field's default."""
        there = self.takes.by_role.get(role) if self.takes else None
        if there is None:
            return None
        return self.fields.get(there.name, there.default)

    @property
    def base(self) -> str:
        """Scheme and host that the client used, and where this is mounted: for URLs in answers."""
        parts = self.call.parts
        return f"{parts.scheme}://{parts.netloc}{self.call.root}"

    @property
    def home(self) -> str:
        """The base below which the provider's documented paths stand for this client."""
        ahead = normal_path(self.call.parts.path).removesuffix(self.match.path)
        return self.base + ahead.removeprefix(self.call.prefix)

    @property
    def at_own_host(self) -> bool:
        """Whether it was called at a host of the provider's own, where paths are as documented."""
        return normal_path(self.call.parts.path) == self.match.path


class Page(NamedTuple):
    """What the page has a call say, beside what the call is answered by.

    Attributes:
        body: what the operation takes, in the documented reading.
        is_loosened: whether a call that this has nothing against is read alike by the other.
    """

    body: Body
    is_loosened: bool


class Dialect(Served, Protocol):
    """How one provider speaks."""

    def admit(self, visit: Visit, account: AccountId, world: World) -> None:
        """Let a call with an accepted key in, or raise Trouble."""
        ...

    def page_of(self, visit: Visit, operation: Operation, body: Body) -> Page:
        """Return what the page has a call say that is answered by `body`."""
        ...

    def picture_format_of(self, visit: Visit) -> Format:
        """Return the format of the pictures that answer a call."""
        ...

    def pictures_wanted(self, visit: Visit, job: PictureJob) -> int:
        """Return how many of the job's pictures the answer carries."""
        ...

    def errs_amid(self, visit: Visit) -> bool:
        """Whether the answer is a stream that has an event for an error amid it."""
        ...

    def gives_urls(self, visit: Visit) -> bool:
        """Whether the answer says where the pictures are."""
        ...

    def success(
        self, visit: Visit, job: PictureJob, pictures: Sequence[bytes], world: World
    ) -> Reply:
        """Word the answer to a call whose pictures are painted; it is paid once this returns."""
        ...

    def begun(self, visit: Visit, job: Job, world: World) -> Reply:
        """Word the answer to a call that began an asynchronous job."""
        ...

    def state(self, visit: Visit, world: World) -> Reply:
        """Word the answer to a question after a job.

        Raises:
            Trouble: there is no such job.
        """
        ...

    def informed(self, visit: Visit, world: World) -> Reply:
        """Word the answer to a call that changes nothing, with what is known."""
        ...

    def standing(self, visit: Visit, job: Job, world: World) -> Reply:
        """Word how a job stands."""
        ...

    def carried(self, visit: Visit, job: Job) -> Format | None:
        """Return the format of the pictures in an answer about a job; None where it has none."""
        ...

    def delivered(self, visit: Visit, job: Job, pictures: Sequence[bytes], world: World) -> Reply:
        """Word how a job stands, with its pictures in the answer, in the format `carried`."""
        ...

    def listing(self, visit: Visit, jobs: Sequence[Job], world: World) -> Reply:
        """Word a list of an account's jobs."""
        ...

    def telling(self, visit: Visit, job: Job, world: World) -> dict[str, Any]:
        """Return what is known of a job that is told of by a callback: role -> value."""
        ...

    def failure(self, visit: Visit, trouble: Trouble, world: World) -> Reply:
        """Word the answer to a call that did not succeed."""
        ...

    def example(self, visit: Visit, code: str | None, name: str | None) -> Reply:
        """Return the documented answer with this status, or of this name.

        Raises:
            Trouble: the page documents none such; the message lists those there are.
        """
        ...
