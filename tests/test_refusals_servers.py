"""What a spec says of servers in vain is refused at load, with line, place and what to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from testcard.common.document import SpecError
from testcard.common.hosts import authority
from testcard.common.refusals.servers import CHECKS, server_faults
from testcard.common.servers import NOWHERE, nowhere, servers_of
from testcard.common.spec import load

SPEC = Path(__file__).parent / "specs" / "servers.yaml"
Node = dict[str, Any]


def server(url: str, **variables: Any) -> Node:
    """A server, of whose variables a word is the default, and of a list the first."""
    told = {
        name: {"default": each[0], "enum": each} if isinstance(each, list) else {"default": each}
        for name, each in variables.items()
    }
    return {"url": url, "variables": told} if told else {"url": url}


GOOD = {
    "a host": server("https://api.acme.example"),
    "a slash at the end": server("https://api.acme.example/v2/"),
    "capitals and a port": server("https://API.Acme.example:8443/v2"),
    "a path alone": server("/v1"),
    "this machine": server("http://localhost:7860"),
    "an address of it": server("http://[::1]:7860/sdapi"),
    "one's own network": server("http://192.168.1.20:7860"),
    "a name of it": server("http://studio.local"),
    "a name without a dot": server("http://comfy:8188"),
    "regions": server("https://{r}.acme.example/{v}", r=["eu", "us"], v=["v1", "v2"]),
    "customers": server("https://{tenant}-api.acme.example/{v}/x", tenant="demo", v="v1"),
    "any port": server("http://localhost:{port}", port="7860"),
    "a scheme": server("{scheme}://studio.local", scheme=["https", "http"]),
}
BAD = {
    "no scheme": (server("api.acme.example"), "no server's URL", "https://api.acme.example/v2"),
    "nothing": (server(""), "no server's URL", "/v2 alone"),
    "no host": (server("https:///v2"), "no server's URL", ""),
    "a query": (server("https://api.acme.example/v2?a=1"), "no server's URL", ""),
    "a password": (server("https://me:secret@api.acme.example"), "no server's URL", ""),
    "a free scheme": (server("{s}://acme.example", s="https"), "no server's URL", ""),
    "another scheme": (server("wss://api.acme.example"), "wss:// is no", "https://api.acme.example"),
    "keys in the clear": (server("http://api.acme.example"), "for all to read", "https://api.acme"),
    "a public address": (server("http://8.8.8.8"), "for all to read", ""),
    "an address by TLS": (server("https://192.168.1.20"), "no certificate", "http://192.168.1.20"),
    "this machine by TLS": (server("https://localhost:1"), "no certificate", "http://localhost"),
    "an address of the web": (server("https://8.8.8.8"), "no certificate", "the name of the host"),
    "no port": (server("https://api.acme.example:99999"), "'99999' is no port", "1 to 65535"),
    "half a port": (server("http://localhost:80{p}", p="80"), "'8080' is no port", ""),
    "no name": (server("https://api_.-acme..example"), "is no host", ""),
    "not in ASCII": (server("https://bücher.example"), "is no host", "ASCII"),
    "steps up": (server("https://api.acme.example/v2/../x"), "no path to stand ahead", "/v2"),
    "escapes": (server("https://api.acme.example/a%2Fb"), "no path to stand ahead", ""),
    "testcard's own": (server("/_testcard"), "where testcard itself answers", ""),
    "an unknown variable": (server("https://{r}.acme.example"), "{r} is no variable", "`var"),
    "anybody's host": (server("https://{x}.example", x="api"), "anybody's host", "an enum of {x}"),
    "a host that is free": (server("https://{h}", h="api.acme.example"), "not one label",
                            "an enum of it, or api.acme.example"),
    "more than a segment": (server("https://a.b.example/{p}", p="v1/x"), "one segment", "an enum"),
    "an empty segment": (server("https://a.b.example/{p}", p=""), "one segment", "an enum"),
    "too many": (server("https://{a}.{b}.{c}.example", **{
        each: [f"{each}{n}" for n in range(9)] for each in "abc"}), "make 729 URLs", "256 at most"),
    "one of its words": (server("{s}://acme.example", s=["https", "http"]), "for all to read", ""),
}  # fmt: skip


@pytest.mark.parametrize("node", GOOD.values(), ids=GOOD)
def test_a_server_that_can_be_asked_is_taken(node: Node) -> None:
    assert server_faults(node) == []
    assert all(each.stands_at(authority(each.url)) for each in servers_of([node], nowhere("it")))


@pytest.mark.parametrize(("node", "seen", "instead"), BAD.values(), ids=BAD)
def test_a_server_that_cannot_is_refused(node: Node, seen: str, instead: str) -> None:
    (fault, *_) = server_faults(node)
    assert seen in fault[0]
    assert instead in fault[1]


def test_all_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = SPEC.read_text(encoding="utf-8")
    text = text.replace("/{release}", "/v2").replace("default: api, enum", "default: us, enum")
    text = text.replace('"http://studio.local:7860/sdapi"', '"http://studio.example"')
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as raised:
        load(path)
    lines = text.splitlines()
    told = [each.removeprefix(f"{path}:") for each in str(raised.value).splitlines()]
    assert [each.partition(": ")[2] for each in told] == [
        "at servers/0/variables/region/default: the default 'us' is none of the words; write one "
        "of api, eu instead",
        "at paths//jobs/{id}/servers/0/variables/release: 'release' stands nowhere in the URL; "
        "write {release} in it instead",
        "at paths//txt2img/post/servers/0/url: http://studio.example would send keys over the web "
        "for all to read; write https://studio.example instead",
    ]
    for each, word in zip(
        told, ("region: {default", "release: {default", "studio.ex"), strict=True
    ):
        assert word in lines[int(each.partition(":")[0]) - 1]


def test_two_operations_may_not_be_the_same_below_the_prefix() -> None:
    """At hosts of their own they are two; a client of one base URL could not tell them apart."""
    document = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    post = document["paths"]["/edits"]["post"]
    document["paths"]["/v2/edits"] = {
        "post": {**post, "servers": [{"url": "https://b.acme.example"}]}
    }
    (found,) = (each for check in CHECKS for each in check(document))
    assert found.place == ("paths", "/v2/edits", "post")
    assert "/edits takes the same calls" in found.seen
    document["paths"]["/v2/edits"]["post"]["servers"][0]["url"] += "/v3"
    assert [each for check in CHECKS for each in check(document)] == []


def test_a_path_alone_has_a_host_where_nobody_answers() -> None:
    (found,) = servers_of([{"url": "/v1/"}], nowhere("My_API"))
    assert (found.url, found.bases) == (f"https://my-api.{NOWHERE}/v1", "/v1")
