"""Shapes of files that others wrote: small ones of each, imported, served and checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.spec_holding import breaches
from tests.test_import import TEXT, WHOLE, roles

from testcard.cli.rehearsal import rehearsed
from testcard.common.reading import Reading, read
from testcard.common.spec import SpecError, load
from testcard.drivers.plan import plan
from testcard.importing import imported


def a_file(folder: Path, asked: Any, told: Any, **more: Any) -> Path:
    """A file of one operation that makes pictures, `more` beside it."""
    body = {"content": {more.pop("kind", "application/json"): {"schema": asked}}}
    answer = {"description": "It", "content": {"application/json": {"schema": told}}}
    post = {"operationId": "paint", "requestBody": body, "responses": {"200": answer}}
    document = {"openapi": "3.1.0", "info": {"title": "Plain", "version": "1"},
                "servers": [{"url": "https://api.plain.example"}],
                "paths": {"/images": {"post": post}, **more.pop("paths", {})}, **more}  # fmt: skip
    file = folder / "plain.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def kept(folder: Path, file: Path) -> tuple[Reading, list[str]]:
    """What an import of a file reads as, and what is broken in it as it is served."""
    found = imported(file)
    assert found.document is not None
    mine = folder / "mine.yaml"
    mine.write_text(yaml.safe_dump(found.document, sort_keys=False), encoding="utf-8")
    return read(load(mine)), [*rehearsed(mine), *breaches(mine, "documented", (plan,))]


def an_object(**members: Any) -> dict[str, Any]:
    return {"type": "object", "required": [*members], "properties": members}


SIZES = {"type": "string", "enum": ["64x64", "128x64"]}
LISTED = an_object(data={"type": "array", "items": an_object(url={**TEXT, "format": "uri"})})


def test_unions_of_one_type_or_of_words_have_roles(tmp_path: Path) -> None:
    """A null beside a type, as FastAPI writes it, and a free text beside listed words."""
    asked = {
        "type": "object",
        "required": ["prompt"],
        "properties": {
            "prompt": TEXT,
            "n": {"anyOf": [{**WHOLE, "minimum": 1, "maximum": 2}, {"type": "null"}]},
            "size": {"anyOf": [TEXT, {**SIZES, "enum": [*SIZES["enum"], "auto"]}]},
            "response_format": {**TEXT, "enum": ["url", "b64_json"], "default": "url"},
        },
    }
    coded = an_object(b64_json={**TEXT, "contentEncoding": "base64"})
    items = {"oneOf": [coded, an_object(url={**TEXT, "format": "uri"})]}
    told = an_object(id=TEXT, created=WHOLE, data={"type": "array", "items": items})
    reading, broken = kept(tmp_path, a_file(tmp_path, asked, told))
    assert broken == []
    assert roles(reading, "paint") == {
        "prompt": "prompt", "n": "samples", "size": "size", "response_format": "as-base64",
    }  # fmt: skip
    assert reading.operation("paint").does == "pictures"  # though the answer has an id, too
    assert reading.operation("paint").takes.value_maps["size"] == {"auto": None}


def test_alternatives_of_an_object_are_sent_one_at_a_time(tmp_path: Path) -> None:
    palette = {"oneOf": [an_object(name=TEXT), an_object(members={"type": "array", "items": TEXT})]}
    asked = {**an_object(prompt=TEXT, size=SIZES), "properties": {
        "prompt": TEXT, "size": SIZES, "palette": palette}}  # fmt: skip
    assert kept(tmp_path, a_file(tmp_path, asked, LISTED))[1] == []


def test_a_form_takes_lists_of_files_and_objects_as_json(tmp_path: Path) -> None:
    files = {"type": "array", "items": {**TEXT, "format": "binary"}}
    control = an_object(colours={"type": "array", "items": TEXT})
    asked = an_object(prompt=TEXT, size=SIZES, image=files, control=control)
    asked["required"] = ["prompt", "size", "image"]
    file = a_file(tmp_path, asked, LISTED, kind="multipart/form-data")
    assert kept(tmp_path, file)[1] == []


def test_a_seed_that_is_drawn_has_a_place_in_the_answer(tmp_path: Path) -> None:
    seed = {**WHOLE, "minimum": 0, "maximum": 2147483647}
    items = an_object(url={**TEXT, "format": "uri"}, seed=seed)
    told = an_object(data={"type": "array", "items": items})
    reading, broken = kept(tmp_path, a_file(tmp_path, an_object(prompt=TEXT, size=SIZES), told))
    assert broken == []
    assert reading.operation("paint").largest_seed == 2147483647


def test_of_many_that_tell_a_state_the_one_of_jobs_is_asked(tmp_path: Path) -> None:
    """Its words may stand deep in the answer, and its id need not be one that testcard makes."""
    state = {**TEXT, "enum": ["COMPLETE", "PENDING", "FAILED"]}
    job = an_object(status=state, id=TEXT, images={"type": "array", "items": an_object(url=TEXT)})
    named = {"name": "id", "in": "path", "required": True, "schema": {**TEXT, "maxLength": 40}}

    def asking(name: str, schema: Any) -> dict[str, Any]:
        told = {"200": {"description": "It", "content": {"application/json": {"schema": schema}}}}
        return {"get": {"operationId": name, "parameters": [named], "responses": told}}

    paths = {"/avatars/{id}": asking("avatar", an_object(id=TEXT, status=TEXT)),
             "/tasks/{id}": asking("task", an_object(task=job))}  # fmt: skip
    told = an_object(process_id=TEXT)
    file = a_file(tmp_path, an_object(prompt=TEXT, size=SIZES), told, paths=paths)
    reading, broken = kept(tmp_path, file)
    assert broken == []
    assert [(each.id, each.does) for each in reading.operations] == [
        ("paint", "job"), ("task", "job-status")]  # fmt: skip
    assert reading.states_of(None).phase("COMPLETE") == "succeeded"


def test_what_leads_out_of_the_file_is_refused_where_it_is_needed(tmp_path: Path) -> None:
    asked = an_object(prompt=TEXT, size=SIZES)
    elsewhere = {"get": {"responses": {"200": {"$ref": "others.yaml#/It"}}}}
    assert imported(a_file(tmp_path, asked, LISTED, paths={"/others": elsewhere})).document
    asked["properties"]["style"] = {"$ref": "https://plain.example/words.json#/Style"}
    with pytest.raises(SpecError, match="leads out of the file; bundle it into one first"):
        imported(a_file(tmp_path, asked, LISTED))


def test_an_object_for_each_state_of_a_job_stays_one(tmp_path: Path) -> None:
    """A union of which the state, a constant, tells one from another."""
    ident, urls = {**TEXT, "format": "uuid"}, {"type": "array", "items": {**TEXT, "format": "uri"}}
    more: dict[str, dict[str, Any]] = {"SUCCEEDED": {"output": urls}, "FAILED": {"failure": TEXT}}
    ways = [
        an_object(id=ident, status={**TEXT, "const": state}, **more.get(state, {}))
        for state in ("PENDING", "THROTTLED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED")
    ]
    answer = {"description": "It", "content": {"application/json": {"schema": {"oneOf": ways}}}}
    named = {"name": "id", "in": "path", "required": True, "schema": ident}
    task = {"operationId": "task", "parameters": [named], "responses": {"200": answer}}
    asked, paths = an_object(prompt=TEXT), {"/tasks/{id}": {"get": task}}
    reading, broken = kept(tmp_path, a_file(tmp_path, asked, an_object(id=ident), paths=paths))
    assert broken == []
    assert reading.states_of(None).meanings == {
        "PENDING": "queued", "THROTTLED": "queued", "RUNNING": "running",
        "SUCCEEDED": "succeeded", "FAILED": "failed", "CANCELLED": "canceled",
    }  # fmt: skip
    assert {"picture-urls", "job-state"} <= reading.operation("task").roles


def test_of_other_objects_the_first_is_answered(tmp_path: Path) -> None:
    told = {"oneOf": [LISTED, an_object(error=TEXT)]}
    reading, broken = kept(tmp_path, a_file(tmp_path, an_object(prompt=TEXT), told))
    assert broken == []
    assert "picture-url" in reading.operation("paint").roles
