"""Whom a call is for: by the host first, by the provider's prefix at every other address."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support import (
    APIS,
    EVERY_API,
    HOST,
    IMAGEPIPELINE,
    IMG2IMG,
    KEY,
    SEGMIND,
    Api,
    Client,
    client_of,
    json_of,
    mock_of,
)

from testcard.assembly import find
from testcard.common.hosts import authority
from testcard.common.message import Call, Reply
from testcard.common.spec import Node
from testcard.doors.inprocess import Inside
from testcard.mock.core import Mock
from testcard.mock.routing import Match, Router, normal_path
from testcard.providers.base import SpecDialect

MOCK = mock_of(*APIS)
OWN_HOST = {
    name: dialect.reading.spec.server.removeprefix("https://")
    for name, dialect in MOCK.dialects.items()
}


def route(url: str, method: str = "POST") -> Match:
    return MOCK.route(Call(method, url))


def answer(url: str, mock: Mock = MOCK) -> Reply:
    return mock.answer(Call("POST", url, (("x-api-key", KEY),), b"{}"))


@EVERY_API
@pytest.mark.parametrize(
    "host",
    [
        "{}",
        "{}.",
        "{}:443",
        "{}.:443",
        "{}:",
        "user@{}",
        "https://{}:443",
        "http://{}:80",
        "http://{}:443",
    ],
)
def test_the_providers_own_host_may_be_written_as_the_rfc_has_it(api: Api, host: str) -> None:
    """In any case, with a final dot, with the scheme's own port or an empty one."""
    for own in (OWN_HOST[api.provider], OWN_HOST[api.provider].upper()):
        url = host.format(own)
        match = route(f"{url}{api.path}" if "//" in url else f"https://{url}{api.path}")
        assert (match.provider, match.path) == (api.provider, api.path)
        assert match.operation


@pytest.mark.parametrize(
    "host", ["{}:8443", "{}:80", "{}..", "not-{}", "{}.example", "{}:99999", "[::1]"]
)
def test_another_host_is_not_the_providers_own(host: str) -> None:
    url = f"https://{host.format(OWN_HOST['segmind'])}{SEGMIND.path}"
    assert route(url).provider is None


@pytest.mark.parametrize("server", ["https://API.Example.COM", "https://api.example.com:443"])
def test_a_spec_may_write_its_server_with_capitals_and_port(server: str) -> None:
    router = Router([_served_at(server)])
    for host in ("api.example.com", "API.example.com:443", "api.example.com."):
        match = router.route(Call("POST", f"https://{host}{SEGMIND.path}"))
        assert match.provider == "segmind"
        assert match.operation


def test_a_spec_whose_server_has_a_port_of_its_own_is_found_there_alone() -> None:
    router = Router([_served_at("https://api.example.com:8443")])
    for host, provider in [("api.example.com:8443", "segmind"), ("api.example.com", None)]:
        assert router.route(Call("POST", f"http://{host}{SEGMIND.path}")).provider == provider


@pytest.mark.parametrize("host", ["127.0.0.1:4242", "localhost", "mock.internal:80", "[::1]:4242"])
@EVERY_API
def test_any_other_host_is_told_apart_by_prefix(host: str, api: Api) -> None:
    match = route(f"http://{host}/{api.provider}{api.path}")
    assert (match.provider, match.path) == (api.provider, api.path)
    assert match.operation


def test_a_call_to_the_wrong_vendor_is_refused_and_told_whose_path_it_is() -> None:
    """By prefix or bare: at a vendor's host there are that vendor's paths alone."""
    for path in (f"/segmind{SEGMIND.path}", SEGMIND.path):
        reply = answer(f"https://gateway.appypie.com{path}")
        assert reply.status == 404
        said = MOCK.journal.entries()[-1]
        assert said.provider == "appypie-img2img"
        assert f"{SEGMIND.path} is a path of segmind" in said.detail
        assert f"https://{OWN_HOST['segmind']}{SEGMIND.path}" in said.detail
        assert "is a path of segmind" in reply.body.decode()


def test_the_prefix_is_no_part_of_a_path_at_the_vendors_own_host() -> None:
    url = f"https://{OWN_HOST['segmind']}/segmind{SEGMIND.path}"
    assert answer(url).status == 404
    assert f"https://{OWN_HOST['segmind']}{SEGMIND.path}" in MOCK.journal.entries()[-1].detail


def test_a_bare_path_at_another_host_is_told_the_prefix() -> None:
    reply = answer(f"{HOST}{SEGMIND.path}")
    assert reply.status == 404
    assert f"/segmind{SEGMIND.path}" in json_of(reply)["error"]
    assert MOCK.journal.entries()[-1].provider is None


def test_a_path_that_is_nobodys_is_told_no_owner() -> None:
    assert route(f"{HOST}/segmind/nowhere").hint == ""
    assert route(f"https://{OWN_HOST['segmind']}/nowhere").hint == ""
    assert route(f"{HOST}/nowhere").hint == ""


@pytest.mark.parametrize(
    "path",
    [
        "/%73egmind/v1/sd1.5-img2img",
        "/segmind/v1/sd1%2e5%2Dimg2img",
        "/segmin%64/v1/%73d1.5-img2img",
    ],
)
def test_needless_escapes_make_no_difference(path: str) -> None:
    match = route(f"{HOST}{path}")
    assert (match.provider, match.path) == ("segmind", SEGMIND.path)
    assert match.operation
    assert not match.is_alias


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("/%73egmind", "/segmind"),
        ("/a%2fb", "/a%2Fb"),
        ("/%5F%7e%2E%2d%30", "/_~.-0"),
        ("/100%", "/100%"),
        ("/%zz%4", "/%zz%4"),
        ("/%2573", "/%2573"),
        ("/caf%c3%a9", "/caf%C3%A9"),
    ],
)
def test_a_path_in_normal_form_says_the_same(path: str, normal: str) -> None:
    assert normal_path(path) == normal
    assert normal_path(normal) == normal


def test_an_escaped_slash_is_no_slash() -> None:
    assert route(f"{HOST}/segmind%2Fv1/sd1.5-img2img").provider is None
    assert route(f"{HOST}/segmind/v1%2Fsd1.5-img2img").operation is None


@pytest.mark.parametrize(
    "path", ["/_testcard/health", "/%5ftestcard/health", "/_testcard/he%61lth"]
)
def test_testcards_own_paths_are_known_by_the_path_alone(path: str) -> None:
    for host in (HOST, f"https://{OWN_HOST['segmind']}"):
        assert route(f"{host}{path}", "GET").is_admin
        assert json_of(MOCK.answer(Call("GET", f"{host}{path}")))["status"] == "ok"
    assert not route(f"{HOST}/segmind/v1?path=/_testcard/health").is_admin
    assert not route(f"{HOST}/segmind{path}", "GET").is_admin


def test_a_path_of_the_lenient_profile_alone_is_noted_by_its_bare_path() -> None:
    alias = MOCK.dialects["appypie-img2img"].reading.operations[0].aliases[0]
    client = client_of(IMG2IMG)
    client.send(b"", path=alias)
    (finding,) = client.mock.journal.entries()[0].findings[:1]
    assert finding.message == f"{alias} is not the page's {IMG2IMG.path}"


def test_two_providers_of_one_host_are_told_apart_by_path_and_method() -> None:
    """The one that takes the method answers, in whichever order they are served."""
    getting = _served_at("https://api.example.com", method="get", named="getting")
    posting = _served_at("https://api.example.com", named="posting")
    for served in ([getting, posting], [posting, getting]):
        router = Router(served)
        for method, name in (("GET", "getting"), ("POST", "posting")):
            match = router.route(Call(method, f"https://api.example.com{SEGMIND.path}"))
            assert match.provider == name


def test_hosts_are_equal_where_the_rfc_says_so() -> None:
    assert authority("HTTPS://API.example:443") == authority("https://api.EXAMPLE.")
    assert authority("http://api.example") == authority("http://api.example:80/")
    assert authority("http://api.example:443") != authority("https://api.example")


@pytest.mark.parametrize("host", ["{}", "{}.", "{}:443"])
def test_doors_within_a_process_take_the_hosts_that_the_mock_knows(host: str) -> None:
    inside = Inside(lambda: MOCK)
    for own in (OWN_HOST["segmind"], OWN_HOST["segmind"].upper()):
        assert inside.takes(f"https://{host.format(own)}{SEGMIND.path}")
    assert not inside.takes(f"https://not-{OWN_HOST['segmind']}{SEGMIND.path}")


def test_allow_names_the_methods_of_the_path() -> None:
    client = Client(IMAGEPIPELINE, MOCK)
    assert client.send(b"", "PUT").header("allow") == "POST"
    status = f"{IMAGEPIPELINE.path}/status/some-id"
    assert client.send(b"", "DELETE", status).header("allow") == "GET"


def _served_at(server: str, method: str = "post", named: str = "segmind") -> SpecDialect:
    spec, dialect = find("segmind")
    path = {method: spec.document["paths"][SEGMIND.path]["post"]}
    document: Node = {**spec.document, "servers": [{"url": server}], "paths": {SEGMIND.path: path}}
    return dialect(replace(spec, id=named, document=document), "documented", {})
