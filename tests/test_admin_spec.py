"""/_testcard/ keeps its own spec: routes, methods, what it takes and what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import validate
from schemathesis.core.result import Ok
from tests.support import AITHRIVING, HOST, IMAGEPIPELINE, SEGMIND, Client, json_of, mock_of

from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.message import Call, Reply, header
from testcard.common.schema import Validator
from testcard.common.spec import bundled, resolved
from testcard.common.trouble import KINDS
from testcard.mock.admin_spec import admin_spec
from testcard.mock.core import Mock
from testcard.mock.fault import LONGEST_DELAY, MOST_TIMES

JSON = (("Content-Type", "application/json"),)
OPERATIONS = admin_spec().operations
EACH_OPERATION = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)


@pytest.fixture
def mock() -> Mock:
    """A mock in which something has happened."""
    mock = mock_of(SEGMIND, IMAGEPIPELINE, AITHRIVING)
    Client(SEGMIND, mock).ask(colour="red")
    Client(IMAGEPIPELINE, mock).ask()
    Client(SEGMIND, mock, key="invalid").ask()
    mock.answer(Call("GET", f"{HOST}/nobody"))
    ask(mock, "POST", "faults", {"provider": "segmind", "kind": "failed", "times": 2})
    ask(mock, "POST", "faults", {"provider": "segmind", "delay": 1.5})
    ask(mock, "POST", "faults", {"provider": "aithriving", "kind": "overloaded"})
    return mock


def ask(mock: Mock, method: str, path: str, body: Any = None) -> Reply:
    data = b"" if body is None else json.dumps(body).encode()
    return mock.answer(Call(method, f"{HOST}{ADMIN_PREFIX}{path}", JSON if data else (), data))


def example(operation: str) -> Any:
    """Return the body that the spec shows for an operation; None where it takes none."""
    for methods in admin_spec().document["paths"].values():
        for node in methods.values():
            if node["operationId"] == operation and "requestBody" in node:
                return node["requestBody"]["content"]["application/json"]["example"]
    return None


def documented(operation: str, reply: Reply) -> None:
    """Assert that the spec has this answer: its status, media type and schema."""
    document = resolved(admin_spec().document, admin_spec().document)
    (node,) = (
        node
        for methods in document["paths"].values()
        for node in methods.values()
        if node["operationId"] == operation
    )
    content = node["responses"][str(reply.status)]["content"]
    media_type = (header(reply.headers, "content-type") or "").partition(";")[0]
    assert media_type in content
    if media_type == "application/json":
        breaches = Validator(content[media_type]["schema"]).breaches(json_of(reply))
        assert breaches == [], reply.body


def test_it_is_an_openapi_document_and_no_provider() -> None:
    validate(admin_spec().document)
    assert "admin" not in {path.stem for path in bundled()}


def test_what_has_its_home_elsewhere_is_filled_in() -> None:
    schemas = admin_spec().document["components"]["schemas"]
    assert schemas["Kind"]["enum"] == [*KINDS, None]
    order = schemas["FaultOrder"]["properties"]
    assert (order["delay"]["maximum"], order["times"]["maximum"]) == (LONGEST_DELAY, MOST_TIMES)


@EACH_OPERATION
def test_each_operation_answers_as_its_spec_has_it(mock: Mock, operation: Any) -> None:
    reply = ask(mock, operation.method, operation.path, example(operation.id))
    assert reply.status == 200, reply.body
    documented(operation.id, reply)


@EACH_OPERATION
def test_each_refuses_a_parameter_that_it_does_not_know(mock: Mock, operation: Any) -> None:
    """A misspelt one was passed over, and everything answered as if it had been asked for."""
    reply = ask(mock, operation.method, f"{operation.path}?limt=3", example(operation.id))
    documented(operation.id, reply)
    assert reply.status == 400
    said = json_of(reply)["error"]
    assert "'limt' is no parameter of" in said
    assert f"it takes: {', '.join(operation.parameters) or 'none'}" in said


def test_a_parameter_is_taken_once(mock: Mock) -> None:
    refused = ask(mock, "GET", "journal?limit=1&limit=2")
    assert refused.status == 400
    assert "limit was sent twice" in json_of(refused)["error"]


def test_an_unknown_provider_is_told(mock: Mock) -> None:
    """An empty journal would read as if the provider had not been called."""
    for method, path in (("GET", "journal"), ("DELETE", "faults")):
        refused = ask(mock, method, f"{path}?provider=segmint")
        assert refused.status == 400
        assert "'segmint' is not served; served: segmind" in json_of(refused)["error"]


@EACH_OPERATION
def test_other_methods_are_refused_with_those_there_are(mock: Mock, operation: Any) -> None:
    allowed = set(admin_spec().at(operation.path))
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - allowed:
        refused = ask(mock, method, operation.path)
        assert refused.status == 405
        assert set((refused.header("allow") or "").split(", ")) == allowed
        assert refused.header("access-control-allow-origin") is None


@EACH_OPERATION
def test_head_is_answered_where_get_is(mock: Mock, operation: Any) -> None:
    there = "GET" in admin_spec().at(operation.path)
    assert ask(mock, "HEAD", operation.path).status == (200 if there else 405)


def test_bodies_are_validated(mock: Mock) -> None:
    wrong: list[Any] = [[], "text", {"provider": "segmind", "after": 3}, {"provider": 7}]
    for body in wrong:
        assert ask(mock, "POST", "faults", body).status == 400
    assert ask(mock, "POST", "reset", {"all": True}).status == 400
    assert ask(mock, "POST", "reset", {}).status == 200


def test_the_index_lists_what_can_be_asked(mock: Mock) -> None:
    said = json_of(ask(mock, "GET", ""))
    for each in said["operations"]:
        path = each["path"].removeprefix(ADMIN_PREFIX)
        assert each["method"] in admin_spec().at(path)
    assert ask(mock, "GET", said["docs"].removeprefix(ADMIN_PREFIX)).status == 200


def test_the_spec_is_served_twice_and_says_the_same(mock: Mock) -> None:
    as_yaml = yaml.safe_load(ask(mock, "GET", "openapi.yaml").body)
    assert as_yaml == json_of(ask(mock, "GET", "openapi.json")) == admin_spec().document


def test_the_page_needs_no_network(mock: Mock) -> None:
    page = ask(mock, "GET", "docs").body.decode()
    assert "http://" not in page
    assert "https://" not in page
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "favicon.png"):
        assert f"docs/assets/{name}" in page
        assert len(ask(mock, "GET", f"docs/assets/{name}").body) > 100
    for wrong in ("docs/assets/../__init__.py", "docs/assets/redoc.js", "docs/assets/"):
        assert ask(mock, "GET", wrong).status == 404
    assert ask(mock, "DELETE", "docs/assets/favicon.png").status == 404


# Faults


def test_faults_are_listed_as_they_were_ordered(mock: Mock) -> None:
    told = json_of(ask(mock, "GET", "faults"))
    assert [(each["provider"], each["kind"], each["delay"], each["times"]) for each in told] == [
        ("segmind", "failed", 0, 2),
        ("segmind", None, 1.5, 1),
        ("aithriving", "overloaded", 0, 1),
    ]
    Client(SEGMIND, mock).ask()
    assert json_of(ask(mock, "GET", "faults"))[0]["times"] == 1


def test_faults_are_taken_back(mock: Mock) -> None:
    said = json_of(ask(mock, "DELETE", "faults?provider=segmind"))
    assert said == {"status": "forgotten", "faults": 3}
    assert Client(SEGMIND, mock).ask().status == 200
    assert [each["provider"] for each in json_of(ask(mock, "GET", "faults"))] == ["aithriving"]
    assert json_of(ask(mock, "DELETE", "faults")) == {"status": "forgotten", "faults": 1}
    assert json_of(ask(mock, "GET", "faults")) == []


# Whatever the spec allows


def cases() -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict(dict(admin_spec().document))
    for result in schema.get_all_operations():
        found = result.ok() if isinstance(result, Ok) else None
        assert found is not None, result
        yield found


@pytest.mark.parametrize("operation", list(cases()), ids=lambda each: each.label)
def test_whatever_the_spec_allows_is_answered_as_it_says(operation: Any) -> None:
    """Calls that schemathesis makes up from the spec; each answer is one that it documents."""
    id_ = operation.definition.raw["operationId"]
    mock = mock_of(SEGMIND, IMAGEPIPELINE)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy())
    def run(case: Any) -> None:
        sent = case.as_transport_kwargs(base_url=HOST + ADMIN_PREFIX.rstrip("/"))
        query = urlencode(sent.get("params") or {})
        data = json.dumps(sent["json"]).encode() if "json" in sent else b""
        path = case.formatted_path.removeprefix(ADMIN_PREFIX.rstrip("/"))
        url = f"{HOST}{ADMIN_PREFIX.rstrip('/')}{path}" + (f"?{query}" if query else "")
        reply = mock.answer(Call(case.method, url, JSON if data else (), data))
        assert reply.status < 500
        documented(id_, reply)

    run()
