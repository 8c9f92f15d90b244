"""The rooms of the contracts: imports run one way, no circles, names once, headers that hold."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "contracts"
ORDER = ("common", "contract", "clauses", "drivers", "record", "report")
"""Packages, each of which may import those before it; `pytest_clauses` stands above them."""
ASIDE = {"record": ("clauses", "drivers"), "report": ("clauses", "drivers")}
"""Packages that would be allowed by the order, and are not: what shows a run cannot make one."""
CALLED_BY_THEIR_MODULE = {"read", "write", "load", "render"}
"""Verbs of files, always called with their module's name before them: `har.read`."""
ROOMS = {
    "clauses": "testcard.clauses",
    "reports": "testcard.report",
    "how a report looks": "testcard.report",
    "command lines": "testcard.cli",
    "targets": "testcard.contract.targets",
    "how calls are sent": "testcard.contract.session",
    "how a run is made": "testcard.drivers",
    "who sends": "testcard.contract.session",
    "verdicts": "testcard.contract.verdict",
    "the mock": "testcard.mock",
}
"""What headers say a module must not know, and the module or package that it would import."""


def sources() -> dict[str, ast.Module]:
    """Return every module of the contracts by its name."""
    paths = {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (SOURCE / "testcard").rglob("*.py")
    }
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in paths.items()}


TREES = sources()


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the modules of the contracts that one imports, for typing and in functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in TREES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found = [name for name in inner if name in TREES]
            yield from found or ([node.module] if node.module in TREES else [])


IMPORTS = {name: set(imported(tree)) - {name} for name, tree in TREES.items()}


def package(name: str) -> str:
    return name.split(".")[1]


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return a circle in a graph of imports; nothing where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(IMPORTS) == []


def test_packages_import_those_before_them_alone() -> None:
    wrong = [
        f"{here} imports {there}"
        for here, used in IMPORTS.items()
        for there in used
        if package(here) in ORDER and package(here) != package(there)
        if ORDER.index(package(there)) > ORDER.index(package(here))
        or package(there) in ASIDE.get(package(here), ())
    ]
    assert wrong == []


def test_a_header_claims_no_ignorance_of_what_its_module_imports() -> None:
    lies = []
    for name, tree in TREES.items():
        header = " ".join((ast.get_docstring(tree) or "").split())
        claims = re.findall(r"[Mm]ust not (?:know )?([^.]*)\.", header)
        for words, room in ROOMS.items():
            claimed = any(re.search(rf"(^|[ ,]){words}($|[ ,])", claim) for claim in claims)
            if claimed and any(each == room or each.startswith(f"{room}.") for each in _all(tree)):
                lies.append(f"{name}: must not know {words}")
    assert lies == []


def _all(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_two_things_share_a_public_name() -> None:
    """Types and functions of these rooms, in any spelling: `Plan` beside `plan` is one name.

    Clauses are apart: what judges one bears its name. So are a type and what makes it, beside
    each other in one module.
    """
    named: dict[str, set[str]] = defaultdict(set)
    for module, tree in TREES.items():
        for name in _public(tree, functions=package(module) != "clauses"):
            named[name.lower()].add(module)
    shared = {
        name: sorted(places)
        for name, places in named.items()
        if len(places) > 1 and name not in CALLED_BY_THEIR_MODULE
        if any(package(place) != "common" for place in places)
    }
    assert shared == {}


def _public(tree: ast.Module, *, functions: bool) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) or (functions and isinstance(node, ast.FunctionDef)):
            yield from [node.name] if not node.name.startswith("_") else []
        elif isinstance(node, ast.Assign):
            names = [each.id for each in node.targets if isinstance(each, ast.Name)]
            yield from (name for name in names if name[0].isupper() and not name.isupper())
