"""Servers of a plain OpenAPI file: kept where the language has words, else put right and told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.spec_clients import SPECS

from testcard.common.message import Call
from testcard.common.refusals.servers import server_faults
from testcard.common.spec import load
from testcard.importing import imported
from testcard.importing.servers import servers_in
from testcard.importing.source import Source
from testcard.mock.routing import Router
from testcard.providers.base import SpecDialect

Node = dict[str, Any]


def var(default: object, *enum: object) -> Node:
    return {"default": default, **({"enum": list(enum)} if enum else {})}


def kept(*servers: Node) -> tuple[list[Node], list[tuple[str, str]]]:
    """Return what is kept of some servers, and what is told."""
    document = {"openapi": "3.1.0", "servers": list(servers)}
    source = Source(Path("plain.yaml"), yaml.safe_dump(document), document)
    found = servers_in(source, document, ())
    assert [fault for node in found for fault in server_faults(node)] == []
    return found, [(note.kind, note.text) for note in source.notes]


@pytest.mark.parametrize(
    "node",
    [
        {"url": "https://api.acme.example/v2", "description": "Production"},
        {"url": "https://{r}.acme.example/v2", "variables": {"r": var("us", "us", "eu")}},
        {"url": "https://{t}.acme.example/{v}", "variables": {"t": var("demo"), "v": var("v1")}},
        {"url": "http://localhost:{port}", "variables": {"port": var("7860")}},
    ],
)
def test_what_can_be_said_is_kept_as_it_is(node: Node) -> None:
    assert kept(node) == ([node], [])


REPAIRED = {
    "http": ({"url": "http://api.acme.example/v1"}, ["https://api.acme.example/v1"]),
    "a scheme": ({"url": "{s}://acme.example", "variables": {"s": var("http", "http", "https")}},
                 ["https://acme.example"]),
    "a whole host": ({"url": "https://{h}/{b}", "variables": {
        "h": var("api.acme.example"), "b": var("v1/models")}}, ["https://api.acme.example/v1/models"]),
    "a query": ({"url": "https://api.acme.example/v1?a=1#b"}, ["https://api.acme.example/v1"]),
    "no slash": ({"url": "v1"}, ["/v1"]),
    "an empty word": ({"url": "https://a.acme.example/{b}", "variables": {"b": var("", "", "v2")}},
                      ["https://a.acme.example/", "https://a.acme.example/{b}"]),
}  # fmt: skip


@pytest.mark.parametrize(("node", "urls"), REPAIRED.values(), ids=REPAIRED)
def test_what_cannot_is_put_right_and_told(node: Node, urls: list[str]) -> None:
    found, told = kept(node)
    assert [each["url"] for each in found] == urls
    assert bool(told) == (len(urls) == 1)


@pytest.mark.parametrize("url", ["ftp://a.example", "https://localhost:1", "https://{x}.a.example"])
def test_what_is_left_out_is_told(url: str) -> None:
    found, told = kept({"url": url}, {"url": "https://api.acme.example"})
    assert found == [{"url": "https://api.acme.example"}]
    assert [kind for kind, _ in told] == ["dropped"]


def test_a_path_alone_is_told_to_have_no_host() -> None:
    found, told = kept({"url": "/v1"})
    assert found == [{"url": "/v1"}]
    assert told == [("unknown", "the server's host: /v1 alone is said; it is taken for ID.invalid")]


def test_servers_of_paths_and_operations_come_along(tmp_path: Path) -> None:
    """A spec is itself such a file: what is imported of one answers where that does."""
    made = imported(SPECS / "servers.yaml")
    assert made.document is not None
    path = tmp_path / "again.yaml"
    path.write_text(yaml.safe_dump(made.document, sort_keys=False), encoding="utf-8")
    spec, before = load(path), load(SPECS / "servers.yaml")
    assert set(spec.servers) == set(before.servers)
    assert {each[2] for each in spec.calls()} == {each[2] for each in before.calls()}
    router = Router([SpecDialect(spec, "documented", {})])
    match = router.route(Call("GET", "https://mine.jobs.acme.example/v3/jobs/j1"))
    assert match.operation is not None
