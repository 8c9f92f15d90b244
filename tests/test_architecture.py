"""The house rules that a machine can read: arrows, namespaces, sizes, names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from testcard.common.spec import bundled, load, words

ROOT = Path(__file__).parents[1]
ROOTS = ("contracts", "mockserver", "reference_impl")
SOURCES = sorted(path for root in ROOTS for path in (ROOT / root / "testcard").rglob("*.py"))
PYTHON = sorted(
    path
    for folder in (*ROOTS, "tests", "benchmarks", "examples", "docs")
    for path in (ROOT / folder).rglob("*.py")
)
MOST_LINES = 300
FRAMEWORKS = {"fastapi", "starlette", "uvicorn", "anyio", "asyncio", "socket"}
EACH_SOURCE = pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix()
)
EACH_FILE = pytest.mark.parametrize(
    "path", PYTHON, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def module_of(path: Path) -> str:
    """Return the name under which a source file is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts[1:]
    return ".".join(part for part in parts if part != "__init__")


HOME = {module_of(path): path.relative_to(ROOT).parts[0] for path in SOURCES}


def imports(path: Path) -> Iterator[str]:
    """Yield every module that a file imports, those inside functions and conditions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in HOME else str(node.module) for name in inner)


def reached(path: Path) -> set[str]:
    """Return the modules of testcard that a file imports."""
    return {name for name in imports(path) if name.partition(".")[0] == "testcard"}


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@EACH_SOURCE
def test_imports_run_one_way(path: Path) -> None:
    """Contracts <- mockserver, reference_impl; and in the mock: core <- providers <- doors."""
    here, home = module_of(path), path.relative_to(ROOT).parts[0]
    used = reached(path)
    assert used <= HOME.keys(), "each is a module that is there"
    allowed = {"contracts"} if home == "contracts" else {"contracts", home}
    assert {name for name in used if HOME[name] not in allowed} == set()
    forbidden: list[str] = []
    if within(here, "testcard.mock"):
        forbidden = [
            "testcard.providers",
            "testcard.doors",
            "testcard.assembly",
            "testcard.cli.tables",
        ]
    if within(here, "testcard.providers"):
        forbidden = [
            "testcard.doors",
            "testcard.assembly",
            "testcard.cli.tables",
            "testcard.mock.core",
        ]
    if here == "testcard.doors.http":
        forbidden = ["testcard.providers", "testcard.assembly", "testcard.cli"]
    if here == "testcard.assembly":
        forbidden = ["testcard.doors"]
    if here != "testcard.cli.start":
        forbidden.append("testcard.cli.main")
    assert [name for name in used if any(within(name, each) for each in forbidden)] == []


@EACH_SOURCE
def test_the_core_knows_no_framework_and_starts_no_thread(path: Path) -> None:
    """The doors alone know one. Of threading the mock takes locks, and waiting for one."""
    if path.parts[-2] in ("doors", "fixtures", "intercept", "drivers") or path.name == "pool.py":
        return
    assert {name.partition(".")[0] for name in imports(path)} & (
        FRAMEWORKS - {"threading"}
    ) == set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    taken = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "threading"
        for alias in node.names
    }
    assert taken <= {"Lock", "RLock", "Condition"}


@pytest.mark.parametrize("root", ROOTS)
def test_the_namespace_belongs_to_nobody(root: str) -> None:
    assert not (ROOT / root / "testcard" / "__init__.py").exists()
    assert not (ROOT / root / "__init__.py").exists()


def test_no_module_is_in_two_roots() -> None:
    assert len(HOME) == len(SOURCES)


@EACH_SOURCE
def test_every_module_opens_with_what_it_knows(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring
    assert docstring[0].isupper()


@EACH_FILE
def test_every_file_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < MOST_LINES
    assert ast.get_docstring(ast.parse(text))


def vendors() -> set[str]:
    """Return the names by which the bundled specs call their vendors, in small letters."""
    specs = [load(path) for path in bundled()]
    said = {words(spec.document)["vendor"] for spec in specs}
    ids = {part for spec in specs for part in (spec.id, spec.id.partition("-")[0])}
    return {name.lower() for name in said | ids}


VENDORS = vendors()


@EACH_SOURCE
def test_no_vendor_is_named_in_the_mock_or_in_the_contracts(path: Path) -> None:
    """In code; their facts stand in the specs, and what specs cannot say in their dialects."""
    if path.relative_to(ROOT).parts[0] != "contracts" and "mock" not in path.parts:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in prose:
            assert not [name for name in VENDORS if name in str(node.value).lower()]
        if isinstance(node, ast.Name | ast.ClassDef | ast.FunctionDef):
            said = node.id if isinstance(node, ast.Name) else node.name
            assert not [name for name in VENDORS if name in said.lower()]
