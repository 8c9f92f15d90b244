"""The sources as a tree of modules: what each imports, says and claims.

Knows Python's syntax and how ARCHITECTURE.md names files. Must not know any rule's verdict.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOTS = ("contracts", "mockserver", "reference_impl")
PYTHON = sorted(
    path
    for folder in (*ROOTS, "tests", "benchmarks", "examples", "docs")
    for path in (ROOT / folder).rglob("*.py")
)


@dataclass(frozen=True)
class Module:
    """One Python file.

    Attributes:
        path: where it is.
        name: under which it is imported.
        text: what it says.
    """

    path: Path
    name: str
    text: str

    @classmethod
    def read(cls, path: Path) -> Module:
        """Read a file of this repository."""
        parts = path.relative_to(ROOT).with_suffix("").parts[1:]
        name = ".".join(part for part in parts if part != "__init__")
        return cls(path, name, path.read_text(encoding="utf-8"))

    @classmethod
    def parse(cls, name: str, text: str) -> Module:
        """Make a module of a text that is in no file."""
        return cls(ROOT / "contracts" / "sample.py", name, text)

    @property
    def where(self) -> str:
        """Its path in the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def room(self) -> str:
        """The folder under `testcard`, or the file's own name where it is in none."""
        return self.name.split(".")[1]

    @property
    def lines(self) -> int:
        """How many it has."""
        return len(self.text.splitlines())

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.text)

    @property
    def docstring(self) -> str:
        """What it opens with, in one line; empty for nothing."""
        return " ".join((ast.get_docstring(self.tree) or "").split())

    @cached_property
    def imports(self) -> frozenset[str]:
        """Whatever it imports, with the name taken: `threading.Lock`; typing's imports too."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.where} imports relatively"
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
        return frozenset(found)

    @property
    def named(self) -> frozenset[str]:
        """The modules of testcard that it imports, as far as the names tell."""
        own = (name for name in self.imports if name.partition(".")[0] == "testcard")
        return frozenset(name if name in HOME else name.rpartition(".")[0] for name in own)

    @cached_property
    def reached(self) -> frozenset[str]:
        """The modules of testcard that it imports and that are there."""
        return frozenset(name for name in self.named if name in HOME)

    @property
    def outside(self) -> frozenset[str]:
        """What it imports of others."""
        return frozenset(each for each in self.imports if each.partition(".")[0] != "testcard")

    @cached_property
    def words(self) -> frozenset[str]:
        """Names and texts of its code, documentation left out."""
        prose = {node.value for node in ast.walk(self.tree) if isinstance(node, ast.Expr)}
        said: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and node not in prose and isinstance(node.value, str):
                said.add(node.value)
            elif isinstance(node, ast.Name):
                said.add(node.id)
            elif isinstance(node, ast.arg):
                said.add(node.arg)
            elif isinstance(node, ast.Attribute):
                said.add(node.attr)
            elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                said.add(node.name)
        return frozenset(said)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of its public classes."""
        return self._public(ast.ClassDef)

    @property
    def functions(self) -> tuple[str, ...]:
        """Names of its public functions."""
        return self._public(ast.FunctionDef)

    def _public(self, kind: type[ast.ClassDef | ast.FunctionDef]) -> tuple[str, ...]:
        found = (node.name for node in self.tree.body if isinstance(node, kind))
        return tuple(name for name in found if not name.startswith("_"))

    @property
    def calls(self) -> frozenset[str]:
        """Names of the functions called by their bare names."""
        return frozenset(
            node.func.id
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        )


MODULES = [
    Module.read(path) for root in ROOTS for path in sorted((ROOT / root / "testcard").rglob("*.py"))
]
HOME = {module.name: module for module in MODULES}


def circles(graph: Mapping[str, Set[str]]) -> list[tuple[str, ...]]:
    """Return the groups of nodes that lead back to one another, each sorted."""
    reach = {node: _reach(graph, node) for node in graph}
    groups = {
        tuple(sorted(other for other in reach[node] if node in reach.get(other, ())))
        for node in graph
        if node in reach[node]
    }
    return sorted(groups)


def _reach(graph: Mapping[str, Set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += graph.get(node, ())
    return found


def hops() -> Iterator[tuple[str, str, bool]]:
    """Yield each hop of ARCHITECTURE.md: file, name in it, and whether it is there.

    A hop is written `mock/turn.py: Turn.begin`, under the root that has it.
    """
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for path, name in re.findall(r"`([\w/]+\.py): ([\w.]+)`", text):
        files = [each for each in PYTHON if each.as_posix().endswith(f"/testcard/{path}")]
        there = any(_defines(file, name.split(".")) for file in files)
        yield path, name, there


def _defines(path: Path, names: list[str]) -> bool:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for name in names:
        found = [node for node in body if getattr(node, "name", None) == name]
        if not found:
            return False
        body = getattr(found[0], "body", [])
    return True
