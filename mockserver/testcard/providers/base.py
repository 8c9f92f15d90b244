"""The dialect that any provider's spec speaks by itself: by its schemas, roles and examples.

A vendor's own dialect derives from it and changes only what OpenAPI and `x-testcard` cannot
say. Knows Readings and roles. Must not know any one vendor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, cast

from testcard.common.event_stream import EVENT_STREAM
from testcard.common.fields import Body
from testcard.common.job import PictureJob
from testcard.common.keys import NO_SUCH_JOB
from testcard.common.loosening import only_loosens
from testcard.common.message import Reply
from testcard.common.operation import Operation
from testcard.common.picture import Format, format_of
from testcard.common.place import ABSENT
from testcard.common.reading import Profile, read
from testcard.common.spec import Spec, words
from testcard.common.states import Phase
from testcard.common.trouble import Kind, Trouble
from testcard.mock.dialect import Page, Visit
from testcard.mock.events import stream_of
from testcard.mock.facts import (
    Painted,
    of_call,
    of_job,
    of_pictures,
    of_trouble,
    said,
    wants_base64,
)
from testcard.mock.negotiation import is_json
from testcard.mock.render import each_of, json_bytes, render
from testcard.mock.standing import facts_of
from testcard.mock.world import AccountId, Job, World
from testcard.providers.answers import (
    URLS,
    Answers,
    example_body,
    example_headers,
    json_of,
    roles_in,
    standard_headers,
    status_of,
)
from testcard.providers.rate import Rate
from testcard.providers.replying import carries_pictures, format_for, type_for, usual_format

_LOST: Final[frozenset[Phase]] = frozenset({"failed", "moderated", "expired"})
_ACHIEVED: Final[dict[str, Any]] = {"message": "success", "outcome": 0}


class SpecDialect:
    """Answers from a spec alone.

    Attributes:
        spec_file: the provider's spec; None for the one that comes with testcard.
        reading: the spec in the profile that calls are answered by.
        documented: the spec in the documented profile, for findings.
    """

    spec_file: ClassVar[Path | None] = None

    def __init__(self, spec: Spec, profile: Profile, settings: Mapping[str, Any]) -> None:
        """Read `spec` in `profile`, and as its page has it.

        Raises:
            SpecError: a setting is unknown or its value is not taken.
        """
        self.reading = read(spec, profile, settings)
        self.documented = (
            self.reading if profile == "documented" else read(spec, "documented", settings)
        )
        self.settings = self.reading.settings
        self._roles = frozenset(roles_in(self.reading))
        self._answers = Answers(self.reading)
        self._pages: dict[tuple[str, str], Page] = {}
        self._rate = Rate(self.reading, self._roles)

    # What comes in

    def page_of(self, visit: Visit, operation: Operation, body: Body) -> Page:
        """Return what the page has a call say that is answered by `body`."""
        media_type = visit.call.media_type
        kind = operation.id, body.media_type
        if media_type == body.media_type and kind in self._pages:
            return self._pages[kind]
        there = self.documented.operation(operation.id).body_for(media_type)
        if media_type != body.media_type:
            return Page(there, False)
        found = self._pages[kind] = Page(there, only_loosens(there, body))
        return found

    def admit(
        self,
        visit: Visit,  # noqa: ARG002 (a dialect of its own may look at it)
        account: AccountId,
        world: World,
    ) -> None:
        """Let every accepted key in, within the spec's `rate` where its setting gives one."""
        self._rate.admit(account, world)

    def pictures_wanted(self, visit: Visit, job: PictureJob) -> int:
        """Return all of them for JSON, one for bytes."""
        return 1 if format_of(self.reply_type(visit)) else job.samples

    def reply_type(self, visit: Visit) -> str:
        """Return the media type of the success that answers this call."""
        return type_for(visit, self.success_response(visit)[1])

    def said(self, visit: Visit, role: str) -> Any:
        """Return what the call says in the field with this role, or the field's default."""
        return said(visit, role)

    def success_response(self, visit: Visit) -> tuple[int, Mapping[str, Any]]:
        """Return the first documented success: status and OpenAPI response."""
        assert visit.operation is not None  # noqa: S101 (only a known operation succeeds)
        return visit.operation.success()

    # What goes out

    def success(
        self, visit: Visit, job: PictureJob, pictures: Sequence[bytes], world: World
    ) -> Reply:
        """Answer with the pictures: bytes, or JSON that carries them in base64."""
        status, response = self.success_response(visit)
        media_type = self.reply_type(visit)
        known = self.known(visit, world, status) | _ACHIEVED | of_job(job)
        if media_type == EVENT_STREAM:
            return self._streamed(visit, known, pictures)
        if format_of(media_type):
            headers = (("content-type", media_type), *self._answers.of(response).headers(known))
            streamed = bool(words(response).get("chunked"))
            return Reply(status, headers, pictures[0], streamed=streamed)
        media, urls = f"image/{self.picture_format_of(visit)}", known.get("picture-urls", ())
        linked = bool(urls) and wants_base64(visit) is False
        roles = self._roles - {"picture"} if linked else self._roles
        known |= of_pictures(Painted(job, pictures, media, urls), roles)
        return self.worded(status, response, known)

    def _streamed(self, visit: Visit, known: Mapping[str, Any], pictures: Sequence[bytes]) -> Reply:
        status, response = self.success_response(visit)
        told, partials = response["content"][EVENT_STREAM], self.said(visit, "partial-images")
        broken = visit.broken is not None
        body = stream_of(told, known, pictures, int(partials or 0), broken=broken)
        headers = (("content-type", EVENT_STREAM), *self._answers.of(response).headers(known))
        return Reply(status, headers, body, streamed=True)

    def errs_amid(self, visit: Visit) -> bool:
        """Whether the answer is a stream that has an event for an error amid it."""
        operation = visit.operation
        return bool(operation and operation.errs_amid and self.reply_type(visit) == EVENT_STREAM)

    def gives_urls(self, visit: Visit) -> bool:
        """Whether a JSON answer has a place for URLs, and the call does not ask for base64.

        One that has no place for anything else gives them whatever the call asks for.
        """
        roles = self._answers.of(self.success_response(visit)[1]).roles
        if URLS.isdisjoint(roles) or format_of(self.reply_type(visit)):
            return False
        return "picture" not in roles or not wants_base64(visit)

    def informed(self, visit: Visit, world: World) -> Reply:
        """Answer a call that only informs: with the example, and in it what is known."""
        status, response = self.success_response(visit)
        known = self.known(visit, world, status) | _ACHIEVED
        media_type, content = json_of(response)
        if not content:
            return Reply(status, self._answers.of(response).headers(known))
        example: Mapping[str, Any] = next(iter(content.get("examples", {}).values()), {})
        headers = (("content-type", media_type), *self._answers.of(response).headers(known))
        if not is_json(media_type):
            return Reply(status, headers, example_body(example) if example else b"")
        body = render(content["schema"], known, example.get("value", ABSENT))
        return Reply(status, headers, json_bytes(body))

    def picture_format_of(self, visit: Visit) -> Format:
        """Return the format that this call asks for, or its answer names; PNG where none is."""
        assert visit.operation is not None  # noqa: S101 (only a known operation succeeds)
        response, answered = self.success_response(visit)[1], self.reply_type(visit)
        told = format_for(visit, response, answered)
        return told or usual_format(visit.operation)

    def begun(self, visit: Visit, job: Job, world: World) -> Reply:
        """Say how the job stands that was begun."""
        return self.standing(visit, job, world)

    def state(self, visit: Visit, world: World) -> Reply:
        """Say how the job stands that the path names."""
        path = reversed([*visit.match.params.values()])  # the innermost, where none has the role
        asked = self.said(visit, "job-id") or next(path, "")
        job = world.poll(self.reading.spec.id, str(asked))
        if job is None:
            raise Trouble("not-found", NO_SUCH_JOB)
        return self.standing(visit, job, world)

    def standing(self, visit: Visit, job: Job, world: World) -> Reply:
        """Word how a job stands, with the status that the spec has for its state."""
        assert visit.operation is not None  # noqa: S101 (only a known operation succeeds)
        status, response = visit.operation.success(job.phase)
        known = self.known(visit, world, status)
        answer = self._answers.of(response)
        known |= facts_of(job, visit, self.reading, world, answer.roles)
        return self.worded(status, response, known)

    def carried(self, visit: Visit, job: Job) -> Format | None:
        """Return the format of the pictures in an answer about a job; None where it has none."""
        assert visit.operation is not None  # noqa: S101 (only a known operation succeeds)
        if job.phase != "succeeded":
            return None
        _, response = visit.operation.success(job.phase)
        answered, ordered = type_for(visit, response, job.order.format), job.order.format
        if not carries_pictures(response, answered):
            return None
        return format_of(answered) or ordered or format_for(visit, response, answered) or "png"

    def delivered(self, visit: Visit, job: Job, pictures: Sequence[bytes], world: World) -> Reply:
        """Word how a job stands, with its pictures: bytes, or JSON that carries them."""
        assert visit.operation is not None  # noqa: S101 (only a known operation succeeds)
        status, response = visit.operation.success(job.phase)
        answer, answered = self._answers.of(response), type_for(visit, response, job.order.format)
        known = self.known(visit, world, status) | of_job(job.order.work)
        known |= facts_of(job, visit, self.reading, world, answer.roles)
        if format_of(answered):
            headers = (("content-type", answered), *answer.headers(known))
            return Reply(status, headers, pictures[0])
        media = f"image/{self.carried(visit, job)}"
        known |= of_pictures(Painted(job.order.work, pictures, media), answer.roles)
        return self.worded(status, response, known)

    def listing(self, visit: Visit, jobs: Sequence[Job], world: World) -> Reply:
        """Word a list of jobs, each as the items have it."""
        status, response = self.success_response(visit)
        told = [facts_of(each, visit, self.reading, world, self._roles) for each in jobs]
        known = self.known(visit, world, status) | {each_of("jobs"): told}
        return self.worded(status, response, known)

    def telling(self, visit: Visit, job: Job, world: World) -> dict[str, Any]:
        """Return what is known of a job that a callback tells of; of a lost one, why."""
        kind = cast("Kind", job.phase) if job.phase in _LOST else None
        problems = self.reading.problems_of(visit.operation)
        known = self.known(visit, world, problems[kind] if kind else 200)
        known |= {"outcome": 0} if job.phase == "succeeded" else {}
        if kind is not None:
            trouble = Trouble(kind, f"the job has ended: it is {job.phase}")
            said = self.reading.problem_words(kind, visit.operation)
            known |= of_trouble(visit, trouble, said)
        return (
            known | of_job(job.order.work) | facts_of(job, visit, self.reading, world, self._roles)
        )

    def failure(self, visit: Visit, trouble: Trouble, world: World) -> Reply:
        """Word a failure as the spec has it for this kind of trouble."""
        status = trouble.status or self.reading.problems_of(visit.operation)[trouble.kind]
        operations = (*filter(None, [visit.operation]), *self.reading.operations)
        worded = (each.response(status) for each in operations)
        response = next(filter(None, worded), {})  # what this one does not document, another may
        known = self.known(visit, world, status) | {"message": self.message(trouble)}
        said = self.reading.problem_words(trouble.kind, visit.operation)
        known |= of_trouble(visit, trouble, said)
        if visit.broken is not None:
            return self._streamed(visit, known | of_job(visit.broken[0]), visit.broken[1])
        reply = self.worded(status, response, known)
        standard = [each for each in standard_headers(visit, trouble) if not reply.header(each[0])]
        return Reply(status, (*reply.headers, *standard), reply.body)

    def message(self, trouble: Trouble) -> Any:
        """Return what stands where the spec has its `message`."""
        return trouble.message

    def known(self, visit: Visit, world: World, status: int) -> dict[str, Any]:
        """Return what is known of any answer: role -> value."""
        found = {"status": status} | of_call(visit, world, self._roles) | visit.facts
        return found | self._rate.left(visit, world) if self._rate.told else found

    def worded(self, status: int, response: Mapping[str, Any], known: Mapping[str, Any]) -> Reply:
        """Return a JSON reply after the response's schema; a plain error where it has none."""
        return self._answers.of(response).worded(status, known)

    def example(self, visit: Visit, code: str | None, name: str | None) -> Reply:
        """Return the first documented answer with this status, or of this name."""
        assert visit.operation is not None  # noqa: S101 (the core asks for known ones)
        there = []
        for answer, response in visit.operation.answers.items():
            status = status_of(answer, code)
            for media_type, content in response.get("content", {}).items():
                for named, example in content.get("examples", {}).items():
                    there.append(f"{answer} {named}")
                    if name in (None, named) and code in (None, str(status)):
                        headers = (("content-type", media_type), *example_headers(response))
                        return Reply(status, headers, example_body(example))
        wanted = " ".join(each for each in (code, name) if each)
        raise Trouble("not-found", f"no documented answer is {wanted!r}; there are: {there}")
