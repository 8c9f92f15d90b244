"""The self-check finds each thing that a spec can lack, in a real spec with that one change."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from testcard.common.selfcheck import complaints
from testcard.common.spec import bundled, load

EACH = pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
SEGMIND = next(path for path in bundled() if path.stem == "segmind")
Document = dict[str, Any]
ROUTE = "/v1/sd1.5-img2img"


def complained(folder: Path, change: Callable[[Document], Any], path: Path = SEGMIND) -> list[str]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(document)
    mine = folder / path.name
    mine.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return list(complaints(load(mine)))


def post(document: Document) -> Document:
    operation: Document = document["paths"][ROUTE]["post"]
    return operation


def request(document: Document) -> Document:
    content: Document = post(document)["requestBody"]["content"]["application/json"]
    return content


def field(document: Document, name: str) -> Document:
    schema: Document = document["components"]["schemas"]["Img2ImgRequest"]["properties"][name]
    return schema


def answer(document: Document, name: str) -> Document:
    response: Document = document["components"]["responses"][name]
    return response


def ungraded(node: Document) -> None:
    del node["x-testcard"]["grade"]
    del node["x-testcard"]["source"]


@EACH
def test_the_bundled_specs_are_complete(path: Path) -> None:
    assert list(complaints(load(path))) == []


def test_a_spec_with_nothing_changed_is_complete(tmp_path: Path) -> None:
    assert complained(tmp_path, lambda _: None) == []


WRONG: dict[str, tuple[Callable[[Document], Any], str]] = {
    "field-without-grade": (lambda d: ungraded(field(d, "seed")), "properties/seed: .* no grade"),
    "operation-without-grade": (lambda d: ungraded(post(d)), f"POST {ROUTE}: .* no grade"),
    "scheme-without-grade": (
        lambda d: ungraded(d["components"]["securitySchemes"]["apiKey"]),
        "security scheme apiKey: .* no grade",
    ),
    "answer-member-without-grade": (
        lambda d: ungraded(d["components"]["schemas"]["Error"]["properties"]["error"]),
        "properties/error: .* no grade",
    ),
    "body-without-grade": (
        lambda d: ungraded(post(d)["requestBody"]),
        "request body: .* no grade",
    ),
    "source-without-line": (
        lambda d: field(d, "seed")["x-testcard"].update(source="Attributes"),
        "seed: the source 'Attributes' names no section and line",
    ),
    "keyword-source-without-line": (
        lambda d: field(d, "seed")["x-testcard"]["keywords"]["format"].update(source="the sample"),
        "seed: the source 'the sample' names no section and line",
    ),
    "request-without-example": (lambda d: request(d).pop("examples"), "request has no example"),
    "answer-without-example": (
        lambda d: answer(d, "Failed")["content"]["application/json"].pop("examples"),
        "answer 500 has no example",
    ),
    "request-example-too-large": (
        lambda d: request(d)["examples"]["everything"]["value"].update(samples=9),
        "request example everything: .*samples.* 9 is greater",
    ),
    "request-example-incomplete": (
        lambda d: request(d)["examples"]["smallest"]["value"].pop("prompt"),
        "request example smallest: .*'prompt' is required",
    ),
    "request-example-with-a-stranger": (
        lambda d: request(d)["examples"]["smallest"]["value"].update(style="oil"),
        "request example smallest: 'style' is no field",
    ),
    "answer-example-wrong": (
        lambda d: answer(d, "Failed")["content"]["application/json"]["examples"]["failed"].update(
            value={"error": 1}
        ),
        "answer 500, example failed: .*error.* 1 is not of type",
    ),
    "problem-not-declared": (
        lambda d: d["x-testcard"]["problems"].update(overloaded=529),
        "overloaded is answered with 529, which the operation does not list",
    ),
    "default-out-of-range": (
        lambda d: field(d, "samples").update(default=9),
        "default of samples: 9 is greater",
    ),
    "default-out-of-range-by-a-setting": (
        lambda d: d["x-testcard"]["settings"]["base64_default"]["when"].update(
            true={
                "components": {
                    "schemas": {"Img2ImgRequest": {"properties": {"samples": {"default": 9}}}}
                }
            }
        ),
        r"base64_default true\): the default of samples: 9",
    ),
}


@pytest.mark.parametrize(("change", "said"), WRONG.values(), ids=WRONG)
def test_what_is_missing_or_wrong_is_found(
    tmp_path: Path, change: Callable[[Document], Any], said: str
) -> None:
    """With file and place, and nothing else is complained of."""
    found = complained(tmp_path, change)
    assert found
    assert all(sentence.startswith(f"{tmp_path / SEGMIND.name}: ") for sentence in found)
    assert all(re.search(said, sentence) for sentence in found), found


def test_a_problem_status_that_only_a_setting_leads_to_must_be_declared(tmp_path: Path) -> None:
    path = SEGMIND.with_stem("aithriving")

    def change(document: Document) -> None:
        (item,) = document["paths"].values()
        del item["post"]["responses"]["402"]

    found = complained(tmp_path, change, path)
    assert found
    assert all("no-credits is answered with 402" in sentence for sentence in found)
    assert all("failure_status 4xx" in sentence for sentence in found)


def test_an_example_must_hold_in_the_documented_profile_too(tmp_path: Path) -> None:
    """Ten steps are fine with the lenient profile alone."""
    found = complained(
        tmp_path,
        lambda d: request(d)["examples"]["everything"]["value"].update(num_inference_steps=10),
    )
    assert found
    assert all("(documented" in sentence for sentence in found)
