"""Mutants of ImagePipeline's jobs: their lives, links and ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import orjson
from tests.mutants import edits
from tests.mutants.edits import GONE, after, kind, ok
from tests.mutants.mutant import Around, Mutant, Mutated, Scene

from testcard.common.message import Call, Reply
from testcard.contract.verdict import Group
from testcard.mock.world import JobPolicy

_AT_ONCE = JobPolicy("at-once", 0)


def _mutant(group: Group, name: str, sentence: str, **parts: Any) -> Mutant:
    return Mutant(f"imagepipeline-{name}", "imagepipeline", group, sentence, **parts)


def mutants() -> Iterator[Mutant]:
    """Yield them all."""
    yield from _lives()
    yield from _links()
    yield from _ids()


def _says(state: str) -> edits.Test:
    return lambda scene: scene.job_says(state)


def _lives() -> Iterator[Mutant]:
    yield _mutant("jobs", "for-ever", "Jobs are PENDING for ever.", policy=JobPolicy("never", 0))
    yield _mutant("jobs", "all-fail", "Every job comes to FAILURE.", policy=JobPolicy("fail", 0))
    yield _mutant(
        "jobs",
        "relapse",
        "SUCCESS falls back to PENDING once it has been told.",
        around=_second_time("SUCCESS", _pending),
    )
    yield _mutant(
        "jobs",
        "lost",
        "A job is forgotten once its SUCCESS has been told.",
        around=_second_time(
            "SUCCESS",
            edits.answer(404, "application/json", b'{"detail":"there is no job with this id"}'),
        ),
    )
    yield _mutant(
        "jobs",
        "success-fails",
        "SUCCESS turns into FAILURE once it has been told.",
        around=_second_time("SUCCESS", _failure),
    )
    yield _mutant(
        "jobs",
        "failure-recovers",
        "FAILURE turns into SUCCESS once it has been told.",
        around=_first_time("SUCCESS", _failure),
    )
    yield _mutant(
        "jobs",
        "failure-linked",
        "FAILURE comes with URLs.",
        policy=JobPolicy("fail", 0),
        around=after(
            edits.member("download_urls", lambda _: ["https://pictures.example/a.png"]),
            _says("FAILURE"),
        ),
    )


def _pending(scene: Scene) -> Reply:
    job_id = scene.call.parts.path.rpartition("/")[2]
    return replace(scene.reply, status=202, body=orjson.dumps({"status": "PENDING", "id": job_id}))


def _failure(scene: Scene) -> Reply:
    return replace(scene.reply, body=orjson.dumps({"status": "FAILURE", "error": "the job failed"}))


def _second_time(state: str, edit: edits.Edit) -> Callable[[], Around]:
    """Change every answer about a job that told `state`, but the first."""

    def make() -> Around:
        told: set[str] = set()

        def around(mock: Mutated, call: Call) -> Reply:
            scene = mock.faithful(call)
            before = call.url in told
            if scene.job_says(state):
                told.add(call.url)
            return edit(scene) if before else scene.reply

        return around

    return make


def _first_time(state: str, edit: edits.Edit) -> Callable[[], Around]:
    """Change the first answer about a job that tells `state`."""

    def make() -> Around:
        told: set[str] = set()

        def around(mock: Mutated, call: Call) -> Reply:
            scene = mock.faithful(call)
            if not scene.job_says(state) or call.url in told:
                return scene.reply
            told.add(call.url)
            return edit(scene)

        return around

    return make


def _links() -> Iterator[Mutant]:
    def urls(change: edits.Change) -> Callable[[], Around]:
        return after(edits.role("picture-urls", change), ok)

    yield _mutant(
        "jobs",
        "url-short",
        "There is one URL less than samples, where there are several.",
        around=urls(lambda given: given[:-1] or given),
    )
    yield _mutant(
        "jobs",
        "url-too-many",
        "There is one URL more than samples.",
        around=urls(lambda given: [*given, given[0] + "?more"]),
    )
    yield _mutant(
        "jobs",
        "url-dead",
        "The URLs lead to nothing.",
        around=urls(lambda given: [url.replace(".png", ".gone") for url in given]),
    )
    yield _mutant(
        "wire",
        "url-relative",
        "The URLs are relative.",
        around=urls(lambda given: ["/" + url.split("/", 3)[3] for url in given]),
    )
    yield _mutant(
        "jobs",
        "url-twice",
        "All URLs of a job are the same.",
        around=urls(lambda given: given[:1] * len(given)),
    )
    yield _mutant(
        "jobs",
        "url-html",
        "The URLs lead to pages for people.",
        around=after(edits.html(200), lambda scene: scene.download),
    )
    yield _mutant(
        "jobs",
        "url-needs-order",
        "The URLs are answered with 403.",
        around=after(edits.html(403), lambda scene: scene.download),
    )


def _ids() -> Iterator[Mutant]:
    yield _mutant(
        "jobs",
        "id-left-out",
        "An order is answered without an id.",
        around=after(edits.role("job-id", lambda _: GONE), _says("PENDING")),
    )
    yield _mutant(
        "jobs",
        "unknown-pending",
        "An unknown id is answered as PENDING.",
        around=after(_pending, kind("not-found")),
    )
    yield _mutant(
        "jobs",
        "unknown-200",
        "An unknown id is answered with 200 and the error.",
        around=after(edits.status(200), kind("not-found")),
    )
    yield _mutant(
        "jobs", "id-changes", "Answers about a job name another id each time.", around=_other_ids()
    )


def _other_ids() -> Callable[[], Around]:
    def make() -> Around:
        turns = iter(range(1, 1 << 30))

        def edit(scene: Scene) -> Reply:
            return edits.role("job-id", lambda given: f"{given}-{next(turns)}")(scene)

        def asked(scene: Scene) -> bool:
            return scene.verdict == "ok" and scene.call.method == "GET"

        return after(edit, asked)()

    return make
