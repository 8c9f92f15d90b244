"""The dialect that any provider's spec speaks by itself: by its schemas, roles and examples.

A vendor's own dialect derives from it and changes only what OpenAPI and `x-testcard` cannot
say. Knows Readings and roles. Must not know any one vendor.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pybase64

from testcard.common.event_stream import EVENT_STREAM, written
from testcard.common.job import PictureJob
from testcard.common.keys import NO_SUCH_JOB
from testcard.common.message import Headers, Reply
from testcard.common.operation import Operation
from testcard.common.picture import Format, format_of
from testcard.common.reading import Profile, Reading, read
from testcard.common.schema import nodes
from testcard.common.spec import Spec, words
from testcard.common.trouble import Trouble
from testcard.mock.dialect import Visit
from testcard.mock.events import events_of
from testcard.mock.render import each_of, json_bytes, render
from testcard.mock.standing import facts_of
from testcard.mock.world import AccountId, Job, World

JSON = "application/json"
_SECONDS_A_STEP = 0.05  # what the mock says a step took; it is told, not measured


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
        self._roles = frozenset(_roles(self.reading))
        self._traces = "trace-id" in self._roles
        self._counts = "remaining-credits" in self._roles

    # What comes in

    def admit(self, account: AccountId, world: World) -> None:
        """Let every accepted key in, within the spec's `rate` where its setting gives one."""
        rate = words(self.reading.document).get("rate")
        most = self.settings[rate["setting"]] if rate else 0
        wait = world.wait_for_turn(account, most, rate["per"]) if rate and most else None
        if rate and wait is not None:
            period = "a minute" if rate["per"] == 60 else f"{rate['per']} seconds"
            seen = f"more than {most} calls in {period}; try again in {wait} s"
            raise Trouble("rate-limited", seen, retry_after=wait)

    def picture_format(self, operation: Operation) -> Format:
        """Return the format that the operation's answer names; PNG where none is named."""
        for status, response in operation.answers.items():
            if status[0] in "2d":
                for media_type, content in response.get("content", {}).items():
                    for named in (media_type, *_media_types(content["schema"])):
                        if format_ := format_of(named):
                            return format_
        return "png"

    def pictures_wanted(self, visit: Visit, job: PictureJob) -> int:
        """Return all of them for JSON, one for bytes."""
        return job.samples if self.reply_type(visit) in (JSON, EVENT_STREAM) else 1

    def reply_type(self, visit: Visit) -> str:
        """Return the media type of the success that answers this call.

        Where both bytes and JSON are documented, the call's as-base64 field decides.
        """
        offered: list[str] = list(self.success_response(visit)[1].get("content", {}))
        if EVENT_STREAM in offered and self.said(visit, "stream"):
            return EVENT_STREAM
        pictures = [each for each in offered if format_of(each)]
        if not pictures or (JSON in offered and self.said(visit, "as-base64")):
            return JSON
        return pictures[0]

    def said(self, visit: Visit, role: str) -> Any:
        """Return what the call says in the field with this role, or the field's default."""
        operation = visit.operation
        takes = operation.body_for(visit.call.media_type) if operation else None
        for field in takes.telling if takes else ():
            if field.role == role:
                return visit.fields.get(field.name, field.default)
        return None

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
        known = self.known(visit, world, status) | {
            "message": "success",
            "outcome": 0,
            "seed": job.seed,
            "elapsed": round(_SECONDS_A_STEP * job.steps * job.samples, 2),
        }
        if media_type == EVENT_STREAM:
            encoded = [pybase64.b64encode(each).decode("ascii") for each in pictures]
            partials = int(self.said(visit, "partial-images") or 0)
            told = events_of(response["content"][media_type], known, encoded, partials)
            kept = (("content-type", media_type), *_headers(response, known))
            return Reply(status, kept, written(told), streamed=True)
        if media_type != JSON:
            return Reply(
                status, (("content-type", media_type), *_headers(response, known)), pictures[0]
            )
        encoded = [pybase64.b64encode(each).decode("ascii") for each in pictures]
        known["picture"] = encoded[0] if len(encoded) == 1 else encoded
        known["byte-count"] = sum(len(each) for each in pictures)
        known["media-type"] = f"image/{self.picture_format_of(visit)}"
        return self.worded(status, response, known)

    def picture_format_of(self, visit: Visit) -> Format:
        """Return the format of the pictures that answer this call."""
        assert visit.operation is not None  # noqa: S101 (only a known operation succeeds)
        return self.picture_format(visit.operation)

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
        known |= facts_of(job, visit, self.reading, world, self._roles)
        return self.worded(status, response, known)

    def listing(self, visit: Visit, jobs: Sequence[Job], world: World) -> Reply:
        """Word a list of jobs, each as the items have it."""
        status, response = self.success_response(visit)
        told = [facts_of(each, visit, self.reading, world, self._roles) for each in jobs]
        known = self.known(visit, world, status) | {each_of("jobs"): told}
        return self.worded(status, response, known)

    def informed(self, visit: Visit, world: World) -> Reply:
        """Answer with what is known of any answer, in its places."""
        status, response = self.success_response(visit)
        return self.worded(status, response, self.known(visit, world, status))

    def failure(self, visit: Visit, trouble: Trouble, world: World) -> Reply:
        """Word a failure as the spec has it for this kind of trouble."""
        status = self.reading.problems[trouble.kind]
        operations = (*filter(None, [visit.operation]), *self.reading.operations)
        worded = (each.response(status) for each in operations)
        response = next(filter(None, worded), {})  # what this one does not document, another may
        known = self.known(visit, world, status) | {
            "message": self.message(trouble),
            "outcome": -1,
        }
        reply = self.worded(status, response, known)
        return Reply(status, (*reply.headers, *self._standard(visit, trouble)), reply.body)

    def _standard(self, visit: Visit, trouble: Trouble) -> Headers:
        if trouble.kind == "method-not-allowed":
            return (("allow", ", ".join(visit.match.allowed)),)
        if trouble.retry_after is not None:
            return (("retry-after", str(trouble.retry_after)),)
        return ()

    def message(self, trouble: Trouble) -> Any:
        """Return what stands where the spec has its `message`."""
        return trouble.message

    def known(self, visit: Visit, world: World, status: int) -> dict[str, Any]:
        """Return what is known of any answer: role -> value."""
        known: dict[str, Any] = {"status": status}
        if self._traces:
            known["trace-id"] = visit.draws.id()
        if self._counts and visit.account is not None:
            left = world.account(visit.account).balance if visit.left is None else visit.left
            known["remaining-credits"] = amount(left)
        return known | visit.facts

    def worded(self, status: int, response: Mapping[str, Any], known: Mapping[str, Any]) -> Reply:
        """Return a JSON reply after the response's schema; a plain error where it has none."""
        content = response.get("content", {}).get(JSON)
        body = render(content["schema"], known) if content else {"error": known.get("message")}
        headers = (("content-type", JSON), *_headers(response, known))
        return Reply(status, headers, json_bytes(body))

    def example(self, visit: Visit, code: str | None, name: str | None) -> Reply:
        """Return the first documented answer with this status, or of this name."""
        assert visit.operation is not None  # noqa: S101 (the core asks for known ones)
        there = []
        for answer, response in visit.operation.answers.items():
            status = _status(answer, code)
            for media_type, content in response.get("content", {}).items():
                for named, example in content.get("examples", {}).items():
                    there.append(f"{answer} {named}")
                    if name in (None, named) and code in (None, str(status)):
                        headers = (("content-type", media_type), *_examples(response))
                        return Reply(status, headers, _example_body(example))
        wanted = " ".join(each for each in (code, name) if each)
        raise Trouble("not-found", f"no documented answer is {wanted!r}; there are: {there}")


def _status(answer: str, code: str | None) -> int:
    """Return the status of an answer that the spec has under a status, a class or `default`."""
    if answer.isdecimal():
        return int(answer)
    asked = int(code) if code and code.isdecimal() else 0
    if asked and answer in ("default", f"{asked // 100}XX"):
        return asked
    return 500 if answer == "default" else 100 * int(answer[0])


def amount(value: Decimal) -> int | float:
    """Return credits as a JSON number: whole where they are whole."""
    return int(value) if value == value.to_integral_value() else float(value)


def _roles(reading: Reading) -> Iterator[str]:
    """Yield the roles that answers have places for, in bodies and in headers."""
    for operation in reading.operations:
        for response in operation.answers.values():
            parts = (*response.get("content", {}).values(), *response.get("headers", {}).values())
            for part in parts:
                yield from (words(node).get("role", "") for _, node in nodes(part["schema"]))


def _headers(response: Mapping[str, Any], known: Mapping[str, Any]) -> Headers:
    headers = []
    for name, node in response.get("headers", {}).items():
        role = words(node["schema"]).get("role", "")
        if role in known:
            headers.append((name, str(known[role])))
        elif "const" in node["schema"]:
            headers.append((name, str(node["schema"]["const"])))
    return tuple(headers)


def _examples(response: Mapping[str, Any]) -> Headers:
    headers = response.get("headers", {}).items()
    return tuple((name, str(node["example"])) for name, node in headers if "example" in node)


def _example_body(example: Mapping[str, Any]) -> bytes:
    if "value" in example:
        return json_bytes(example["value"])
    return b64decode(example["externalValue"].partition(",")[2])


def _media_types(schema: Mapping[str, Any]) -> list[str]:
    return [node["contentMediaType"] for _, node in nodes(schema) if "contentMediaType" in node]
