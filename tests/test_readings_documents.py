"""What other OpenAPI tools make of the specs that come with testcard: they know no x-testcard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from testcard.common.reading import read
from testcard.common.spec import bundled, calls_in, load

SPECS = pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)


def plain(node: Any) -> Any:
    """Return `node` without what x-testcard says."""
    if isinstance(node, list):
        return [plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {name: plain(value) for name, value in node.items() if name != "x-testcard"}


def references(node: Any) -> Iterator[str]:
    """Yield where the references in `node` lead."""
    if isinstance(node, dict) and "$ref" in node:
        yield node["$ref"]
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from references(child)


def reached(source: Any) -> set[str]:
    """Return the components that the paths of a document lead to."""
    found: set[str] = set()
    waiting = list(references(source["paths"]))
    while waiting:
        pointer = waiting.pop()
        if pointer not in found:
            found.add(pointer)
            _, _, kind, name = pointer.split("/")
            waiting += references(source["components"][kind][name])
    return found


@SPECS
def test_every_component_is_used_by_a_path(path: Path) -> None:
    """What a setting alone puts in stands under that setting."""
    source = plain(load(path).source)
    there = {
        f"#/components/{kind}/{name}"
        for kind, nodes in source["components"].items()
        for name in nodes
        if kind != "securitySchemes"
    }
    assert reached(source) == there


@SPECS
def test_no_path_leans_on_what_stands_in_a_setting(path: Path) -> None:
    """An anchor there would make what the API is hang on what it may be."""
    root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    parts = {key.value: value for key, value in root.value}
    own = {key.value: value for key, value in parts["x-testcard"].value}
    shared = inside(own["settings"]) & (inside(parts["paths"]) | inside(parts["components"]))
    assert not shared


def inside(node: Any) -> set[int]:
    """Return the identities of all YAML nodes in `node`, which aliases share."""
    found, waiting = set(), [node]
    while waiting:
        each = waiting.pop()
        found.add(id(each))
        if isinstance(each, yaml.MappingNode):
            waiting += [part for pair in each.value for part in pair]
        elif isinstance(each, yaml.SequenceNode):
            waiting += each.value
    return found


@SPECS
def test_every_operation_is_described_and_has_a_tag_that_is(path: Path) -> None:
    source = load(path).source
    tags = {tag["name"]: tag["description"] for tag in source["tags"]}
    used = [name for _, _, node in calls_in(source) for name in node["tags"]]
    assert set(used) == set(tags)
    said = [node["description"] for _, _, node in calls_in(source)]
    assert all(text.endswith(".") for text in said)
    assert len(set(said)) == len(used)


@SPECS
def test_whom_to_ask_is_the_vendor(path: Path) -> None:
    source = load(path).source
    assert source["info"]["contact"] == {"name": source["x-testcard"]["vendor"]}
    assert "license" not in source["info"], "no page names one"


@pytest.mark.parametrize("always_200", [False, True])
def test_generated_clients_can_tell_the_states_of_a_job_apart(always_200: bool) -> None:
    """What the discriminator maps a state to is the alternative with that state for a constant."""
    (path,) = [each for each in bundled() if each.stem == "imagepipeline"]
    spec = load(path)
    order = read(spec, settings={"always_200": always_200}).operation("createImg2Img")
    schema = order.node["responses"]["200"]["content"]["application/json"]["schema"]
    told = schema["discriminator"]
    states = [each["properties"][told["propertyName"]]["const"] for each in schema["oneOf"]]
    assert set(states) == set(told["mapping"])
    for state, pointer in told["mapping"].items():
        named = spec.document["components"]["schemas"][pointer.rpartition("/")[2]]
        assert named == schema["oneOf"][states.index(state)]
