"""The HTTP door's routes: one for each operation, the specs themselves, and whose call it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
import yaml
from fastapi import FastAPI
from fastapi.routing import APIRoute
from tests.servers import door, raw, serve
from tests.support import IMAGEPIPELINE

from testcard.assembly import Options, build, installed
from testcard.common.schema import Validator
from testcard.common.spec import Spec, bundled, load
from testcard.doors.alternatives import with_alternatives
from testcard.doors.fastapi import provider_application
from testcard.doors.http import application
from testcard.mock.core import Mock
from testcard.mock.world import JobPolicy

SPECS = [load(path) for path in bundled()]
EACH = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id)


@pytest.fixture(scope="module")
def mock() -> Mock:
    return build(Options(profile="documented"))


@pytest.fixture(scope="module")
def client(mock: Mock) -> Iterator[httpx.Client]:
    with door(mock) as base, httpx.Client(base_url=base, trust_env=False) as client:
        yield client


def operations(spec: Spec) -> list[tuple[str, str, str]]:
    return [
        (method.upper(), path, node["operationId"])
        for path, item in spec.document["paths"].items()
        for method, node in item.items()
    ]


def test_every_bundled_spec_is_an_installed_provider() -> None:
    assert [spec.id for spec, _ in installed()] == [spec.id for spec in SPECS]
    assert len(SPECS) == 5


@EACH
def test_each_operation_is_one_real_route(mock: Mock, spec: Spec) -> None:
    """Method, path and operationId come from the spec, nothing else does."""
    app = provider_application(mock, mock.dialects[spec.id])
    routes = [
        (method, route.path, route.operation_id)
        for route in app.routes
        if isinstance(route, APIRoute) and route.operation_id
        for method in route.methods or ()
    ]
    assert routes == operations(spec)


@EACH
def test_the_spec_is_served_as_it_is_written(client: httpx.Client, spec: Spec) -> None:
    as_yaml = client.get(f"/{spec.id}/openapi.yaml")
    as_json = client.get(f"/{spec.id}/openapi.json")
    assert as_yaml.text == spec.path.read_text(encoding="utf-8")
    assert as_yaml.headers["content-type"].startswith("application/yaml")
    assert as_json.headers["content-type"] == "application/json"
    assert yaml.safe_load(as_yaml.text) == spec.source
    assert as_json.json() == with_alternatives(spec.source), "as generators of clients like it"


def unsaid(node: Any) -> Any:
    """Return `node` without words and evidence, which the page has elsewhere than the spec."""
    if isinstance(node, list):
        return [unsaid(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {name: each for name, each in node.items() if name not in ("x-testcard", "description")}
    return {name: unsaid(each) for name, each in kept.items()}


@EACH
def test_the_docs_try_calls_at_the_mock(client: httpx.Client, spec: Spec) -> None:
    """What the page reads names this server first; the served spec keeps the provider's own."""
    seen = client.get(f"/{spec.id}/docs/openapi.json").json()
    assert seen["servers"] == [{"url": f"/{spec.id}"}, *spec.source["servers"]]
    plain = orjson.dumps(with_alternatives(spec.source))
    written = orjson.loads(re.sub(rb'"externalValue":"[^"]*"', b'"value":0', plain))
    told = re.sub(rb'"value":"\([\d,]+ bytes of image/\w+\)"', b'"value":0', orjson.dumps(seen))
    assert unsaid(orjson.loads(told)["paths"]) == unsaid(written["paths"])
    assert client.get(f"/{spec.id}/openapi.json").json()["servers"] == spec.source["servers"]


def test_a_base_url_leads_to_its_docs(client: httpx.Client) -> None:
    for path in ("/segmind", "/segmind/"):
        page = client.get(path, follow_redirects=True)
        assert page.status_code == 200
        assert page.url.path == "/segmind/docs"


@EACH
def test_the_providers_own_host_is_answered_at_its_own_paths(
    client: httpx.Client, spec: Spec
) -> None:
    host = spec.server.removeprefix("https://")
    for method, path, operation in operations(spec):
        for name in (host, f"{host}:443", host.upper()):
            seen = client.request(method, path.replace("{id}", "none"), headers={"Host": name})
            assert seen.status_code in (200, 400, 401, 404, 422), seen.text
        entry = client.get("/_testcard/journal?limit=1").json()["entries"][0]
        assert (entry["provider"], entry["operation"]) == (spec.id, operation)


def test_pages_and_calls_are_told_apart_by_the_same_path(client: httpx.Client) -> None:
    """However the client escapes it."""
    page = client.get("/%73egmind/openapi.json")
    assert page.headers["content-type"] == "application/json"
    assert page.json()["info"]["title"] == "Segmind Stable Diffusion 1.5 img2img"
    assert client.post("/%73egmind/v1/sd1%2e5-img2img", json={}).status_code == 401
    assert client.get("/%5ftestcard/health").json()["status"] == "ok"


def test_a_host_that_two_providers_share_is_told_apart_by_path(client: httpx.Client) -> None:
    ids = []
    for path in ("/img2img/getImage/v1/getSDXLImage", "/inpainting/v1/getImage"):
        client.post(path, headers={"Host": "gateway.appypie.com"}, json={})
        ids.append(client.get("/_testcard/journal?limit=1").json()["entries"][0]["provider"])
    assert ids == ["appypie-img2img", "appypie-inpainting"]


def test_a_call_as_to_a_plain_proxy_is_answered_too(client: httpx.Client) -> None:
    """`http_proxy` in a client's environment makes it send whole URLs."""
    request = (
        b"POST http://api.segmind.com/v1/sd1.5-img2img HTTP/1.1\r\n"
        b"Host: api.segmind.com\r\nContent-Length: 0\r\n\r\n"
    )
    reply = raw(str(client.base_url), request)
    assert reply.startswith(b"HTTP/1.1 401 "), reply


def test_the_root_says_what_there_is(client: httpx.Client) -> None:
    for method in ("GET", "HEAD"):
        assert client.request(method, "/").status_code == 200
    said = client.get("/").json()
    assert said["providers"] == {spec.id: f"/{spec.id}" for spec in SPECS}
    for place in (*said["docs"].values(), said["admin"]):
        assert client.get(place).status_code == 200, place
    assert client.post("/").status_code == 404


@pytest.mark.parametrize("path", ["/nothing/here", "/segmin/v1/sd1.5-img2img", "/v1/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_says_which_providers_there_are(
    client: httpx.Client, method: str, path: str
) -> None:
    seen = client.request(method, path)
    assert seen.status_code == 404
    said = seen.json()
    assert said["providers"] == {spec.id: f"/{spec.id}" for spec in SPECS}
    assert path in said["error"]
    assert said["admin"] == "/_testcard/"


@EACH
def test_an_unknown_path_of_a_provider_is_refused_in_its_own_words(
    client: httpx.Client, spec: Spec
) -> None:
    seen = client.post(f"/{spec.id}/no/such/route")
    assert seen.status_code == 404
    item = next(iter(spec.document["paths"].values()))
    documented = item["post"]["responses"]["404"]["content"]["application/json"]["schema"]
    assert Validator(documented).breaches(seen.json()) == []


@EACH
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "DELETE", "PUT", "PATCH"])
def test_a_method_that_is_not_documented_is_not_allowed(
    client: httpx.Client, spec: Spec, method: str
) -> None:
    """The answer names those that are; an answer to HEAD has no body."""
    for documented, path, _ in operations(spec):
        seen = client.request(method, f"/{spec.id}{path.replace('{id}', 'none')}")
        assert seen.status_code == 405
        assert seen.headers["allow"] == documented
        assert bool(seen.content) == (method != "HEAD")


def test_query_and_escapes_reach_the_journal_as_they_were_sent(client: httpx.Client) -> None:
    sent = "/segmind/a%20b%2Fc%C3%A9/d?x=1%262&x=%E2%82%AC&empty="
    reply = raw(str(client.base_url), f"GET {sent} HTTP/1.1\r\nHost: a.example\r\n\r\n".encode())
    assert b" 404 " in reply.splitlines()[0]
    entry = client.get("/_testcard/journal?limit=1").json()["entries"][0]
    assert entry["call"]["url"] == f"http://a.example{sent}"


def test_a_job_id_with_escapes_is_looked_up_as_sent(client: httpx.Client) -> None:
    seen = client.get(
        "/imagepipeline/sdxl/image2image/v1/status/a%2Fb%3F", headers={"API-Key": "k"}
    )
    assert seen.status_code == 404
    entry = client.get("/_testcard/journal?limit=1").json()["entries"][0]
    assert entry["operation"] == "getImg2ImgStatus"


NO_HOSTS = [
    "[::1",
    "[:::::]",
    "x/_testcard/health?",
    "x/_testcard/reset#",
    "user@x",
    "x y",
    "x:y",
    "x:1:2",
    "a\r\nHost: b",
    "\u732b".encode().decode("latin-1"),
]


@pytest.mark.parametrize("host", NO_HOSTS)
def test_a_host_that_is_none_is_a_bad_request_and_no_failure(
    client: httpx.Client, host: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said what was seen; no part of it is taken for a path, and nothing is logged."""
    sent = f"GET /segmind/v1/x HTTP/1.1\r\nHost: {host}\r\n\r\n".encode("latin-1")
    before = client.get("/_testcard/journal").json()["entries"]
    reply = raw(str(client.base_url), sent)
    assert reply.startswith(b"HTTP/1.1 400 "), reply
    assert b"Host" in reply or b"URL" in reply
    assert client.get("/_testcard/journal").json()["entries"] == before
    assert caplog.records == []


@pytest.mark.parametrize("host", ["localhost", "a_b.example:8080", "[::1]:1", "127.0.0.1", ""])
def test_any_name_or_address_is_a_host(client: httpx.Client, host: str) -> None:
    sent = f"GET /_testcard/health HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    assert raw(str(client.base_url), sent).startswith(b"HTTP/1.1 200 ")


@EACH
@pytest.mark.parametrize("page", ["openapi.json", "openapi.yaml", "docs", "docs/openapi.json"])
def test_head_tells_of_a_page_what_get_does(client: httpx.Client, spec: Spec, page: str) -> None:
    seen, told = (client.request(each, f"/{spec.id}/{page}") for each in ("GET", "HEAD"))
    assert (told.status_code, told.content) == (200, b"")
    assert told.headers["content-length"] == seen.headers["content-length"]
    assert told.headers["content-type"] == seen.headers["content-type"]


@pytest.mark.parametrize(("told", "scheme"), [("https", "https"), ("HTTP", "http"), ("x", "http")])
def test_a_gateway_that_undoes_tls_may_say_so(client: httpx.Client, told: str, scheme: str) -> None:
    """Links in answers then lead back through it."""
    seen = client.get("/_testcard/providers", headers={"X-Forwarded-Proto": told}).json()
    assert {each["base_url"].partition(":")[0] for each in seen} == {scheme}


@pytest.mark.parametrize("mounted", ["one provider", "all of them"])
def test_the_pictures_of_a_job_are_found_where_an_application_is_mounted(mounted: str) -> None:
    """The links lead back into the mounted application: elsewhere nothing is known of them."""
    mock = build(Options(policy=JobPolicy.parse("at-once")))
    provider = IMAGEPIPELINE.provider
    own, key = FastAPI(), {"API-Key": "k"}
    if mounted == "all of them":
        own.mount("/a b", application(mock))
        base = f"/a%20b/{provider}"
    else:
        own.mount("/a b", provider_application(mock, mock.dialects[provider]))
        base = "/a%20b"
    with serve(own) as here, httpx.Client(base_url=here, trust_env=False) as client:
        job = client.post(base + IMAGEPIPELINE.path, json=dict(IMAGEPIPELINE.smallest), headers=key)
        job = client.get(f"{base}{IMAGEPIPELINE.path}/status/{job.json()['id']}", headers=key)
        picture = client.get(job.json()["download_urls"][0])
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
