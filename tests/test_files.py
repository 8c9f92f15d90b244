"""Pictures that are uploaded first and named later, by id or by URL: tests/specs/files.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.spec_clients import (
    broken,
    changed_spec,
    client_at,
    in_process,
    mock_of_spec,
    planned_run,
    refusal,
    told,
)
from tests.support import data_uri, photo
from tests.traces import call, json, raw, rulings

from testcard.common.body import FilePart
from testcard.common.job import PictureJob
from testcard.common.masking import Masking
from testcard.common.spec import load
from testcard.contract.session import Session
from testcard.contract.targets import InProcess
from testcard.drivers.plan import planned
from testcard.mock.account import AccountId
from testcard.mock.core import Mock
from testcard.mock.files import StoredFile
from testcard.mock.memory_files import MemoryFiles
from testcard.mock.memory_limit import LEAST_MEMORY, MemoryLimit
from testcard.mock.memory_world import MemoryWorld
from testcard.mock.world import Order, Upload

PICTURE = photo(64, 48)
HOST = "https://api.files.example"


@pytest.fixture
def mock() -> Mock:
    return mock_of_spec("files")


@pytest.fixture(params=["http", "in process", "host"])
def client(mock: Mock, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    with client_at(mock, request.param, HOST) as client:
        yield client


def uploaded(client: httpx.Client, data: bytes = PICTURE) -> dict[str, Any]:
    answer = client.post("/files", files={"file": ("fox.png", data)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def repainted(client: httpx.Client, image: str, **more: str) -> httpx.Response:
    return client.post("/repaint", json={"prompt": "a fox", "seed": 7, "image": image, **more})


def test_an_id_and_a_url_mean_the_uploaded_picture(client: httpx.Client) -> None:
    file = uploaded(client)
    assert (file["bytes"], file["type"], file["object"]) == (len(PICTURE), "image/png", "file")
    by_itself = repainted(client, data_uri(PICTURE))
    assert by_itself.status_code == 200
    assert repainted(client, file["id"]).content == by_itself.content
    assert repainted(client, file["url"]).content == by_itself.content
    other = repainted(client, "https://pictures.example/harbour.png")
    assert other.content != by_itself.content
    assert client.get(file["url"]).content == PICTURE
    assert client.get(f"/files/{file['id']}").json() == file


def test_a_picture_is_put_where_an_answer_says(client: httpx.Client) -> None:
    begun = client.post("/uploads")
    assert begun.status_code == 201
    there, url = begun.json()["upload_url"], begun.json()["file_url"]
    early = repainted(client, url)
    assert (early.status_code, early.json()["field"]) == (422, "image")
    assert "nothing was put there yet" in early.json()["error"]
    assert client.get(url).status_code == 404
    put = client.put(there, content=PICTURE, headers={"X-Key": ""})
    assert (put.status_code, put.content) == (200, b"")
    assert client.get(url).content == PICTURE
    assert repainted(client, url).content == repainted(client, data_uri(PICTURE)).content
    assert client.post(there).status_code == 405


def test_an_unknown_id_is_the_trouble_that_the_spec_says(client: httpx.Client) -> None:
    file = uploaded(client)
    wrong = repainted(client, "nothing-of-mine")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "image")
    assert repainted(client, file["id"], mask="nothing-of-mine").status_code == 404
    assert client.get("/files/nothing-of-mine").status_code == 404
    stranger = repainted(client, file["id"])
    assert stranger.status_code == 200
    client.headers["X-Key"] = "another"
    assert repainted(client, file["id"]).status_code == 422, "files are an account's own"
    assert client.get(f"/files/{file['id']}").status_code == 404


def test_what_is_no_picture_is_not_kept(client: httpx.Client) -> None:
    answer = client.post("/files", files={"file": ("fox.png", b"no picture at all")})
    assert (answer.status_code, answer.json()["field"]) == (422, "file")
    assert client.post("/files", files={"purpose": (None, b"x")}).status_code == 422


def test_a_reset_forgets_files(mock: Mock) -> None:
    with in_process(mock, HOST) as client:
        file = uploaded(client)
        mock.reset()
        assert repainted(client, file["id"]).status_code == 422
        assert client.get(file["url"]).status_code == 404


# What is kept


def test_equal_pictures_are_kept_once_and_the_oldest_go() -> None:
    memory, who = MemoryLimit(LEAST_MEMORY), AccountId.of("files", "k")
    files = MemoryFiles(memory)
    for number in range(10):
        files.keep(StoredFile(f"f{number}", who, 0, bytes(100_000)))
    assert memory.held < 150_000
    assert files.find("f0") == StoredFile("f0", who, 0, bytes(100_000))
    for number in range(10):
        files.keep(StoredFile(f"g{number}", who, 0, bytes([number]) * 100_000))
    assert memory.held <= memory.room
    assert files.find("g9") is not None
    assert files.find("g0") is None, "what is forgotten is unknown"
    files.clear()
    assert (files.find("g9"), memory.held) == (None, 0)


def test_jobs_of_one_picture_keep_how_it_is_masked() -> None:
    """A large picture that jobs share is kept once, each with what its field says of it."""
    world, data = MemoryWorld(), bytes(2_000)
    hold = world.reserve(AccountId.of("files", "k"), Decimal(0))
    assert hold is not None
    masking = Masking("alpha", False)
    for number in range(2):
        value = data if number == 0 else bytes(bytearray(data))
        order = Order(PictureJob("files", "a"), (Upload("mask-image", value, ("file",), masking),))
        job = world.begin_job(f"j{number}", order, hold)
        assert job.order.uploads[0].masking == masking


# Checks


def test_check_uploads_what_its_calls_name_and_breaks_nothing(mock: Mock) -> None:
    run = planned_run(mock, thorough=True)
    assert broken(run) == []
    found = told(run)
    assert {found[f"pictures.file-{each}"] for each in ("known", "counted", "served")} == {"kept"}
    assert found["errors.picture-refused"] == "kept"


def test_a_plan_that_is_only_shown_uploads_nothing(mock: Mock) -> None:
    (dialect,) = mock.dialects.values()
    ready = Session(dialect.reading, InProcess(mock.answer))
    purposes = [step.purpose for step in planned(ready)]
    assert "upload: a picture to keep, good key" in purposes
    assert mock.journal.entries() == ()


UPLOAD = call("files", {"file": FilePart(PICTURE, "a.png")})
KEPT: dict[str, Any] = {"id": "f9", "url": f"{HOST}/cdn/f9", "type": "image/png", "made": 1}


def test_what_is_told_of_a_file_is_held_to() -> None:
    up = json(UPLOAD, 200, KEPT | {"bytes": len(PICTURE)})
    lying = json(UPLOAD, 200, KEPT | {"bytes": 3})
    assert [each.kept for each in rulings("pictures.file-counted", "files", (up,))] == [True]
    assert [each.kept for each in rulings("pictures.file-counted", "files", (lying,))] == [False]
    ask = call("files", at=1, job="f9")
    for status, name, kept in ((200, "f9", True), (200, "f8", False), (404, "f9", False)):
        asked = json(ask, status, KEPT | {"id": name, "bytes": 1})
        assert [r.kept for r in rulings("pictures.file-known", "files", (up, asked))] == [kept]
    get = replace(ask, url=KEPT["url"])
    for body, kept in ((PICTURE, True), (photo(8, 8), False), (b"gone", False)):
        fetched = raw(get, 200, body, ("content-type", "image/png"))
        assert [r.kept for r in rulings("pictures.file-served", "files", (up, fetched))] == [kept]


def test_an_id_whose_upload_was_not_seen_blames_nobody() -> None:
    sent = call("files", {"prompt": "a", "image": "f-of-old"}, at=3)
    refused = json(sent, 422, {"error": "no such file"})
    assert rulings("errors.valid-accepted", "files", (refused,)) == []
    up = json(UPLOAD, 200, KEPT | {"bytes": len(PICTURE)})
    known = replace(refused, call=call("files", {"prompt": "a", "image": "f9"}, at=3))
    assert [r.kept for r in rulings("errors.valid-accepted", "files", (up, known))] == [False]


# Load


def request(document: dict[str, Any], path: str = "/repaint") -> dict[str, Any]:
    (content,) = document["paths"][path]["post"]["requestBody"]["content"].values()
    found: dict[str, Any] = content["schema"]["properties"]
    return found


def said(document: dict[str, Any], name: str, path: str = "/repaint") -> dict[str, Any]:
    found: dict[str, Any] = request(document, path)[name]["x-testcard"]
    return found


BAD: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "an id that nobody gives": (
        lambda d: [d["paths"].pop(each) for each in ("/files", "/files/{id}")],
        "no operation gives the id of a picture; write does: file"),
    "an id beside base64": (
        lambda d: said(d, "image").update(encodings=["base64", "file-id"]),
        "an id and base64 are not told apart"),
    "unknown of no id": (
        lambda d: said(d, "mask").update(encodings=["url"]), "no id stands here"),
    "an upload that names nothing": (
        lambda d: d["paths"]["/files"]["post"]["responses"].update(
            {"200": d["components"]["responses"]["error"]}),
        "no success says how the picture is named later"),
    "a picture that is not kept": (
        lambda d: said(d, "file", "/files").update(role="init-image"),
        "this picture would not be kept; write role: file"),
    "a file where none is kept": (
        lambda d: said(d, "image").update(role="file"), "pictures keeps no picture"),
    "an id asked for in vain": (
        lambda d: d["paths"]["/files/{id}"]["get"]["x-testcard"].update(does="account"),
        "account tells of no file; write does: info"),
    "a file told of by another": (
        lambda d: d["paths"]["/repaint"]["post"]["responses"].update(
            {"201": d["components"]["responses"]["kept"]}),
        "pictures knows no file-id"),
    "nowhere to put it": (
        lambda d: d["paths"]["/files"]["post"].pop("requestBody"),
        "nothing says where the picture is"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_a_spec_says_of_files_in_vain_is_refused(tmp_path: Path, name: str) -> None:
    change, wanted = BAD[name]
    assert wanted in refusal("files", tmp_path, change)


def test_the_spec_as_it_is_loads(tmp_path: Path) -> None:
    assert load(changed_spec("files", tmp_path, lambda _: None)).id == "files"
