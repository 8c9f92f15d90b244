"""What a spec says of jobs in vain is refused when it is loaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.test_refusals import refused

from testcard.common.spec import load

SPEC = Path(__file__).parent / "specs" / "jobs-queue.yaml"
Document = dict[str, Any]
REQUEST = "/paint/{model}/requests/{request_id}"


def called(document: Document, path: str, method: str) -> Document:
    found: Document = document["paths"][path][method]
    return found


def schema(document: Document, path: str, method: str, status: str) -> Document:
    answer = called(document, path, method)["responses"][status]
    found: Document = answer["content"]["application/json"]["schema"]
    return found


def moved_to_nowhere(document: Document) -> None:
    item = document["paths"].pop(f"{REQUEST}/cancel")
    document["paths"]["/cancel"] = {"put": item["put"]}


BAD: dict[str, tuple[Callable[[Document], Any], str, str]] = {
    "a word of no meaning": (
        lambda d: d["x-testcard"]["states"].pop("IN_PROGRESS"),
        "properties/status", "no state says what 'IN_PROGRESS' means"),
    "no word for a good end": (
        lambda d: d["x-testcard"]["states"].update(COMPLETED="failed"),
        "x-testcard/states", "no word means succeeded"),
    "no word for a job at work": (
        lambda d: d["x-testcard"]["states"].update(IN_QUEUE="failed", IN_PROGRESS="failed"),
        "x-testcard/states", "no word means queued or running"),
    "a meaning that there is not": (
        lambda d: d["x-testcard"]["states"].update(IN_QUEUE="waiting"),
        "states/IN_QUEUE", "'waiting' is none"),
    "a job that nobody can name": (
        moved_to_nowhere, "paths//cancel", "nothing in the call names a job"),
    "states of an answer of no job": (
        lambda d: called(d, f"{REQUEST}/status", "get")["x-testcard"].update(does="account"),
        "responses/202/x-testcard/when", "the answer is of no job"),
    "a list of jobs where none is": (
        lambda d: schema(d, f"{REQUEST}/status", "get", "200")["properties"]["logs"][
            "x-testcard"].update(each="jobs"),
        "properties/logs", "knows of no list of jobs"),
}  # fmt: skip


class Plain(yaml.SafeDumper):
    """Writes what stands at several places at each of them."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (yaml's own signature)
        """Have every one written out."""
        return True


def written(folder: Path, change: Callable[[Document], Any]) -> Path:
    whole = yaml.dump(yaml.safe_load(SPEC.read_text()), Dumper=Plain)
    document = yaml.safe_load(whole)
    change(document)
    path = folder / "mine.yaml"
    path.write_text(yaml.dump(document, Dumper=Plain, sort_keys=False), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", BAD)
def test_it_is_refused_with_its_place(tmp_path: Path, name: str) -> None:
    change, place, told = BAD[name]
    lines = refused(written(tmp_path, change))
    assert any(place in line and re.search(told, line) for line in lines), lines


def test_what_is_not_changed_loads(tmp_path: Path) -> None:
    assert load(written(tmp_path, lambda _: None)).id == "mine"
