"""What a spec says of callbacks in vain is refused, with its place and what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
import yaml
from tests.test_callbacks import SPEC

from testcard.common.document import resolved
from testcard.common.refusals import of_document, of_source

Document = dict[str, Any]


@cache
def source() -> Document:
    document: Document = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    return document


def predict(d: Document) -> Document:
    found: Document = d["components"]["callbacks"]["told"]["{$request.body#/webhook}"]["post"]
    return found


def queue(d: Document) -> Document:
    found: Document = d["paths"]["/queue"]["post"]["callbacks"]["ended"]["{$request.query.hook}"][
        "post"
    ]
    return found


def own(node: Document) -> Document:
    words: Document = node["x-testcard"]
    return words


def painted(d: Document) -> Document:
    paint = d["paths"]["/paint"]["post"]
    return own(paint["callbacks"]["painted"]["{$request.header.X-Callback}"]["put"])


def goes_to(address: str) -> Callable[[Document], Any]:
    def change(d: Document) -> None:
        callbacks = d["paths"]["/queue"]["post"]["callbacks"]["ended"]
        callbacks[address] = callbacks.pop("{$request.query.hook}")

    return change


def filled(d: Document, **words: Any) -> None:
    own(predict(d))["filter"].update(words)


BAD: dict[str, tuple[Callable[[Document], Any], str, str]] = {
    "an expression that is none": (
        goes_to("{$request.boddy#/hook}"), "ended/{$request.boddy#/hook}", "is no expression"),
    "an expression of the answer": (
        goes_to("{$response.body#/hook}"), "ended", "no expression that is read; write $request"),
    "one that leads nowhere": (
        goes_to("{$request.query.hok}"),
        "ended", "leads to nothing in the call; write $request.query.hook instead"),
    "a member that is not there": (
        goes_to("{$request.body#/prompts}"),
        "ended", "leads to nothing in the call; write $request.body#/prompt instead"),
    "an address that is none": (
        goes_to("hook"), "ended/hook", "'hook' is no URL, and no expression in braces"),
    "braces that nothing fills": (
        goes_to("{foo}/x"), "ended/{foo}/x", "'foo' is no expression"),
    "braces that nothing fills, beside an expression": (
        goes_to("{$request.query.hook}/{foo"), "ended", "'{' stands for nothing"),
    "callbacks of what has nothing to tell": (
        lambda d: own(d["paths"]["/queue"]["post"]).update(does="info"),
        "paths//queue/post/callbacks", "nothing is sent later about info"),
    "pictures at once that are queued": (
        lambda d: painted(d).update(when=["queued"]),
        "x-testcard/when", "has succeeded when it is told of; write [succeeded] instead"),
    "a filter of nothing": (
        lambda d: filled(d, by="$request.body#/events"),
        "filter/by", "leads to nothing in the call"),
    "a word that the filter does not take": (
        lambda d: own(predict(d))["filter"]["events"].update(ended=["failed"]),
        "events/ended", "does not take 'ended'"),
    "a word of the filter that is not told": (
        lambda d: own(predict(d))["filter"]["events"].pop("logs"),
        "filter/events", "nothing says what 'logs' asks for"),
    "a state that there is not": (
        lambda d: own(predict(d)).update(when=["done"]), "when", "'done' is none of the words"),
    "what is no JSON": (
        lambda d: queue(d)["requestBody"].update(content={"text/plain": {"schema": {}}}),
        "content/text/plain", "nothing is sent as text/plain; write application/json instead"),
    "a picture in it": (
        lambda d: queue(d)["requestBody"]["content"]["application/json"]["schema"]["oneOf"][0]
        ["properties"]["payload"]["properties"]["images"]["items"]["properties"]["url"][
            "x-testcard"].update(role="picture"),
        "url/x-testcard/role", "no picture is sent in a callback; write picture-url instead"),
    "a role of calls in it": (
        lambda d: queue(d)["parameters"][0]["schema"]["x-testcard"].update(role="prompt"),
        "x-testcard/role", "prompt is a role of calls"),
    "a header of which nothing is known": (
        lambda d: queue(d)["parameters"][0]["schema"].pop("x-testcard"),
        "parameters/0", "nothing says what X-Hook-Request-Id is; write a role, or a const"),
    "a parameter that is no header": (
        lambda d: queue(d)["parameters"][0].update({"in": "query"}),
        "parameters/0", "nothing is sent in the query; write in: header instead"),
    "standard-webhooks in other words": (
        lambda d: own(predict(d))["signed"].update(header="X-Sig"),
        "signed/header", "standard-webhooks says header itself"),
    "a signature that stands nowhere": (
        lambda d: own(queue(d))["signed"].pop("header"), "signed", "where the signature stands"),
    "a public key's secret": (
        lambda d: own(queue(d))["signed"].update(secret="$request.query.hook"),
        "signed/secret", "a secret signs nothing that a public key verifies"),
    "a secret that is the call's URL": (
        lambda d: painted(d)["signed"].update(secret="$url"),
        "signed/secret", "$url is no secret; write $request.body#/NAME"),
    "a secret that is the call's method": (
        lambda d: painted(d)["signed"].update(secret="$method"),
        "signed/secret", "$method is no secret"),
    "a brace of the message that is open": (
        lambda d: own(queue(d))["signed"].update(message="{body}{X-Hook-Timestamp"),
        "signed/message", "'{' stands for nothing"),
    "a header that is signed and not sent": (
        lambda d: own(queue(d))["signed"].update(message="{X-Hook-Id}.{body}"),
        "signed/message", "{X-Hook-Id} is no header among the parameters"),
    "a body that is not signed": (
        lambda d: own(queue(d))["signed"].update(message="{X-Hook-Timestamp}"),
        "signed/message", "the body is not signed"),
    "a role of callbacks in an answer": (
        lambda d: d["components"]["schemas"]["job"]["properties"]["id"]["x-testcard"].update(
            role="delivery-id"),
        "x-testcard/role", "delivery-id is a role of callbacks"),
    "a word of a job's state that means nothing": (
        lambda d: d["components"]["schemas"]["job"]["properties"]["status"]["enum"].append("odd"),
        "properties/status", "no state says what 'odd' means"),
}  # fmt: skip


def refusals(change: Callable[[Document], Any]) -> list[str]:
    document = deepcopy(source())
    change(document)
    found = list(of_source(document)) or list(of_document(resolved(document, document)))
    return [each.sentence for each in found]


@pytest.mark.parametrize("name", BAD)
def test_it_is_refused_with_its_place(name: str) -> None:
    change, place, told = BAD[name]
    lines = refusals(change)
    assert any(place in line and told in line for line in lines), lines


def test_what_is_not_changed_is_not_refused() -> None:
    assert refusals(lambda _: None) == []
