"""The house rules that a machine can read: arrows, circles, claims, sizes, names, hops.

One test a rule; each lists every place that breaks it.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping

import pytest
from tests.claims import claims_broken, vendors
from tests.house import (
    HOME,
    MODULES,
    PYTHON,
    ROOT,
    ROOTS,
    Module,
    circles,
    hops,
)

MOST_LINES = 300

ARROWS: Mapping[str, tuple[str, ...]] = {
    "common": (),
    "contract": ("common",),
    "clauses": ("common", "contract"),
    "drivers": ("common", "contract", "clauses"),
    "record": ("common", "contract"),
    "importing": ("common",),
    "report": ("common", "contract", "record"),
    "pytest_clauses": ("common", "contract", "clauses", "drivers"),
    "card": ("common",),
    "mock": ("common", "card"),
    "providers": ("common", "mock"),
    "assembly": ("common", "mock", "card", "providers"),
    "doors": ("common", "mock"),
    "fixtures": ("common", "mock", "providers", "doors", "assembly"),
    "intercept": ("common", "contract", "clauses", "record", "report", "mock", "doors"),
    "cli": (
        "common", "contract", "clauses", "drivers", "record", "report",
        "importing", "mock", "doors", "assembly", "intercept",
    ),
    "reference": ("common",),
}  # fmt: skip
"""Room -> the rooms that it may import; ARCHITECTURE.md has the same arrows in words."""

CALLED_BY_THEIR_MODULE = {"read", "write", "load", "render"}
"""Verbs of files, always called with their module's name before them: `har.read`."""

FRAMEWORKS = {"fastapi", "starlette", "uvicorn", "anyio", "asyncio", "socket"}
WITH_A_NETWORK = {"doors", "fixtures", "intercept", "cli", "drivers"}


def listed(offenders: Iterable[object]) -> str:
    """Return offenders as an assertion shows them, a line each."""
    return "\n" + "\n".join(sorted(str(each) for each in offenders))


def test_imports_run_one_way() -> None:
    """Each room imports only those that ARROWS lets it."""
    offenders = [
        f"{module.name} imports {used}"
        for module in MODULES
        for used in module.reached
        if HOME[used].room not in (module.room, *ARROWS.get(module.room, ()))
    ]
    assert not offenders, listed(offenders)


def test_every_import_of_testcard_is_of_a_module_that_is_there() -> None:
    offenders = [
        f"{module.name} imports {used}"
        for module in MODULES
        for used in module.named
        if used not in HOME and not any(name.startswith(f"{used}.") for name in HOME)
    ]
    assert not offenders, listed(offenders)


def test_there_is_no_circle_between_modules() -> None:
    graph = {module.name: module.reached - {module.name} for module in MODULES}
    found = circles(graph)
    assert not found, listed(" <-> ".join(each) for each in found)


def test_there_is_no_circle_between_rooms() -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    for module in MODULES:
        graph[module.room] |= {HOME[used].room for used in module.reached} - {module.room}
    found = circles(graph)
    assert not found, listed(" <-> ".join(each) for each in found)


def test_every_room_stands_in_the_table_and_in_architecture() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = {module.room for module in MODULES}
    assert rooms == ARROWS.keys()
    missing = [room for room in rooms if f"/testcard/{room}" not in text]  # a folder or a file
    assert not missing, listed(missing)


def test_the_core_knows_no_framework_and_starts_no_thread() -> None:
    """Doors alone know one. What waits for others, and a pool's watch, are all the rest takes."""
    taken = {"Lock", "RLock", "Condition", "Event", "BoundedSemaphore"}
    offenders = [
        f"{module.name} imports {name}"
        for module in MODULES
        if module.room not in WITH_A_NETWORK and module.name != "testcard.card.pool"
        for name in module.outside
        if name.partition(".")[0] in FRAMEWORKS
        or (name.startswith("threading.") and name.partition(".")[2] not in taken)
    ]
    assert not offenders, listed(offenders)


OF_THE_OUTSIDE = {"time", "random", "secrets", "datetime", "os", "uuid"}


def test_the_core_has_time_chance_and_files_handed_in() -> None:
    """As arguments, whose defaults may name a clock. One module reads a folder's files."""
    offenders = [
        f"{module.name} uses {node.value.id}.{node.attr}"
        for module in MODULES
        if module.room in ("mock", "providers") and module.name != "testcard.mock.picture_folder"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if node.value.id in OF_THE_OUTSIDE and node not in defaults_in(module.tree)
    ]
    assert not offenders, listed(offenders)


def defaults_in(tree: ast.AST) -> list[ast.AST]:
    """Return whatever stands in the default of an argument."""
    functions = [each.args for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]
    given = [node for each in functions for node in (*each.defaults, *each.kw_defaults) if node]
    return [inner for node in given for inner in ast.walk(node)]


def test_the_namespace_belongs_to_nobody() -> None:
    owned = [
        path
        for root in ROOTS
        for path in (ROOT / root / "__init__.py", ROOT / root / "testcard" / "__init__.py")
        if path.exists()
    ]
    assert not owned, listed(owned)


def test_no_module_is_in_two_roots() -> None:
    assert len(HOME) == len(MODULES)


def test_every_file_says_what_it_is_and_is_short() -> None:
    offenders = []
    for path in PYTHON:
        module = Module.read(path)
        if not module.docstring or module.docstring[0].islower():
            offenders.append(f"{module.where} opens without a docstring")
        if module.lines >= MOST_LINES:
            offenders.append(f"{module.where} has {module.lines} lines")
    assert not offenders, listed(offenders)


def test_what_a_module_says_it_knows_it_does_and_what_not_not() -> None:
    """Each "Knows …" and "Must not know …" is held against imports, names and calls."""
    offenders = [broken for module in MODULES for broken in claims_broken(module)]
    assert not offenders, listed(offenders)


def test_no_vendor_is_named_in_the_mock_or_in_the_contracts() -> None:
    """In code; their facts stand in the specs, and what specs cannot say in their dialects."""
    names = vendors()
    offenders = [
        f"{module.name} says {word!r}"
        for module in MODULES
        if module.path.relative_to(ROOT).parts[0] == "contracts" or module.room == "mock"
        for word in module.words
        if any(name in word.lower() for name in names)
    ]
    assert not offenders, listed(offenders)


def test_no_two_classes_share_a_name() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for module in MODULES:
        for name in module.classes:
            homes[name].append(module.name)
    offenders = [f"{name}: {', '.join(where)}" for name, where in homes.items() if where[1:]]
    assert not offenders, listed(offenders)


def test_no_two_things_of_the_contracts_share_a_name() -> None:
    """In any spelling: `Plan` beside `plan` is one name. A clause's function bears its name."""
    homes: dict[str, set[str]] = defaultdict(set)
    for module in MODULES:
        if module.path.relative_to(ROOT).parts[0] == "contracts" and module.room != "common":
            functions = () if module.room == "clauses" else module.functions
            for name in {*module.classes, *functions} - CALLED_BY_THEIR_MODULE:
                homes[name.lower()].add(module.name)
    offenders = [f"{name}: {sorted(where)}" for name, where in homes.items() if len(where) > 1]
    assert not offenders, listed(offenders)


def test_the_ways_of_a_call_and_of_a_check_lead_through_what_is_there() -> None:
    """Every hop that ARCHITECTURE.md names, `file.py: name`, is a file with that name in it."""
    found = list(hops())
    assert len(found) >= 20, "both ways are told hop by hop"
    offenders = [f"{path}: {name}" for path, name, there in found if not there]
    assert not offenders, listed(offenders)


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"a"}}, [("a", "b")]),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}, [("a", "b", "c")]),
    ],
)
def test_a_circle_is_seen(graph: dict[str, set[str]], expected: list[tuple[str, ...]]) -> None:
    assert circles(graph) == expected


CLAIM = '''"""Does things.

Knows little. Must not know {claim}.
"""
{code}
'''


@pytest.mark.parametrize(
    ("claim", "code", "caught"),
    [
        ("HTTP, or any one provider", "import fastapi", True),
        ("HTTP, or any one provider", "import json", False),
        ("files", "def read(path):\n    return open(path)", True),
        ("files", "from pathlib import Path", True),
        ("time", "import time", True),
        ("time", "import random", False),
        ("any one provider", "HEADER = 'x-segmind-key'", True),
        ("the colour of the sea", "", True),
        ("who answered", "from testcard.mock.core import Mock", True),
        ("who answered", "from testcard.common.message import Reply", False),
    ],
)
def test_a_claim_that_is_not_kept_is_seen(claim: str, code: str, caught: bool) -> None:
    module = Module.parse("testcard.sample", CLAIM.format(claim=claim, code=code))
    assert bool(list(claims_broken(module))) is caught


def test_the_public_names_stay() -> None:
    """What users import or name in their configuration."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for stays in ("testcard.providers", "testcard.engines", "[project.entry-points.pytest11]"):
        assert stays in text
    assert "testcard.pytest_clauses" in HOME
    assert "testcard.providers.base" in HOME
