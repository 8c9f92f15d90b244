"""The sources as a tree of modules: what each imports, says and claims.

Knows Python's syntax and how ARCHITECTURE.md names files. Must not know any rule's verdict.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from testcard.common.spec import bundled, load, words

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

_NETWORK = ("socket", "asyncio", "ssl", "select", "anyio")
_WEB = ("fastapi", "starlette", "uvicorn", "http.client", "httpx", "httpx2", "requests", "aiohttp")
_LEARNING = ("torch", "diffusers", "transformers")

CLAIMS: Mapping[str, tuple[str, ...]] = {
    "HTTP": _WEB,
    "framework": _WEB,
    "client library": _WEB,
    "socket": _NETWORK,
    "TLS": ("ssl",),
    "thread": ("threading.Thread", "concurrent.futures.ThreadPoolExecutor"),
    "file": ("pathlib", "open()", "os.open", "tempfile"),
    "terminal": ("rich", "click", "typer"),
    "command line": ("typer", "click", "testcard.cli"),
    "print": ("print()", "rich"),
    "time": ("time", "datetime"),
    "base64": ("base64", "pybase64"),
    "pytest": ("pytest",),
    "pipeline": ("diffusers",),
    "diffusers": ("diffusers",),
    "model": ("diffusers", "transformers"),
    "provider": ("testcard.providers", "a vendor's name"),
    "vendor": ("testcard.providers", "a vendor's name"),
    "mock": ("testcard.mock", "testcard.doors"),
    "door": ("testcard.doors",),
    "client": ("testcard.doors", "testcard.fixtures"),
    "clause": ("testcard.clauses",),
    "driver": ("testcard.drivers",),
    "verdict": ("testcard.contract.verdict",),
    "run is made": ("testcard.contract.check", "testcard.contract.session", "testcard.drivers"),
    "report": ("testcard.report",),
    "record": ("testcard.record",),
    "job": ("testcard.common.job",),
    "money": ("decimal",),
    "I/O": ("open()", *_NETWORK, *_WEB),
    "who answer": ("testcard.mock", "testcard.doors", "testcard.contract.targets"),
    "who ask": ("testcard.doors", "testcard.fixtures", "testcard.drivers"),
    "who sen": ("testcard.doors", "testcard.drivers"),
    "where pictures are kept": ("testcard.mock", "pathlib"),
    "anything is checked": ("testcard.clauses", "testcard.contract.targets"),
    "anything is done": ("fastapi", "uvicorn", "socket"),
    "any one command": ("testcard.cli.main", "testcard.cli.run", "testcard.cli.check"),
    "who needs one": ("testcard.drivers", "testcard.assembly", "testcard.doors"),
    "accounts": ("testcard.mock",),
    "judged or written": ("testcard.clauses", "testcard.report"),
    "what is asked for": ("testcard.common.reading", "testcard.common.body"),
    "why it may": ("testcard.intercept.guard",),
    "how it came about": ("testcard.intercept.run", "testcard.intercept.proxy"),
    "whose authorities": ("testcard.intercept.authority",),
    "who allowed it": ("testcard.intercept.guard", "testcard.intercept.proxy"),
    "a child or a proxy is made": ("subprocess", "testcard.intercept.proxy"),
    "the child is started": ("subprocess", "testcard.intercept.child"),
    "FastAPI itself": ("fastapi",),
    "who may ask": ("testcard.mock.access",),
    "who orders a fault": ("testcard.mock.admin", "testcard.fixtures"),
    "the choices are for": ("testcard.common.job", "testcard.mock.world"),
    "what is kept": ("testcard.mock.journal", "testcard.mock.world", "testcard.mock.jobs"),
    "what is done with them": ("testcard.mock.turn", "testcard.mock.core"),
    "rest of HAR": ("testcard.record.har",),
    "changes are found": ("testcard.record.baseline", "testcard.contract"),
    "what a body is for": ("testcard.common.reading", "testcard.common.body"),
    "who reads it": ("testcard.cli",),
    "what a page says": ("testcard.contract.verdict", "testcard.common.reading"),
    "calls are sent": ("testcard.contract.targets", *_NETWORK, *_WEB),
}
"""What a docstring may say a module must not know -> what it then may not import, call or say."""

KNOWN: Mapping[str, tuple[str, ...]] = {
    "FastAPI": ("fastapi",),
    "Pillow": ("PIL",),
    "Readings": ("testcard.common.reading",),
    "TLS": ("ssl",),
    "hypothesis": ("hypothesis",),
    "processes": ("subprocess", "multiprocessing"),
    "pytest": ("pytest",),
    "requests and urllib3": ("requests",),
    "respx": ("respx",),
    "rich": ("rich",),
    "schemathesis": ("schemathesis",),
    "threads": ("threading", "concurrent.futures"),
    "typer": ("typer",),
    "uvicorn": ("uvicorn",),
}
"""What a docstring may say a module knows -> what it then imports, one of them at least."""


def claims_broken(module: Module) -> Iterator[str]:
    """Yield a line for each claim that is not kept, or that nothing here can hold it to."""
    for said in re.findall(r"Must not (?:know|import|do) ([^.]*)\.", module.docstring):
        meant = [forbidden for word, forbidden in CLAIMS.items() if word.lower() in said.lower()]
        if not meant:
            yield f"{module.name} must not know {said!r}: what that forbids stands in no table"
        for name in {name for forbidden in meant for name in forbidden}:
            if _has(module, name) and name != f"testcard.{module.room}":
                yield f"{module.name} must not know {said!r}, and has {name}"
    for said in re.findall(r"Knows ([^.]*)\.", module.docstring):
        for word, names in KNOWN.items():
            if re.search(rf"\b{word}\b", said) and not any(_has(module, each) for each in names):
                yield f"{module.name} knows {said!r}, and imports none of {', '.join(names)}"


def _has(module: Module, name: str) -> bool:
    if name == "a vendor's name":
        return any(vendor in word.lower() for vendor in vendors() for word in module.words)
    if name.endswith("()"):
        return name[:-2] in module.calls
    return any(each == name or each.startswith(f"{name}.") for each in module.imports)


@cache
def vendors() -> frozenset[str]:
    """Return the names by which the bundled specs call their vendors, in small letters."""
    specs = [load(path) for path in bundled()]
    said = {words(spec.document)["vendor"] for spec in specs}
    ids = {part for spec in specs for part in (spec.id, spec.id.partition("-")[0])}
    return frozenset(name.lower() for name in said | ids)


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
