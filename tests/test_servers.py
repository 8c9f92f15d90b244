"""Several servers of one API: each operation answers at its own, with what these have ahead."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import requests
import respx
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from tests.servers import door

from testcard.assembly import Options, build
from testcard.clauses.judging import audit
from testcard.common.message import Call, Exchange, Reply
from testcard.common.reading import Reading
from testcard.contract.calls import call_of
from testcard.contract.stand_in import StandIn
from testcard.contract.targets import Http
from testcard.contract.trace import read_trace
from testcard.doors import requests as requests_door
from testcard.doors import respx as respx_door
from testcard.doors.docs import docs_document
from testcard.doors.fastapi import provider_application
from testcard.doors.inprocess import Inside, OtherHost
from testcard.mock.core import Mock

SPEC = Path(__file__).parent / "specs" / "servers.yaml"
HERE = "http://127.0.0.1:4242"
KEY = (("X-Key", "k"), ("Content-Type", "application/json"))
FOX = b'{"prompt": "a fox"}'
API, EU = "https://api.acme.example/v2", "https://eu.acme.example/v2"
QUEUE, STUDIO = "https://queue.acme.example:8443/async", "http://studio.local:7860/sdapi"
ANSWERED = [
    ("edit", f"{API}/edits"),
    ("edit", "https://EU.Acme.example.:443/v2/edits"),
    ("edit", "http://eu.acme.example:80/v2/edits"),
    ("edit", f"{HERE}/servers/v2/edits"),
    ("begin", f"{QUEUE}/jobs"),
    ("begin", f"{HERE}/servers/async/jobs"),
    ("paint", f"{STUDIO}/txt2img"),
    ("paint", f"{HERE}/servers/sdapi/txt2img"),
]
REFUSED = [
    (f"{QUEUE}/edits", ""),
    (
        "https://queue.acme.example:8443/v2/edits",
        f"{API}/edits or {EU}/edits, or /servers/v2/edits",
    ),
    ("https://api.acme.example/async/jobs", f"a path of servers: {QUEUE}/jobs, or /servers/async"),
    ("https://queue.acme.example/async/jobs", f"a path of servers: {QUEUE}/jobs"),
    ("https://us.acme.example/v2/edits", f"{API}/edits or {EU}/edits"),
    ("http://studio.local/sdapi/txt2img", f"{STUDIO}/txt2img"),
    ("https://api.acme.example/edits", f"/edits of servers stands behind /v2: {API}/edits"),
    (f"{HERE}/servers/edits", "or /servers/v2/edits at testcard's own address"),
    (f"{API}/servers/v2/edits", ""),
]


@cache
def mock() -> Mock:
    return build(Options(providers=(str(SPEC),)))


def reading() -> Reading:
    return mock().dialects["servers"].reading


def said(method: str, url: str, body: bytes = FOX) -> tuple[Reply, Any]:
    reply = mock().answer(Call(method, url, KEY, body))
    json = (reply.header("content-type") or "").startswith("application/json")
    return reply, orjson.loads(reply.body) if json else None


@pytest.mark.parametrize(("operation", "url"), ANSWERED)
def test_an_operation_answers_at_each_of_its_servers(operation: str, url: str) -> None:
    reply, _ = said("POST", url)
    assert reply.status == 200
    assert mock().journal.entries()[-1].operation == operation


@pytest.mark.parametrize(("url", "where"), REFUSED)
def test_at_another_host_it_is_refused_and_told_where_it_stands(url: str, where: str) -> None:
    reply, body = said("POST", url)
    assert reply.status == 404
    assert where in str(body)
    assert mock().journal.entries()[-1].operation is None


def test_a_variable_without_an_enum_is_any_one_label_and_any_one_segment() -> None:
    for host, release, known in [
        ("mine.jobs", "v9", True), ("shared.jobs", "v2", True), ("a.b.jobs", "v2", False),
        ("jobs", "v2", False), ("mine.jobs", "v2/v3", False), ("minejobs", "v2", False),
    ]:  # fmt: skip
        match = mock().route(Call("GET", f"https://{host}.acme.example/{release}/jobs/j1"))
        assert (match.operation is not None) == known, (host, release)
        if known:
            assert match.params == {"id": "j1"}


def test_the_methods_of_a_path_are_those_at_its_host() -> None:
    """The question after a job is asked elsewhere than its end."""
    reply, _ = said("PUT", f"{QUEUE}/jobs/j1", b"")
    assert (reply.status, reply.header("allow")) == (405, "DELETE")
    reply, _ = said("PUT", "https://mine.jobs.acme.example/v2/jobs/j1", b"")
    assert reply.header("allow") == "GET"


def test_links_in_answers_lead_where_the_client_calls() -> None:
    """Below the prefix to the prefix; at a vendor's host to that, or where the operation stands."""
    _, job = said("POST", f"{QUEUE}/jobs")
    assert job["status_url"] == f"https://shared.jobs.acme.example/v2/jobs/{job['id']}"
    assert job["cancel_url"] == f"{QUEUE}/jobs/{job['id']}"
    _, job = said("POST", f"{HERE}/servers/async/jobs")
    assert job["status_url"] == f"{HERE}/servers/v2/jobs/{job['id']}"
    assert job["cancel_url"] == f"{HERE}/servers/async/jobs/{job['id']}"
    _, seen = said("GET", job["status_url"], b"")
    _, seen = said("GET", job["status_url"].replace("/v2/", "/v7/"), b"")
    assert seen["status_url"] == f"{HERE}/servers/v7/jobs/{job['id']}"
    assert seen["images"] == [f"{HERE}/_testcard/pictures/{job['id']}/0.png"]
    assert said("GET", seen["images"][0], b"")[0].status == 200
    assert said("DELETE", job["cancel_url"], b"")[0].status == 422  # it has ended
    assert mock().journal.entries()[-1].operation == "cancel"


def test_a_port_serves_all_of_it_by_host_and_by_prefix() -> None:
    with door(mock()) as base, httpx.Client(trust_env=False, headers=dict(KEY)) as client:
        queue = "queue.acme.example:8443"
        for host, path in [
            ("eu.acme.example", "/v2/edits"),
            (base.partition("://")[2], "/servers/v2/edits"),
            (queue, "/async/jobs"),
        ]:
            assert client.post(base + path, content=FOX, headers={"Host": host}).status_code == 200
        lost = client.post(f"{base}/v2/edits", content=FOX, headers={"Host": queue})
        assert lost.status_code == 404
        told = client.get(f"{base}/_testcard/providers").json()[0]
        assert told["servers"][:2] == [API, EU]
        assert told["operations"][0]["path"] == "/v2/edits"
        page = client.get(f"{base}/servers/docs/openapi.json").json()
        assert page["servers"][:2] == [{"url": "/servers"}, {"url": "https://api.acme.example"}]
        assert client.get(f"{base}/servers/openapi.json").json()["servers"][0]["variables"]


def test_an_application_has_a_route_for_each_path_and_leads_back_where_it_is_mounted() -> None:
    page = provider_application(mock(), mock().dialects["servers"])
    routes = [each.path for each in page.routes if isinstance(each, APIRoute) and each.operation_id]
    assert routes[:2] == ["/v2/edits", "/async/jobs"]
    assert len(routes) == 5
    own = FastAPI()
    own.mount("/fakes/acme", page)
    client = TestClient(own, headers=dict(KEY))
    job = client.post("/fakes/acme/async/jobs", content=FOX).json()
    assert job["status_url"] == f"http://testserver/fakes/acme/v2/jobs/{job['id']}"
    assert client.get(job["status_url"]).json()["id"] == job["id"]


def test_the_docs_page_has_whole_paths_and_asks_no_other_server() -> None:
    shown = docs_document(reading().spec)
    assert list(shown["paths"]) == [
        "/v2/edits", "/async/jobs", "/v2/jobs/{id}", "/async/jobs/{id}", "/sdapi/txt2img",
    ]  # fmt: skip
    assert all("servers" not in node for item in shown["paths"].values() for node in item.values())
    assert list(shown["paths"]["/v2/jobs/{id}"]) == ["parameters", "get"]


def test_clients_within_a_process_reach_every_server() -> None:
    """Through respx by its routes, through requests; another host or port is served by nobody."""
    inside = Inside(mock)
    router = respx_door.RespxRouter(inside)
    with respx_door.intercepting(router), requests_door.intercepting(inside):
        for url in (f"{EU}/edits", f"{API}/edits", f"{STUDIO}/txt2img"):
            assert httpx.post(url, content=FOX, headers=dict(KEY)).status_code == 200
            assert requests.post(url, data=FOX, headers=dict(KEY), timeout=5).status_code == 200
        assert router["edit"].call_count == 2
        assert httpx.post(f"{QUEUE}/edits", content=FOX).status_code == 404
        assert router["edit"].call_count == 2
        for url in ("https://us.acme.example/v2/edits", "http://studio.local/sdapi/txt2img"):
            with pytest.raises(OtherHost, match=r"https://eu\.acme\.example \(servers\)"):
                httpx.post(url, content=FOX)
            with pytest.raises(OtherHost):
                requests.post(url, data=FOX, timeout=5)


def test_a_route_of_the_users_own_goes_before_at_one_region() -> None:
    router = respx_door.RespxRouter(Inside(mock))
    router.post(f"{EU}/edits").mock(respx.MockResponse(418))
    with respx_door.intercepting(router):
        assert httpx.post(f"{EU}/edits", content=FOX, headers=dict(KEY)).status_code == 418
        assert httpx.post(f"{API}/edits", content=FOX, headers=dict(KEY)).status_code == 200


# What stands in for servers, and what was recorded


@pytest.mark.parametrize(
    ("base", "url", "there"),
    [
        (f"{HERE}/acme", f"{EU}/edits?a=1", f"{HERE}/acme/v2/edits?a=1"),
        (f"{HERE}/acme/v2", f"{API}/edits", f"{HERE}/acme/v2/edits"),
        (f"{HERE}/acme/v2/", f"{QUEUE}/jobs", f"{HERE}/acme/async/jobs"),
        (f"{HERE}/acme", "https://cdn.example/a.png", "https://cdn.example/a.png"),
        (EU, f"{API}/edits", f"{EU}/edits"),
        ("https://eu.acme.example", f"{API}/edits", f"{EU}/edits"),
        (EU, f"{QUEUE}/jobs", f"{QUEUE}/jobs"),
        ("https://mine.jobs.acme.example/v2", "https://shared.jobs.acme.example/v2/jobs/1",
         "https://mine.jobs.acme.example/v2/jobs/1"),
        (None, f"{EU}/edits", f"{EU}/edits"),
    ],
)  # fmt: skip
def test_a_url_stands_in_for_all_servers_and_one_of_them_for_its_list(
    base: str | None, url: str, there: str
) -> None:
    assert StandIn(base, reading().places.lists).at(url) == there


def test_keys_go_to_what_stands_in_and_to_servers_where_these_are_meant() -> None:
    lists = reading().places.lists
    for base, url, trusted in [
        (f"{HERE}/acme", f"{HERE}/acme/v2/edits", True), (f"{HERE}/acme", f"{QUEUE}/jobs", False),
        (f"{HERE}/acme", "http://127.0.0.1:42420/x", False), (EU, f"{QUEUE}/jobs", True),
        (EU, "http://queue.acme.example:8443/async/jobs", False), (None, f"{API}/edits", True),
        (None, "https://cdn.example/a.png", False),
    ]:  # fmt: skip
        assert StandIn(base, lists).trusts(url) == trusted, (base, url)


def test_each_operation_is_called_through_one_url() -> None:
    """As `check --against URL` does, with the path of the server at its end or without."""
    with door(mock()) as base:
        for ending in ("", "/v2"):
            target = Http(f"{base}/servers{ending}", reading().places.lists)
            for each in reading().operations:
                fields = {"prompt": "a fox"} if each.method == "POST" else {"path.id": "j"}
                call = call_of(reading(), each, fields, key="k")
                answer = target.send(call, 5).reply
                assert answer.status == (200 if each.method == "POST" else 404)
                assert mock().journal.entries()[-1].operation == each.id
            target.close()


def test_recorded_calls_are_read_by_their_hosts() -> None:
    urls = [f"{EU}/edits", f"{HERE}/servers/v2/edits", "https://gateway.example/v2/edits",
            f"{QUEUE}/edits", "https://queue.acme.example:8443/v2/edits",
            "https://other.example/x"]  # fmt: skip
    trace = tuple(Exchange(Call("POST", url, KEY, FOX), Reply(404)) for url in urls)
    seen = [each.operation is not None for each in read_trace(reading(), trace)]
    assert seen == [True, True, True, False, False, False]
    kept = audit(reading(), trace).trace
    assert [each.call.url for each in kept] == urls[:4]
